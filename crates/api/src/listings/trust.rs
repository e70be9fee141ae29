use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use db::{Db, Tx};
use domain::{
    Fault, Faults, Id,
    form::{Field, Object as Fields},
    listings::{Action, Form, Kind, Listing},
    notices::{Notice, Subject},
    people::{Person, PersonId, Role, State as PersonState},
    policy::{Act, Object},
    text::Text,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Names, answering,
    change::{Changed, answer, close, open},
    op, shown,
};
use crate::{
    Answer,
    call::Call,
    extract::{Body, Path},
    people::ColleagueBody,
    problem::{Code, Problem},
    routes::Routes,
};

/// Adds the routes by which a listing is put into other hands, or taken off the shelf.
pub(super) fn add_routes<F: Form>(routes: Routes, one: &str, names: Names) -> Routes {
    let hide = names.doc("hide", "下架并说明原因", "Stop offering it, and say why");
    let list = names.doc("listReadersOf", "指定可见的同事", "The colleagues who were named");
    let name = names.doc("nameReadersOf", "指定可见的同事", "Name colleagues who may read it");
    let reassign = names.doc(
        "reassign",
        "作者停用后改由同事负责",
        "Give it to a colleague when its author is no longer there",
    );
    let entrust = names.doc(
        "entrust",
        "改派经纪人",
        "Name another matchmaker when the responsible one is no longer there",
    );
    routes
        .add(
            (Method::POST, &format!("{one}/hide")),
            op::<F>(Act::Hide),
            answering::<F>(hide.body::<HideForm>()),
            take_down::<F>,
        )
        .add(
            (Method::GET, &format!("{one}/readers")),
            op::<F>(Act::NameReaders),
            list.answers::<ReadersBody>(),
            readers::<F>,
        )
        .add(
            (Method::PUT, &format!("{one}/readers")),
            op::<F>(Act::NameReaders),
            name.body::<ReadersForm>().answers::<ReadersBody>(),
            name_readers::<F>,
        )
        .add(
            (Method::POST, &format!("{one}/reassign")),
            op::<F>(Act::Reassign),
            reassign.body::<PersonForm>().answers_nothing(),
            give_to_colleague::<F>,
        )
        .add(
            (Method::POST, &format!("{one}/matchmaker")),
            op::<F>(Act::Entrust),
            entrust.body::<PersonForm>().answers_nothing(),
            give_to_matchmaker::<F>,
        )
}

/// Why a listing is no longer offered.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct HideForm {
    /// What the author is told.
    reason: Text<2, 500>,
}

/// Which colleagues may read a listing.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ReadersForm {
    /// These and nobody else.
    people: Vec<PersonId>,
}

/// Who is to look after a listing.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PersonForm {
    person: PersonId,
}

/// The colleagues who may read a listing.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Readers")]
struct ReadersBody {
    people: Vec<ColleagueBody>,
}

/// Takes a listing off the shelf. Its author is told why, may change it and submit it again.
async fn take_down<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    body: Body<HideForm>,
) -> Changed<F> {
    let reason = body.form.reason;
    let hidden = db
        .write(async |tx| {
            let mut opened = open::<F>(tx, &call, id, None).await?;
            opened.listing.act(Action::Hide, call.now)?;
            let notice = Notice {
                id: Id::generate(),
                person: opened.listing.author,
                subject: hidden_subject(F::KIND),
                object: id.as_uuid(),
                reason,
                at: call.now,
            };
            db::notices::insert(tx, &notice).await?;
            close(tx, &call, opened, json!({ "hidden": true })).await
        })
        .await?;
    answer(&db, &call, &hidden).await
}

const fn hidden_subject(kind: Kind) -> Subject {
    match kind {
        Kind::Need => Subject::NeedHidden,
        Kind::Achievement => Subject::AchievementHidden,
    }
}

async fn readers<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Answer<ReadersBody> {
    let listing = db::listings::get::<F>(db.read(), id).await?;
    shown(db.read(), call.principal(), &listing).await?;
    call.may(&Object::of(listing.organisation, listing.author))?;
    let named = db::readers::list(db.read(), id.as_uuid()).await?;
    let people = db::people::several(db.read(), &named).await?;
    Ok(Json(ReadersBody { people: people.iter().map(ColleagueBody::new).collect() }))
}

