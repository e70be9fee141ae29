//! The matchmaker's queue: suggested pairs, why they were suggested, and what is made of them.

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db, Tx, pairs::Queue};
use domain::{
    achievements::{Achievement, AchievementForm},
    days::Day,
    needs::{Need, NeedForm},
    pairs::{DeferForm, GradeForm, Pair, PairId},
    people::PersonId,
    policy::{Object, Operation, Principal, Tie, View},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Answer,
    call::Call,
    extract::{Body, Path, Query},
    listings::{Extent, Owners, Reading, Sight},
    page::Listed,
    problem::Problem,
    routes::{Doc, Routes},
};

mod body;
mod places;
mod queue;
mod verdicts;

use body::{PairBody, PairDetail, QueueBody, StepBody};
use queue::Asked;

pub(crate) fn routes(clock: Clock) -> Routes {
    let work = Operation::WorkPair;
    let doc = |id, chinese, english| Doc::new(id, chinese, english).answers::<PairBody>();
    Routes::new(clock)
        .add((Method::GET, "/pairs"), Operation::ListPairs, queue::doc(), list)
        .add(
            (Method::GET, "/pairs/{id}"),
            Operation::ReadPair,
            Doc::new("readPair", "一对推荐：双方全文与推荐理由", "A pair: both texts, and why")
                .answers::<PairDetail>(),
            read,
        )
        .add(
            (Method::GET, "/pairs/{id}/log"),
            Operation::ReadPairLog,
            Doc::new("readPairLog", "办理记录", "What was done to a pair, the oldest first")
                .answers::<Listed<StepBody>>(),
            log,
        )
        .add(
            (Method::POST, "/pairs/{id}/take"),
            work,
            doc("takePair", "领取", "Take a pair, so that nobody else grades it meanwhile"),
            take,
        )
        .add(
            (Method::POST, "/pairs/{id}/release"),
            work,
            doc("releasePair", "放回队列", "Give a pair back to the queue"),
            release,
        )
        .add(
            (Method::POST, "/pairs/{id}/grade"),
            work,
            doc(
                "gradePair",
                "评级（弱、无须注明原因）",
                "Grade a pair; weak and unrelated need a reason",
            )
            .body::<GradeForm>(),
            verdicts::grade,
        )
        .add(
            (Method::POST, "/pairs/{id}/defer"),
            work,
            doc("deferPair", "延后到某日", "Put a pair off until a day").body::<DeferForm>(),
            defer,
        )
}

async fn list(State(db): State<Db>, call: Call, Query(asked): Query<Asked>) -> Answer<QueueBody> {
    let me = call.member()?.person;
    let queue: Queue = asked.queue(me);
    let rows = db::pairs::queue(db.read(), me, &queue).await?;
    let needs: Vec<Uuid> = rows.iter().map(|it| it.pair.sides.need.as_uuid()).collect();
    let achievements: Vec<Uuid> =
        rows.iter().map(|it| it.pair.sides.achievement.as_uuid()).collect();
    let shown = Reading::new().titles::<NeedForm>(&db, &call, &needs).await?;
    shown.titles::<AchievementForm>(&db, &call, &achievements).await?.note(&db).await?;
    // Counting looks at every pair there is: once, not with each page.
    let counts = match queue.after {
        None => Some(db::pairs::counts(db.read(), me).await?),
        Some(_) => None,
    };
    let sides = rows.iter().flat_map(|it| [it.need.organisation, it.achievement.organisation]);
    let owners = Owners::of(db.read(), sides).await?;
    let page = asked.limit.cut(rows, queue::place, |it| PairBody::of_entry(&it, me, &owners));
    Ok(Json(QueueBody::new(page, counts)))
}

async fn read(State(db): State<Db>, call: Call, Path(id): Path<Pair>) -> Answer<PairDetail> {
    let me = call.member()?.person;
    let seen = Seen::get(db.read(), call.principal(), id).await?;
    seen.reading(&call).note(&db).await?;
    let owners = seen.owners(db.read()).await?;
    Ok(Json(PairDetail::new(&seen, (call.principal(), me), &owners)?))
}

async fn log(State(db): State<Db>, call: Call, Path(id): Path<Pair>) -> Answer<Listed<StepBody>> {
    Seen::get(db.read(), call.principal(), id).await?;
    let lines = db::audit::of_object(db.read(), id.as_uuid()).await?;
    Ok(Json(Listed { items: lines.into_iter().map(StepBody::from).collect(), next: None }))
}

