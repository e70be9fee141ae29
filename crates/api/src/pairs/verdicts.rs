//! A verdict, and what it does at once to the other pairs of the need.
//!
//! How alike the achievements are is found out before the transaction, since it takes reading and
//! some computing. The verdicts themselves are read in the transaction of the new one, which holds
//! the need: of two at once the second sees the first.

use axum::{Json, extract::State};
use db::{Tx, jobs};
use domain::{
    achievements::{AchievementForm, AchievementId},
    listings::Kind,
    needs::NeedId,
    pairs::{GradeForm, Pair, PairId, rerank},
};
use search::{
    Entry,
    matching::{Likeness, MATCHER},
};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{body::PairBody, changed};
use crate::{
    Answer, App,
    call::Call,
    extract::{Body, Path},
    problem::Problem,
};

pub(super) async fn grade(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Pair>,
    body: Body<GradeForm>,
) -> Answer<PairBody> {
    let me = call.member()?.person;
    let likeness = likeness(&app, id).await?;
    let form = body.form;
    let seen = app
        .db
        .write(async |tx: &Tx| {
            let seen = changed(tx, &call, id, |it, me| Ok(it.grade(form, me, call.now)?)).await?;
            learn(tx, (seen.pair.sides.need, call.now), likeness.as_ref()).await?;
            Ok::<_, Problem>(seen)
        })
        .await?;
    let owners = seen.owners(app.db.read()).await?;
    Ok(Json(PairBody::of(&seen, me, &owners)))
}

/// How alike the achievements are that stand in line with this pair. Nothing where there is no such
/// pair, which is found out again where it is to be answered, or no index.
async fn likeness(app: &App, id: PairId) -> Result<Option<Likeness>, Problem> {
    let pair = match db::pairs::get(app.db.read(), id).await {
        Err(db::Error::NotFound) => return Ok(None),
        other => other?,
    };
    let Ok(reader) = app.engine.reader() else { return Ok(None) };
    let need = pair.sides.need.as_uuid();
    let pairs = db::pairs::of_listing(app.db.read(), Kind::Need, need).await?;
    let ids: Vec<Uuid> = pairs.iter().map(|it| it.sides.achievement.as_uuid()).collect();
    let found = db::listings::several::<AchievementForm>(app.db.read(), &ids).await?;
    let entries: Vec<Entry> = found.iter().map(Entry::of).collect();
    let weighed = spawn_blocking(move || reader.likeness(&entries)).await;
    match weighed {
        Ok(Ok(likeness)) => Ok(Some(likeness)),
        Ok(Err(err)) => Err(Problem::internal(err)),
        Err(err) => Err(Problem::internal(err)),
    }
}

/// Ranks anew what waits of a need. Where that cannot be done at once, it is asked for.
async fn learn(
    tx: &Tx,
    (need, now): (NeedId, chrono::DateTime<chrono::Utc>),
    likeness: Option<&Likeness>,
) -> Result<(), Problem> {
    let need = need.as_uuid();
    let pairs = db::pairs::of_listing(tx, Kind::Need, need).await?;
    let known = |it: &Pair| likeness.is_some_and(|all| all.knows(it.sides.achievement.as_uuid()));
    let all_known = pairs.iter().all(known);
    if let Some(likeness) = likeness {
        let version = db::matchers::active(tx, MATCHER).await?;
        let alike = |a: AchievementId, b: AchievementId| likeness.between(a.as_uuid(), b.as_uuid());
        for mut pair in rerank(pairs, &alike, &version) {
            db::pairs::save(tx, &mut pair).await?;
        }
    }
    if !all_known {
        jobs::enqueue(tx, jobs::Kind::MatchNeed, need, now).await?;
    }
    Ok(())
}
