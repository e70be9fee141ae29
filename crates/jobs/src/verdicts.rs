//! What past verdicts do to new suggestions: the weights of the version that suggests, and the
//! verdicts on the same need.

use db::Db;
use domain::{
    achievements::{AchievementForm, AchievementId},
    listings::Kind,
    matchers::Version,
    needs::NeedId,
    pairs::{Explanation, Pair, Verdicts},
};
use search::{Engine, Entry, matching::Likeness};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::Result;

/// Achievements that may meet a need, and why.
pub(crate) type Suggested = Vec<(AchievementId, Explanation)>;

/// Has a version weigh the suggestions for a need: the best come first, and each knows its place.
pub(crate) fn weigh(suggested: &mut Suggested, version: &Version) {
    for (_, explanation) in suggested.iter_mut() {
        explanation.weigh(version);
    }
    suggested.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
    for ((_, explanation), place) in suggested.iter_mut().zip(1..) {
        explanation.position = place;
    }
}

/// How alike achievements are, as far as was asked.
#[derive(Debug, Default)]
pub(crate) struct Alike {
    likeness: Likeness,
    asked: Vec<Uuid>,
}

/// How alike the graded achievements of a need are to those suggested; nothing while none was graded.
/// It is found out before the transaction that needs it, which is to be short.
pub(crate) async fn likeness(
    (db, engine): (&Db, &Engine),
    need: NeedId,
    suggested: &Suggested,
) -> Result<Alike> {
    let pairs = db::pairs::of_listing(db.read(), Kind::Need, need.as_uuid()).await?;
    if pairs.iter().all(|it| it.verdict().is_none()) {
        return Ok(Alike::default());
    }
    let mut ids: Vec<Uuid> = pairs
        .iter()
        .filter(|it| it.verdict().is_some())
        .map(|it| it.sides.achievement.as_uuid())
        .chain(suggested.iter().map(|it| it.0.as_uuid()))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let found = db::listings::several::<AchievementForm>(db.read(), &ids).await?;
    let entries: Vec<Entry> = found.iter().map(Entry::of).collect();
    let reader = engine.reader()?;
    let likeness = spawn_blocking(move || reader.likeness(&entries)).await??;
    Ok(Alike { likeness, asked: ids })
}

/// Has the suggestions for an edition of a need heed the verdicts among its pairs. Says whether all
/// verdicts were heeded; one that was given since the likeness was found out is not.
pub(crate) fn heed(
    suggested: &mut Suggested,
    (pairs, edition): (&[Pair], i32),
    (alike, version): (&Alike, &Version),
) -> bool {
    let verdicts = Verdicts::of(pairs, edition).beside(suggested);
    let near =
        |a: AchievementId, b: AchievementId| alike.likeness.between(a.as_uuid(), b.as_uuid());
    let graded: Vec<AchievementId> = verdicts.on().collect();
    let mut waiting: Vec<_> = suggested.iter_mut().filter(|it| !graded.contains(&it.0)).collect();
    let named: Vec<AchievementId> = waiting.iter().map(|it| it.0).collect();
    for (it, added) in waiting.iter_mut().zip(verdicts.among(&named, &near)) {
        it.1.heed(added, version);
    }
    graded.iter().all(|it| alike.asked.contains(&it.as_uuid()))
}
