//! One's own mail address, which counts once a link that was sent to it has been opened.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use chrono::TimeDelta;
use db::{
    Clock, Db, Tx,
    links::{self, Link, Purpose},
    mails::{self, Kind, Letter},
};
use domain::{
    Fault, Faults, Id,
    contacts::Mail,
    form::{Field, Object},
    people::{PersonId, State as PersonState},
    policy::Operation,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App, attempts,
    call::Call,
    extract::Body,
    moment::Moment,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let edit = Doc::new(
        "editMyMail",
        "更换我的邮箱（打开寄去的链接后生效；为空则移除）",
        "Give another mail address: it counts once the link sent to it is opened. None removes it",
    );
    Routes::new(clock)
        .add(
            (Method::GET, "/me/mail"),
            Operation::OwnMail,
            Doc::new("readMyMail", "我的邮箱", "One's own mail address").answers::<MailBody>(),
            read,
        )
        .add(
            (Method::PUT, "/me/mail"),
            Operation::OwnMail,
            Doc { status: StatusCode::ACCEPTED, ..edit.body::<MailForm>() },
            edit_one,
        )
        .add(
            (Method::POST, "/mail-confirmations"),
            Operation::ConfirmMail,
            Doc::new(
                "confirmMail",
                "用邮件中的链接确认邮箱",
                "Confirm a mail address by the link that was sent to it",
            )
            .body::<LinkForm>()
            .answers_nothing(),
            confirm,
        )
}

/// A mail address that was confirmed, if there is one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MailAddress")]
struct MailBody {
    mail: Option<Mail>,
    /// When it was confirmed.
    confirmed_at: Option<Moment>,
}

/// Another mail address.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MailForm {
    /// The address; none removes the present one.
    #[serde(default)]
    mail: Option<Mail>,
    /// The present password: whoever has the address can set another.
    #[schemars(with = "String")]
    password: SecretString,
}

/// What a link carries.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LinkForm {
    /// What the link carries.
    #[schemars(with = "String")]
    token: SecretString,
}

/// How long a link serves that confirms an address.
const LASTS: TimeDelta = TimeDelta::days(3);
/// How long a mail is worth sending that only tells something.
pub(crate) const NEWS: TimeDelta = TimeDelta::days(3);
/// How many addresses of a person can wait to be confirmed.
const MOST: u64 = 3;

async fn read(State(db): State<Db>, call: Call) -> Answer<MailBody> {
    let found = db::mail_addresses::find(db.read(), call.member()?.person).await?;
    let (mail, at) = found.unzip();
    Ok(Json(MailBody { mail, confirmed_at: at.map(Moment) }))
}

async fn edit_one(
    State(app): State<App>,
    call: Call,
    body: Body<MailForm>,
) -> Result<StatusCode, Problem> {
    let id = call.member()?.person;
    let MailForm { mail, password } = body.form;
    let person = db::people::get(app.db.read(), id).await?;
    if !attempts::confirm_password(&app, &call, (&person, password)).await? {
        let fault = Fault::NotAllowed { because_of: "password" };
        return Err(Faults::one("/password", fault).into());
    }
    app.db
        .write(async |tx| {
            db::people::hold(tx, id).await?;
            if let Some(mail) = &mail {
                ask(tx, &call, id, (Kind::Confirmation, mail)).await?;
            } else {
                replace(tx, &call, id, None).await?;
            }
            let what = if mail.is_some() { "asked" } else { "removed" };
            let object = Some(("person", id.as_uuid()));
            Ok::<_, Problem>(db::audit::append(tx, call.line(what, object, json!({}))).await?)
        })
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sends a link to an address that someone gave; opening it proves that the address is theirs.
pub(crate) async fn ask(
    tx: &Tx,
    call: &Call,
    person: PersonId,
    (kind, mail): (Kind, &Mail),
) -> Result<(), Problem> {
    if links::count(tx, (person, Purpose::Mail), call.now).await? >= MOST {
        return Err(Problem::new(Code::LimitReached));
    }
    let (made_at, expires_at) = (call.now, call.now + LASTS);
    let (id, mail) = (Id::generate(), mail.clone());
    let letter = Letter::to(kind, Some(person), &mail);
    let link = Link { id, person, purpose: Purpose::Mail, mail: Some(mail), made_at, expires_at };
    let secret = links::insert(tx, &link).await?;
    Ok(mails::queue(tx, &letter.with(secret), (made_at, expires_at)).await?)
}

async fn confirm(
    State(db): State<Db>,
    call: Call,
    body: Body<LinkForm>,
) -> Result<StatusCode, Problem> {
    let ended = || Problem::new(Code::LinkEnded);
    db.write(async |tx| {
        let token = &body.form.token;
        let link = links::find(tx, Purpose::Mail, (token, call.now)).await?.ok_or_else(ended)?;
        let person = db::people::get(tx, link.person).await?;
        if person.state != PersonState::Active || !links::take(tx, &link).await? {
            return Err(ended());
        }
        replace(tx, &call, link.person, link.mail.as_ref()).await?;
        let object = Some(("person", link.person.as_uuid()));
        Ok(db::audit::append(tx, call.line("", object, json!({}))).await?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts an address, or none, in the place of the present one, which is told. Links that were sent to
/// it end.
async fn replace(
    tx: &Tx,
    call: &Call,
    person: PersonId,
    mail: Option<&Mail>,
) -> Result<(), Problem> {
    let before = db::mail_addresses::find(tx, person).await?;
    if let Some((old, _)) = before.filter(|(old, _)| Some(old) != mail) {
        let letter = Letter::to(Kind::AddressChanged, Some(person), &old);
        mails::queue(tx, &letter, (call.now, call.now + NEWS)).await?;
    }
    match mail {
        Some(mail) => db::mail_addresses::set(tx, person, (mail, call.now)).await?,
        None => db::mail_addresses::remove(tx, person).await?,
    }
    links::remove_all(tx, person, Purpose::Mail).await?;
    Ok(links::remove_all(tx, person, Purpose::Reset).await?)
}

impl Field for MailForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let mail = object.optional("mail");
        let password = object.required::<String>("password");
        object.close();
        Some(Self { mail, password: password?.into() })
    }
}

impl Field for LinkForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let token = object.required::<String>("token");
        object.close();
        Some(Self { token: token?.into() })
    }
}
