//! Accounts, as the office keeps them.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};
use db::{Clock, Db, Tx, mails::Kind, passwords::By};
use domain::{
    Fault, Faults,
    contacts::Mail,
    form::{Field, Object},
    organisations::OrganisationId,
    passwords::Password,
    people::{Account, Login, Person, PersonId, Role, State as PersonState},
    policy::Operation,
    text::{Line, Text},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App,
    call::Call,
    cursor::ById,
    extract::{Chooses, Choosing, IdempotencyKey, Path, Query},
    grants, mail_addresses,
    me::PersonBody,
    once::Created,
    page::{self, Limit, Listed},
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::GET, "/people"),
            Operation::ListPeople,
            Doc::new("listPeople", "账号列表", "Accounts")
                .query::<OrganisationId>("organisation", "单位 · of this organisation")
                .paged()
                .answers::<Listed<PersonBody>>(),
            list,
        )
        .add(
            (Method::GET, "/colleagues"),
            Operation::ListColleagues,
            Doc::new("listColleagues", "本单位同事", "Those of one's own organisation")
                .answers::<Listed<ColleagueBody>>(),
            colleagues,
        )
        .add(
            (Method::POST, "/people"),
            Operation::CreatePerson,
            Doc::new(
                "createPerson",
                "新建账号（工作人员的角色须由安全管理员授予）",
                "Make an account; one of the office has no rights before its role is granted",
            )
            .body::<NewPerson>()
            .answers::<PersonBody>()
            .creates(),
            create,
        )
        .add(
            (Method::POST, "/people/{id}/disable"),
            Operation::SwitchPerson,
            Doc::new(
                "disablePerson",
                "停用账号（会话立即失效）",
                "Disable an account: its sessions end",
            )
            .answers_nothing(),
            |db, call, path| switch(PersonState::Disabled, db, call, path),
        )
        .add(
            (Method::POST, "/people/{id}/enable"),
            Operation::SwitchPerson,
            Doc::new("enablePerson", "启用账号", "Enable an account").answers_nothing(),
            |db, call, path| switch(PersonState::Active, db, call, path),
        )
}

/// A colleague.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Colleague")]
pub(crate) struct ColleagueBody {
    id: PersonId,
    name: String,
}

impl ColleagueBody {
    pub(crate) fn new(it: &Person) -> Self {
        Self { id: it.id, name: it.name.to_string() }
    }
}

/// What is needed to make an account.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct NewPerson {
    /// Where the person belongs.
    organisation: OrganisationId,
    /// What the person may do.
    role: Role,
    /// The sign-in name.
    login: Login,
    /// The first password.
    password: Password,
    /// The person's name.
    name: Line<1, 30>,
    /// The person's mail address; it counts once the link sent to it is opened.
    #[serde(default)]
    mail: Option<Mail>,
    /// Why they are to have a role of the office; required with one.
    #[serde(default)]
    reason: Option<Text<2, 500>>,
}

async fn list(State(db): State<Db>, Query(asked): Query<Asked>) -> Answer<Listed<PersonBody>> {
    let rows = db::people::list(db.read(), asked.organisation, asked.page).await?;
    let place = |it: &Person| ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, |it| PersonBody::new(&it, None))))
}

async fn colleagues(State(db): State<Db>, call: Call) -> Answer<Listed<ColleagueBody>> {
    const MOST: u64 = 500;
    let people = db::people::colleagues(db.read(), call.member()?.organisation, MOST).await?;
    Ok(Json(Listed { items: people.iter().map(ColleagueBody::new).collect(), next: None }))
}

