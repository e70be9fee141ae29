//! Without a provider. With one: `oidc.rs` of the program's tests.

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{VISITOR, World};

#[tokio::test]
async fn where_there_is_no_other_provider_nothing_is_begun() {
    let world = World::new().await;
    let told = world.get(&VISITOR, "/oidc").await;
    assert_eq!((told.status, told.body), (StatusCode::OK, json!({})));
    let finish = json!({ "code": "c", "state": "s", "browser": "b" });
    for (path, body) in [("/oidc/sign-ins", json!({})), ("/oidc/sign-ins/finish", finish)] {
        let refused = world.post(&VISITOR, path, body).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "no_provider"));
    }
}
