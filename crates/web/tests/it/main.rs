//! The pages, before an API made up for the purpose: what pages do with whatever the API says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::net::SocketAddr;

use axum::{
    Json, Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const HOSTILE: &str = "<script>alert(1)</script>\" onload=\"x";

/// An API that finds what it is told to.
fn api(found: Result<Value, StatusCode>) -> Router {
    let market = json!({ "needs": 3, "achievements": 5, "organisations": 2, "accepted_pairs": 1 });
    let refused = |status: StatusCode| {
        (status, Json(json!({ "detail": "正在重建索引", "request_id": "r-1" }))).into_response()
    };
    let search = move || {
        let answer: Response = match &found {
            Ok(found) => Json(found.clone()).into_response(),
            Err(status) => refused(*status),
        };
        async move { answer }
    };
    let need = json!({ "id": "a1", "kind": "need", "number": "GPN-1", "form": {
        "title": HOSTILE, "problem": HOSTILE, "summary": HOSTILE, "keywords": [HOSTILE],
    }});
    Router::new()
        .route("/api/v1/codes/{table}", get(|| async { Json(json!([])) }))
        .route("/api/v1/market", get(move || async { Json(market) }))
        .route("/api/v1/search", get(search))
        .route("/api/v1/needs/a1", get(move || async { Json(need) }))
        .fallback(async || {
            (StatusCode::NOT_FOUND, Json(json!({ "detail": "没有", "request_id": "r-2" })))
        })
}

fn hits() -> Value {
    let piece = |text: &str, hit: bool| json!({ "text": text, "hit": hit });
    json!({ "total": 1, "relaxed": false, "items": [{
        "id": "a1", "kind": "need", "number": "GPN-1",
        "marked_title": [piece(HOSTILE, false), piece("瓦斯", true)],
        "snippet": [piece(HOSTILE, true)],
        "organisation": { "id": "o1", "name": HOSTILE },
    }]})
}

async fn page(found: Result<Value, StatusCode>, path: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = web::router(api(found)).oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn whatever_a_listing_says_is_text_and_not_markup() {
    let typed = "/?q=%3Cscript%3Ealert(1)%3C/script%3E%22%20onload=%22x";
    for path in ["/", typed, "/needs/a1"] {
        let (status, _, html) = page(Ok(hits()), path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(html.contains("alert(1)"), "{path} shows the text");
        assert!(!html.contains("<script>alert"), "{path} shows markup");
        assert!(!html.contains("\" onload=\""), "{path} lets a text end an attribute");
    }
    let (_, _, html) = page(Ok(hits()), "/?q=x").await;
    assert!(html.contains("<mark>瓦斯</mark>"));
}

#[tokio::test]
async fn every_page_forbids_what_it_does_not_need() {
    for path in ["/", "/needs/a1", "/nowhere", "/assets/kezhuan.css", "/api/docs"] {
        let (_, headers, _) = page(Ok(hits()), path).await;
        let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(headers.get("x-content-type-options").unwrap(), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn while_there_is_no_index_the_start_page_stands_without_lists() {
    let (status, _, html) = page(Err(StatusCode::SERVICE_UNAVAILABLE), "/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("检索正在准备") && html.contains("已认可的配对"), "{html}");
    let (status, _, html) = page(Err(StatusCode::SERVICE_UNAVAILABLE), "/?q=x").await;
    assert!(status == StatusCode::OK && html.contains("检索正在准备"), "{html}");
}

#[tokio::test]
async fn what_the_api_refuses_is_told_with_its_number() {
    let (status, _, html) = page(Err(StatusCode::UNPROCESSABLE_ENTITY), "/?q=x").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("正在重建索引") && html.contains("r-1"), "{html}");
    for path in ["/needs/b2", "/needs/%2e%2e%2fmarket", "/nowhere"] {
        let (status, _, html) = page(Ok(hits()), path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(html.contains("没有"), "{path}: {html}");
    }
}

#[tokio::test]
async fn the_api_is_told_where_a_reader_comes_from() {
    let told = async |ConnectInfo(reader): ConnectInfo<SocketAddr>| {
        (StatusCode::IM_A_TEAPOT, Json(json!({ "detail": reader.ip(), "request_id": "r-3" })))
    };
    let api = Router::new()
        .route("/api/v1/codes/{table}", get(|| async { Json(json!([])) }))
        .route("/api/v1/needs/a1", get(told));
    let reader = ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 1)));
    let request = Request::get("/needs/a1").extension(reader).body(Body::empty()).unwrap();
    let response = web::router(api).oneshot(request).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let html = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(html.contains("192.0.2.7"), "{html}");
}
