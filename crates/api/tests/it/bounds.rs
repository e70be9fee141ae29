use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::world::{BODY, FILE, Someone, VISITOR, World};

/// An operation of the description, at an address that can be asked.
struct Asked {
    method: Method,
    /// Below `/api/v1`.
    path: String,
    query: &'static str,
    /// The type of the body it takes.
    media: Option<String>,
}

impl Asked {
    /// Every operation there is.
    fn all() -> Vec<Self> {
        let document = api::description();
        let mut all = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                all.push(Self::new(method, path, operation));
            }
        }
        assert!(all.len() > 50);
        // First those that read a body, and refuse a bad one: others may end a session.
        all.sort_by_key(|it| it.media.is_none());
        all
    }

    fn new(method: &str, path: &str, operation: &Value) -> Self {
        let content = operation["requestBody"]["content"].as_object();
        let query = if path.ends_with("/proofs") && method == "post" {
            "?name=x&kind=licence"
        } else if path.ends_with("/attachments") && method == "post" {
            "?name=x"
        } else {
            ""
        };
        Self {
            method: method.to_uppercase().parse().unwrap(),
            path: concrete(path),
            query,
            media: content.and_then(|it| it.keys().next().cloned()),
        }
    }

    fn most(&self) -> usize {
        let file = self.path.ends_with("/attachments") || self.path.ends_with("/proofs");
        if file { FILE } else { BODY }
    }

    fn request(&self, who: &Someone) -> axum::http::request::Builder {
        let media = self.media.as_deref().unwrap_or("application/json");
        let request = Request::builder()
            .method(self.method.clone())
            .uri(format!("/api/v1{}{}", self.path, self.query))
            .header(header::CONTENT_TYPE, media)
            .header(header::IF_MATCH, "\"1\"");
        who.signed(request)
    }
}

/// The path with something in the place of every parameter.
fn concrete(path: &str) -> String {
    let part = |it: &str| match it {
        "{table}" => "grade".to_owned(),
        it if it.starts_with('{') => "01890000-0000-7000-8000-000000000000".to_owned(),
        it => it.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_refused_by_every_operation() {
    let world = World::new().await;
    for asked in Asked::all() {
        let length = asked.most() + 1;
        let request = asked.request(&VISITOR).header(header::CONTENT_LENGTH, length);
        let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
        let at = format!("{} {}", asked.method, asked.path);
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            "{at}"
        );
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_by_every_operation() {
    let world = World::new().await;
    for asked in Asked::all() {
        let mut refused = 0;
        for who in world.everyone() {
            let taken = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&taken);
            let chunks = futures_util::stream::iter((0..2000).map(move |_| {
                counted.fetch_add(1024, Ordering::SeqCst);
                Ok::<_, std::io::Error>(vec![b' '; 1024])
            }));
            let request = asked.request(who).body(Body::from_stream(chunks)).unwrap();
            let answer = world.send(request).await;
            let at = format!("{} {}: {}", asked.method, asked.path, answer.body);
            let taken = taken.load(Ordering::SeqCst);
            assert!(taken <= asked.most() + 64 * 1024, "{taken} bytes of {at}");
            refused += usize::from(answer.status == StatusCode::PAYLOAD_TOO_LARGE);
        }
        let at = format!("{} {}", asked.method, asked.path);
        assert!(asked.media.is_none() || refused > 0, "{at} reads no body from anyone");
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_every_operation() {
    let world = World::new().await;
    for asked in Asked::all() {
        for coding in ["gzip", "br", "deflate, gzip"] {
            let request = asked.request(&VISITOR).header(header::CONTENT_ENCODING, coding);
            let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
            let at = format!("{} {}", asked.method, asked.path);
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{at}");
        }
        let long = format!("/api/v1{}?x={}", asked.path, "y".repeat(5000));
        let request = Request::builder().method(asked.method.clone()).uri(long);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::URI_TOO_LONG, "address_too_long"));
    }
}

#[tokio::test]
async fn deep_json_is_refused_by_every_operation_that_reads_json() {
    let world = World::new().await;
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    for asked in
        Asked::all().into_iter().filter(|it| it.media.as_deref() == Some("application/json"))
    {
        let mut read = 0;
        for who in world.everyone() {
            let answer =
                world.send(asked.request(who).body(Body::from(deep.clone())).unwrap()).await;
            assert!(answer.status.is_client_error(), "{} {}", asked.method, asked.path);
            read += usize::from(answer.code() == "unreadable");
        }
        assert!(read > 0, "{} {} reads no body from anyone", asked.method, asked.path);
    }
}

#[tokio::test]
async fn an_address_written_otherwise_reaches_no_other_code() {
    let world = World::new().await;
    for asked in Asked::all() {
        let path = &asked.path;
        let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
        for other in [
            format!("/api/v1{path}/"),
            format!("/api/v1/{path}"),
            format!("/api//v1{path}"),
            format!("//api/v1{path}"),
            format!("/api/v1/.{path}"),
            format!("/api/v1/%2e{path}"),
            format!("/api/v1/x/..{path}"),
            format!("/api/v1/x/%2e%2e{path}"),
            format!("/api/v1/x%2f..{path}"),
            format!("/api/v1{path}%2f"),
            format!("/api/v1{path}%00"),
            format!("/api/v1{path};x=1"),
            format!("/api/v1/{}/{rest}", first.to_uppercase()),
            format!("/API/v1{path}"),
            format!("/api/V1{path}"),
            format!("/api/v2{path}"),
        ] {
            for who in [&VISITOR, &world.matchmaker] {
                let request = Request::builder().method(asked.method.clone()).uri(&other);
                let request = who.signed(request).body(Body::empty()).unwrap();
                let answer = raw(&world, request).await;
                let known = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
                let gated = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
                // Another spelling of an id may name nothing where the id stands: the gate is first.
                let harmless = known.contains(&answer.0) || gated.contains(&answer.0);
                assert!(
                    harmless || answer.0.is_client_error(),
                    "{} {other}: {}",
                    asked.method,
                    answer.0
                );
            }
        }
    }
}

#[tokio::test]
async fn head_is_a_get_without_a_body_and_other_methods_are_none() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let all = Asked::all();
    for asked in all.iter().filter(|it| it.method == Method::GET) {
        let path = asked.path.replace("01890000-0000-7000-8000-000000000000", &id);
        for who in world.everyone() {
            let ask = async |method: Method| {
                let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
                raw(&world, who.signed(request).body(Body::empty()).unwrap()).await
            };
            let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
            assert_eq!(head.0, get.0, "HEAD {path}");
            assert_eq!(head.1.get(header::ETAG), get.1.get(header::ETAG), "HEAD {path}");
            assert!(head.2.is_empty(), "HEAD {path}");
            for method in ["OPTIONS", "TRACE", "CONNECT", "PROPFIND", "PURGE"] {
                let answer = ask(method.parse().unwrap()).await;
                assert_eq!(answer.0, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                let foreign = answer.1.keys().any(|it| it.as_str().starts_with("access-control"));
                assert!(!foreign, "{method} {path}");
            }
        }
    }
}

/// An answer as it is: that to HEAD has no body, also where it refuses.
async fn raw(world: &World, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = world.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, bytes.to_vec())
}
