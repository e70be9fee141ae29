use std::net::IpAddr;

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{HERE, Someone, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";

async fn registered(world: &World) {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

async fn sign_in(world: &World, login: &str, password: &str) -> crate::world::Answer {
    world.post(&VISITOR, "/sessions", json!({ "login": login, "password": password })).await
}

fn token(session: &crate::world::Answer) -> String {
    session.body["token"].as_str().unwrap_or_else(|| panic!("{}", session.body)).to_owned()
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
async fn a_session_ends_with_signing_out_on_every_replica() {
    let world = World::new().await;
    registered(&world).await;
    let first = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    let second = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    assert_ne!(first, second);
    assert!(first.len() >= 4 + 43, "{}: 256 bits", first.len());
    let replica = world.replica();
    let out = with_token(&world, &first, Method::DELETE, "/sessions/current").await;
    assert_eq!(out, StatusCode::NO_CONTENT);
    for router in [&world.router, &replica] {
        assert_eq!(world.on(router, &first).await, StatusCode::UNAUTHORIZED);
        assert_eq!(world.on(router, &second).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_after_half_a_day_in_any_case() {
    let world = World::new().await;
    registered(&world).await;
    let idle = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    let used = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    for minutes in 1..24 {
        world.clock.advance(chrono::TimeDelta::minutes(29));
        let told = with_token(&world, &used, Method::GET, "/me").await;
        assert_eq!(told, StatusCode::OK, "after {} minutes", minutes * 29);
    }
    assert_eq!(with_token(&world, &idle, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    world.clock.advance(chrono::TimeDelta::minutes(12 * 60 - 23 * 29));
    assert_eq!(with_token(&world, &used, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_use_of_a_session_is_noted_once_a_minute_at_the_most() {
    let world = World::new().await;
    registered(&world).await;
    let secret = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    let me = Someone::with(&secret);
    let mut noted = std::collections::BTreeSet::new();
    for _ in 0..30 {
        world.clock.advance(chrono::TimeDelta::seconds(10));
        let list = world.get(&me, "/sessions").await;
        noted.insert(list.body["items"][0]["used_at"].as_str().unwrap().to_owned());
    }
    assert_eq!(noted.len(), 6, "the beginning, and each of five minutes: {noted:?}");
}

#[tokio::test]
async fn ones_own_sessions_are_listed_and_ended_and_nobody_elses() {
    let world = World::new().await;
    registered(&world).await;
    let agent = "x".repeat(300);
    let headers = [("user-agent", agent.as_str())];
    let credentials = json!({ "login": "yang.chen", "password": PASSWORD });
    let at = (Method::POST, "/sessions");
    let other = token(&world.call(&VISITOR, at, &headers, Some(credentials)).await);
    let secret = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    let third = token(&sign_in(&world, "yang.chen", PASSWORD).await);
    let me = Someone::with(&secret);
    let list = world.get(&me, "/sessions").await;
    let items = list.body["items"].as_array().unwrap();
    let current: Vec<bool> = items.iter().map(|it| it["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true, false]);
    assert_eq!(items[0]["agent"].as_str().unwrap().len(), 100);
    assert!(!list.body.to_string().contains(&other), "no secret is shown");
    let at = format!("/sessions/{}", items[0]["id"].as_str().unwrap());
    let foreign = world.call(&world.research, (Method::DELETE, &at), &[], None).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let ended = world.call(&me, (Method::DELETE, &at), &[], None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(with_token(&world, &other, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(with_token(&world, &third, Method::GET, "/me").await, StatusCode::OK);
    let ended = world.call(&me, (Method::DELETE, "/sessions"), &[], None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(with_token(&world, &third, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(with_token(&world, &secret, Method::GET, "/me").await, StatusCode::OK);
}

#[tokio::test]
async fn a_password_that_has_run_out_or_was_set_by_another_must_be_changed_first() {
    let world = World::new().await;
    let login = "new.comer";
    let organisation = world.enterprise.person.as_ref().unwrap().organisation;
    let account = json!({
        "organisation": organisation, "role": "enterprise", "login": login, "name": "新人",
        "password": PASSWORD,
    });
    let made = world.post(&world.system_admin, "/people", account).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let session = sign_in(&world, login, PASSWORD).await;
    assert_eq!(session.body["stage"], "password", "{}", session.body);
    let me = Someone::with(&token(&session));
    assert_eq!(world.get(&me, "/me").await.status, StatusCode::OK);
    for path in ["/needs", "/market", "/tokens", "/sessions"] {
        let refused = world.get(&me, path).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "password_expired"));
    }
    let new = json!({ "old": PASSWORD, "new": "另一个很长很长很长的新密码" });
    let changed = world.call(&me, (Method::PUT, "/me/password"), &[], Some(new)).await;
    assert_eq!(changed.body["stage"], "whole", "{}", changed.body);
    let me = Someone::with(&token(&changed));
    assert_eq!(world.get(&me, "/needs").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_is_wrong_is_not_taken_for_a_visitors() {
    let world = World::new().await;
    for header in
        ["Bearer kzs_wrong", "Bearer kz_wrong", "Bearer", "Basic abc", "Bearer \u{e9}", ""]
    {
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
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(with_token(&world, &mine, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(with_token(&world, &token(&done), Method::GET, "/me").await, StatusCode::OK);
    assert_eq!(with_token(&world, &other, Method::GET, "/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&world, "yang.chen", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let new = sign_in(&world, "yang.chen", "另一个很长很长很长的新密码").await;
    assert_eq!(new.status, StatusCode::CREATED);
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
        "consents": crate::world::consents(),
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
