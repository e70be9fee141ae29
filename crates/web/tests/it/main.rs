//! The pages, before an API made up for the purpose: what pages do with whatever the API says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod links;
mod signin;

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
    saying(found, HOSTILE)
}

/// One whose listing says something in every field.
fn saying(found: Result<Value, StatusCode>, said: &str) -> Router {
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
    let row = json!({ "name": said, "operator": said, "value": 1, "unit": said, "proof": said });
    let need = json!({ "id": "a1", "kind": "need", "number": said, "title": said,
        "organisation": { "name": said }, "valid_until": said, "view": "public", "form": {
        "title": said, "problem": said, "summary": said, "goal": said, "keywords": [said],
        "fields": [said], "region": said, "cooperation": [said], "indicators": [row],
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

/// What is written to be run: in texts, in attributes, in addresses, in broken markup.
const CORPUS: &str = include_str!("xss.txt");

/// The tags of a page with what stands in them. Whatever a listing says is escaped, so that a `<`
/// that is still there is the page's own; a text that got out would show up as a tag or an attribute
/// that no page has.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    for piece in html.split('<').skip(1) {
        let name: String = piece.chars().take_while(|it| !" >\n".contains(*it)).collect();
        let mut attributes = Vec::new();
        let mut rest = piece.strip_prefix(&name).unwrap_or_default();
        while let Some((before, after)) = rest.split_once("=\"") {
            if before.contains('>') {
                break;
            }
            let (value, after) = after.split_once('"').unwrap_or((after, ""));
            let attribute = before.rsplit(' ').next().unwrap_or_default();
            attributes.push((attribute.to_owned(), value.to_owned()));
            rest = after;
        }
        tags.push((name, attributes));
    }
    tags
}

#[tokio::test]
async fn nothing_that_is_written_to_be_run_becomes_part_of_a_page() {
    const NAMES: [&str; 34] = [
        "!doctype", "html", "head", "meta", "title", "link", "body", "header", "nav", "main",
        "article", "section", "footer", "h1", "h2", "h3", "p", "a", "span", "dl", "dt", "dd",
        "div", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "mark", "form", "button",
    ];
    const FIELDS: [&str; 4] = ["input", "select", "option", "label"];
    let mut seen = 0;
    for said in CORPUS.lines().filter(|it| !it.is_empty()) {
        let piece = |hit: bool| json!({ "text": said, "hit": hit });
        let hit = json!({ "id": "a1", "kind": "need", "number": said, "fields": [said],
            "marked_title": [piece(false), piece(true)], "snippet": [piece(true)], "region": said,
            "organisation": { "id": "o1", "name": said }, "valid_until": said });
        let found = json!({ "total": 1, "relaxed": false, "items": [hit], "next": "c" });
        let query: Vec<String> = said.bytes().map(|it| format!("%{it:02X}")).collect();
        let query = query.concat();
        for path in ["/needs/a1".to_owned(), "/".to_owned(), format!("/?q={query}&kind={query}")] {
            let request = Request::get(&path).body(Body::empty()).unwrap();
            let router = web::router(saying(Ok(found.clone()), said));
            let response = router.oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            let html = String::from_utf8(bytes.to_vec()).unwrap();
            for (name, attributes) in tags(&html) {
                let name = name.trim_start_matches('/').to_lowercase();
                let mark = attributes.first().is_some_and(|it| it.1 == "/favicon.svg");
                let known = NAMES.contains(&name.as_str())
                    || FIELDS.contains(&name.as_str())
                    || (name == "img" && mark);
                assert!(known, "<{name}> by {said}");
                for (attribute, value) in attributes {
                    assert!(
                        !attribute.starts_with("on") && attribute != "style",
                        "{attribute} by {said}"
                    );
                    let address = ["href", "src", "action"].contains(&attribute.as_str());
                    assert!(
                        !address || value.starts_with('/') || value.starts_with('#'),
                        "{value} by {said}"
                    );
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[tokio::test]
async fn every_page_forbids_what_it_does_not_need() {
    for path in ["/", "/needs/a1", "/nowhere", "/assets/kezhuan.css", "/api/docs"] {
        let (_, headers, _) = page(Ok(hits()), path).await;
        let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for part in
            ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers.get(name).unwrap(), value, "{path}");
        }
        assert!(headers.contains_key("permissions-policy"), "{path}");
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
