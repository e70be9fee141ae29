//! Needs and achievements: the same handlers serve both, with the form as their only difference.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use db::{Clock, Db, listings::Filter};
use domain::{
    Fault, Faults,
    days::Day,
    form::{Field, Object},
    listings::{
        Action, Form, Listing, ListingId, Number, Origin, ReviewForm, State as ListingState,
    },
    organisations::OrganisationId,
    policy::{Act, Operation},
};
use serde_json::{Value, json};

use crate::{
    Answer, App,
    call::Call,
    cursor::ById,
    extract::{self, Body, IdempotencyKey, IfMatch, Path, Query, has_already},
    once::{Created, Tagged},
    page::{self, Limit, Listed},
    problem::Problem,
    routes::{Doc, Routes},
};

mod body;
mod change;
mod history;
mod leaks;
mod reading;
mod trust;

pub(crate) use body::{CardBody, ListingBody, Owner, Owners, Sight, may_read, pruned, shown};
use change::{Changed, change, remove_draft, review};
pub(crate) use reading::{Extent, Reading};

/// How the description calls the listings of a kind.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    /// In the names of operations: `Need`.
    pub(crate) id: &'static str,
    /// In Chinese: 需求.
    pub(crate) zh: &'static str,
    /// In English and in addresses: `need`.
    pub(crate) en: &'static str,
}

impl Names {
    fn doc(self, verb: &str, chinese: &str, english: &str) -> Doc {
        let Self { id, zh, en } = self;
        Doc::new(format!("{verb}{id}"), format!("{zh}：{chinese}"), format!("{english} ({en})"))
    }
}

/// Every route of a kind.
pub(crate) fn routes<F: Form>(clock: Clock, names: Names) -> Routes {
    let base = format!("/{}s", names.en);
    let one = format!("{base}/{{id}}");
    let routes = Routes::new(clock);
    let routes = shelf_routes::<F>(routes, &base, names);
    let routes = working_copy_routes::<F>(routes, &one, names);
    let routes = review_routes::<F>(routes, &one, names);
    let routes = life_routes::<F>(routes, &one, names);
    let routes = trust::add_routes::<F>(routes, &one, names);
    let routes = leaks::add_routes::<F>(routes, &one, names);
    history::add_routes::<F>(routes, &one, names)
}

fn op<F: Form>(act: Act) -> Operation {
    Operation::Listing(F::KIND, act)
}

fn answering<F: Form>(doc: Doc) -> Doc {
    doc.answers::<ListingBody<F>>().tagged()
}

fn shelf_routes<F: Form>(routes: Routes, base: &str, names: Names) -> Routes {
    let list_doc = names
        .doc("list", "列表", "Those one may know of, the newest first")
        .query::<OrganisationId>("organisation", "单位 · of this organisation")
        .query::<String>("state", "状态，逗号分隔 · states, with commas between them")
        .paged()
        .answers::<Listed<CardBody>>();
    let create_doc = names.doc("create", "新建草稿", "Begin a draft").body::<F>().creates();
    let read_doc = names.doc("read", "查看", "Read");
    routes
        .add((Method::GET, base), op::<F>(Act::List), list_doc, list::<F>)
        .add((Method::POST, base), op::<F>(Act::Create), answering::<F>(create_doc), create::<F>)
        .add(
            (Method::GET, &format!("{base}/{{id}}")),
            op::<F>(Act::Read),
            answering::<F>(read_doc),
            read::<F>,
        )
}

fn working_copy_routes<F: Form>(routes: Routes, one: &str, names: Names) -> Routes {
    let write_doc = names.doc(
        "write",
        "修改（已发布的内容在审核通过前不变）",
        "Write the working copy; what is published stays until the change is approved",
    );
    let delete_doc =
        names.doc("delete", "删除从未发布的草稿", "Delete a draft that was never published");
    let discard_doc =
        names.doc("discardRevisionOf", "放弃正在修改的版本", "Drop the change on its way");
    let adopt_doc = names.doc("adopt", "接手同事的内容", "Become the author of a colleague's");
    routes
        .add(
            (Method::PUT, one),
            op::<F>(Act::Write),
            answering::<F>(write_doc.body::<F>().edits()),
            write::<F>,
        )
        .add(
            (Method::DELETE, one),
            op::<F>(Act::Write),
            delete_doc.edits().answers_nothing(),
            delete::<F>,
        )
        .add(
            (Method::DELETE, &format!("{one}/revision")),
            op::<F>(Act::Write),
            answering::<F>(discard_doc.edits()),
            discard::<F>,
        )
        .add(
            (Method::POST, &format!("{one}/adopt")),
            op::<F>(Act::Adopt),
            answering::<F>(adopt_doc),
            adopt::<F>,
        )
}

fn review_routes<F: Form>(routes: Routes, one: &str, names: Names) -> Routes {
    let retract_doc = names.doc("retract", "撤回提交", "Take a submission back");
    let review_doc = names.doc("review", "审核", "Decide on a submission").body::<ReviewForm>();
    routes
        .add(
            (Method::POST, &format!("{one}/retract")),
            op::<F>(Act::Write),
            answering::<F>(retract_doc),
            |db, call, path| run::<F>(Step::Retract, db, call, path),
        )
        .add(
            (Method::POST, &format!("{one}/review")),
            op::<F>(Act::Review),
            answering::<F>(review_doc.edits()),
            review::<F>,
        )
}

