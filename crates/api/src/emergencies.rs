//! Emergencies 应急查阅: one administrator asks, another agrees, and for a while one listing can be
//! read through one door. Every reading is on record before anything is shown.

use axum::{Json, extract::State, http::Method, response::Response};
use chrono::{DateTime, Utc};
use db::{Clock, Db, Tx};
use domain::{
    Fault, Faults, Id,
    achievements::AchievementForm,
    emergencies::{Emergency, EmergencyForm, EmergencyId, Refused, State as EmergencyState, WAITS},
    listings::{Form, Kind, Listing, State as ListingState},
    needs::NeedForm,
    notices::{Notice, Subject},
    people::{PersonId, Role},
    policy::{Operation, Tie, View},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Answer,
    call::Call,
    cursor::ById,
    extract::{Body, IdempotencyKey, Path, Query},
    listings::{ListingBody, Owners, Sight},
    moment::Moment,
    once::Created,
    page::{Listed, Paged},
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let decide = |id, chinese, english| Doc::new(id, chinese, english).answers::<EmergencyBody>();
    let list = Doc::new("listEmergencies", "应急查阅记录", "What was asked for and opened");
    let read = decide("readEmergency", "查看应急查阅", "One of them");
    let ask = decide(
        "askEmergency",
        "申请应急查阅（须另一类管理员同意）",
        "Ask to read one listing; an administrator of another office must agree",
    );
    let confirm = decide(
        "confirmEmergency",
        "同意应急查阅（即时告知作者）",
        "Agree: the listing is open, and its author is told",
    );
    let refuse = decide("refuseEmergency", "不同意应急查阅", "Refuse");
    let end = decide("endEmergency", "结束或撤回应急查阅", "End it, or take the request back");
    let open = Doc::new("openEmergency", "应急查阅", "Read the listing; it is put on record");
    Routes::new(clock)
        .add(
            (Method::GET, "/emergencies"),
            Operation::ReadEmergencies,
            list.paged().answers::<Listed<EmergencyBody>>(),
            listed,
        )
        .add((Method::GET, "/emergencies/{id}"), Operation::ReadEmergencies, read, one)
        .add(
            (Method::POST, "/emergencies"),
            Operation::AskEmergency,
            ask.body::<EmergencyForm>().creates(),
            request,
        )
        .add(
            (Method::POST, "/emergencies/{id}/confirm"),
            Operation::DecideEmergency,
            confirm,
            agree,
        )
        .add((Method::POST, "/emergencies/{id}/refuse"), Operation::DecideEmergency, refuse, deny)
        .add((Method::POST, "/emergencies/{id}/end"), Operation::AskEmergency, end, finish)
        .add(
            (Method::GET, "/emergencies/{id}/listing"),
            Operation::UseEmergency,
            open.answers::<OpenedBody>(),
            opened,
        )
}

/// A request to read one listing, and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Emergency")]
struct EmergencyBody {
    id: EmergencyId,
    state: EmergencyState,
    kind: Kind,
    /// Which listing.
    listing: Uuid,
    /// For how many minutes.
    minutes: i64,
    reason: String,
    asked_by: PersonId,
    asked_as: Role,
    asked_at: Moment,
    /// Until when a second person can decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<Moment>,
    /// Who decided, or ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Moment>,
    /// Until when it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_until: Option<Moment>,
}

/// The listing that was opened: its text, without whom to contact.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "OpenedListing")]
enum OpenedBody {
    Need(Box<ListingBody<NeedForm>>),
    Achievement(Box<ListingBody<AchievementForm>>),
}

async fn listed(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Paged>,
) -> Answer<Listed<EmergencyBody>> {
    let rows = db::emergencies::list(db.read(), asked.page).await?;
    let place = |it: &Emergency| ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, |it| EmergencyBody::new(&it, call.now))))
}

async fn one(State(db): State<Db>, call: Call, Path(id): Path<Emergency>) -> Answer<EmergencyBody> {
    let emergency = db::emergencies::get(db.read(), id).await?;
    Ok(Json(EmergencyBody::new(&emergency, call.now)))
}

async fn request(
    State(db): State<Db>,
    call: Call,
    key: IdempotencyKey,
    body: Body<EmergencyForm>,
) -> Result<Response, Problem> {
    let member = *call.member()?;
    call.once(&db, (key, body.fingerprint), async |tx| {
        let asked = Emergency::ask(EmergencyId::generate(), body.form, &member, call.now);
        match author(tx, &asked).await {
            Err(db::Error::NotFound) => {
                let fault = Fault::UnknownCode { table: "listings" };
                return Err(Faults::one("/listing", fault).into());
            }
            other => other?,
        };
        db::emergencies::insert(tx, &asked).await?;
        record(tx, &call, &asked).await?;
        let location = format!("/api/v1/emergencies/{}", asked.id);
        Created::new(location, None, &EmergencyBody::new(&asked, call.now))
    })
    .await
}

