use std::time::Duration;

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http_body_util::Limited;

use crate::{
    App,
    problem::{Code, Problem},
};

/// How large a request may be, and how long its body may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    body_bytes: usize,
    file_bytes: usize,
    body: Duration,
}

/// How long the body of a request may take; for whoever reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTime(pub(crate) Duration);

/// The longest address. The longest query that means anything has some 3,000 bytes.
const ADDRESS: usize = 4096;
/// Where the body is a file.
const FILES: [&str; 2] = ["/attachments", "/proofs"];
/// A file may come over a slow line.
const FILE_TIME: u32 = 4;

impl Bounds {
    pub(crate) fn of(app: &App) -> Self {
        let file_bytes = app.files.rules().file_bytes;
        Self { body_bytes: app.limits.body_bytes, file_bytes, body: app.limits.body }
    }
}

/// Refuses what is too long, and what is compressed: a small body must not become a large one. A body
/// without a length is cut off where it becomes too long.
pub(crate) async fn bound(
    State(bounds): State<Bounds>,
    mut request: Request,
    next: Next,
) -> Response {
    let refused = |code| Problem::new(code).into_response();
    let address = request.uri().path_and_query().map_or(0, |it| it.as_str().len());
    if address > ADDRESS {
        return refused(Code::AddressTooLong);
    }
    let headers = request.headers();
    let coding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if coding.is_some_and(|it| !it.eq_ignore_ascii_case(b"identity")) {
        return refused(Code::UnsupportedMediaType);
    }
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let is_file = FILES.iter().any(|it| path.ends_with(it));
    let (most, time) = if is_file {
        (bounds.file_bytes, bounds.body * FILE_TIME)
    } else {
        (bounds.body_bytes, bounds.body)
    };
    let length = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    if length.and_then(|it| it.parse().ok()).is_some_and(|it: usize| it > most) {
        return refused(Code::TooLarge);
    }
    request.extensions_mut().insert(BodyTime(time));
    next.run(request.map(|it| Body::new(Limited::new(it, most)))).await
}
