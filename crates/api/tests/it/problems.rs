use api::Code;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};

use sea_orm::ConnectionTrait as _;

use crate::world::{VISITOR, World};

/// The names and statuses are a promise to clients.
#[test]
fn the_codes_are_a_promise() {
    let told: Vec<String> =
        Code::ALL.iter().map(|it| format!("{} {}", it.status().as_u16(), it.name())).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    401 sign_in_required
    401 wrong_credentials
    401 wrong_code
    409 no_provider
    503 provider_unavailable
    409 flow_ended
    401 identity_not_proved
    403 identity_not_linked
    403 account_disabled
    410 link_ended
    429 too_many_attempts
    403 code_required
    403 second_factor_required
    403 password_expired
    403 scope_missing
    403 cross_site
    400 two_credentials
    409 limit_reached
    403 forbidden
    403 own_organisation
    403 organisation_not_verified
    403 organisation_suspended
    404 not_found
    405 method_not_allowed
    400 unreadable
    415 unsupported_media_type
    413 too_large
    414 address_too_long
    408 slow_body
    415 file_type_refused
    422 infected
    503 scanner_unavailable
    409 quota_exceeded
    409 proofs_missing
    422 invalid
    422 revealing
    409 wrong_state
    409 held_by_another
    403 another_person
    409 last_administrator
    409 already_exists
    409 conflict
    409 consent_needed
    428 precondition_required
    412 stale
    422 key_reused
    429 too_many_requests
    503 timeout
    503 search_rebuilding
    503 unavailable
    500 internal
    ");
}

#[tokio::test]
async fn addresses_and_methods_that_are_not_there_are_told_so() {
    let world = World::new().await;
    for path in [
        "/nothing",
        "/needs/",
        "/needs/not-an-id",
        "/needs/%2e%2e",
        "/NEEDS",
        "//needs",
        "/codes/none",
    ] {
        let answer = world.get(&VISITOR, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.body);
    }
    let answer = world.call(&VISITOR, (Method::PATCH, "/needs"), &[], None).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let allowed = answer.headers["allow"].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn every_answer_has_a_name_of_its_own() {
    let world = World::new().await;
    let one = world.get(&VISITOR, "/market").await;
    let other =
        world.call(&VISITOR, (Method::GET, "/market"), &[("x-request-id", "mine")], None).await;
    let id = |it: &crate::world::Answer| it.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_ne!(id(&one), id(&other));
    assert_ne!(id(&other), "mine", "what a client says is not put into our logs");
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let world = World::new().await;
    let request = Request::get("/api/v1/codes/region")
        .header("accept-encoding", "gzip")
        .body(Body::empty())
        .unwrap();
    let answer = world.send(request).await;
    assert_eq!(answer.headers["content-encoding"], "gzip");
    let plain = world.get(&VISITOR, "/codes/region").await;
    assert!(plain.body.as_array().unwrap().len() > 3000);
    assert!(plain.headers["cache-control"].to_str().unwrap().contains("max-age"));
}

#[tokio::test]
async fn health_is_told_without_signing_in() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz"] {
        let answer = world.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.body["status"].as_str()), (StatusCode::OK, Some("ok")));
    }
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    world.db.read().execute_unprepared(newer).await.unwrap();
    let ready = world.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let live = world.send(Request::get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(live.status, StatusCode::OK);
}
