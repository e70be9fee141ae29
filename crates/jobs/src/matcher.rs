//! Turns changes of listings into suggested pairs.

use std::collections::HashMap;

use db::{
    Db, Tx, audit,
    jobs::{self, Claim, Priority},
};
use domain::{
    achievements::{Achievement, AchievementForm, AchievementId},
    listings::Kind,
    needs::{Need, NeedForm, NeedId},
    pairs::{Explanation, Offered, Reconciled, reconcile},
    requirements::Wanted,
};
use metrics::{counter, histogram};
use search::{
    Engine, Entry,
    matching::{Breadth, Depth, MATCHER, Profile},
    thesaurus::Way,
};
use serde_json::json;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{Result, indexer::offered_edition, verdicts};

/// How many needs are matched again when an achievement changes. In a market of many like needs
/// all of them are to hear of it; elsewhere the floor keeps one publication from having hundreds
/// matched again that share a few characters with it. It is as low as the usual floor of
/// suggestions: a need far below it has little to gain. The likeliest are matched first.
const TOUCHED: Breadth = Breadth { always: 30, most: 500, floor: 0.3 };

/// Suggests pairs.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub(crate) db: Db,
    pub(crate) engine: Engine,
    pub(crate) depth: Depth,
}

/// The time, as a job was given it.
type Now = chrono::DateTime<chrono::Utc>;

impl Matcher {
    /// Finds achievements for a need, and brings its pairs in line with them.
    pub(crate) async fn match_need(&self, claim: &Claim, now: Now) -> Result<()> {
        let found = db::listings::several::<NeedForm>(self.db.read(), &[claim.subject]).await?;
        let need = found.first();
        let version = db::matchers::active(self.db.read(), MATCHER).await?;
        let mut suggested = match need.filter(|it| it.is_offered()) {
            Some(need) => self.explained(need).await?,
            None => Vec::new(),
        };
        verdicts::weigh(&mut suggested, &version);
        let id = NeedId::from_uuid(claim.subject);
        let alike = verdicts::likeness((&self.db, &self.engine), id, &suggested).await?;
        let edition = need.and_then(offered_edition);
        let done = self
            .db
            .write(async |tx| {
                jobs::finish(tx, claim).await?;
                db::pairs::hold(tx, id).await?;
                let existing = db::pairs::of_listing(tx, Kind::Need, claim.subject).await?;
                let on = (existing.as_slice(), edition.unwrap_or_default());
                if !verdicts::heed(&mut suggested, on, (&alike, &version)) {
                    jobs::enqueue(tx, jobs::Kind::MatchNeed, claim.subject, now).await?;
                }
                let paired = existing.iter().map(|it| it.sides.achievement);
                let named: Vec<AchievementId> =
                    paired.chain(suggested.iter().map(|it| it.0)).collect();
                let achievements = editions(tx, &named).await?;
                let offered = Offered { need: id, need_edition: edition, achievements };
                let done = reconcile(&offered, existing, suggested, now);
                store(tx, (id, &version.name), done, now).await
            })
            .await?;
        counter!("kezhuan_suggested_total").increment(u64::try_from(done).unwrap_or(0));
        Ok(())
    }

    /// Has the needs matched again that an achievement may meet, and those it is paired with.
    pub(crate) async fn match_achievement(&self, claim: &Claim, now: Now) -> Result<()> {
        let ids = [claim.subject];
        let found = db::listings::several::<AchievementForm>(self.db.read(), &ids).await?;
        let offered = found.first().filter(|it| it.is_offered());
        let mut needs = match offered.map(Entry::of) {
            Some(entry) => {
                let reader = self.engine.reader()?;
                let thesaurus = self.engine.thesaurus();
                let asked = move || Profile::from(&entry).with(&thesaurus, Way::Back);
                spawn_blocking(move || reader.touched(&asked(), TOUCHED)).await??
            }
            None => Vec::new(),
        };
        self.db
            .write(async |tx| {
                let pairs = db::pairs::of_listing(tx, Kind::Achievement, claim.subject).await?;
                needs.extend(pairs.iter().map(|it| it.sides.need.as_uuid()));
                let asked = (claim.priority, now);
                jobs::enqueue_all(tx, jobs::Kind::MatchNeed, &needs, asked).await?;
                jobs::finish(tx, claim).await
            })
            .await?;
        Ok(())
    }

