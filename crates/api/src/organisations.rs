//! Organisations: they register themselves, and the office verifies them.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use db::{Clock, Db, listings::Rest, mails::Kind};
use domain::{
    Fault, Faults,
    consents::{Agreement, Consent},
    contacts::Mail,
    form::{Field, Object},
    organisations::{Action, Organisation, OrganisationId, Profile, State as Standing},
    people::{Account, Person, PersonId, Role, State as PersonState},
    policy::{self, Operation, Principal},
    text::{self, Text},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App, attachments,
    call::Call,
    changes,
    extract::{Body, Chooses, Choosing, IdempotencyKey, IfMatch, Path, Query, has_already},
    mail_addresses,
    moment::Moment,
    once::{Created, Tagged},
    page::{self, Limit, Listed},
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let register = Doc::new(
        "registerOrganisation",
        "单位注册（含首位用户）",
        "Register an organisation and its first member",
    );
    let list = Doc::new("listOrganisations", "单位列表", "Organisations")
        .query::<Standing>("state", "状态 · where they stand")
        .paged();
    let read = Doc::new("readOrganisation", "单位信息", "An organisation");
    let edit = Doc::new(
        "editOrganisation",
        "修改单位信息（改名称或代码须重新核验）",
        "Change one's own organisation; a new name or number must be verified anew",
    );
    let mut routes = Routes::new(clock)
        .add(
            (Method::POST, "/organisations"),
            Operation::RegisterOrganisation,
            register.body::<Registration>().answers::<OrganisationBody>().creates(),
            create,
        )
        .add(
            (Method::GET, "/organisations"),
            Operation::ListOrganisations,
            list.answers::<Listed<OrganisationBody>>(),
            list_all,
        )
        .add(
            (Method::GET, "/organisations/{id}"),
            Operation::ReadOrganisation,
            read.answers::<OrganisationBody>().tagged(),
            read_one,
        )
        .add(
            (Method::PUT, "/organisations/{id}"),
            Operation::EditOrganisation,
            edit.body::<Profile>().answers::<OrganisationBody>().edits().tagged(),
            edit_one,
        );
    for (action, name, chinese, english) in DECISIONS {
        let doc = Doc::new(format!("{name}Organisation"), chinese, english);
        let path = format!("/organisations/{{id}}/{name}");
        routes = routes.add(
            (Method::POST, &path),
            Operation::DecideOrganisation,
            doc.body::<DecisionForm>().answers::<OrganisationBody>().edits().tagged(),
            move |state, call, path, tag, body| decide(action, state, call, (path, tag, body)),
        );
    }
    routes
}

const DECISIONS: [(Action, &str, &str, &str); 4] = [
    (Action::Verify, "verify", "核验通过", "Verify an organisation"),
    (Action::Refuse, "refuse", "核验不通过", "Refuse an organisation; say why"),
    (Action::Suspend, "suspend", "暂停", "Suspend an organisation; say why"),
    (Action::Reinstate, "reinstate", "恢复", "Let an organisation act again"),
];

/// What is needed to register.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Registration {
    /// The organisation.
    organisation: Profile,
    /// Its first member.
    account: Account,
    /// The mail address of its first member; it counts once the link sent to it is opened.
    #[serde(default)]
    mail: Option<Mail>,
    /// What the first member consents to, as `GET /consents` has it; `account_keeping` is needed.
    consents: Vec<Agreement>,
}

/// Why an organisation is treated so.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct DecisionForm {
    /// What it is told; required to refuse or suspend.
    #[serde(default)]
    reason: Option<Text<2, 500>>,
}

/// An organisation, as one reader may see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Organisation")]
pub(crate) struct OrganisationBody {
    id: OrganisationId,
    #[serde(flatten)]
    profile: Profile,
    state: Standing,
    /// Why it was refused or suspended; for itself and the office.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    registered_at: Moment,
}

