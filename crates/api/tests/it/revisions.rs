use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, Someone, VISITOR, World, need};

const SECRET: &str = "镁硅合金包芯线喂丝";

/// A need whose problem gives something away.
fn telling(visibility: &str) -> Value {
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["problem"] = json!(format!("我厂用{SECRET}，气孔率高达百分之八，每月报废四十吨。"));
    form["visibility"] = json!(visibility);
    form
}

async fn write(world: &World, id: &str, form: Value) -> Answer {
    let at = format!("/needs/{id}");
    let tag = world.get(&world.enterprise, &at).await.tag();
    let written =
        world.call(&world.enterprise, (Method::PUT, &at), &[("if-match", &tag)], Some(form)).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.body);
    written
}

async fn sees_secret(world: &World, who: &Someone, path: &str) -> bool {
    let seen = world.get(who, path).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    seen.body.to_string().contains(SECRET)
}

#[tokio::test]
async fn what_was_confidential_stays_so_when_a_public_edition_follows() {
    for before in ["confidential", "masked"] {
        let world = World::new().await;
        let id = world.publish_need(telling(before)).await;
        let written = write(&world, &id, need("球墨铸铁件气孔率降低技术")).await;
        world.submit(&world.enterprise, "/needs", &written).await;
        let approved = world.review("/needs", &id, "approve").await;
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.body);
        let editions = format!("/needs/{id}/editions");
        for stranger in [&VISITOR, &world.research] {
            assert!(!sees_secret(&world, stranger, &editions).await, "{before}");
            let seen = world.get(stranger, &editions).await;
            assert_eq!(seen.body["items"].as_array().unwrap().len(), 1, "the public one");
        }
        assert!(sees_secret(&world, &world.enterprise, &editions).await, "its owner may look back");
    }
}

#[tokio::test]
async fn a_change_is_shown_to_those_it_is_meant_for() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{id}");
    let colleague = world.colleague_of(&world.enterprise, "plant.chen").await;
    let written = write(&world, &id, telling("public")).await;
    assert!(sees_secret(&world, &colleague, &at).await);
    for staff in [&world.matchmaker, &world.other_matchmaker] {
        assert!(!sees_secret(&world, staff, &at).await, "a draft is its author's affair");
    }
    world.submit(&world.enterprise, "/needs", &written).await;
    for staff in [&world.matchmaker, &world.other_matchmaker] {
        assert!(sees_secret(&world, staff, &at).await, "submitted, it is for staff to judge");
    }
    assert!(!sees_secret(&world, &VISITOR, &at).await);
}

#[tokio::test]
async fn a_confidential_change_of_a_public_need_is_not_for_colleagues() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{id}");
    let colleague = world.colleague_of(&world.enterprise, "plant.chen").await;
    write(&world, &id, telling("confidential")).await;
    assert!(sees_secret(&world, &world.enterprise, &at).await);
    assert!(!sees_secret(&world, &colleague, &at).await);
    let (mine, theirs) =
        (world.get(&world.enterprise, &at).await, world.get(&colleague, &at).await);
    assert_ne!(mine.tag(), theirs.tag(), "who sees something else has another tag");
}

#[tokio::test]
async fn a_change_is_dropped_only_by_who_has_read_it() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let written = write(&world, &id, telling("public")).await;
    let newer = write(&world, &id, need("球墨铸铁件气孔率再降低技术")).await;
    let at = format!("/needs/{id}/revision");
    let drop = async |headers: &[(&str, &str)]| {
        world.call(&world.enterprise, (Method::DELETE, &at), headers, None).await
    };
    assert_eq!(drop(&[]).await.status, StatusCode::PRECONDITION_REQUIRED);
    let stale = drop(&[("if-match", &written.tag())]).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let dropped = drop(&[("if-match", &newer.tag())]).await;
    assert_eq!(dropped.status, StatusCode::OK, "{}", dropped.body);
    assert!(dropped.body.get("revision").is_none());
}

#[tokio::test]
async fn visitors_do_not_take_each_others_keys() {
    let world = World::new().await;
    let registration = |number: &str, login: &str| {
        json!({
            "organisation": { "number": number, "name": format!("某某厂{login}"), "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": login, "name": "某人", "password": "羊头山上羊头山下的铸管厂" },
        })
    };
    let at = (Method::POST, "/organisations");
    let send = async |body: Value| {
        world.call(&VISITOR, at.clone(), &[("idempotency-key", "1")], Some(body)).await
    };
    let first = send(registration("9144030071526726XG", "rival.sun")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let other = send(registration("91350100M000100Y43", "rival.wu")).await;
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.body);
    let again = send(registration("91350100M000100Y43", "rival.wu")).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
}
