use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderValue, Request, StatusCode, header, request::Parts},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::labels::Labels;

/// Asks the API, in process.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    api: Router,
    labels: Arc<OnceLock<Labels>>,
    /// For whom it asks: the API is to know where a request comes from.
    reader: Option<ConnectInfo<SocketAddr>>,
}

/// What the API answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) body: Value,
    /// What the browser is to keep or forget.
    pub(crate) cookies: Vec<HeaderValue>,
}

/// What the API refused, as a page can tell it.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    pub(crate) request_id: String,
    /// Every bad field, and what is wrong with it.
    pub(crate) faults: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(api: Router) -> Self {
        Self { api, labels: Arc::default(), reader: None }
    }

    /// What a GET of an address below `/api` is answered with.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Refused> {
        Ok(self.get_as(path, HeaderMap::new()).await?.body)
    }

    /// What a POST of some JSON is answered with, from nobody in particular.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        Ok(self.post_as(path, HeaderMap::new(), body).await?.body)
    }

    /// What a GET is answered with, for whoever sent these headers.
    pub(crate) async fn get_as(&self, path: &str, who: HeaderMap) -> Result<Answered, Refused> {
        let request = Request::get(format!("/api{path}")).body(Body::empty());
        self.send(request, who).await
    }

    /// What a POST is answered with, for whoever sent these headers.
    pub(crate) async fn post_as(
        &self,
        path: &str,
        who: HeaderMap,
        body: &Value,
    ) -> Result<Answered, Refused> {
        let request = Request::post(format!("/api{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.send(request, who).await
    }

    async fn send(
        &self,
        request: axum::http::Result<Request<Body>>,
        who: HeaderMap,
    ) -> Result<Answered, Refused> {
        let mut request = request.map_err(|_not_an_address| Refused::not_found())?;
        request.headers_mut().extend(who);
        if let Some(reader) = self.reader {
            request.extensions_mut().insert(reader);
        }
        let Ok(response) = self.api.clone().oneshot(request).await;
        let status = response.status();
        let cookies = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        let bytes = response.into_body().collect().await;
        let bytes = bytes.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(Answered { body, cookies });
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        Err(Refused {
            status,
            detail: text("detail").to_owned(),
            request_id: text("request_id").to_owned(),
            faults: faults(&body),
        })
    }

    /// What codes are called. The tables change with the program only, so they are asked for once.
    pub(crate) async fn labels(&self) -> Result<&Labels, Refused> {
        if let Some(labels) = self.labels.get() {
            return Ok(labels);
        }
        let labels = Labels::fetch(self).await?;
        Ok(self.labels.get_or_init(|| labels))
    }
}

/// The bad fields that a refusal tells of.
fn faults(body: &Value) -> Vec<(String, String)> {
    let errors = body.get("errors").and_then(Value::as_array);
    let pair = |it: &Value| {
        let text = |name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("pointer")?, text("detail")?))
    };
    errors.into_iter().flatten().filter_map(pair).collect()
}

impl FromRequestParts<Self> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, client: &Self) -> Result<Self, Infallible> {
        let reader = parts.extensions.get().copied();
        Ok(Self { reader, ..client.clone() })
    }
}

impl Refused {
    pub(crate) fn not_found() -> Self {
        let detail = "没有找到这个页面。".to_owned();
        let (request_id, faults) = (String::new(), Vec::new());
        Self { status: StatusCode::NOT_FOUND, detail, request_id, faults }
    }
}
