use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};

use crate::world::{VISITOR, World};

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

#[tokio::test]
async fn the_document_is_served_and_names_a_policy_row_for_every_operation() {
    let world = World::new().await;
    let request = Request::get("/api/openapi.json").body(Body::empty()).unwrap();
    let document = world.send(request).await.body;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document, api::description());
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id), "{method} {path}");
        assert!(operation["x-policy"].is_string(), "{method} {path}");
        assert!(!operation["summary"].as_str().unwrap().is_empty());
    }
    assert!(ids.len() > 50, "{}", ids.len());
}

/// What each operation is: method, path, policy row. A change here is a change of the API.
#[test]
fn the_operations_are_a_promise() {
    let document = api::description();
    let lines: Vec<String> = operations(&document)
        .into_iter()
        .map(|(method, path, it)| format!("{method} {path} {}", it["x-policy"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = api::description();
    let text = document.to_string();
    let mut found = 0;
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        found += 1;
    }
    assert!(found > 50);
}

/// The routes that are described are the routes that exist: each answers something else than "no
/// such address" or "no such method" to a visitor.
#[tokio::test]
async fn every_described_operation_exists() {
    let world = World::new().await;
    for (method, path, _) in operations(&api::description()) {
        let concrete = path
            .replace("{id}", "01890000-0000-7000-8000-000000000000")
            .replace("{table}", "grade");
        let method: Method = method.parse().unwrap();
        let body = (method == Method::POST || method == Method::PUT).then(|| json!({}));
        let answer = world.call(&VISITOR, (method.clone(), &concrete), &[], body).await;
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        let reading = method == Method::GET && path.contains("{id}");
        if !reading {
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}

#[test]
fn bodies_are_described_with_their_limits() {
    let document = api::description();
    let need = &document["components"]["schemas"]["NeedForm"];
    assert_eq!(need["properties"]["title"]["maxLength"], 60);
    assert_eq!(need["additionalProperties"], false);
    let kinds = &need["properties"]["cooperation"]["items"]["enum"];
    assert!(kinds.as_array().unwrap().contains(&json!("try_first")), "{kinds}");
    let grade = &document["components"]["schemas"]["GradeForm"];
    assert_eq!(grade["required"], json!(["grade"]));
}
