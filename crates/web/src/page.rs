use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::client::Refused;

/// A page, with its status.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            (status, [(header::CONTENT_TYPE, html)], text).into_response()
        }
        Err(err) => {
            tracing::error!(error = %err, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says what went wrong and what to do.
#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let title = match self.status {
            StatusCode::NOT_FOUND => "没有找到",
            StatusCode::SERVICE_UNAVAILABLE => "请稍候再试",
            status if status.is_client_error() => "请求有误",
            _ => "服务器出错",
        };
        let (detail, request_id) = (self.detail.as_str(), self.request_id.as_str());
        html(self.status, &RefusedPage { title, detail, request_id })
    }
}

/// Answers for addresses that are not there.
pub(crate) async fn nothing_here() -> Response {
    Refused::not_found().into_response()
}
