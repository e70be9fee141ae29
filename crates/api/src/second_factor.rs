//! One's own second factor: set up, proved, taken away.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use db::{Clock, Db, Tx, second_factors};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    people::Person,
    policy::{Operation, Reach, Stage},
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App, attempts,
    call::Call,
    extract::{Body, Path},
    identity::Proved,
    moment::Moment,
    problem::{Code, Problem},
    routes::{Doc, Routes},
    sessions::{Opened, Opening, SessionBody, open},
};

pub(crate) mod codes;

pub(crate) fn routes(clock: Clock) -> Routes {
    let prove =
        Doc::new("proveSecondFactor", "登录第二步：提交验证码", "Sign in, second step: the code");
    let reset_doc = Doc::new(
        "resetSecondFactor",
        "重置他人的第二因素（会话立即失效）",
        "Take someone's second factor away, whose device is lost; their sessions end",
    );
    Routes::new(clock.clone())
        .add(
            (Method::POST, "/sessions/current/code"),
            Operation::ProveSecondFactor,
            Doc {
                status: StatusCode::CREATED,
                ..prove.body::<CodeForm>().answers::<SessionBody>()
            },
            prove_it,
        )
        .add(
            (Method::POST, "/people/{id}/second-factor/reset"),
            Operation::ResetSecondFactor,
            reset_doc.answers_nothing(),
            reset,
        )
        .merge(own_routes(clock))
}

fn own_routes(clock: Clock) -> Routes {
    let own = Operation::OwnSecondFactor;
    let read_doc = Doc::new("readSecondFactor", "我的第二因素", "One's own second factor");
    let begin_doc = Doc::new(
        "beginSecondFactor",
        "启用第二因素：取得密钥",
        "Set up a second factor: get the secret. It counts once it is confirmed",
    );
    let confirm_doc = Doc::new(
        "confirmSecondFactor",
        "确认第二因素（得到恢复码与新会话，其他会话随即失效）",
        "Confirm a second factor with its code: recovery codes and a new session are given, all \
         other sessions end",
    );
    let renew_doc = Doc::new(
        "renewRecoveryCodes",
        "重新生成恢复码（只显示一次）",
        "Make recovery codes anew; shown once",
    );
    let disable_doc =
        Doc::new("disableSecondFactor", "停用第二因素", "Take one's own second factor away");
    Routes::new(clock)
        .add((Method::GET, "/me/second-factor"), own, read_doc.answers::<FactorBody>(), read)
        .add(
            (Method::POST, "/me/second-factor"),
            own,
            begin_doc.body::<PasswordForm>().answers::<SecretBody>(),
            begin_one,
        )
        .add(
            (Method::POST, "/me/second-factor/confirm"),
            own,
            confirm_doc.body::<CodeForm>().answers::<ConfirmedBody>(),
            confirm,
        )
        .add(
            (Method::POST, "/me/second-factor/recovery-codes"),
            own,
            renew_doc.body::<PasswordForm>().answers::<RecoveryBody>(),
            renew,
        )
        .add(
            (Method::POST, "/me/second-factor/disable"),
            own,
            disable_doc.body::<PasswordForm>().answers_nothing(),
            disable,
        )
}

/// A code of a second factor, or a recovery code.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct CodeForm {
    /// Six digits, or a recovery code.
    #[schemars(with = "String")]
    code: SecretString,
}

/// The present password.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct PasswordForm {
    /// The present password.
    #[schemars(with = "String")]
    pub(crate) password: SecretString,
}

/// One's own second factor.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SecondFactor")]
struct FactorBody {
    /// Since when it is asked for at sign-in; not there if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Moment>,
    /// Whether people of this role must have one.
    demanded: bool,
    /// How many recovery codes are left.
    recovery_codes: u64,
}

/// The secret to be given to a device; it is not shown again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SecondFactorSecret")]
struct SecretBody {
    /// The secret, in base 32, to be typed in.
    secret: String,
    /// The same, to be shown as a picture (`otpauth://…`).
    address: String,
}

