//! What of this crate reads what strangers send, for those who try to break it: each takes any bytes,
//! and tells what went against its promise.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::form;
use serde_json::Value;

use crate::{
    cursor::{ById, ByScore, Depth},
    extract::{IfMatch, has_already, is_flat, query_object},
    json,
    language::Language,
    secrets,
};

/// What a promise that was broken says.
pub type Broken = String;

/// Bodies: whatever is flat enough is read as `serde_json` reads it, but for names that stand twice.
pub fn body(bytes: &[u8]) -> Result<(), Broken> {
    if !is_flat(bytes) {
        return Ok(());
    }
    let (ours, theirs) = (json::read(bytes), serde_json::from_slice::<Value>(bytes));
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => Ok(()),
        (Err(problem), Ok(_)) if !problem.faults.0.is_empty() => Ok(()),
        (Err(_), Err(_)) => Ok(()),
        (ours, theirs) => Err(format!("{ours:?} is not {theirs:?}")),
    }
}

/// Queries: what is read has no more names than there are parts.
pub fn query(bytes: &[u8]) -> Result<(), Broken> {
    let text = String::from_utf8_lossy(bytes);
    let Ok(object) = query_object(&text) else { return Ok(()) };
    let parts = text.split('&').count();
    let names = object.as_object().map_or(0, serde_json::Map::len);
    if names <= parts { Ok(()) } else { Err(format!("{names} names in {parts} parts")) }
}

/// Cursors: one that is taken is one that was given out.
pub fn cursor(bytes: &[u8]) -> Result<(), Broken> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let value = Value::String(text.clone());
    let again = [
        form::read::<ById>(&value).ok().map(ById::encode),
        form::read::<ByScore>(&value).ok().map(ByScore::encode),
        form::read::<Depth>(&value).ok().map(Depth::encode),
    ];
    match again.into_iter().flatten().find(|it| *it != text) {
        None => Ok(()),
        Some(other) => Err(format!("{text:?} was taken, {other:?} given out")),
    }
}

/// `If-Match` and `If-None-Match`: a tag that is not among what was sent never matches.
pub fn tags(bytes: &[u8]) -> Result<(), Broken> {
    const TAG: &str = "\"7-full-full\"";
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default().to_owned();
    let sent = text.contains(TAG);
    let headers: HeaderMap = [(header::IF_NONE_MATCH, value)].into_iter().collect();
    let matched = IfMatch(text).check(TAG).is_ok();
    let had = has_already(&axum::http::Method::GET, &headers, TAG);
    if (matched || had) && !sent { Err("matched what was not sent".into()) } else { Ok(()) }
}

/// `Accept-Language`: without English in it the answer is Chinese.
pub fn language(bytes: &[u8]) -> Result<(), Broken> {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return Ok(()) };
    let headers: HeaderMap = [(header::ACCEPT_LANGUAGE, value)].into_iter().collect();
    let english = bytes.to_ascii_lowercase().windows(2).any(|it| it == b"en");
    match Language::preferred(&headers) {
        Language::English if !english => Err("English for those who did not ask".into()),
        Language::English | Language::Chinese => Ok(()),
    }
}

/// `Authorization`: a token is short and ours.
pub fn bearer(bytes: &[u8]) -> Result<(), Broken> {
    let text = String::from_utf8_lossy(bytes);
    match secrets::bearer(&text) {
        Some(token) if token.len() > 100 || !text.ends_with(token) => Err(token.to_owned()),
        Some(_) | None => Ok(()),
    }
}
