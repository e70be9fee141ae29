use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{Someone, World, need};

async fn program(world: &World, owner: &Someone, scopes: &[&str]) -> Someone {
    let form = json!({ "name": "ERP 同步", "scopes": scopes });
    let made = world.post(owner, "/tokens", form).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    Someone::with(made.body["secret"].as_str().unwrap())
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
    assert!(secret.starts_with("kzp_"), "told from a session's");
    assert_eq!(world.get(&Someone::with(secret), "/me").await.status, StatusCode::OK);
    let list = world.get(me, "/tokens").await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    assert!(!list.body.to_string().contains(secret), "it is shown once");
    let others: &Someone = &world.research;
    let at = format!("/tokens/{}", made.id());
    let foreign = world.call(others, (Method::DELETE, &at), &[], None).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let ended = world.call(me, (Method::DELETE, &at), &[], None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let after = world.get(&Someone::with(secret), "/me").await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_program_does_what_its_token_was_made_for_and_no_more() {
    let world = World::new().await;
    let reader = program(&world, &world.enterprise, &[]).await;
    let writer = program(&world, &world.enterprise, &["write"]).await;
    assert_eq!(world.get(&reader, "/needs").await.status, StatusCode::OK);
    let refused = world.post(&reader, "/needs", need("球墨铸铁件气孔率降低技术")).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "scope_missing"));
    let made = world.post(&writer, "/needs", need("球墨铸铁件气孔率降低技术")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let refused = world.get(&writer, "/needs").await;
    assert_eq!(refused.code(), "scope_missing");
    let wrong = world.post(&world.enterprise, "/tokens", json!({ "name": "x", "scopes": ["all"] }));
    assert_eq!(wrong.await.pointers(), ["/scopes/0"]);
}

/// With every scope there is, a program can do nothing by which it would live on or grow.
#[tokio::test]
async fn a_program_cannot_make_tokens_or_change_how_its_owner_signs_in() {
    let world = World::new().await;
    let scopes = ["read", "write", "review", "office"];
    let program = program(&world, &world.system_admin, &scopes).await;
    for (method, path, body) in [
        (Method::POST, "/tokens", Some(json!({ "name": "x" }))),
        (Method::GET, "/tokens", None),
        (Method::PUT, "/me/password", Some(json!({ "old": "x", "new": "y" }))),
        (Method::GET, "/sessions", None),
        (Method::DELETE, "/sessions", None),
        (Method::DELETE, "/sessions/current", None),
    ] {
        let refused = world.call(&program, (method, path), &[], body).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "scope_missing"));
    }
}

#[tokio::test]
async fn a_token_never_reaches_further_than_its_owner_does_now() {
    let world = World::new().await;
    let owner = world.matchmaker.person.clone().unwrap();
    let program = program(&world, &world.matchmaker, &["read", "review", "office"]).await;
    assert_eq!(world.get(&program, "/pairs").await.status, StatusCode::OK);
    assert_eq!(world.get(&program, "/people").await.status, StatusCode::FORBIDDEN);
    let mut now = db::people::get(world.db.read(), owner.id).await.unwrap();
    now.role = domain::people::Role::Lead;
    world.db.write(async |tx| db::people::save(tx, &mut now).await).await.unwrap();
    assert_eq!(world.get(&program, "/pairs").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn there_are_twenty_tokens_at_the_most_however_many_are_asked_for_at_once() {
    let world = World::new().await;
    let ask = |_| world.post(&world.enterprise, "/tokens", json!({ "name": "x" }));
    let answers = futures_util::future::join_all((0..30).map(ask)).await;
    let made = answers.iter().filter(|it| it.status == StatusCode::CREATED).count();
    assert_eq!(made, 20);
    let refused = answers.iter().find(|it| it.status != StatusCode::CREATED).unwrap();
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "limit_reached"));
}