/// Codes that each serve once in the place of the device's; they are not shown again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RecoveryCodes")]
struct RecoveryBody {
    recovery_codes: Vec<String>,
}

/// A second factor that counts from now on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SecondFactorConfirmed")]
pub(crate) struct ConfirmedBody {
    recovery_codes: Vec<String>,
    /// The session that goes on in the place of this one.
    session: SessionBody,
}

async fn prove_it(
    State(app): State<App>,
    call: Call,
    body: Body<CodeForm>,
) -> Result<(StatusCode, Opened), Problem> {
    let reach = call.caller.proof.as_ref().map(|it| it.reach.clone());
    if reach != Some(Reach::Session(Stage::Code)) {
        return Err(Problem::new(Code::WrongState));
    }
    let person = own(&app.db, &call).await?;
    let opened = sign_in(&app, (&call, &person), (body.form.code, call.carrier())).await?;
    Ok((StatusCode::CREATED, opened))
}

/// The second half of signing in: lets someone in whose password was right, if the code is.
pub(crate) async fn sign_in(
    app: &App,
    (call, person): (&Call, &Person),
    (code, carrier): (SecretString, crate::call::Carrier),
) -> Result<Opened, Problem> {
    use secrecy::ExposeSecret as _;
    let attempt = attempts::attempt(call, person.login.as_str());
    attempts::begin(app, call, &attempt).await?;
    let organisation = &db::organisations::get(app.db.read(), person.organisation).await?;
    let opened = app
        .db
        .write(async |tx| {
            let found = second_factors::find(tx, person.id).await?.and_then(|it| it.active);
            let Some((secret, _)) = found else { return Ok::<_, Problem>(None) };
            let code = (code.expose_secret(), call.now);
            if !codes::use_up(tx, (person.id, &secret), code).await? {
                return Ok(None);
            }
            if let Some(half) = call.token() {
                db::tokens::remove(tx, (person.id, db::tokens::Kind::Session), half).await?;
            }
            db::attempts::succeed(tx, &attempt, call.now).await?;
            let stage = app.identity.stage(tx, (person, Proved::Both), call.now).await?;
            let opening = Opening { person, organisation, stage, carrier };
            let opened = open(tx, call, app.identity.sessions, opening).await?;
            let mut line = call.line("", Some(("person", person.id.as_uuid())), json!({}));
            line.actor = Some(person.id);
            db::audit::append(tx, line).await?;
            Ok(Some(opened))
        })
        .await?;
    match opened {
        Some(opened) => Ok(opened),
        None => Err(attempts::failed(app, call, (&attempt, Some(person), Code::WrongCode)).await?),
    }
}

async fn read(State(app): State<App>, call: Call) -> Answer<FactorBody> {
    let member = call.member()?;
    let active = second_factors::find(app.db.read(), member.person).await?.and_then(|it| it.active);
    Ok(Json(FactorBody {
        since: active.map(|(_, since)| Moment(since)),
        demanded: app.identity.second_factor.is_demanded_of(member.role),
        recovery_codes: second_factors::recovery_codes(app.db.read(), member.person).await?,
    }))
}

async fn begin_one(
    State(app): State<App>,
    call: Call,
    body: Body<PasswordForm>,
) -> Answer<SecretBody> {
    let person = sure(&app, &call, body.form).await?;
    let secret = codes::new_secret()?;
    app.db
        .write(async |tx| {
            second_factors::begin(tx, person.id, &secret).await?;
            note(tx, (&call, "begin"), &person).await
        })
        .await?;
    let address = codes::address(&person.login, &secret);
    Ok(Json(SecretBody { secret, address }))
}