async fn create(
    State(app): State<App>,
    call: Call,
    key: IdempotencyKey,
    Choosing(body): Choosing<NewPerson>,
) -> Result<Response, Problem> {
    let NewPerson { organisation, role, login, password, name, mail, reason } = body.form;
    let hash = app.identity.passwords.hash(&password).await?;
    let person = Person {
        id: PersonId::generate(),
        version: 0,
        organisation,
        role: if role.is_staff() { Role::Unassigned } else { role },
        login,
        name,
        state: PersonState::Active,
        created_at: call.now,
    };
    call.once(&app.db, (key, body.fingerprint), async |tx| {
        let organisation = match db::organisations::get(tx, organisation).await {
            Err(db::Error::NotFound) => {
                let fault = Fault::UnknownCode { table: "organisation" };
                return Err(Faults::one("/organisation", fault).into());
            }
            other => other?,
        };
        db::people::insert(tx, &person, &hash).await.map_err(|it| taken(it, "/login"))?;
        db::passwords::note(tx, person.id, (call.now, By::Another)).await?;
        let object = Some(("person", person.id.as_uuid()));
        db::audit::append(tx, call.line("", object, json!({ "role": person.role }))).await?;
        if let Some(mail) = &mail {
            mail_addresses::ask(tx, &call, person.id, (Kind::Confirmation, mail)).await?;
        }
        if let Some(reason) = reason {
            grants::request(tx, &call, (&person, role), reason).await?;
        }
        let body = PersonBody::new(&person, Some(&organisation));
        Created::new(format!("/api/v1/people/{}", person.id), None, &body)
    })
    .await
}

/// Names the field with the sign-in name, if someone has that.
pub(crate) fn taken(err: db::Error, at: &str) -> Problem {
    if !err.is_taken("login") {
        return err.into();
    }
    let mut problem = Problem::new(Code::AlreadyExists);
    problem.faults.push(at, Fault::Repeated);
    problem
}

async fn switch(
    state: PersonState,
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Person>,
) -> Result<StatusCode, Problem> {
    if call.person() == Some(id) {
        return Err(Problem::new(Code::Forbidden));
    }
    db.write(async |tx| {
        let mut person = db::people::get(tx, id).await?;
        if state == PersonState::Disabled {
            not_the_last(tx, &person).await?;
        }
        person.state = state;
        db::people::save(tx, &mut person).await?;
        if state == PersonState::Disabled {
            end_rights(tx, &call, id).await?;
        }
        let object = Some(("person", id.as_uuid()));
        Ok::<_, Problem>(db::audit::append(tx, call.line(state.as_str(), object, json!({}))).await?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses if the person is the last active administrator of their kind: nobody could take their
/// place.
pub(crate) async fn not_the_last(tx: &Tx, person: &Person) -> Result<(), Problem> {
    if !person.role.is_administrator() || person.state != PersonState::Active {
        return Ok(());
    }
    let active = db::people::hold_active(tx, person.role).await?;
    if active.iter().all(|it| *it == person.id) {
        return Err(Problem::new(Code::LastAdministrator));
    }
    Ok(())
}

/// Ends what someone may do by the rights they had: sessions, tokens, and the pairs they took.
pub(crate) async fn end_rights(tx: &Tx, call: &Call, person: PersonId) -> db::Result<()> {
    db::tokens::remove_all(tx, person, None).await?;
    // Nobody else could ever take or release what they hold.
    db::pairs::let_go_all(tx, person, &call.line("released", None, json!({}))).await
}

struct Asked {
    organisation: Option<OrganisationId>,
    limit: Limit,
    page: db::Page,
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let organisation = query.optional("organisation");
        let (limit, page) = page::read(&mut query);
        query.close();
        Some(Self { organisation, limit, page })
    }
}

impl Chooses for NewPerson {
    const PASSWORD: &'static str = "/password";
    const NAMES: &'static [&'static str] = &["/login"];
}

impl Field for NewPerson {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let organisation = object.required("organisation");
        let role = object.required::<Role>("role");
        let account = Account::read_from(&mut object);
        let mail = object.optional("mail");
        let reason = match role.map(Role::is_staff) {
            Some(true) => object.required("reason"),
            Some(false) | None => object.optional("reason"),
        };
        if role.is_some_and(|it| !it.is_staff()) && reason.is_some() {
            object.fault("reason", Fault::NotAllowed { because_of: "role" });
        }
        object.close();
        let Account { login, password, name } = account?;
        let (organisation, role) = (organisation?, role?);
        Some(Self { organisation, role, login, password, name, mail, reason })
    }
}
