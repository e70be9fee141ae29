//! The thesaurus: which words find one another. Staff keep it, and see what a change would do before
//! they save it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};
use db::{
    Clock, Db, Tx,
    jobs::{self, Priority},
};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    people::PersonId,
    policy::Operation,
    thesaurus::{Group, GroupForm, GroupId, MOST, Word},
};
use schemars::JsonSchema;
use search::{Engine, thesaurus::Containing};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{
    Answer, App,
    call::Call,
    cursor::ById,
    extract::{Body, IdempotencyKey, IfMatch, Path, Query},
    moment::Moment,
    once::{Created, Tagged},
    page::{self, Limit, Listed},
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

mod preview;

pub(crate) fn routes(clock: Clock) -> Routes {
    let doc = |id, chinese, english| Doc::new(id, chinese, english);
    let list = doc("listSynonyms", "同义词表", "The thesaurus, the newest groups first")
        .query::<Word>("word", "含有该词的词组 · groups in which this word stands");
    let read = doc("readSynonyms", "查看同义词组", "One group");
    let create = doc("createSynonyms", "新增同义词组", "Write a new group");
    let edit = doc("editSynonyms", "修改同义词组", "Change a group");
    let delete = doc("deleteSynonyms", "删除同义词组", "Remove a group");
    let shelf = "/thesaurus";
    let one = "/thesaurus/{id}";
    Routes::new(clock.clone())
        .add(
            (Method::GET, shelf),
            Operation::ReadThesaurus,
            list.paged().answers::<Listed<GroupBody>>(),
            listed,
        )
        .add(
            (Method::GET, one),
            Operation::ReadThesaurus,
            read.answers::<GroupBody>().tagged(),
            shown,
        )
        .add(
            (Method::POST, shelf),
            Operation::EditThesaurus,
            create.body::<GroupForm>().answers::<GroupBody>().creates().tagged(),
            write,
        )
        .add(
            (Method::PUT, one),
            Operation::EditThesaurus,
            edit.body::<GroupForm>().answers::<GroupBody>().edits().tagged(),
            change,
        )
        .add(
            (Method::DELETE, one),
            Operation::EditThesaurus,
            delete.edits().answers_nothing(),
            remove,
        )
        .merge(preview::routes(clock))
}

/// A synonym group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "SynonymGroup")]
struct GroupBody {
    id: GroupId,
    #[serde(flatten)]
    form: GroupForm,
    /// Who wrote it or changed it last; nobody where it was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<PersonId>,
    changed_at: Moment,
}

/// How many needs are matched again one by one when a group changes. Beyond that all of them are.
const EACH: usize = 500;

async fn listed(State(db): State<Db>, Query(asked): Query<Asked>) -> Answer<Listed<GroupBody>> {
    let rows = db::thesaurus::list(db.read(), asked.word.as_ref(), asked.page).await?;
    Ok(Json(asked.limit.cut(rows, |it| ById(it.id.as_uuid()).encode(), GroupBody::new)))
}

async fn shown(State(db): State<Db>, Path(id): Path<Group>) -> Result<Tagged<GroupBody>, Problem> {
    Ok(tagged(db::thesaurus::get(db.read(), id).await?))
}

async fn write(
    State(App { db, engine, .. }): State<App>,
    call: Call,
    key: IdempotencyKey,
    body: Body<GroupForm>,
) -> Result<Response, Problem> {
    let by = call.member()?.person;
    let touched = touched(&engine, &[&body.form]).await?;
    call.once(&db, (key, body.fingerprint), async |tx| {
        db::thesaurus::revise(tx).await?;
        if db::thesaurus::count(tx).await? >= MOST {
            return Err(Problem::new(Code::LimitReached));
        }
        alone(tx, &body.form, None).await?;
        let group = Group::new(GroupId::generate(), body.form, Some(by), call.now);
        db::thesaurus::insert_all(tx, std::slice::from_ref(&group)).await.map_err(overtaken)?;
        follow(tx, &call, ("create", group.id), &touched).await?;
        let location = format!("/api/v1/thesaurus/{}", group.id);
        Created::new(location, Some(tag(&group)), &GroupBody::new(group))
    })
    .await
}

async fn change(
    State(App { db, engine, .. }): State<App>,
    call: Call,
    Path(id): Path<Group>,
    expected: IfMatch,
    body: Body<GroupForm>,
) -> Result<Tagged<GroupBody>, Problem> {
    let by = call.member()?.person;
    let before = db::thesaurus::get(db.read(), id).await?;
    expected.check(&tag(&before))?;
    let touched = touched(&engine, &[&before.form, &body.form]).await?;
    let changed = db.write(async |tx| {
        db::thesaurus::revise(tx).await?;
        let mut group = db::thesaurus::get(tx, id).await?;
        expected.check(&tag(&group))?;
        alone(tx, &body.form, Some(id)).await?;
        group.change(body.form, by, call.now);
        db::thesaurus::save(tx, &mut group).await.map_err(overtaken)?;
        follow(tx, &call, ("change", id), &touched).await?;
        Ok::<_, Problem>(group)
    });
    Ok(tagged(changed.await?))
}

async fn remove(
    State(App { db, engine, .. }): State<App>,
    call: Call,
    Path(id): Path<Group>,
    expected: IfMatch,
) -> Result<StatusCode, Problem> {
    let before = db::thesaurus::get(db.read(), id).await?;
    expected.check(&tag(&before))?;
    let touched = touched(&engine, &[&before.form]).await?;
    let removed = db.write(async |tx| {
        db::thesaurus::revise(tx).await?;
        let group = db::thesaurus::get(tx, id).await?;
        expected.check(&tag(&group))?;
        db::thesaurus::remove(tx, &group).await.map_err(overtaken)?;
        follow(tx, &call, ("delete", id), &touched).await
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses words that stand in another group that goes both ways, each at its place.
async fn alone(tx: &Tx, form: &GroupForm, but: Option<GroupId>) -> Result<(), Problem> {
    if !form.goes_both_ways() {
        return Ok(());
    }
    let elsewhere = db::thesaurus::mutual(tx, &form.words, but).await?;
    let mut faults = Faults::default();
    for (place, word) in form.words.iter().enumerate() {
        if let Some((_, group)) = elsewhere.iter().find(|(key, _)| key == word.key()) {
            let fault = Fault::InAnotherGroup { group: group.as_uuid() };
            faults.push(format!("/words/{place}"), fault);
        }
    }
    Ok(faults.or(())?)
}

fn overtaken(err: db::Error) -> Problem {
    Problem::of_save(err, Code::Stale)
}

/// The needs that a change of some groups touches, or nothing where they are too many, or cannot be
/// told since the index is being made.
async fn touched(engine: &Engine, forms: &[&GroupForm]) -> Result<Option<Vec<Uuid>>, Problem> {
    let Ok(reader) = engine.reader() else { return Ok(None) };
    let words: Arc<[Word]> = forms.iter().flat_map(|it| it.words.clone()).collect();
    let found = spawn_blocking(move || reader.needs_with(&*words, EACH)).await??;
    let Containing { total, ids } = found;
    Ok((total <= ids.len()).then_some(ids))
}

/// Has the needs matched again that a change touches, and puts the change on record.
async fn follow(
    tx: &Tx,
    call: &Call,
    (what, group): (&str, GroupId),
    touched: &Option<Vec<Uuid>>,
) -> Result<(), Problem> {
    match touched {
        Some(needs) => {
            let bulk = (Priority::Bulk, call.now);
            jobs::enqueue_all(tx, jobs::Kind::MatchNeed, needs, bulk).await?;
        }
        None => jobs::enqueue(tx, jobs::Kind::MatchAll, Uuid::nil(), call.now).await?,
    }
    let detail = json!({ "needs": touched.as_ref().map(Vec::len) });
    let line = call.line(what, Some(("synonym_group", group.as_uuid())), detail);
    Ok(db::audit::append(tx, line).await?)
}

fn tag(group: &Group) -> String {
    format!("\"{}\"", group.version)
}

fn tagged(group: Group) -> Tagged<GroupBody> {
    Tagged { tag: tag(&group), body: GroupBody::new(group) }
}

impl GroupBody {
    fn new(it: Group) -> Self {
        let Group { id, form, changed_by, changed_at, .. } = it;
        Self { id, form, changed_by, changed_at: Moment(changed_at) }
    }
}

struct Asked {
    word: Option<Word>,
    limit: Limit,
    page: db::Page,
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let word = query.optional("word");
        let (limit, page) = page::read(&mut query);
        query.close();
        Some(Self { word, limit, page })
    }
}
