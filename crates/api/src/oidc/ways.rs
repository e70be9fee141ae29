//! The way to the provider and back: bound to one browser, open once, for ten minutes.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use db::oidc_flows::{self, Flow, Way};
use domain::{
    Faults,
    form::{Field, Object},
    people::PersonId,
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;

use super::provider::{Provider, Returned};
use crate::{
    App,
    call::{Call, Carrier},
    cookies::Cookies,
    cross_site,
    moment::Moment,
    problem::{Code, Problem},
    secrets,
};

/// How long someone may be away.
const AWAY: TimeDelta = TimeDelta::minutes(10);

/// What somebody leaves for the provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To sign in.
    SignIn,
    /// To link this person's account.
    Link(PersonId),
}

/// A sign-in that goes on at the provider.
#[derive(Debug)]
pub(crate) struct Begun {
    browser: SecretString,
    carrier: Carrier,
    cookies: Cookies,
    body: BegunBody,
}

/// A sign-in that goes on at the provider.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OidcBegun")]
pub(crate) struct BegunBody {
    /// Where to send the browser. It comes back to the address that was agreed with the provider,
    /// with `code` and `state`; `state` begins with `sign-in.` or `link.`.
    address: String,
    /// What to keep in this browser, and send when it is back; not there if it went into a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<String>,
    /// Until when it may come back.
    expires_at: Moment,
}

/// What the browser came back with.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct FinishForm {
    /// What the provider gave.
    #[schemars(with = "String")]
    code: SecretString,
    /// What the provider handed back.
    #[schemars(with = "String")]
    state: SecretString,
    /// Who the provider says it is, if it does.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    iss: Option<String>,
    /// What was kept in the browser, unless a cookie has it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    browser: Option<SecretString>,
    /// How the secret of the session is handed over: `token` in the answer, `cookie` for pages.
    #[serde(default, rename = "as")]
    pub(crate) carrier: Carrier,
}

/// The provider, if there is one.
pub(crate) fn provider(app: &App) -> Result<&Provider, Problem> {
    app.identity.provider.as_ref().ok_or_else(|| Problem::new(Code::NoProvider))
}

/// Lets somebody leave for the provider.
pub(crate) async fn begin(
    app: &App,
    (call, headers): (&Call, &HeaderMap),
    (purpose, carrier): (Purpose, Carrier),
) -> Result<Begun, Problem> {
    let provider = provider(app)?;
    if carrier == Carrier::Cookie {
        cross_site::check(&Method::POST, headers)?;
    }
    let state = SecretString::from(format!("{}.{}", purpose.name(), random()?));
    let browser = SecretString::from(random()?);
    let leaving = provider.leave(state.expose_secret(), call.now).await?;
    let expires_at = call.now + AWAY;
    let flow = Flow {
        way: purpose.way(&state, &browser),
        nonce: secrets::digest(leaving.nonce.secret()),
        verifier: leaving.verifier.into_secret(),
        expires_at,
    };
    app.db.write(async |tx| oidc_flows::insert(tx, &flow).await).await?;
    let told = (carrier == Carrier::Token).then(|| browser.expose_secret().to_owned());
    let body = BegunBody {
        address: leaving.address.into(),
        browser: told,
        expires_at: Moment(expires_at),
    };
    Ok(Begun { browser, carrier, cookies: app.identity.sessions.cookies, body })
}

/// Whom the provider says that somebody is who came back the way they left. The way is closed behind
/// them, whatever comes of it.
pub(crate) async fn finish(
    app: &App,
    (call, headers): (&Call, &HeaderMap),
    (purpose, form): (Purpose, FinishForm),
) -> Result<String, Problem> {
    let provider = provider(app)?;
    let ended = || Problem::new(Code::FlowEnded);
    let kept = app.identity.sessions.cookies.read_flow(headers).map(SecretString::from);
    let browser = form.browser.or(kept).ok_or_else(ended)?;
    let way = purpose.way(&form.state, &browser);
    let taken = app.db.write(async |tx| oidc_flows::take(tx, &way, call.now).await).await?;
    let flow = taken.ok_or_else(ended)?;
    if form.iss.is_some_and(|it| it != provider.issuer()) {
        return Err(Problem::new(Code::IdentityNotProved).because("it is another provider's word"));
    }
    let returned = Returned { code: form.code, verifier: flow.verifier, nonce: flow.nonce };
    provider.subject(returned, call.now).await
}

/// The answer to a way that is behind somebody: their browser need not keep the proof any longer.
pub(crate) fn arrived(app: &App, carrier: Carrier, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let gone = app.identity.sessions.cookies.forget_flow();
    if let (Carrier::Cookie, Some(gone)) = (carrier, gone) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// 256 random bits.
fn random() -> Result<String, Problem> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Link(_) => "link",
        }
    }

    fn way(self, state: &SecretString, browser: &SecretString) -> Way {
        let person = match self {
            Self::SignIn => None,
            Self::Link(person) => Some(person),
        };
        let digest = |it: &SecretString| secrets::digest(it.expose_secret());
        Way { state: digest(state), browser: digest(browser), person }
    }
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        let Self { browser, carrier, cookies, body } = self;
        let mut response = (StatusCode::CREATED, Json(body)).into_response();
        let headers = response.headers_mut();
        if let (Carrier::Cookie, Some(cookie)) = (carrier, cookies.keep_flow(&browser, AWAY)) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl Field for FinishForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (code, state) = (object.required::<String>("code"), object.required::<String>("state"));
        let iss = object.optional::<String>("iss");
        let browser = object.optional::<String>("browser").map(SecretString::from);
        let carrier = object.or_default("as");
        object.close();
        Some(Self { code: code?.into(), state: state?.into(), iss, browser, carrier })
    }
}