const LIFE: [(Action, &str, &str, &str); 6] = [
    (Action::Pause, "pause", "暂停发布", "Stop offering it for a while"),
    (Action::Resume, "resume", "恢复发布", "Offer it again"),
    (Action::Withdraw, "withdraw", "撤回发布", "Take it back"),
    (Action::Close, "close", "结束", "End it"),
    (Action::Renew, "renew", "续期十二个月", "Offer it for twelve months from today"),
    (Action::Reopen, "reopen", "重新编辑", "Begin again as a draft"),
];

fn life_routes<F: Form>(mut routes: Routes, one: &str, names: Names) -> Routes {
    for (action, name, chinese, english) in LIFE {
        routes = routes.add(
            (Method::POST, &format!("{one}/{name}")),
            op::<F>(Act::Run),
            answering::<F>(names.doc(name, chinese, english)),
            move |db, call, path| run::<F>(Step::Act(action), db, call, path),
        );
    }
    routes
}

/// What can be done to a listing without a body.
#[derive(Clone, Copy, Debug)]
enum Step {
    Retract,
    Act(Action),
}

async fn create<F: Form>(
    State(app): State<App>,
    call: Call,
    key: IdempotencyKey,
    body: Body<F>,
) -> Result<Response, Problem> {
    let member = *call.member()?;
    call.once(&app.db, (key, body.fingerprint), async |tx| {
        let day = Day::at(call.now);
        let count = db::listings::take_numbers(tx, F::KIND, day, 1).await?.start;
        let number = Number::new(&app.office.prefix, F::KIND, day, count);
        let (organisation, author) = (member.organisation, member.person);
        let origin = Origin { organisation, author, external_id: None };
        let draft = Listing::draft(ListingId::generate(), number, origin, body.form, call.now);
        db::listings::insert(tx, &draft).await?;
        let object = Some((F::KIND.as_str(), draft.id.as_uuid()));
        db::audit::append(tx, call.line("", object, json!({ "number": draft.number }))).await?;
        let (sight, tag) = shown(tx, call.principal(), &draft).await?;
        let owners = Owners::of(tx, [organisation]).await?;
        let location = format!("/api/v1/{}s/{}", F::KIND, draft.id);
        Created::new(location, Some(tag), &ListingBody::new(&draft, sight, &owners)?)
    })
    .await
}

async fn list<F: Form>(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Asked>,
) -> Answer<Listed<CardBody>> {
    let principal = call.principal();
    let rows = db::listings::list::<F>(db.read(), principal, &asked.filter, asked.page).await?;
    let ids: Vec<_> = rows.iter().map(|it| it.id.as_uuid()).collect();
    let ties = db::ties::of(db.read(), principal, &ids).await?;
    let sight = |it: &Listing<F>| Sight::of(principal, it, ties.to(it.id.as_uuid()));
    let shown = rows
        .iter()
        .fold(Reading::new(), |reading, it| reading.of(&call, it, sight(it), Extent::Short));
    shown.note(&db).await?;
    let owners = Owners::of(db.read(), rows.iter().map(|it| it.organisation)).await?;
    let card = |it: Listing<F>| {
        let sight = sight(&it);
        CardBody::new(&it, sight, &owners)
    };
    let place = |it: &Listing<F>| ById(it.id.as_uuid()).encode();
    Ok(Json(asked.limit.cut(rows, place, card)))
}

async fn read<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let listing = db::listings::get::<F>(db.read(), id).await?;
    let (sight, tag) = shown(db.read(), call.principal(), &listing).await?;
    Reading::new().of(&call, &listing, sight, Extent::Whole).note(&db).await?;
    if has_already(&method, &headers, &tag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let owners = Owners::of(db.read(), [listing.organisation]).await?;
    let body = ListingBody::new(&listing, sight, &owners)?;
    Ok(Tagged { tag, body }.into_response())
}

async fn write<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    expected: IfMatch,
    body: Body<F>,
) -> Changed<F> {
    change(&db, &call, (id, Some(expected)), |it| Ok(it.edit(body.form, call.now)?)).await
}

async fn discard<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    expected: IfMatch,
) -> Changed<F> {
    change(&db, &call, (id, Some(expected)), |it| Ok(it.discard_revision(call.now)?)).await
}

async fn run<F: Form>(
    step: Step,
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Changed<F> {
    change(&db, &call, (id, None), |it| match step {
        Step::Retract => Ok(it.retract(call.now)?),
        Step::Act(action) => Ok(it.act(action, call.now)?),
    })
    .await
}

async fn adopt<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Changed<F> {
    let person = call.member()?.person;
    change(&db, &call, (id, None), |it| {
        it.author = person;
        Ok(())
    })
    .await
}

async fn delete<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    expected: IfMatch,
) -> Result<StatusCode, Problem> {
    remove_draft::<F>(&db, &call, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

struct Asked {
    filter: Filter,
    limit: Limit,
    page: db::Page,
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let organisation = query.optional("organisation");
        let names = query.optional::<extract::Names>("state").map_or(Vec::new(), |it| it.0);
        let mut states = Vec::new();
        for name in names {
            match ListingState::named(&name) {
                Some(state) => states.push(state),
                None => query.fault("state", Fault::UnknownCode { table: "listing_state" }),
            }
        }
        let (limit, page) = page::read(&mut query);
        query.close();
        Some(Self { filter: Filter { organisation, states }, limit, page })
    }
}
