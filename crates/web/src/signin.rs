//! Signing in by another provider: away to it, and back.
//!
//! The way to the provider is a link that the page follows by itself. An answer that sends a form on
//! to another site would need that site, and wherever it sends people next, in the policy of the page.

use askama::Template;
use axum::{
    body::Bytes,
    extract::RawQuery,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use crate::{
    client::{Answered, Client, Refused},
    page::html,
    queries,
};

#[derive(Template)]
#[template(path = "signin.html")]
struct SignIn {
    provider: String,
    /// Whether the reader has signed in.
    known: bool,
    /// Whether what they are at the provider is linked already.
    linked: bool,
}

#[derive(Template)]
#[template(path = "leaving.html")]
struct Leaving {
    provider: String,
    address: String,
}

/// What tells the API who reads, and from which page.
const WHO: [HeaderName; 5] = [
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    header::USER_AGENT,
];

pub(crate) async fn show(client: Client, headers: HeaderMap) -> Response {
    let provider = match provider(&client).await {
        Ok(provider) => provider,
        Err(refused) => return refused.into_response(),
    };
    let mine = client.get_as("/v1/me/identities", who(&headers)).await;
    let has_any = |it: &Answered| {
        it.body.get("items").and_then(Value::as_array).is_some_and(|it| !it.is_empty())
    };
    let linked = mine.as_ref().is_ok_and(has_any);
    html(StatusCode::OK, &SignIn { provider, known: mine.is_ok(), linked })
}

pub(crate) async fn leave(client: Client, headers: HeaderMap) -> Response {
    let body = json!({ "as": "cookie" });
    let mut who = who(&headers);
    only_the_flow(&mut who);
    sent_away(&client, client.post_as("/v1/oidc/sign-ins", who, &body).await).await
}

pub(crate) async fn leave_to_link(client: Client, headers: HeaderMap, form: Bytes) -> Response {
    let form = String::from_utf8_lossy(&form);
    let password = queries::field(&form, "password");
    let body = json!({ "as": "cookie", "password": password });
    sent_away(&client, client.post_as("/v1/me/identities", who(&headers), &body).await).await
}

async fn sent_away(client: &Client, begun: Result<Answered, Refused>) -> Response {
    let (begun, provider) = match (begun, provider(client).await) {
        (Ok(begun), Ok(provider)) => (begun, provider),
        (Err(refused), _) | (_, Err(refused)) => return refused.into_response(),
    };
    let address = begun.body.get("address").and_then(Value::as_str).unwrap_or_default().to_owned();
    with(begun.cookies, html(StatusCode::OK, &Leaving { provider, address }))
}

/// The provider sends people here. That is no page of ours, so that what the browser says of it does
/// not tell whether they meant to come: the API holds the state against the cookie of this browser.
pub(crate) async fn come_back(
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let (Some(code), Some(state)) = (queries::find(&query, "code"), queries::find(&query, "state"))
    else {
        return turned_away().into_response();
    };
    let mut who = who(&headers);
    let (path, then) = if state.starts_with("link.") {
        ("/v1/me/identities/finish", "/signin/oidc")
    } else {
        only_the_flow(&mut who);
        ("/v1/oidc/sign-ins/finish", "/")
    };
    let mut body = json!({ "as": "cookie", "code": code, "state": state });
    if let (Some(iss), Some(body)) = (queries::find(&query, "iss"), body.as_object_mut()) {
        body.insert("iss".to_owned(), iss.into());
    }
    who.remove(header::ORIGIN);
    who.insert(HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static("same-origin"));
    match client.post_as(path, who, &body).await {
        Ok(finished) => {
            let then = [(header::LOCATION, HeaderValue::from_static(then))];
            with(finished.cookies, (StatusCode::SEE_OTHER, then).into_response())
        }
        Err(refused) => refused.into_response(),
    }
}

/// What the reader's provider is called; nothing is here if there is none.
async fn provider(client: &Client) -> Result<String, Refused> {
    let told = client.get("/v1/oidc").await?;
    let name = told.get("name").and_then(Value::as_str).map(str::to_owned);
    name.ok_or_else(Refused::not_found)
}

fn who(headers: &HeaderMap) -> HeaderMap {
    let mut who = HeaderMap::new();
    for name in WHO {
        for value in headers.get_all(&name) {
            who.append(name.clone(), value.clone());
        }
    }
    who
}

/// Whoever signs in comes as nobody: an earlier session, or half of one, would be in the way.
fn only_the_flow(who: &mut HeaderMap) {
    let lines = who.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let is_flow = |it: &&str| it.split('=').next().is_some_and(|it| it.ends_with("-oidc"));
    let kept: Vec<&str> =
        lines.flat_map(|it| it.split(';')).map(str::trim).filter(is_flow).collect();
    let kept = HeaderValue::from_str(&kept.join("; "));
    who.remove(header::COOKIE);
    if let Ok(kept) = kept {
        who.insert(header::COOKIE, kept);
    }
}

/// A response that gives the browser cookies, and is kept by nobody.
fn with(cookies: Vec<HeaderValue>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

fn turned_away() -> Refused {
    Refused {
        status: StatusCode::BAD_REQUEST,
        detail: "统一身份认证没有让您登录：您可能取消了登录，或它拒绝了请求。请重新开始。"
            .to_owned(),
        request_id: String::new(),
        faults: Vec::new(),
    }
}
