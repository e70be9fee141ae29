//! Grants: giving and taking roles, by two people where it concerns an administrator.

use axum::{Json, extract::State, http::Method, response::Response};
use chrono::{DateTime, Utc};
use db::{Clock, Db, Tx, grants::Filter};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    grants::{Grant, GrantForm, GrantId, State as GrantState, WAITS},
    people::{Person, PersonId, Role},
    policy::Operation,
    text::{self, Text},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer,
    call::Call,
    cursor::ById,
    extract::{Body, IdempotencyKey, Path, Query},
    moment::Moment,
    once::Created,
    page::{self, Limit, Listed},
    people,
    problem::Problem,
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let decide = |id, chinese, english| Doc::new(id, chinese, english).answers::<GrantBody>();
    Routes::new(clock)
        .add(
            (Method::GET, "/grants"),
            Operation::ReadGrants,
            Doc::new("listGrants", "授权记录与待办", "Grants, and requests for them")
                .query::<PersonId>("person", "某人的 · of this person")
                .query::<GrantState>("state", "状态 · where they stand")
                .paged()
                .answers::<Listed<GrantBody>>(),
            list,
        )
        .add(
            (Method::GET, "/grants/{id}"),
            Operation::ReadGrants,
            Doc::new("readGrant", "查看授权", "A grant").answers::<GrantBody>(),
            read,
        )
        .add(
            (Method::POST, "/grants"),
            Operation::AskGrant,
            Doc::new(
                "askGrant",
                "授予或收回角色（涉及三员的须第二人确认）",
                "Give or take a role; what concerns an administrator waits for a second person",
            )
            .body::<GrantForm>()
            .answers::<GrantBody>()
            .creates(),
            ask,
        )
        .add(
            (Method::POST, "/grants/{id}/confirm"),
            Operation::DecideGrant,
            decide(
                "confirmGrant",
                "确认授权（申请人与当事人除外）",
                "Confirm as the second person: neither who asked nor whom it concerns",
            ),
            confirm,
        )
        .add(
            (Method::POST, "/grants/{id}/refuse"),
            Operation::DecideGrant,
            decide(
                "refuseGrant",
                "驳回授权；申请人可撤回",
                "Refuse, and say why; whoever asked takes it back",
            )
            .body::<RefusalForm>(),
            refuse,
        )
}

/// A grant, or a request for one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Grant")]
pub(crate) struct GrantBody {
    id: GrantId,
    state: GrantState,
    /// Whom it concerns.
    person: PersonId,
    from: Role,
    to: Role,
    reason: String,
    /// Whether it takes a second person.
    takes_two: bool,
    asked_by: PersonId,
    asked_at: Moment,
    /// Until when a second person can decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Moment>,
    /// Why it was refused or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

/// Why a request is refused.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RefusalForm {
    /// What the asker is told.
    reason: Text<2, 500>,
}

async fn list(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Asked>,
) -> Answer<Listed<GrantBody>> {
    let rows = db::grants::list(db.read(), asked.filter, (asked.page, call.now)).await?;
    let place = |it: &Grant| ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, |it| GrantBody::new(&it, call.now))))
}

async fn read(State(db): State<Db>, call: Call, Path(id): Path<Grant>) -> Answer<GrantBody> {
    let grant = db::grants::get(db.read(), id).await?;
    Ok(Json(GrantBody::new(&grant, call.now)))
}

async fn ask(
    State(db): State<Db>,
    call: Call,
    key: IdempotencyKey,
    body: Body<GrantForm>,
) -> Result<Response, Problem> {
    let GrantForm { person, role, reason } = body.form;
    call.once(&db, (key, body.fingerprint), async |tx| {
        let mut person = match db::people::get(tx, person).await {
            Err(db::Error::NotFound) => {
                let fault = Fault::UnknownCode { table: "people" };
                return Err(Faults::one("/person", fault).into());
            }
            other => other?,
        };
        let mut grant = request(tx, &call, (&person, role), reason).await?;
        if !grant.takes_two() {
            give(tx, &call, &mut grant, &mut person).await?;
        }
        let location = format!("/api/v1/grants/{}", grant.id);
        Created::new(location, None, &GrantBody::new(&grant, call.now))
    })
    .await
}