    /// Has every need matched again.
    pub(crate) async fn match_all(&self, claim: &Claim, now: Now) -> Result<()> {
        let reader = self.engine.reader()?;
        let needs = spawn_blocking(move || reader.needs()).await??;
        self.db
            .write(async |tx| {
                for some in needs.chunks(1000) {
                    let asked = (Priority::Bulk, now);
                    jobs::enqueue_all(tx, jobs::Kind::MatchNeed, some, asked).await?;
                }
                jobs::finish(tx, claim).await
            })
            .await?;
        Ok(())
    }

    /// What is suggested, with what the two forms say beyond their words. All achievements are
    /// read at once; of one that is gone there is nothing to say.
    async fn explained(&self, need: &Need) -> Result<Vec<(AchievementId, Explanation)>> {
        let suggested = self.suggest(need).await?;
        let ids: Vec<Uuid> = suggested.iter().map(|it| it.0.as_uuid()).collect();
        let found = db::listings::several::<AchievementForm>(self.db.read(), &ids).await?;
        let need = need.form().clone();
        let explained = spawn_blocking(move || with_forms(&need, suggested, &found)).await?;
        Ok(explained)
    }

    async fn suggest(&self, need: &Need) -> Result<Vec<(AchievementId, Explanation)>> {
        let reader = self.engine.reader()?;
        let (entry, depth) = (Entry::of(need), self.depth);
        let started = std::time::Instant::now();
        let thesaurus = self.engine.thesaurus();
        let asked = move || Profile::from(&entry).with(&thesaurus, Way::Forth);
        let found = spawn_blocking(move || reader.suggest(&asked(), depth)).await??;
        histogram!("kezhuan_match_seconds").record(started.elapsed());
        let suggestion = |it: search::matching::Suggestion| {
            (AchievementId::from_uuid(it.achievement), it.explanation)
        };
        Ok(found.into_iter().map(suggestion).collect())
    }
}

/// The explanations with requirements and fits.
fn with_forms(
    need: &NeedForm,
    suggested: Vec<(AchievementId, Explanation)>,
    achievements: &[Achievement],
) -> Vec<(AchievementId, Explanation)> {
    let forms: HashMap<AchievementId, &AchievementForm> =
        achievements.iter().map(|it| (it.id, it.form())).collect();
    let wanted = Wanted::of(need);
    let explained = |(id, explanation): (AchievementId, Explanation)| match forms.get(&id) {
        Some(form) => (id, explanation.with_forms((need, &wanted), form)),
        None => (id, explanation),
    };
    suggested.into_iter().map(explained).collect()
}

/// The editions of those achievements that are offered.
async fn editions(tx: &Tx, ids: &[AchievementId]) -> db::Result<HashMap<AchievementId, i32>> {
    let ids: Vec<Uuid> = ids.iter().map(|it| it.as_uuid()).collect();
    let found = db::listings::several::<AchievementForm>(tx, &ids).await?;
    Ok(found.iter().filter_map(|it| Some((it.id, offered_edition(it)?))).collect())
}

/// Stores what a match came to, and tells how many pairs are new.
async fn store(
    tx: &Tx,
    (need, matcher): (NeedId, &str),
    mut done: Reconciled,
    now: Now,
) -> db::Result<usize> {
    let (new, changed) = (done.new.len(), done.changed.len());
    if new + changed == 0 {
        return Ok(0);
    }
    if new > 0 {
        db::pairs::insert_all(tx, &done.new).await?;
    }
    for pair in &mut done.changed {
        db::pairs::save(tx, pair).await?;
    }
    let line = audit::Line {
        object: Some((Kind::Need.as_str().to_owned(), need.as_uuid())),
        detail: json!({ "new": new, "changed": changed, "matcher": matcher }),
        ..audit::Line::new(now, "pairs.suggest")
    };
    audit::append(tx, line).await?;
    Ok(new)
}
