//! Bodies, queries and headers, read so that everything wrong with them is told at once.

use std::time::Duration;

use axum::{
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use bytes::Bytes;
use domain::{
    Fault, Faults, Format, Id, Shape,
    form::{self, Field},
    passwords::Password,
};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::{
    App, json,
    layers::BodyTime,
    problem::{Code, Problem},
    secrets,
};

/// A JSON body that was read into a form.
#[derive(Debug)]
pub(crate) struct Body<T> {
    /// The form.
    pub(crate) form: T,
    /// A digest of what it was read from, but for passwords.
    pub(crate) fingerprint: String,
}

/// A query that was read into a form; every value in it is text.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// The id in the path. One that cannot name anything names nothing.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) Id<T>);

/// The last part of the path, as it is.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

/// The tag of the version that the caller has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) String);

/// What the caller calls the request, so that it can be sent twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

/// How deep a JSON body may nest.
const DEPTH: usize = 32;

impl<T: Field, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let value = read_json(request).await?;
        Ok(Self { form: form::read(&value)?, fingerprint: secrets::fingerprint(&value) })
    }
}

/// The whole body of a request, unless it takes too long.
pub(crate) async fn collected(request: Request) -> Result<Bytes, Problem> {
    let BodyTime(time) = request.extensions().get().copied().unwrap_or(BodyTime(Duration::MAX));
    let collected = timeout(time, request.into_body().collect()).await;
    let collected = collected.map_err(|_elapsed| Problem::new(Code::SlowBody))?;
    Ok(collected.map_err(|err| unread(&err))?.to_bytes())
}

/// A form in which a password is chosen.
pub(crate) trait Chooses: Field {
    /// Where the password stands in the body: a JSON pointer.
    const PASSWORD: &'static str;
    /// Where the names stand that it must not be.
    const NAMES: &'static [&'static str];
}

/// A JSON body in which a password is chosen, held against the rules of this market too.
#[derive(Debug)]
pub(crate) struct Choosing<T>(pub(crate) Body<T>);

impl<T: Chooses> FromRequest<App> for Choosing<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let value = read_json(request).await?;
        let text = |at: &str| value.pointer(at).and_then(Value::as_str);
        let names: Vec<&str> = T::NAMES.iter().filter_map(|at| text(at)).collect();
        let password = text(T::PASSWORD).and_then(|it| Password::new(it).ok());
        let broken = password.map(|it| app.identity.rules.faults(&it, &names));
        let (form, mut faults) = match form::read::<T>(&value) {
            Ok(form) => (Some(form), Faults::default()),
            Err(faults) => (None, faults),
        };
        for fault in broken.into_iter().flatten() {
            faults.push(T::PASSWORD, fault);
        }
        let form = faults.or(form)?.ok_or_else(|| Problem::new(Code::Invalid))?;
        Ok(Self(Body { form, fingerprint: secrets::fingerprint(&value) }))
    }
}

async fn read_json(request: Request) -> Result<Value, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    let bytes = collected(request).await?;
    if !is_flat(&bytes) {
        return Err(Problem::new(Code::Unreadable));
    }
    json::read(&bytes)
}

/// Why a body could not be taken in: it is too large, or the caller hung up.
fn unread(err: &axum::Error) -> Problem {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(err);
    while let Some(it) = cause {
        if it.is::<http_body_util::LengthLimitError>() {
            return Problem::new(Code::TooLarge);
        }
        cause = it.source();
    }
    Problem::new(Code::Unreadable)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = kind.and_then(|it| it.split(';').next()).map(str::trim);
    essence.is_some_and(|it| it.eq_ignore_ascii_case("application/json"))
}

/// Whether JSON nests no deeper than it may.
pub(crate) fn is_flat(json: &[u8]) -> bool {
    depth(json) <= DEPTH
}

/// How deep the brackets outside strings nest, without building anything.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl<T: Field, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form::read(&query_object(query)?)?))
    }
}

/// The object a query stands for. What is given twice is refused: which one would count?
pub(crate) fn query_object(query: &str) -> Result<Value, Problem> {
    let mut object = Map::new();
    let mut faults = Faults::default();
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        if value.is_empty() {
            continue;
        }
        if object.insert(name.clone(), Value::String(value)).is_some() {
            faults.push(format!("/{name}"), Fault::Repeated);
        }
    }
    Ok(faults.or(Value::Object(object))?)
}

/// Percent-decodes a part of a query, in which `+` is a space.
fn decoded(part: &str) -> Result<String, Problem> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex = [rest.next(), rest.next()].map(|it| it.and_then(hex_digit));
                let [Some(high), Some(low)] = hex else {
                    return Err(Problem::new(Code::Unreadable));
                };
                bytes.push(high * 16 + low);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_not_text| Problem::new(Code::Unreadable))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok())
}

