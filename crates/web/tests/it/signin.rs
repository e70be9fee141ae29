use axum::{
    Json, Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
    routing::{get, post},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const ADDRESS: &str = "https://id.example.cn/auth?client_id=a&state=\"><script>alert(1)</script>";

/// An API with a provider. What is asked of it, and by whom, comes back as a cookie.
fn api(provider: Option<&'static str>) -> Router {
    let heard = |headers: &HeaderMap, body: &Value| {
        let text = |name: &str| headers.get(name).map_or("-", |it| it.to_str().unwrap()).to_owned();
        let who =
            ["sec-fetch-site", "origin", "host", "cookie"].map(|it| text(it).replace(';', "+"));
        let body = body.to_string().replace(';', "+");
        [(header::SET_COOKIE, format!("heard={} {body}", who.join(" ")))]
    };
    let begun = move |headers: HeaderMap, Json(body): Json<Value>| async move {
        (StatusCode::CREATED, heard(&headers, &body), Json(json!({ "address": ADDRESS })))
    };
    let finished = move |headers: HeaderMap, Json(body): Json<Value>| async move {
        (StatusCode::CREATED, heard(&headers, &body), Json(json!({})))
    };
    let named = async move || Json(json!({ "name": provider }));
    let mine = async |headers: HeaderMap| {
        let known = headers.get(header::COOKIE).is_some_and(|it| it == "kezhuan=s");
        let status = if known { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        (status, Json(json!({ "items": [] })))
    };
    Router::new()
        .route("/api/v1/oidc", get(named))
        .route("/api/v1/me/identities", get(mine).post(begun))
        .route("/api/v1/oidc/sign-ins", post(begun))
        .route("/api/v1/oidc/sign-ins/finish", post(finished))
        .route("/api/v1/me/identities/finish", post(finished))
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    html: String,
}

impl Page {
    fn heard(&self) -> &str {
        self.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap()
    }
}

async fn page(api: Router, request: axum::http::request::Builder, body: &'static str) -> Page {
    let request = request.header(header::HOST, "kz.example.cn").body(Body::from(body)).unwrap();
    let response = web::router(api).oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Page { status, headers, html: String::from_utf8(bytes.to_vec()).unwrap() }
}

#[tokio::test]
async fn the_page_offers_what_the_reader_can_do() {
    let at = || Request::get("/signin/oidc");
    let none = page(api(None), at(), "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let visitor = page(api(Some("省<b>认证")), at(), "").await;
    assert!(visitor.html.contains("action=\"/signin/oidc\""), "{}", visitor.html);
    assert!(!visitor.html.contains("<b>") && !visitor.html.contains("type=\"password\""));
    let known = page(api(Some("x")), at().header(header::COOKIE, "kezhuan=s"), "").await;
    assert!(known.html.contains("action=\"/signin/oidc/link\""), "{}", known.html);
}

/// Browsers hold whatever a form leads on to against `form-action`.
#[tokio::test]
async fn the_way_to_the_provider_is_a_link_that_follows_itself() {
    let browser = |at: &str| {
        Request::post(at)
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, "https://kz.example.cn")
            .header(header::COOKIE, "kezhuan=s; kezhuan-oidc=f")
    };
    let leaving = page(api(Some("x")), browser("/signin/oidc"), "").await;
    assert_eq!(leaving.status, StatusCode::OK);
    assert!(
        leaving.html.contains("http-equiv=\"refresh\" content=\"0; url=https://id.example.cn/")
    );
    assert!(!leaving.html.contains("<form") && !leaving.html.contains("<script"));
    let policy = leaving.headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
    assert!(policy.contains("form-action 'self';") && policy.contains("script-src 'none'"));
    assert_eq!(leaving.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    // The API hears from which page it comes, and nothing of an earlier session.
    let expected = "heard=same-origin https://kz.example.cn kz.example.cn kezhuan-oidc=f \
                    {\"as\":\"cookie\"}";
    assert_eq!(leaving.heard(), expected);
    let linking = page(api(Some("x")), browser("/signin/oidc/link"), "password=a+b%21").await;
    let heard = linking.heard();
    assert!(heard.contains("kezhuan=s+ kezhuan-oidc=f {"), "{heard}");
    assert!(heard.contains("\"password\":\"a b!\""), "{heard}");
}

#[tokio::test]
async fn who_comes_back_is_handed_to_the_api_with_the_proof_of_the_browser() {
    let back = |query: &str| {
        Request::get(format!("/oidc/callback?{query}"))
            .header("sec-fetch-site", "cross-site")
            .header(header::COOKIE, "kezhuan=s; kezhuan-oidc=f")
    };
    let done = page(api(Some("x")), back("code=c&state=sign-in.x&iss=https%3A%2F%2Fi"), "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.headers.get(header::LOCATION).unwrap(), "/");
    let heard = done.heard();
    assert!(heard.starts_with("heard=same-origin - kz.example.cn kezhuan-oidc=f {"), "{heard}");
    assert!(heard.contains("\"iss\":\"https://i\""), "{heard}");
    let linked = page(api(Some("x")), back("code=c&state=link.x"), "").await;
    assert_eq!(linked.headers.get(header::LOCATION).unwrap(), "/signin/oidc");
    assert!(linked.heard().contains("kezhuan=s+"), "{}", linked.heard());
    let denied = page(api(Some("x")), back("error=access_denied&state=sign-in.x"), "").await;
    assert_eq!(denied.status, StatusCode::BAD_REQUEST);
    assert!(!denied.headers.contains_key(header::SET_COOKIE));
}
