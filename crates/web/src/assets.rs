use axum::{
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};

const STYLE: &str = include_str!("../assets/kezhuan.css");
const ICON: &str = include_str!("../assets/favicon.svg");

pub(crate) async fn style() -> impl IntoResponse {
    (headers("text/css; charset=utf-8"), STYLE)
}

pub(crate) async fn icon() -> impl IntoResponse {
    (headers("image/svg+xml"), ICON)
}

fn headers(kind: &'static str) -> [(HeaderName, HeaderValue); 2] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ]
}
