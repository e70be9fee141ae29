//! Setting a new password by a link that was mailed.

use axum::{
    extract::State,
    http::{Method, StatusCode},
};
use chrono::TimeDelta;
use db::{
    Clock, Db,
    links::{self, Purpose},
    mails::{self, Kind, Letter},
    passwords::{By, New},
};
use domain::{
    Faults,
    form::{Field, Object},
    passwords::Password,
    people::State as PersonState,
    policy::Operation,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    App,
    call::Call,
    extract::{Body, Chooses, Choosing},
    identity::Owner,
    mail_addresses::NEWS,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let ask = Doc::new(
        "askPasswordReset",
        "忘记密码：寄送重设链接（无论账号是否存在，答复相同）",
        "Have a link mailed to set a new password; answered alike whether there is such an account",
    );
    Routes::new(clock)
        .add(
            (Method::POST, "/password-resets"),
            Operation::ResetPassword,
            Doc { status: StatusCode::ACCEPTED, ..ask.body::<ResetRequest>() },
            ask_one,
        )
        .add(
            (Method::POST, "/password-resets/use"),
            Operation::ResetPassword,
            Doc::new(
                "usePasswordReset",
                "用邮件中的链接设置新密码（所有会话与令牌随即失效，须重新登录）",
                "Set a new password by a mailed link: all sessions and tokens end; sign in anew",
            )
            .body::<ResetForm>()
            .answers_nothing(),
            use_one,
        )
}

/// Whose password is to be set anew.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ResetRequest {
    /// The sign-in name.
    login: String,
}

/// What a link carries, and a new password.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ResetForm {
    /// What the link carries.
    #[schemars(with = "String")]
    token: SecretString,
    /// The new password.
    password: Password,
}

/// How long a request waits for its link. The account is looked up later, by whoever sends the mail:
/// what is done here is the same whether there is one.
const WAITS: TimeDelta = TimeDelta::minutes(30);
/// The most characters of what may be a sign-in name.
const LOGIN: usize = 64;

async fn ask_one(
    State(db): State<Db>,
    call: Call,
    body: Body<ResetRequest>,
) -> Result<StatusCode, Problem> {
    let login: String = body.form.login.chars().take(LOGIN).collect();
    db.write(async |tx| {
        let times = (call.now, call.now + WAITS);
        mails::queue(tx, &Letter::reset_asked(&login), times).await?;
        db::audit::append(tx, call.line("asked", None, json!({}))).await
    })
    .await?;
    Ok(StatusCode::ACCEPTED)
}

async fn use_one(
    State(app): State<App>,
    call: Call,
    Choosing(body): Choosing<ResetForm>,
) -> Result<StatusCode, Problem> {
    let ended = || Problem::new(Code::LinkEnded);
    let ResetForm { token, password } = body.form;
    let link = links::find(app.db.read(), Purpose::Reset, (&token, call.now)).await?;
    let link = link.ok_or_else(ended)?;
    let person = db::people::get(app.db.read(), link.person).await?;
    let organisation = db::organisations::get(app.db.read(), person.organisation).await?;
    let owner = Owner { person: &person, organisation: &organisation };
    let hash = app.identity.change(app.db.read(), owner, &password, "/password").await?;
    let new = New { hash: &hash, at: call.now, by: By::Owner, keep: app.identity.kept() };
    app.db
        .write(async |tx| {
            let now = db::people::get(tx, person.id).await?;
            // Of many who use a link at once one takes it.
            if now.state != PersonState::Active || !links::take(tx, &link).await? {
                return Err(ended());
            }
            db::passwords::set(tx, person.id, new).await?;
            let ended = db::tokens::remove_all(tx, person.id, None).await?;
            if let Some((address, _)) = db::mail_addresses::find(tx, person.id).await? {
                let letter = Letter::to(Kind::PasswordChanged, Some(person.id), &address);
                mails::queue(tx, &letter, (call.now, call.now + NEWS)).await?;
            }
            let object = Some(("person", person.id.as_uuid()));
            Ok(db::audit::append(tx, call.line("used", object, json!({ "ended": ended }))).await?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Chooses for ResetForm {
    const PASSWORD: &'static str = "/password";
    const NAMES: &'static [&'static str] = &[];
}

impl Field for ResetRequest {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let login = object.required("login");
        object.close();
        Some(Self { login: login? })
    }
}

impl Field for ResetForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let token = object.required::<String>("token");
        let password = object.required("password");
        object.close();
        Some(Self { token: token?.into(), password: password? })
    }
}
