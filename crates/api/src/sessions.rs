//! Signing in and out, and the sessions one has.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use db::{
    Clock, Db,
    tokens::{Kind, Token, TokenId},
};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    people::{Login, Person, State as PersonState},
    policy::{Operation, Stage},
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App, attempts,
    call::{Call, Carrier},
    cross_site,
    extract::{Body, Path},
    identity::Proved,
    moment::Moment,
    page::Listed,
    problem::{Code, Problem},
    routes::{Doc, Routes},
    second_factor,
};

mod open;

pub(crate) use open::{Opened, Opening, SessionBody, open};

pub(crate) fn routes(clock: Clock) -> Routes {
    let sign_in = Doc::new("signIn", "登录", "Sign in");
    let sign_in = sign_in.body::<Credentials>().answers::<SessionBody>();
    Routes::new(clock)
        .add(
            (Method::POST, "/sessions"),
            Operation::SignIn,
            Doc { status: StatusCode::CREATED, ..sign_in },
            create,
        )
        .add(
            (Method::GET, "/sessions"),
            Operation::OwnSessions,
            Doc::new("listSessions", "我的会话", "One's own sessions")
                .answers::<Listed<OwnSession>>(),
            list,
        )
        .add(
            (Method::DELETE, "/sessions"),
            Operation::OwnSessions,
            Doc::new("endOtherSessions", "结束其他全部会话", "End all of one's own other sessions")
                .answers_nothing(),
            end_others,
        )
        .add(
            (Method::DELETE, "/sessions/{id}"),
            Operation::OwnSessions,
            Doc::new("endSession", "结束一个会话", "End one of one's own sessions")
                .answers_nothing(),
            end_one,
        )
        .add(
            (Method::DELETE, "/sessions/current"),
            Operation::SignOut,
            Doc::new("signOut", "退出", "Sign out: the session ends").answers_nothing(),
            end,
        )
}

/// A sign-in name and a password.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Credentials {
    /// The sign-in name.
    #[schemars(with = "String")]
    login: String,
    /// The password.
    #[schemars(with = "String")]
    password: SecretString,
    /// The code of the second factor, or a recovery code, if it is to be given at once.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    code: Option<SecretString>,
    /// How the secret of the session is handed over: `token` in the answer, `cookie` for pages.
    #[serde(default, rename = "as")]
    carrier: Carrier,
}

/// A session of one's own.
#[derive(Debug, Serialize, JsonSchema)]
struct OwnSession {
    id: TokenId,
    /// Whether it is the one this request was made with.
    current: bool,
    /// The address it was begun from.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// What the program it was begun with calls itself.
    agent: String,
    created_at: Moment,
    /// When it was last used, to a minute.
    used_at: Moment,
    /// When it ends if it is not used.
    idle_at: Moment,
    /// When it ends at the latest.
    expires_at: Moment,
}