async fn create(
    State(app): State<App>,
    call: Call,
    key: IdempotencyKey,
    Choosing(body): Choosing<Registration>,
) -> Result<Response, Problem> {
    let Registration { organisation, account, mail, consents } = body.form;
    let Some(role) = Role::of_first_member(organisation.kind) else {
        let fault = Fault::NotAllowed { because_of: "registration" };
        return Err(Faults::one("/organisation/kind", fault).into());
    };
    let hash = app.identity.passwords.hash(&account.password).await?;
    let organisation = Organisation::register(OrganisationId::generate(), organisation, call.now);
    let person = Person {
        id: PersonId::generate(),
        version: 0,
        organisation: organisation.id,
        role,
        login: account.login,
        name: account.name,
        state: PersonState::Active,
        created_at: call.now,
    };
    let given = |it: Agreement| it.given(person.id, (call.now, &call.request_id));
    let consents: Vec<Consent> = consents.into_iter().map(given).collect();
    call.once(&app.db, (key, body.fingerprint), async |tx| {
        db::organisations::insert(tx, &organisation).await.map_err(taken)?;
        db::people::insert(tx, &person, &hash).await.map_err(taken)?;
        db::consents::insert_all(tx, &consents).await?;
        if let Some(mail) = &mail {
            mail_addresses::ask(tx, &call, person.id, (Kind::Confirmation, mail)).await?;
        }
        let detail = json!({ "person": person.id });
        let object = Some(("organisation", organisation.id.as_uuid()));
        db::audit::append(tx, call.line("", object, detail)).await?;
        let body = OrganisationBody::new(&organisation, true);
        let location = format!("/api/v1/organisations/{}", organisation.id);
        Created::new(location, Some(tag(&organisation, true)), &body)
    })
    .await
}

/// Names the field whose value is taken already.
fn taken(err: db::Error) -> Problem {
    let pointer = if err.is_taken("login") {
        "/account/login"
    } else if err.is_taken("number") {
        "/organisation/number"
    } else {
        return Problem::of_save(err, Code::Stale);
    };
    let mut problem = Problem::new(Code::AlreadyExists);
    problem.faults.push(pointer, Fault::Repeated);
    problem
}

struct Asked {
    state: Option<Standing>,
    limit: Limit,
    page: db::Page,
}

async fn list_all(
    State(db): State<Db>,
    Query(asked): Query<Asked>,
) -> Answer<Listed<OrganisationBody>> {
    let rows = db::organisations::list(db.read(), asked.state, asked.page).await?;
    let place = |it: &Organisation| crate::cursor::ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, |it| OrganisationBody::new(&it, true))))
}