async fn agree(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Emergency>,
) -> Answer<EmergencyBody> {
    let member = *call.member()?;
    change(&db, &call, id, |it| it.confirm(&member, call.now)).await
}

async fn deny(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Emergency>,
) -> Answer<EmergencyBody> {
    let member = *call.member()?;
    change(&db, &call, id, |it| it.refuse(&member, call.now)).await
}

async fn finish(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Emergency>,
) -> Answer<EmergencyBody> {
    let person = call.member()?.person;
    change(&db, &call, id, |it| it.end(person, call.now)).await
}

async fn opened(State(db): State<Db>, call: Call, Path(id): Path<Emergency>) -> Answer<OpenedBody> {
    let emergency = db::emergencies::get(db.read(), id).await?;
    emergency.opens_to(call.member()?.person, call.now)?;
    let (kind, listing) = emergency.listing;
    let object = Some((kind.as_str(), listing));
    let line = call.line("", object, json!({ "emergency": emergency.id }));
    db.write(async |tx| db::audit::append(tx, line).await).await?;
    Ok(Json(match kind {
        Kind::Need => OpenedBody::Need(Box::new(text(&db, listing).await?)),
        Kind::Achievement => OpenedBody::Achievement(Box::new(text(&db, listing).await?)),
    }))
}

/// What the listing says. What nobody has submitted is its author's alone.
async fn text<F: Form>(db: &Db, id: Uuid) -> Result<ListingBody<F>, Problem> {
    let listing = db::listings::get::<F>(db.read(), Id::from_uuid(id)).await?;
    if listing.state() == ListingState::Draft {
        return Err(Problem::new(Code::WrongState));
    }
    let submitted = listing.revision().is_some_and(|it| it.state != ListingState::Draft);
    let revision = if submitted { View::Business } else { View::Nothing };
    let owners = Owners::of(db.read(), [listing.organisation]).await?;
    let sight = Sight { view: View::Business, revision, tie: Tie::None };
    ListingBody::new(&listing, sight, &owners)
}

/// Changes an emergency, puts on record what became of it, and tells the author if it was opened.
async fn change(
    db: &Db,
    call: &Call,
    id: EmergencyId,
    act: impl FnOnce(&mut Emergency) -> Result<(), Refused>,
) -> Answer<EmergencyBody> {
    let changed = db.write(async |tx| {
        let mut emergency = db::emergencies::get(tx, id).await?;
        act(&mut emergency)?;
        db::emergencies::save(tx, &mut emergency).await?;
        record(tx, call, &emergency).await?;
        if emergency.state(call.now) == EmergencyState::Open {
            tell(tx, &emergency, call.now).await?;
        }
        Ok::<_, Problem>(emergency)
    });
    Ok(Json(EmergencyBody::new(&changed.await?, call.now)))
}

async fn record(tx: &Tx, call: &Call, it: &Emergency) -> Result<(), Problem> {
    let (kind, listing) = it.listing;
    let detail = json!({ "emergency": it.id, "minutes": it.minutes });
    let object = Some((kind.as_str(), listing));
    let line = call.line(it.stored_state().as_str(), object, detail);
    Ok(db::audit::append(tx, line).await?)
}

/// Tells the author that somebody is let read what they wrote, and why.
async fn tell(tx: &Tx, it: &Emergency, now: DateTime<Utc>) -> Result<(), Problem> {
    let person = author(tx, it).await?;
    let subject = match it.listing.0 {
        Kind::Need => Subject::NeedOpened,
        Kind::Achievement => Subject::AchievementOpened,
    };
    let reason = it.reason.clone();
    let notice =
        Notice { id: Id::generate(), person, subject, object: it.listing.1, reason, at: now };
    Ok(db::notices::insert(tx, &notice).await?)
}

async fn author(tx: &Tx, it: &Emergency) -> db::Result<PersonId> {
    async fn of<F: Form>(tx: &Tx, id: Uuid) -> db::Result<PersonId> {
        let listing: Listing<F> = db::listings::get(tx, Id::from_uuid(id)).await?;
        Ok(listing.author)
    }
    match it.listing {
        (Kind::Need, id) => of::<NeedForm>(tx, id).await,
        (Kind::Achievement, id) => of::<AchievementForm>(tx, id).await,
    }
}

impl EmergencyBody {
    fn new(it: &Emergency, now: DateTime<Utc>) -> Self {
        let state = it.state(now);
        let decided = it.decided();
        Self {
            id: it.id,
            state,
            kind: it.listing.0,
            listing: it.listing.1,
            minutes: it.minutes,
            reason: it.reason.to_string(),
            asked_by: it.asked_by,
            asked_as: it.asked_as,
            asked_at: Moment(it.asked_at),
            waits_until: (state == EmergencyState::Asked).then(|| Moment(it.asked_at + WAITS)),
            decided_by: decided.map(|it| it.by),
            decided_at: decided.map(|it| Moment(it.at)),
            open_until: it.open_until().map(Moment),
        }
    }
}
