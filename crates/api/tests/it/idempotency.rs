use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{VISITOR, World, need};

const KEY: &str = "idempotency-key";

#[tokio::test]
async fn the_same_request_twice_makes_one_need() {
    let world = World::new().await;
    let at = (Method::POST, "/needs");
    let body = need("球墨铸铁件气孔率降低技术");
    let who = &world.enterprise;
    let first = world.call(who, at.clone(), &[(KEY, "k1")], Some(body.clone())).await;
    let second = world.call(who, at.clone(), &[(KEY, "k1")], Some(body.clone())).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.tag(), first.tag());
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let other = world.call(who, at.clone(), &[(KEY, "k2")], Some(body)).await;
    assert_ne!(other.body["id"], first.body["id"]);
    let list = world.get(who, "/needs").await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_belongs_to_one_body_one_operation_and_one_person() {
    let world = World::new().await;
    let at = (Method::POST, "/needs");
    let body = need("球墨铸铁件气孔率降低技术");
    let first = world.call(&world.enterprise, at.clone(), &[(KEY, "k")], Some(body.clone())).await;
    let other_body = Some(need("另外一个题目的铸件技术"));
    let reused = world.call(&world.enterprise, at.clone(), &[(KEY, "k")], other_body).await;
    assert_eq!((reused.status, reused.code()), (StatusCode::UNPROCESSABLE_ENTITY, "key_reused"));
    let colleague = world.colleague_of(&world.enterprise, "plant.chen").await;
    let theirs = world.call(&colleague, at.clone(), &[(KEY, "k")], Some(body.clone())).await;
    assert_eq!(theirs.status, StatusCode::CREATED);
    assert_ne!(theirs.body["id"], first.body["id"]);
    let long = "k".repeat(256);
    for (key, fault) in [(long.as_str(), "too_long"), ("", "missing"), ("\"\"", "missing")] {
        let body = Some(body.clone());
        let refused = world.call(&world.enterprise, at.clone(), &[(KEY, key)], body).await;
        assert_eq!(refused.pointers(), ["/headers/idempotency-key"]);
        assert_eq!(refused.body["errors"][0]["code"], fault, "{key}");
    }
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let world = World::new().await;
    let at = (Method::POST, "/needs");
    let wrong = Some(json!({ "title": 5 }));
    let refused = world.call(&world.enterprise, at.clone(), &[(KEY, "k")], wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = Some(need("球墨铸铁件气孔率降低技术"));
    let made = world.call(&world.enterprise, at, &[(KEY, "k")], right).await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_at_once_have_one_effect() {
    let world = Arc::new(World::new().await);
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let body = Some(need("球墨铸铁件气孔率降低技术"));
                world.call(&world.enterprise, (Method::POST, "/needs"), &[(KEY, "k")], body).await
            })
        })
        .collect();
    let mut ids = std::collections::HashSet::new();
    for answer in asked {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        ids.insert(answer.id());
    }
    assert_eq!(ids.len(), 1);
    let list = world.get(&world.enterprise, "/needs").await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_visitor_can_register_twice_with_one_key() {
    let world = World::new().await;
    let body = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂", "name": "陈工" },
    });
    let at = (Method::POST, "/organisations");
    let first = world.call(&VISITOR, at.clone(), &[(KEY, "r")], Some(body.clone())).await;
    let second = world.call(&VISITOR, at, &[(KEY, "r")], Some(body)).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!(second.body, first.body);
}
