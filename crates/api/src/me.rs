//! One's own account.

use axum::{extract::State, http::Method};
use db::{
    Clock, Db,
    passwords::{By, New},
};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    organisations::{self, Organisation, OrganisationId},
    passwords::Password,
    people::{self, Person, PersonId, Role},
    policy::Operation,
    text::Line,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    App, attempts,
    call::Call,
    extract::{Body, Chooses, Choosing, IfMatch},
    identity::{Owner, Proved},
    moment::Moment,
    once::Tagged,
    problem::{Code, Problem},
    routes::{Doc, Routes},
    sessions::{Opened, Opening, SessionBody, open},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::GET, "/me"),
            Operation::ReadSelf,
            Doc::new("readMe", "我的账号", "One's own account").answers::<PersonBody>().tagged(),
            read,
        )
        .add(
            (Method::PUT, "/me"),
            Operation::EditSelf,
            Doc::new("editMe", "更正我的信息", "Correct one's own account")
                .body::<SelfForm>()
                .answers::<PersonBody>()
                .edits()
                .tagged(),
            edit,
        )
        .add(
            (Method::PUT, "/me/password"),
            Operation::ChangePassword,
            Doc::new(
                "changePassword",
                "修改密码（所有会话与令牌随即失效，并得到新会话）",
                "Change the password: all sessions and tokens end, and a new session begins",
            )
            .body::<NewPassword>()
            .answers::<SessionBody>(),
            change_password,
        )
}

/// A person, as the person and the office see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Person")]
pub(crate) struct PersonBody {
    id: PersonId,
    login: String,
    name: String,
    role: Role,
    state: people::State,
    organisation: OrganisationId,
    /// The organisation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_name: Option<String>,
    /// Where the organisation stands; what is not verified cannot submit.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_state: Option<organisations::State>,
    created_at: Moment,
}

impl PersonBody {
    pub(crate) fn new(person: &Person, organisation: Option<&Organisation>) -> Self {
        Self {
            id: person.id,
            login: person.login.as_str().to_owned(),
            name: person.name.to_string(),
            role: person.role,
            state: person.state,
            organisation: person.organisation,
            organisation_name: organisation.map(|it| it.profile.name.to_string()),
            organisation_state: organisation.map(Organisation::state),
            created_at: Moment(person.created_at),
        }
    }
}

async fn read(State(db): State<Db>, call: Call) -> Result<Tagged<PersonBody>, Problem> {
    let member = call.member()?;
    let person = db::people::get(db.read(), member.person).await?;
    let organisation = db::organisations::get(db.read(), member.organisation).await?;
    Ok(tagged(&person, &organisation))
}

fn tagged(person: &Person, organisation: &Organisation) -> Tagged<PersonBody> {
    let tag = tag(person, organisation);
    Tagged { tag, body: PersonBody::new(person, Some(organisation)) }
}

fn tag(person: &Person, organisation: &Organisation) -> String {
    format!("\"{}-{}\"", person.version, organisation.version)
}

/// What people may correct of their own account.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SelfForm {
    /// The person's name.
    name: Line<1, 30>,
}

async fn edit(
    State(db): State<Db>,
    call: Call,
    expected: IfMatch,
    body: Body<SelfForm>,
) -> Result<Tagged<PersonBody>, Problem> {
    let member = call.member()?;
    let (person, organisation) = db
        .write(async |tx| {
            let mut person = db::people::get(tx, member.person).await?;
            let organisation = db::organisations::get(tx, member.organisation).await?;
            expected.check(&tag(&person, &organisation))?;
            person.name = body.form.name;
            let lost = |err| Problem::of_save(err, Code::Stale);
            db::people::save(tx, &mut person).await.map_err(lost)?;
            let object = Some(("person", person.id.as_uuid()));
            db::audit::append(tx, call.line("", object, json!({ "changed": ["name"] }))).await?;
            Ok::<_, Problem>((person, organisation))
        })
        .await?;
    Ok(tagged(&person, &organisation))
}

impl Field for SelfForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let name = object.required("name");
        object.close();
        Some(Self { name: name? })
    }
}

/// The present password and a new one.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct NewPassword {
    /// The present password.
    #[schemars(with = "String")]
    old: SecretString,
    /// The new password.
    new: Password,
}

async fn change_password(
    State(app): State<App>,
    call: Call,
    Choosing(body): Choosing<NewPassword>,
) -> Result<Opened, Problem> {
    let member = call.member()?;
    let person = db::people::get(app.db.read(), member.person).await?;
    if !attempts::confirm_password(&app, &call, (&person, body.form.old)).await? {
        let fault = Fault::NotAllowed { because_of: "password" };
        return Err(Faults::one("/old", fault).into());
    }
    let organisation = db::organisations::get(app.db.read(), person.organisation).await?;
    let owner = Owner { person: &person, organisation: &organisation };
    let hash = app.identity.change(app.db.read(), owner, &body.form.new, "/new").await?;
    let new = New { hash: &hash, at: call.now, by: By::Owner, keep: app.identity.kept() };
    app.db
        .write(async |tx| {
            db::passwords::set(tx, person.id, new).await?;
            let ended = db::tokens::remove_all(tx, person.id, None).await?;
            let object = Some(("person", person.id.as_uuid()));
            db::audit::append(tx, call.line("", object, json!({ "ended": ended }))).await?;
            let stage = app.identity.stage(tx, (&person, Proved::Both), call.now).await?;
            let (organisation, carrier) = (&organisation, call.carrier());
            let opening = Opening { person: &person, organisation, stage, carrier };
            open(tx, &call, app.identity.sessions, opening).await
        })
        .await
}

impl Chooses for NewPassword {
    const PASSWORD: &'static str = "/new";
    const NAMES: &'static [&'static str] = &[];
}

impl Field for NewPassword {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (old, new) = (object.required::<String>("old"), object.required("new"));
        object.close();
        Some(Self { old: old?.into(), new: new? })
    }
}