/// Stores a request that someone have another role.
pub(crate) async fn request(
    tx: &Tx,
    call: &Call,
    (person, role): (&Person, Role),
    reason: Text<2, 500>,
) -> Result<Grant, Problem> {
    let asker = call.member()?.person;
    let grant = Grant::ask(GrantId::generate(), person, (role, reason), asker, call.now)?;
    db::grants::insert(tx, &grant).await?;
    record(tx, call, &grant).await?;
    Ok(grant)
}

async fn confirm(State(db): State<Db>, call: Call, Path(id): Path<Grant>) -> Answer<GrantBody> {
    let grant = db.write(async |tx| {
        let mut grant = db::grants::get(tx, id).await?;
        let mut person = db::people::get(tx, grant.person).await?;
        give(tx, &call, &mut grant, &mut person).await?;
        Ok::<_, Problem>(grant)
    });
    Ok(Json(GrantBody::new(&grant.await?, call.now)))
}

/// Gives someone the role. It holds from their next request on, which needs a new sign-in.
async fn give(tx: &Tx, call: &Call, grant: &mut Grant, person: &mut Person) -> Result<(), Problem> {
    people::not_the_last(tx, person).await?;
    grant.confirm(person, call.member()?, call.now)?;
    db::grants::save(tx, grant).await?;
    db::people::save(tx, person).await?;
    people::end_rights(tx, call, person.id).await?;
    record(tx, call, grant).await
}

async fn refuse(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Grant>,
    body: Body<RefusalForm>,
) -> Answer<GrantBody> {
    let grant = db.write(async |tx| {
        let mut grant = db::grants::get(tx, id).await?;
        grant.refuse(body.form.reason, call.member()?, call.now)?;
        db::grants::save(tx, &mut grant).await?;
        record(tx, &call, &grant).await?;
        Ok::<_, Problem>(grant)
    });
    Ok(Json(GrantBody::new(&grant.await?, call.now)))
}

async fn record(tx: &Tx, call: &Call, grant: &Grant) -> Result<(), Problem> {
    let detail = json!({ "grant": grant.id, "from": grant.from, "to": grant.to });
    let object = Some(("person", grant.person.as_uuid()));
    let line = call.line(grant.stored_state().as_str(), object, detail);
    Ok(db::audit::append(tx, line).await?)
}

impl GrantBody {
    fn new(it: &Grant, now: DateTime<Utc>) -> Self {
        let state = it.state(now);
        let decided = it.decided();
        Self {
            id: it.id,
            state,
            person: it.person,
            from: it.from,
            to: it.to,
            reason: it.reason.to_string(),
            takes_two: it.takes_two(),
            asked_by: it.asked_by,
            asked_at: Moment(it.asked_at),
            waits_until: (state == GrantState::Asked).then(|| Moment(it.asked_at + WAITS)),
            decided_by: decided.map(|it| it.by),
            decided_at: decided.map(|it| Moment(it.at)),
            refusal: decided.and_then(|it| it.reason.as_ref()).map(ToString::to_string),
        }
    }
}

struct Asked {
    filter: Filter,
    limit: Limit,
    page: db::Page,
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let person = query.optional("person");
        let state = query.optional::<StateName>("state").map(|it| it.0);
        let (limit, page) = page::read(&mut query);
        query.close();
        Some(Self { filter: Filter { person, state }, limit, page })
    }
}

struct StateName(GrantState);

impl Field for StateName {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let state = value.as_str().and_then(|it| GrantState::named(&text::clean(it)));
        if state.is_none() {
            faults.push(at, Fault::UnknownCode { table: "grant_state" });
        }
        state.map(Self)
    }
}

impl Field for RefusalForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let reason = object.required("reason");
        object.close();
        Some(Self { reason: reason? })
    }
}