async fn take(State(db): State<Db>, call: Call, Path(id): Path<Pair>) -> Answer<PairBody> {
    work(&db, &call, id, |it, me| Ok(it.take(me)?)).await
}

async fn release(State(db): State<Db>, call: Call, Path(id): Path<Pair>) -> Answer<PairBody> {
    work(&db, &call, id, |it, me| Ok(it.release(me)?)).await
}

async fn defer(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Pair>,
    body: Body<DeferForm>,
) -> Answer<PairBody> {
    work(&db, &call, id, |it, me| Ok(it.defer(&body.form, me, Day::at(call.now))?)).await
}

/// Does something to a pair, in one transaction with its audit line.
///
/// Two matchmakers at once: the second to save is told that someone else was quicker.
async fn work(
    db: &Db,
    call: &Call,
    id: PairId,
    what: impl FnOnce(&mut Pair, PersonId) -> Result<(), Problem>,
) -> Answer<PairBody> {
    let me = call.member()?.person;
    let seen = db.write(async |tx: &Tx| changed(tx, call, id, what).await).await?;
    let owners = seen.owners(db.read()).await?;
    Ok(Json(PairBody::of(&seen, me, &owners)))
}

/// Does something to a pair, and writes the audit line.
async fn changed(
    tx: &Tx,
    call: &Call,
    id: PairId,
    what: impl FnOnce(&mut Pair, PersonId) -> Result<(), Problem>,
) -> Result<Seen, Problem> {
    let me = call.member()?.person;
    let mut seen = Seen::get(tx, call.principal(), id).await?;
    call.may(&Object::between(seen.need.organisation, seen.achievement.organisation))?;
    // A verdict on another pair of the need may be about to change this one.
    db::pairs::hold(tx, seen.pair.sides.need).await?;
    seen.pair = db::pairs::get(tx, id).await?;
    let before = seen.pair.clone();
    what(&mut seen.pair, me)?;
    if seen.pair == before {
        return Ok(seen);
    }
    db::pairs::save(tx, &mut seen.pair).await?;
    let grade = seen.pair.verdict().map(|it| it.form.grade);
    let object = Some(("pair", id.as_uuid()));
    let line = call.line(seen.pair.state().as_str(), object, json!({ "grade": grade }));
    db::audit::append(tx, line).await?;
    Ok(seen)
}

/// A pair with both of its sides, both of which the reader may read; or may at least know of, if it
/// is the matchmaker who took the pair.
pub(crate) struct Seen {
    pub(crate) pair: Pair,
    pub(crate) need: Need,
    pub(crate) achievement: Achievement,
    /// How much of need and achievement the reader may see.
    pub(crate) views: (View, View),
}

impl Seen {
    pub(crate) async fn get(
        conn: &impl db::Conn,
        reader: &Principal,
        id: PairId,
    ) -> Result<Self, Problem> {
        let pair = db::pairs::get(conn, id).await?;
        let need = db::listings::get(conn, pair.sides.need).await?;
        let achievement = db::listings::get(conn, pair.sides.achievement).await?;
        // Nothing else binds a matchmaker to a listing.
        let tie = Tie::None;
        let views = (Sight::of(reader, &need, tie).view, Sight::of(reader, &achievement, tie).view);
        let me = reader.member().map(|it| it.person);
        let worked_on = me.is_some() && pair.taken_by() == me;
        let least = if worked_on { View::Metadata } else { View::Business };
        if views.0.min(views.1) < least {
            return Err(Problem::hidden());
        }
        Ok(Self { pair, need, achievement, views })
    }

    /// Both texts are to be shown.
    fn reading(&self, call: &Call) -> Reading {
        let reader = call.principal();
        let (need, achievement) = (&self.need, &self.achievement);
        let need_sight = Sight::of(reader, need, Tie::None);
        let sight = Sight::of(reader, achievement, Tie::None);
        let reading = Reading::new().of(call, need, need_sight, Extent::Whole);
        reading.of(call, achievement, sight, Extent::Whole)
    }

    async fn owners(&self, conn: &impl db::Conn) -> db::Result<Owners> {
        Owners::of(conn, [self.need.organisation, self.achievement.organisation]).await
    }
}