async fn confirm(
    State(app): State<App>,
    call: Call,
    body: Body<CodeForm>,
) -> Result<Opened<ConfirmedBody>, Problem> {
    use secrecy::ExposeSecret as _;
    let person = &own(&app.db, &call).await?;
    let pending = second_factors::find(app.db.read(), person.id).await?.and_then(|it| it.pending);
    let secret = pending.ok_or_else(|| Problem::new(Code::WrongState))?;
    let code = body.form.code.expose_secret().trim();
    let Some(step) = codes::step(&secret, code, call.now)? else {
        return Err(Faults::one("/code", Fault::NotOurs).into());
    };
    let organisation = &db::organisations::get(app.db.read(), person.organisation).await?;
    let new = codes::new_recovery_codes()?;
    let opened = app
        .db
        .write(async |tx| {
            let stale = |err| Problem::of_save(err, Code::Conflict);
            let whose = (person.id, secret.as_str());
            second_factors::confirm(tx, whose, (step, call.now)).await.map_err(stale)?;
            let digests: Vec<String> = new.iter().map(|it| codes::digest(it)).collect();
            second_factors::set_recovery_codes(tx, person.id, &digests).await?;
            db::tokens::remove_sessions(tx, person.id, None).await?;
            let stage = app.identity.stage(tx, (person, Proved::Both), call.now).await?;
            let opening = Opening { person, organisation, stage, carrier: call.carrier() };
            let opened = open(tx, &call, app.identity.sessions, opening).await?;
            note(tx, (&call, "confirm"), person).await?;
            Ok::<_, Problem>(opened)
        })
        .await?;
    Ok(opened.within(|session| ConfirmedBody { recovery_codes: new, session }))
}

async fn renew(
    State(app): State<App>,
    call: Call,
    body: Body<PasswordForm>,
) -> Answer<RecoveryBody> {
    let person = sure(&app, &call, body.form).await?;
    if !second_factors::is_active(app.db.read(), person.id).await? {
        return Err(Problem::new(Code::WrongState));
    }
    let new = codes::new_recovery_codes()?;
    let digests: Vec<String> = new.iter().map(|it| codes::digest(it)).collect();
    app.db
        .write(async |tx| {
            second_factors::set_recovery_codes(tx, person.id, &digests).await?;
            note(tx, (&call, "recovery_codes"), &person).await
        })
        .await?;
    Ok(Json(RecoveryBody { recovery_codes: new }))
}

async fn disable(
    State(app): State<App>,
    call: Call,
    body: Body<PasswordForm>,
) -> Result<StatusCode, Problem> {
    let person = sure(&app, &call, body.form).await?;
    if app.identity.second_factor.is_demanded_of(person.role) {
        return Err(Problem::new(Code::SecondFactorRequired));
    }
    app.db
        .write(async |tx| {
            second_factors::remove(tx, person.id).await?;
            note(tx, (&call, "disable"), &person).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Person>,
) -> Result<StatusCode, Problem> {
    if call.person() == Some(id) {
        return Err(Problem::new(Code::Forbidden));
    }
    db.write(async |tx| {
        let person = db::people::get(tx, id).await?;
        second_factors::remove(tx, id).await?;
        db::tokens::remove_sessions(tx, id, None).await?;
        note(tx, (&call, ""), &person).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever has signed in.
async fn own(db: &Db, call: &Call) -> Result<Person, Problem> {
    Ok(db::people::get(db.read(), call.member()?.person).await?)
}

/// Whoever has signed in, if the password was typed again.
pub(crate) async fn sure(app: &App, call: &Call, form: PasswordForm) -> Result<Person, Problem> {
    let person = own(&app.db, call).await?;
    if attempts::confirm_password(app, call, (&person, form.password)).await? {
        return Ok(person);
    }
    Err(Faults::one("/password", Fault::NotAllowed { because_of: "password" }).into())
}

async fn note(tx: &Tx, (call, what): (&Call, &str), person: &Person) -> Result<(), Problem> {
    let object = Some(("person", person.id.as_uuid()));
    Ok(db::audit::append(tx, call.line(what, object, json!({}))).await?)
}

impl Field for CodeForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let code = object.required::<String>("code");
        object.close();
        Some(Self { code: code?.into() })
    }
}

impl Field for PasswordForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let password = object.required::<String>("password");
        object.close();
        Some(Self { password: password?.into() })
    }
}
