use std::net::IpAddr;

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{HERE, Someone, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";

async fn registered(world: &World) {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

async fn sign_in(world: &World, login: &str, password: &str) -> crate::world::Answer {
    world.post(&VISITOR, "/sessions", json!({ "login": login, "password": password })).await
}

async fn with_token(world: &World, token: &str, method: Method, path: &str) -> StatusCode {
    let bearer = format!("Bearer {token}");
    world.call(&VISITOR, (method, path), &[("authorization", &bearer)], None).await.status
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_answered_alike() {
    let world = World::new().await;
    registered(&world).await;
    let wrong = sign_in(&world, "yang.chen", "wrong password").await;
    let nobody = sign_in(&world, "yang.nobody", "wrong password").await;
    let odd = sign_in(&world, "'; drop table people", "wrong password").await;
    for refused in [&wrong, &nobody, &odd] {
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::UNAUTHORIZED, "wrong_credentials")
        );
        assert_eq!(refused.body["detail"], wrong.body["detail"]);
    }
    assert_eq!(sign_in(&world, "Yang.Chen", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_session_ends_with_signing_out_and_after_half_a_day() {
    let world = World::new().await;
    registered(&world).await;
    let first = sign_in(&world, "yang.chen", PASSWORD).await;
    let second = sign_in(&world, "yang.chen", PASSWORD).await;
    let token = |it: &crate::world::Answer| it.body["token"].as_str().unwrap().to_owned();
    let (first, second) = (token(&first), token(&second));
    assert_ne!(first, second);
    let out = with_token(&world, &first, Method::DELETE, "/sessions/current").await;
    assert_eq!(out, StatusCode::NO_CONTENT);
    assert_eq!(with_token(&world, &first, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(with_token(&world, &second, Method::GET, "/me").await, StatusCode::OK);
    world.clock.advance(chrono::TimeDelta::hours(12));
    assert_eq!(with_token(&world, &second, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_that_is_wrong_is_not_taken_for_a_visitors() {
    let world = World::new().await;
    for header in ["Bearer kz_wrong", "Bearer", "Basic abc", "Bearer \u{e9}", ""] {
        let refused = world
            .call(&VISITOR, (Method::GET, "/market"), &[("authorization", header)], None)
            .await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{header}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_new_password_ends_everything_else() {
    let world = World::new().await;
    registered(&world).await;
    let session = sign_in(&world, "yang.chen", PASSWORD).await;
    let other = sign_in(&world, "yang.chen", PASSWORD).await;
    let token = |it: &crate::world::Answer| it.body["token"].as_str().unwrap().to_owned();
    let (mine, other) = (token(&session), token(&other));
    let bearer = format!("Bearer {mine}");
    let at = (Method::PUT, "/me/password");
    let headers = [("authorization", bearer.as_str())];
    let short = json!({ "old": PASSWORD, "new": "short" });
    let refused = world.call(&VISITOR, at.clone(), &headers, Some(short)).await;
    assert_eq!(refused.pointers(), ["/new"]);
    let wrong = json!({ "old": "wrong", "new": "另一个很长很长很长的新密" });
    let refused = world.call(&VISITOR, at.clone(), &headers, Some(wrong)).await;
    assert_eq!(refused.pointers(), ["/old"]);
    let right = json!({ "old": PASSWORD, "new": "另一个很长很长很长的新密码" });
    let done = world.call(&VISITOR, at, &headers, Some(right)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert_eq!(with_token(&world, &mine, Method::GET, "/me").await, StatusCode::OK);
    assert_eq!(with_token(&world, &other, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&world, "yang.chen", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let new = sign_in(&world, "yang.chen", "另一个很长很长很长的新密码").await;
    assert_eq!(new.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_program_has_a_token_of_its_own() {
    let world = World::new().await;
    let me = &world.enterprise;
    let refused = world.post(me, "/tokens", json!({ "name": "", "days": 1000 })).await;
    assert_eq!(refused.pointers(), ["/name", "/days"]);
    let made = world.post(me, "/tokens", json!({ "name": "ERP 同步", "days": 30 })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let secret = made.body["secret"].as_str().unwrap();
    assert_eq!(with_token(&world, secret, Method::GET, "/me").await, StatusCode::OK);
    let list = world.get(me, "/tokens").await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
    assert!(!list.body.to_string().contains(secret), "it is shown once");
    let others: &Someone = &world.research;
    let at = format!("/tokens/{}", made.id());
    let foreign = world.call(others, (Method::DELETE, &at), &[], None).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let ended = world.call(me, (Method::DELETE, &at), &[], None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(with_token(&world, secret, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_disabled_account_is_refused_as_a_wrong_password_is_and_noted() {
    let world = World::new().await;
    registered(&world).await;
    let login = domain::people::Login::new("yang.chen").unwrap();
    let (mut person, _) = db::people::find(world.db.read(), &login).await.unwrap().unwrap();
    person.state = domain::people::State::Disabled;
    world.db.write(async |tx| db::people::save(tx, &mut person).await).await.unwrap();
    let refused = sign_in(&world, "yang.chen", PASSWORD).await;
    assert_eq!(refused.code(), "wrong_credentials");
    let log = db::audit::of_object(world.db.read(), person.id.as_uuid()).await.unwrap();
    let noted = log.last().unwrap();
    assert!(noted.action.ends_with(":refused"), "{noted:?}");
    assert_eq!(noted.outcome, db::audit::Outcome::Denied);
    assert_eq!(noted.origin, Some(IpAddr::from(HERE.0)));
}

#[tokio::test]
async fn a_new_password_that_is_the_sign_in_name_is_told_with_its_place() {
    let world = World::new().await;
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen.danhe", "password": PASSWORD, "name": "陈工" },
    });
    world.post(&VISITOR, "/organisations", registration).await;
    let session = sign_in(&world, "yang.chen.danhe", PASSWORD).await;
    let bearer = format!("Bearer {}", session.body["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let body = json!({ "old": PASSWORD, "new": "Yang.Chen.Danhe" });
    let refused = world.call(&VISITOR, (Method::PUT, "/me/password"), &headers, Some(body)).await;
    assert_eq!(refused.pointers(), ["/new"], "{}", refused.body);
}