async fn create(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    body: Body<Credentials>,
) -> Result<(StatusCode, Opened), Problem> {
    let Credentials { login, password, code, carrier } = body.form;
    if carrier == Carrier::Cookie {
        // Nobody is to be signed in by another site, as someone else.
        cross_site::check(&Method::POST, &headers)?;
    }
    let found = match Login::new(&login) {
        Ok(login) => db::people::find(app.db.read(), &login).await?,
        Err(_) => None,
    };
    let (person, hash) = found.unzip();
    let attempt = attempts::attempt(&call, &login);
    attempts::begin(&app, &call, &attempt).await?;
    let fits = attempts::password_fits(&app, (&call, &attempt), (password, hash)).await?;
    // A disabled account is answered as a wrong password is, and as late.
    let admitted = |it: &&Person| fits && it.state == PersonState::Active;
    let Some(person) = person.as_ref().filter(admitted) else {
        let failed = (&attempt, person.as_ref(), Code::WrongCredentials);
        return Err(attempts::failed(&app, &call, failed).await?);
    };
    let stage = app.identity.stage(app.db.read(), (person, Proved::Password), call.now).await?;
    if let (Stage::Code, Some(code)) = (stage, code) {
        app.db.write(async |tx| attempts::give_back(tx, &call, &attempt).await).await?;
        let opened = second_factor::sign_in(&app, (&call, person), (code, carrier)).await?;
        return Ok((StatusCode::CREATED, opened));
    }
    let organisation = &db::organisations::get(app.db.read(), person.organisation).await?;
    let opening = Opening { person, organisation, stage, carrier };
    let opened = app
        .db
        .write(async |tx| {
            let opened = open(tx, &call, app.identity.sessions, opening).await?;
            let half = stage == Stage::Code;
            if half {
                // Failures count until the second step as well has come off.
                attempts::give_back(tx, &call, &attempt).await?;
            } else {
                db::attempts::succeed(tx, &attempt, call.now).await?;
            }
            let what = if half { "password" } else { "" };
            let mut line = call.line(what, Some(("person", person.id.as_uuid())), json!({}));
            line.actor = Some(person.id);
            db::audit::append(tx, line).await?;
            Ok::<_, Problem>(opened)
        })
        .await?;
    Ok((StatusCode::CREATED, opened))
}

async fn list(State(db): State<Db>, call: Call) -> Answer<Listed<OwnSession>> {
    let mine = (call.member()?.person, Kind::Session);
    let sessions = db::tokens::list(db.read(), mine, call.now).await?;
    let items = sessions.into_iter().map(|it| OwnSession::new(it, call.token())).collect();
    Ok(Json(Listed { items, next: None }))
}

async fn end_others(State(db): State<Db>, call: Call) -> Result<StatusCode, Problem> {
    let person = call.member()?.person;
    db.write(async |tx| {
        let ended = db::tokens::remove_sessions(tx, person, call.token()).await?;
        let object = Some(("person", person.as_uuid()));
        db::audit::append(tx, call.line("end_others", object, json!({ "ended": ended }))).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_one(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Token>,
) -> Result<StatusCode, Problem> {
    let person = call.member()?.person;
    db.write(async |tx| {
        db::tokens::remove(tx, (person, Kind::Session), id).await?;
        let object = Some(("session", id.as_uuid()));
        db::audit::append(tx, call.line("end", object, json!({}))).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end(State(app): State<App>, call: Call) -> Result<Response, Problem> {
    let person = call.member()?.person;
    if let Some(session) = call.token() {
        app.db
            .write(async |tx| {
                db::tokens::remove(tx, (person, Kind::Session), session).await?;
                let object = Some(("person", person.as_uuid()));
                db::audit::append(tx, call.line("", object, json!({}))).await
            })
            .await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let (Carrier::Cookie, Some(gone)) = (call.carrier(), app.identity.sessions.cookies.forget())
    {
        response.headers_mut().insert(header::SET_COOKIE, gone);
    }
    Ok(response)
}

impl OwnSession {
    fn new(session: Token, current: Option<TokenId>) -> Self {
        Self {
            id: session.id,
            current: current == Some(session.id),
            address: session.origin.map(|it| it.to_string()),
            agent: session.agent,
            created_at: Moment(session.created_at),
            used_at: Moment(session.used_at),
            idle_at: Moment(session.idle_at),
            expires_at: Moment(session.expires_at),
        }
    }
}

impl Field for Carrier {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("token") => Some(Self::Token),
            Some("cookie") => Some(Self::Cookie),
            _ => {
                faults.push(at, Fault::UnknownCode { table: "token, cookie" });
                None
            }
        }
    }
}

impl Field for Credentials {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let login = object.required("login");
        let password = object.required::<String>("password");
        let code = object.optional::<String>("code").map(SecretString::from);
        let carrier = object.or_default("as");
        object.close();
        Some(Self { login: login?, password: password?.into(), code, carrier })
    }
}