impl<T, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Name(raw) = Name::from_request_parts(parts, state).await?;
        raw.parse().map(Self).map_err(|_names_nothing| Problem::new(Code::NotFound))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::new(Code::NotFound);
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_undecodable| nothing())?;
        params.iter().next().map(|(_, it)| Self(it.to_owned())).ok_or_else(nothing)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let tag = parts.headers.get(header::IF_MATCH).and_then(|it| it.to_str().ok());
        // `*` would mean "whatever it is now": then nothing was read before it is changed.
        let tag = tag.filter(|it| it.trim() != "*");
        tag.map(|it| Self(it.trim().to_owned()))
            .ok_or_else(|| Problem::new(Code::PreconditionRequired))
    }
}

impl IfMatch {
    /// Refuses unless `tag` is one of those sent. Weak tags never match (RFC 9110, section 13.1.1).
    pub(crate) fn check(&self, tag: &str) -> Result<(), Problem> {
        if self.0.split(',').any(|it| it.trim() == tag) {
            return Ok(());
        }
        Err(Problem::new(Code::Stale))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = header.to_str().ok().map(|it| it.trim_matches('"'));
        let fits = |it: &&str| (1..=255).contains(&it.len());
        let fault = match key.map(str::len) {
            None => Fault::WrongType { expected: Shape::Text },
            Some(0) => Fault::Missing,
            Some(actual) => Fault::TooLong { max: 255, actual },
        };
        let refused = || Problem::from(Faults::one("/headers/idempotency-key", fault));
        key.filter(fits).map(|it| Self(Some(it.to_owned()))).ok_or_else(refused)
    }
}

/// Whether the caller has this version already (`If-None-Match`).
pub(crate) fn has_already(method: &Method, headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    let same = |it: &str| it.trim().trim_start_matches("W/") == tag;
    method.is_safe() && known.is_some_and(|it| it.split(',').any(same))
}

/// A whole number that stands in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits<const MIN: i64, const MAX: i64>(pub(crate) i64);

impl<const MIN: i64, const MAX: i64> Field for Digits<MIN, MAX> {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let number = value.as_str().and_then(|it| it.parse::<i64>().ok());
        let fault = match number {
            None => Fault::WrongType { expected: Shape::WholeNumber },
            Some(it) if it < MIN => Fault::TooSmall { min: MIN },
            Some(it) if it > MAX => Fault::TooLarge { max: MAX },
            Some(it) => return Some(Self(it)),
        };
        faults.push(at, fault);
        None
    }
}

/// A number that stands in a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decimal(pub(crate) f64);

impl Field for Decimal {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let number =
            value.as_str().and_then(|it| it.parse::<f64>().ok()).filter(|it| it.is_finite());
        if number.is_none() {
            faults.push(at, Fault::WrongType { expected: Shape::Number });
        }
        number.map(Self)
    }
}

/// Several names in a query, with commas between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl Field for Names {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let text = String::read(value, at, faults)?;
        Some(Self(text.split(',').map(|it| it.trim().to_owned()).collect()))
    }
}

/// An id that stands in a query and names something of a kind not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnyId(pub(crate) uuid::Uuid);

impl Field for AnyId {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let id = value.as_str().and_then(|it| it.parse().ok());
        if id.is_none() {
            faults.push(at, Fault::BadFormat { expected: Format::Id });
        }
        id.map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(br#"{"a":[1,[2]],"b":"[[[[{{{{"}"#), 3);
        assert_eq!(depth(br#""\"[[[""#), 0);
        assert_eq!(depth(&b"[".repeat(100_000)), 100_000);
    }

    #[test]
    fn queries_are_decoded_once() {
        let object = query_object("q=%E9%93%B8%E4%BB%B6+%2541&kind=&limit=5").unwrap();
        assert_eq!(object, serde_json::json!({ "q": "铸件 %41", "limit": "5" }));
        for wrong in ["q=%", "q=%4", "q=%zz", "q=%ff"] {
            assert_eq!(query_object(wrong).unwrap_err().code, Code::Unreadable, "{wrong}");
        }
        let twice = query_object("a=1&a=2").unwrap_err();
        assert_eq!(twice.faults.0[0].fault, Fault::Repeated);
    }

    #[test]
    fn only_a_strong_tag_matches() {
        let sent = IfMatch(r#"W/"1-own", "2-own""#.into());
        assert!(sent.check(r#""2-own""#).is_ok());
        assert!(sent.check(r#""1-own""#).is_err());
    }
}
