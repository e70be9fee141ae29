//! Signing in and out.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use chrono::TimeDelta;
use db::{
    Clock, Db,
    tokens::{Kind, Token, TokenId},
};
use domain::{
    Faults,
    form::{Field, Object},
    people::{Login, Person, State as PersonState},
    policy::Operation,
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    App,
    call::Call,
    extract::Body,
    me::PersonBody,
    moment::Moment,
    problem::{Code, Problem},
    routes::{Doc, Routes},
    secrets,
};

/// How long a session lasts.
const SESSION: TimeDelta = TimeDelta::hours(12);

pub(crate) fn routes(clock: Clock) -> Routes {
    let sign_in = Doc::new("signIn", "登录", "Sign in").body::<Credentials>().answers::<Session>();
    Routes::new(clock)
        .add(
            (Method::POST, "/sessions"),
            Operation::SignIn,
            Doc { status: StatusCode::CREATED, ..sign_in },
            create,
        )
        .add(
            (Method::DELETE, "/sessions/current"),
            Operation::SignOut,
            Doc::new("signOut", "退出", "Sign out: the token ends").answers_nothing(),
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
}

/// A session that began.
#[derive(Debug, Serialize, JsonSchema)]
struct Session {
    /// What to send as `Authorization: Bearer …`.
    token: String,
    /// When it ends.
    expires_at: Moment,
    /// Who signed in.
    person: PersonBody,
}

async fn create(
    State(app): State<App>,
    call: Call,
    body: Body<Credentials>,
) -> Result<(StatusCode, Json<Session>), Problem> {
    let Credentials { login, password } = body.form;
    let found = match Login::new(&login) {
        Ok(login) => db::people::find(app.db.read(), &login).await?,
        Err(_) => None,
    };
    let (person, hash) = found.unzip();
    let fits = app.identity.passwords.fits(password, hash).await?;
    // A disabled account is answered as a wrong password is, and as late.
    let admitted = |it: &&Person| fits && it.state == PersonState::Active;
    let Some(person) = person.as_ref().filter(admitted) else {
        refused(&app.db, &call, person.as_ref()).await?;
        return Err(Problem::new(Code::WrongCredentials));
    };
    let organisation = db::organisations::get(app.db.read(), person.organisation).await?;
    let secret = secrets::new_token()?;
    let token = Token {
        id: TokenId::generate(),
        person: person.id,
        kind: Kind::Session,
        name: String::new(),
        created_at: call.now,
        expires_at: call.now + SESSION,
    };
    app.db
        .write(async |tx| {
            db::tokens::insert(tx, &token, &secrets::digest(secret.expose_secret())).await?;
            let mut line = call.line("", Some(("person", person.id.as_uuid())), json!({}));
            line.actor = Some(person.id);
            db::audit::append(tx, line).await
        })
        .await?;
    let session = Session {
        token: secret.expose_secret().to_owned(),
        expires_at: Moment(token.expires_at),
        person: PersonBody::new(person, Some(&organisation)),
    };
    Ok((StatusCode::CREATED, Json(session)))
}

/// Notes that someone tried to sign in and was not let in.
async fn refused(db: &Db, call: &Call, person: Option<&Person>) -> Result<(), Problem> {
    let object = person.map(|it| ("person", it.id.as_uuid()));
    let line = db::audit::Line {
        outcome: db::audit::Outcome::Denied,
        reason: Some(Code::WrongCredentials.name()),
        ..call.line("refused", object, json!({}))
    };
    Ok(db.write(async |tx| db::audit::append(tx, line).await).await?)
}

async fn end(State(db): State<Db>, call: Call) -> Result<StatusCode, Problem> {
    let member = call.member()?;
    let Some(token) = call.caller.token else { return Ok(StatusCode::NO_CONTENT) };
    db.write(async |tx| {
        db::tokens::remove(tx, member.person, token).await?;
        let object = Some(("person", member.person.as_uuid()));
        db::audit::append(tx, call.line("", object, json!({}))).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Field for Credentials {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let login = object.required("login");
        let password = object.required::<String>("password");
        object.close();
        Some(Self { login: login?, password: password?.into() })
    }
}
