//! What every request goes through, from the outside in: compression, a name and a language, a
//! catch for panics, a limit of time and of size, and then who asks.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use metrics::{counter, histogram};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer,
};
use uuid::Uuid;

use crate::{
    App,
    call::{RequestId, authenticate},
    denials::Denials,
    language::Language,
    problem::{Code, Problem},
    rates::{self, Paces, Rates},
};

mod shape;

pub(crate) use shape::BodyTime;

/// The name of the header that names a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts the layers around a router. Everything it will ever hold must be in it already: a layer
/// covers only the routes that were there before.
pub(crate) fn around(router: Router<App>, app: &App) -> Router<App> {
    let limits = app.limits;
    let denials = Denials::new(app.db.clone());
    router
        .layer(from_fn_with_state((app.clone(), denials), authenticate))
        .layer(Extension(Rates::new(app.db.clone(), limits.paces)))
        .layer(from_fn_with_state(shape::Bounds::of(app), shape::bound))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, limits.request))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(panic.as_ref())))
        .layer(from_fn(finish))
        .layer(CompressionLayer::new())
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let message = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
    let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(message.unwrap_or_else(|| "a panic".into())).into_response()
}

/// Names the request, gives every refusal its words, and keeps count.
async fn finish(mut request: Request, next: Next) -> Response {
    let id: Arc<str> = Uuid::now_v7().to_string().into();
    let language = Language::preferred(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|it| it.as_str().to_owned());
    let route = route.unwrap_or_else(|| "unmatched".into());
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let started = Instant::now();
    let mut response = worded(next.run(request).await, language, &id);
    let took = started.elapsed();
    let status = response.status().as_u16();
    let labels = [
        ("method", counted(&method).to_owned()),
        ("route", route.clone()),
        ("status", status.to_string()),
    ];
    counter!("kezhuan_requests_total", &labels).increment(1);
    histogram!("kezhuan_request_seconds", &labels).record(took);
    tracing::debug!(%method, route, status, ?took, request_id = %id, "answered");
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(nothing);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A method as it is counted. Whoever invents methods must not be able to fill the memory.
const fn counted(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Turns whatever refused into a problem in the caller's language.
fn worded(mut response: Response, language: Language, request_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let told = response.extensions_mut().remove::<Problem>();
    let problem = told.unwrap_or_else(|| Problem::of_status(status));
    log(&problem, request_id);
    let mut rendered = problem.render(language, request_id);
    let [limit, policy] = rates::HEADERS;
    for name in [header::ALLOW, limit, policy] {
        if let Some(value) = response.headers_mut().remove(&name) {
            rendered.headers_mut().insert(name, value);
        }
    }
    rendered
}

/// A failure is logged once, here, with the id that its answer carries.
fn log(problem: &Problem, request_id: &str) {
    if let Some(cause) = problem.cause() {
        tracing::error!(request_id, cause, code = ?problem.code, "a request failed");
    }
}

/// Answers for addresses that are not there.
pub(crate) async fn nothing_here() -> Problem {
    Problem::new(Code::NotFound)
}

/// How much a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of a body.
    pub body_bytes: usize,
    /// The most time until the answer.
    pub request: Duration,
    /// The most time until a body is there.
    pub body: Duration,
    /// How many requests there may be.
    pub paces: Paces,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            request: Duration::from_secs(30),
            body: Duration::from_secs(15),
            paces: Paces::default(),
        }
    }
}
