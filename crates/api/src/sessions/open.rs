//! How a session begins, whatever was proved for it.

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use db::{
    Tx,
    tokens::{Kind, Token, TokenId},
};
use domain::{
    organisations::Organisation,
    people::Person,
    policy::{Reach, Stage},
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::{
    call::{Call, Carrier},
    cookies::Cookies,
    identity::Sessions,
    me::PersonBody,
    moment::Moment,
    problem::Problem,
    secrets,
};

/// A session that is to begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    /// Whose it is.
    pub(crate) person: &'a Person,
    /// The person's organisation.
    pub(crate) organisation: &'a Organisation,
    /// How far the sign-in has come.
    pub(crate) stage: Stage,
    /// What the secret is handed over in.
    pub(crate) carrier: Carrier,
}

/// A session that began, with its secret.
#[derive(Debug)]
pub(crate) struct Opened<B = SessionBody> {
    secret: SecretString,
    carrier: Carrier,
    sessions: Sessions,
    body: B,
}

/// A session that began.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(crate) struct SessionBody {
    /// What to send as `Authorization: Bearer …`; not there if it went into a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// `whole`, or what has to be done before anything else can be: give the `code` of the second
    /// factor, change the `password`, or set up a second factor (`enrolment`).
    stage: Stage,
    /// When it ends at the latest.
    expires_at: Moment,
    /// When it ends if it is not used.
    idle_at: Moment,
    /// Who signed in; not told before the code was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonBody>,
}

/// How long a sign-in waits for its second step.
const HALF: TimeDelta = TimeDelta::minutes(5);

/// Begins a session. Its secret is always a new one: whoever knew an earlier one has nothing of it.
pub(crate) async fn open(
    tx: &Tx,
    call: &Call,
    sessions: Sessions,
    opening: Opening<'_>,
) -> Result<Opened, Problem> {
    let Opening { person, organisation, stage, carrier } = opening;
    let secret = secrets::new_token(Kind::Session)?;
    let lasts = if stage == Stage::Code { HALF } else { sessions.lasts };
    let expires_at = call.now + lasts;
    let token = Token {
        id: TokenId::generate(),
        person: person.id,
        reach: Reach::Session(stage),
        name: String::new(),
        origin: call.origin.map(crate::Origin::address),
        agent: call.caller.agent.clone(),
        created_at: call.now,
        used_at: call.now,
        idle_at: sessions.idle_at(call.now, expires_at),
        expires_at,
    };
    db::tokens::insert(tx, &token, &secrets::digest(secret.expose_secret())).await?;
    let body = SessionBody {
        token: (carrier == Carrier::Token).then(|| secret.expose_secret().to_owned()),
        stage,
        expires_at: Moment(token.expires_at),
        idle_at: Moment(token.idle_at),
        person: (stage != Stage::Code).then(|| PersonBody::new(person, Some(organisation))),
    };
    Ok(Opened { secret, carrier, sessions, body })
}

impl<B> Opened<B> {
    /// The same, told of as a part of something larger.
    pub(crate) fn within<C>(self, larger: impl FnOnce(B) -> C) -> Opened<C> {
        let Self { secret, carrier, sessions, body } = self;
        Opened { secret, carrier, sessions, body: larger(body) }
    }
}

impl<B: Serialize> IntoResponse for Opened<B> {
    fn into_response(self) -> Response {
        let Self { secret, carrier, sessions, body } = self;
        let mut response = Json(body).into_response();
        let cookies: Cookies = sessions.cookies;
        if let (Carrier::Cookie, Some(cookie)) = (carrier, cookies.keep(&secret, sessions.lasts)) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}
