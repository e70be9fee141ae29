use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{Answer, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";
const HOST: (&str, &str) = ("host", "kz.example.cn");
const OURS: (&str, &str) = ("origin", "https://kz.example.cn");

async fn registered(world: &World) {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

async fn sign_in(world: &World, headers: &[(&str, &str)]) -> Answer {
    let credentials = json!({ "login": "yang.chen", "password": PASSWORD, "as": "cookie" });
    world.call(&VISITOR, (Method::POST, "/sessions"), headers, Some(credentials)).await
}

/// The `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn signed_in(world: &World) -> String {
    registered(world).await;
    let session = sign_in(world, &[HOST, OURS]).await;
    assert_eq!(session.status, StatusCode::CREATED, "{}", session.body);
    cookie(&session)
}

#[tokio::test]
async fn a_cookie_is_out_of_reach_of_scripts_and_of_other_hosts() {
    let world = World::new().await;
    registered(&world).await;
    let session = sign_in(&world, &[HOST, OURS]).await;
    assert!(session.body.get("token").is_none(), "{}", session.body);
    let set = session.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(set.starts_with("__Host-kezhuan=kzs_"), "{set}");
    for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
}

#[tokio::test]
async fn a_cookie_serves_until_one_signs_out_and_then_is_a_visitors() {
    let world = World::new().await;
    let cookie = signed_in(&world).await;
    let with = [HOST, OURS, ("cookie", cookie.as_str())];
    let me = world.call(&VISITOR, (Method::GET, "/me"), &with, None).await;
    assert_eq!(me.body["login"], "yang.chen", "{}", me.body);
    let out = world.call(&VISITOR, (Method::DELETE, "/sessions/current"), &with, None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    let after = world.call(&VISITOR, (Method::GET, "/me"), &with, None).await;
    assert_eq!(after.code(), "sign_in_required");
    let public = world.call(&VISITOR, (Method::GET, "/market"), &with, None).await;
    assert_eq!(public.status, StatusCode::OK, "the browser still sends it");
    let again = world.call(
        &VISITOR,
        (Method::POST, "/sessions"),
        &with,
        Some(json!({ "login": "yang.chen", "password": PASSWORD, "as": "cookie" })),
    );
    assert_eq!(again.await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_new_password_comes_with_a_new_cookie() {
    let world = World::new().await;
    let old = signed_in(&world).await;
    let with = [HOST, OURS, ("cookie", old.as_str())];
    let new = json!({ "old": PASSWORD, "new": "另一个很长很长很长的新密码" });
    let changed = world.call(&VISITOR, (Method::PUT, "/me/password"), &with, Some(new)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert!(changed.body.get("token").is_none());
    let renewed = cookie(&changed);
    assert_ne!(renewed, old);
    for (cookie, status) in [(old, StatusCode::UNAUTHORIZED), (renewed, StatusCode::OK)] {
        let me = world.call(&VISITOR, (Method::GET, "/me"), &[("cookie", &cookie)], None).await;
        assert_eq!(me.status, status);
    }
}

#[tokio::test]
async fn a_cookie_and_a_token_at_once_are_refused_and_a_program_has_no_cookie() {
    let world = World::new().await;
    let cookie = signed_in(&world).await;
    let both = [("cookie", cookie.as_str())];
    let refused = world.call(&world.enterprise, (Method::GET, "/me"), &both, None).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "two_credentials"));
    let made = world.post(&world.enterprise, "/tokens", json!({ "name": "x" })).await;
    let cookie = format!("__Host-kezhuan={}", made.body["secret"].as_str().unwrap());
    let me = world.call(&VISITOR, (Method::GET, "/me"), &[("cookie", &cookie)], None).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn no_other_site_signs_anyone_in_with_a_cookie() {
    let world = World::new().await;
    registered(&world).await;
    for headers in [&[HOST][..], &[HOST, ("origin", "https://evil.example")]] {
        let refused = sign_in(&world, headers).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "cross_site"));
        assert!(!refused.headers.contains_key(header::SET_COOKIE));
    }
}

/// Every operation that may change something, with a cookie, in every way another site could make a
/// browser send it; and, to prove that the check is what refuses, as our own pages would.
#[tokio::test]
async fn no_other_site_changes_anything_with_a_cookie() {
    let world = World::new().await;
    let cookie = signed_in(&world).await;
    let cookie = ("cookie", cookie.as_str());
    let json_body = ("content-type", "application/json");
    let site = |it| ("sec-fetch-site", it);
    let attacks: [&[(&str, &str)]; 8] = [
        &[HOST, cookie],
        &[HOST, cookie, json_body],
        &[HOST, cookie, json_body, ("origin", "https://evil.example")],
        &[HOST, cookie, json_body, ("origin", "null")],
        &[HOST, cookie, json_body, OURS, site("cross-site")],
        &[HOST, cookie, json_body, site("same-site")],
        &[HOST, cookie, OURS, ("content-type", "text/plain")],
        &[HOST, cookie, OURS, ("content-type", "application/x-www-form-urlencoded")],
    ];
    let mut tried = 0;
    for (method, path) in unsafe_operations() {
        let path = path.replace("{id}", "01890000-0000-7000-8000-000000000000");
        for headers in attacks {
            let refused = world.raw((method.clone(), &path), headers, "{}").await;
            assert_eq!(refused.code(), "cross_site", "{method} {path} {headers:?}");
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
            tried += 1;
        }
        let ours = [HOST, cookie, json_body, OURS];
        let passed = world.raw((method.clone(), &path), &ours, "[]").await;
        assert_ne!(passed.code(), "cross_site", "{method} {path}");
        if path == "/sessions/current" {
            return assert!(tried > 200, "only {tried}");
        }
    }
    panic!("signing out was not among them");
}

/// Those of the description, with signing out as the last: nothing goes after it.
fn unsafe_operations() -> Vec<(Method, String)> {
    let document = api::description();
    let mut all: Vec<(Method, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().map(serde_json::Map::keys).into_iter().flatten() {
            let method: Method = method.to_uppercase().parse().unwrap();
            if !method.is_safe() {
                all.push((method, path.clone()));
            }
        }
    }
    all.sort_by_key(|(_, path)| path == "/sessions/current");
    all
}

/// Whatever is read, nothing that is kept of the market is different after it.
#[tokio::test]
async fn reading_changes_nothing() {
    let world = World::new().await;
    let at = format!("/needs/{}", world.published_need("球墨铸铁件气孔率降低技术").await);
    let document = api::description();
    let need = async || {
        let read = world.get(&world.enterprise, &at).await;
        (read.tag(), read.body)
    };
    let before = need().await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(read) = methods.get("get") else { continue };
        assert_eq!(read.get("requestBody"), None::<&Value>, "{path}");
        let path = path.replace("{id}", at.trim_start_matches("/needs/"));
        world.get(&world.matchmaker, &path.replace("{table}", "grade")).await;
    }
    assert_eq!(need().await, before);
}
