use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// What the API was asked.
type Asked = Arc<Mutex<Vec<Value>>>;

/// An API that answers every form alike, and writes down what it was asked.
fn api(asked: &Asked, status: StatusCode, answer: Value) -> Router {
    let take = async |State((asked, status, answer)): State<(Asked, StatusCode, Value)>,
                      Json(body): Json<Value>|
           -> Response {
        asked.lock().unwrap().push(body);
        (status, Json(answer)).into_response()
    };
    let consents = json!([{ "purpose": "account_keeping", "version": 3, "zh": "<b>同意书</b>" }]);
    Router::new()
        .route("/api/v1/password-resets/use", post(take))
        .route("/api/v1/invitations/accept", post(take))
        .route("/api/v1/mail-confirmations", post(take))
        .with_state((Arc::clone(asked), status, answer))
        .route("/api/v1/consents", get(move || async { Json(consents) }))
}

async fn ask(
    api: Router,
    (method, at): (Method, &str),
    form: &str,
) -> (StatusCode, HeaderMap, String) {
    let request = Request::builder().method(method).uri(at);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.body(Body::from(form.to_owned())).unwrap();
    let response = web::router(api).oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8(bytes.to_vec()).unwrap())
}

const PAGES: [&str; 3] = ["/reset", "/join", "/confirm"];

#[tokio::test]
async fn a_link_that_is_opened_changes_nothing_and_tells_its_secret_to_nobody() {
    for page in PAGES {
        let asked = Asked::default();
        let api = api(&asked, StatusCode::NO_CONTENT, Value::Null);
        let at = format!("{page}?token=kzl_a%22%3E%3Cscript%3Ex");
        let (status, headers, html) = ask(api, (Method::GET, &at), "").await;
        assert_eq!(status, StatusCode::OK, "{page}: {html}");
        assert!(asked.lock().unwrap().is_empty(), "{page}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{page}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{page}");
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("form-action"));
        assert!(html.contains("kzl_a") && !html.contains("<script"), "{html}");
        assert!(html.contains(&format!("action=\"{page}\" method=\"post\"")), "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }
}

#[tokio::test]
async fn what_is_typed_goes_to_the_api_and_what_was_done_is_said() {
    let form =
        "token=kzl_x&login=li.wei&name=%E6%9D%8E%E4%BC%9F&password=a+b%2Bc&account_keeping=3";
    let account = json!({ "login": "li.wei", "name": "李伟", "password": "a b+c" });
    let consents = json!([{ "purpose": "account_keeping", "version": 3 }]);
    for (page, body, done) in [
        ("/reset", json!({ "token": "kzl_x", "password": "a b+c" }), "密码已设置"),
        (
            "/join",
            json!({ "token": "kzl_x", "account": account, "consents": consents }),
            "账号已建立",
        ),
        ("/confirm", json!({ "token": "kzl_x" }), "邮箱已确认"),
    ] {
        let asked = Asked::default();
        let api = api(&asked, StatusCode::OK, Value::Null);
        let (status, headers, html) = ask(api, (Method::POST, page), form).await;
        assert_eq!((status, asked.lock().unwrap().as_slice()), (StatusCode::OK, &[body][..]));
        assert!(html.contains(done) && !html.contains("kzl_x"), "{html}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{page}");
    }
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_no_password_comes_back() {
    let wrong = json!({ "detail": "有误", "request_id": "r-1", "errors": [
        { "pointer": "/account/login", "detail": "已被使用" },
        { "pointer": "/account/password", "detail": "太短" },
        { "pointer": "/account/password", "detail": "<i>太常见" },
        { "pointer": "/consents", "detail": "须同意" },
    ]});
    let api = api(&Asked::default(), StatusCode::UNPROCESSABLE_ENTITY, wrong);
    let form = "token=kzl_x&login=li.wei&name=%22%3E%3Cb%3E&password=sesame";
    let (status, _, html) = ask(api, (Method::POST, "/join"), form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} in {html}"));
    let order =
        ["id=\"login\"", "已被使用", "id=\"name\"", "id=\"password\"", "太短", "太常见", "须同意"];
    assert!(order.windows(2).all(|it| place(it[0]) < place(it[1])), "{html}");
    assert!(html.contains("value=\"li.wei\"") && html.contains("value=\"kzl_x\""));
    assert!(!html.contains("sesame") && !html.contains("<i>") && !html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn a_link_that_is_of_no_use_is_told_and_so_is_a_form_that_cannot_be_read() {
    let ended = json!({ "detail": "链接无效", "request_id": "r-9" });
    for page in PAGES {
        let api = api(&Asked::default(), StatusCode::GONE, ended.clone());
        let (status, headers, html) = ask(api, (Method::POST, page), "token=kzl_x").await;
        assert_eq!(status, StatusCode::GONE, "{page}");
        assert!(html.contains("链接无效") && html.contains("r-9"), "{html}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
    }
    let long = format!("token={}", "x".repeat(20_000));
    let api = api(&Asked::default(), StatusCode::OK, Value::Null);
    let (status, _, html) = ask(api, (Method::POST, "/reset"), &long).await;
    assert!(status == StatusCode::BAD_REQUEST && html.contains("无法读取"), "{html}");
}