async fn name_readers<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    body: Body<ReadersForm>,
) -> Answer<ReadersBody> {
    let named = body.form.people;
    let people = db.write(async |tx| {
        let listing = db::listings::get::<F>(tx, id).await?;
        shown(tx, call.principal(), &listing).await?;
        call.may(&Object::of(listing.organisation, listing.author))?;
        let people = db::people::several(tx, &named).await?;
        let mut faults = Faults::default();
        for (at, named) in named.iter().enumerate() {
            let known = people.iter().any(|it| it.id == *named && writes(it, &listing));
            if !known {
                faults.push(format!("/people/{at}"), Fault::UnknownCode { table: "people" });
            }
        }
        faults.or(())?;
        db::readers::replace(tx, id.as_uuid(), &named).await?;
        let object = Some((F::KIND.as_str(), id.as_uuid()));
        db::audit::append(tx, call.line("", object, json!({ "people": named }))).await?;
        Ok::<_, Problem>(people)
    });
    let people = people.await?;
    Ok(Json(ReadersBody { people: people.iter().map(ColleagueBody::new).collect() }))
}

async fn give_to_colleague<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    body: Body<PersonForm>,
) -> Result<StatusCode, Problem> {
    db.write(async |tx| {
        let mut listing = db::listings::get::<F>(tx, id).await?;
        call.may(&Object::of(listing.organisation, listing.author))?;
        let (before, after) = (listing.author, body.form.person);
        if writes(&db::people::get(tx, before).await?, &listing) {
            return Err(Problem::new(Code::WrongState));
        }
        found(tx, after, |it| writes(it, &listing)).await?;
        listing.author = after;
        put_into_hands(tx, &call, listing, json!({ "from": before, "to": after })).await
    })
    .await
}

async fn give_to_matchmaker<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    body: Body<PersonForm>,
) -> Result<StatusCode, Problem> {
    db.write(async |tx| {
        let mut listing = db::listings::get::<F>(tx, id).await?;
        call.may(&Object::of(listing.organisation, listing.author))?;
        let after = body.form.person;
        let Some(before) = listing.matchmaker else { return Err(Problem::new(Code::WrongState)) };
        if looks_after(&db::people::get(tx, before).await?, &listing) {
            return Err(Problem::new(Code::WrongState));
        }
        found(tx, after, |it| looks_after(it, &listing)).await?;
        listing.matchmaker = Some(after);
        put_into_hands(tx, &call, listing, json!({ "from": before, "to": after })).await
    })
    .await
}

async fn put_into_hands<F: Form>(
    tx: &Tx,
    call: &Call,
    mut listing: Listing<F>,
    detail: Value,
) -> Result<StatusCode, Problem> {
    db::listings::save(tx, &mut listing).await?;
    let object = Some((F::KIND.as_str(), listing.id.as_uuid()));
    db::audit::append(tx, call.line("", object, detail)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a person who is not there or will not do.
async fn found(
    tx: &Tx,
    person: PersonId,
    fits: impl FnOnce(&Person) -> bool,
) -> Result<(), Problem> {
    let people = db::people::several(tx, &[person]).await?;
    if people.first().is_some_and(fits) {
        return Ok(());
    }
    Err(Faults::one("/person", Fault::UnknownCode { table: "people" }).into())
}

/// Whether someone can be the author of a listing, or a colleague who reads it.
fn writes<F: Form>(person: &Person, listing: &Listing<F>) -> bool {
    let role = match F::KIND {
        Kind::Need => Role::Enterprise,
        Kind::Achievement => Role::Research,
    };
    let active = person.state == PersonState::Active;
    active && person.role == role && person.organisation == listing.organisation
}

/// Whether someone can be responsible for a listing: nobody is for their own organisation's.
fn looks_after<F: Form>(person: &Person, listing: &Listing<F>) -> bool {
    let active = person.state == PersonState::Active && person.role == Role::Matchmaker;
    active && person.organisation != listing.organisation
}

impl Field for HideForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Fields::open(value, at, faults)?;
        let reason = object.required("reason");
        object.close();
        Some(Self { reason: reason? })
    }
}

impl Field for ReadersForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Fields::open(value, at, faults)?;
        let people = object.has("people").then(|| object.set("people", 50));
        if people.is_none() {
            object.fault("people", Fault::Missing);
        }
        object.close();
        Some(Self { people: people? })
    }
}

impl Field for PersonForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Fields::open(value, at, faults)?;
        let person = object.required("person");
        object.close();
        Some(Self { person: person? })
    }
}