async fn read_one(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Organisation>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let organisation = known(db.read(), call.principal(), id).await?;
    let inside = sees_inside(call.principal(), id);
    let tag = tag(&organisation, inside);
    if has_already(&method, &headers, &tag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    Ok(Tagged { tag, body: OrganisationBody::new(&organisation, inside) }.into_response())
}

async fn edit_one(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Organisation>,
    expected: IfMatch,
    body: Body<Profile>,
) -> Result<Tagged<OrganisationBody>, Problem> {
    let changed = db
        .write(async |tx| {
            let mut organisation = known(tx, call.principal(), id).await?;
            call.may(&policy::Object::of_organisation(id))?;
            expected.check(&tag(&organisation, true))?;
            let before = codes(&organisation);
            organisation.edit(body.form);
            db::organisations::save(tx, &mut organisation).await.map_err(taken)?;
            let detail = json!({ "changes": changes::between(&before, &codes(&organisation)) });
            let object = Some(("organisation", id.as_uuid()));
            db::audit::append(tx, call.line("", object, detail)).await?;
            Ok::<_, Problem>(organisation)
        })
        .await?;
    Ok(Tagged { tag: tag(&changed, true), body: OrganisationBody::new(&changed, true) })
}

async fn decide(
    action: Action,
    State(App { db, files, .. }): State<App>,
    call: Call,
    (Path(id), expected, body): (Path<Organisation>, IfMatch, Body<DecisionForm>),
) -> Result<Tagged<OrganisationBody>, Problem> {
    let reason = body.form.reason;
    if matches!(action, Action::Refuse | Action::Suspend) && reason.is_none() {
        return Err(Faults::one("/reason", Fault::Missing).into());
    }
    let decided = db
        .write(async |tx| {
            let mut organisation = db::organisations::get(tx, id).await?;
            call.may(&policy::Object::of_organisation(id))?;
            expected.check(&tag(&organisation, true))?;
            if action == Action::Verify {
                attachments::demanded(tx, id, files.rules().proofs).await?;
            }
            let before = codes(&organisation);
            organisation.decide(action, reason)?;
            let lost = |err| Problem::of_save(err, Code::Stale);
            db::organisations::save(tx, &mut organisation).await.map_err(lost)?;
            if matches!(action, Action::Suspend | Action::Reinstate) {
                let suspended = organisation.state() == Standing::Suspended;
                let rest = if suspended { Rest::Suspended } else { Rest::Offered };
                for (kind, listing) in db::listings::suspend(tx, id, rest).await? {
                    db::outbox::announce(tx, kind, listing, call.now).await?;
                }
            }
            let detail = json!({ "changes": changes::between(&before, &codes(&organisation)) });
            let object = Some(("organisation", id.as_uuid()));
            db::audit::append(tx, call.line("", object, detail)).await?;
            Ok::<_, Problem>(organisation)
        })
        .await?;
    Ok(Tagged { tag: tag(&decided, true), body: OrganisationBody::new(&decided, true) })
}

/// What of an organisation can be told in codes.
fn codes(it: &Organisation) -> Value {
    json!({ "state": it.state(), "kind": it.profile.kind })
}

/// An organisation that the reader may know of.
pub(crate) async fn known(
    conn: &impl db::Conn,
    reader: &Principal,
    id: OrganisationId,
) -> Result<Organisation, Problem> {
    let organisation = db::organisations::get(conn, id).await?;
    let known = sees_inside(reader, id) || organisation.state() == Standing::Verified;
    if known { Ok(organisation) } else { Err(Problem::hidden()) }
}

/// Whether someone sees an organisation as itself or the office does.
fn sees_inside(reader: &Principal, id: OrganisationId) -> bool {
    let office = [Role::Matchmaker, Role::SystemAdmin, Role::SecurityAdmin];
    reader.member().is_some_and(|it| it.organisation == id || office.contains(&it.role))
}

/// Those who see the reason and those who do not must not share a tag.
fn tag(it: &Organisation, inside: bool) -> String {
    let side = if inside { "-inside" } else { "" };
    format!("\"{}{side}\"", it.version)
}

impl OrganisationBody {
    fn new(it: &Organisation, inside: bool) -> Self {
        Self {
            id: it.id,
            profile: it.profile.clone(),
            state: it.state(),
            reason: it.reason().filter(|_| inside).map(ToString::to_string),
            registered_at: Moment(it.registered_at),
        }
    }
}

impl Chooses for Registration {
    const PASSWORD: &'static str = "/account/password";
    const NAMES: &'static [&'static str] = &["/account/login", "/organisation/name"];
}

impl Field for Registration {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (organisation, account) = (object.required("organisation"), object.required("account"));
        let mail = object.optional("mail");
        let consents = Agreement::for_account(&mut object);
        object.close();
        Some(Self { organisation: organisation?, account: account?, mail, consents })
    }
}

impl Field for DecisionForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let reason = object.optional("reason");
        object.close();
        Some(Self { reason })
    }
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let state = query.optional::<StateName>("state").map(|it| it.0);
        let (limit, page) = page::read(&mut query);
        query.close();
        Some(Self { state, limit, page })
    }
}

struct StateName(Standing);

impl Field for StateName {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let state = value.as_str().and_then(|it| Standing::named(&text::clean(it)));
        if state.is_none() {
            faults.push(at, Fault::UnknownCode { table: "organisation_state" });
        }
        state.map(Self)
    }
}
