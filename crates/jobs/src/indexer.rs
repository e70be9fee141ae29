//! Keeps the index in step with the database.
//!
//! The index knows how far it has read the outbox, in the same commit as what it read. For each
//! event it reads the **current** row: events that come late, twice or in another order bring
//! nothing old back.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use db::{Clock, Db, outbox};
use domain::{
    achievements::AchievementForm,
    listings::{Form, Kind, Listing},
    needs::NeedForm,
};
use metrics::{counter, gauge};
use search::{Condition, Engine, Entry, Rebuilding, Writer, index::Opened};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{Error, Folder, Result};

/// How many events one commit takes in at the most.
const BATCH: u64 = 1000;

/// Keeps one index in step.
#[derive(Debug)]
pub(crate) struct Indexer {
    db: Db,
    clock: Clock,
    engine: Engine,
    folder: Arc<Folder>,
    open: Option<Open>,
}

/// The index that is being written to.
#[derive(Debug)]
struct Open {
    writer: Writer,
    watermark: i64,
}

impl Indexer {
    pub(crate) const fn new(db: Db, clock: Clock, engine: Engine, folder: Arc<Folder>) -> Self {
        Self { db, clock, engine, folder, open: None }
    }

    /// Takes in every event there is. Opens the index first, and makes it anew if it is not sound;
    /// an index that failed is closed, so that the next call judges it again.
    pub(crate) async fn catch_up(&mut self) -> Result<()> {
        let last = outbox::sequence(&self.db).await?;
        if self.open.is_none() {
            self.open = Some(self.open_or_rebuild(last).await?);
        }
        while let Some(read) = self.open.as_ref().map(|it| it.watermark).filter(|it| *it < last) {
            let events = outbox::after(self.db.read(), read, BATCH).await?;
            let Some(end) = events.last().map(|it| it.position) else { break };
            let entries = self.current_entries(&events).await?;
            let subjects: BTreeSet<Uuid> = events.into_iter().map(|it| it.subject).collect();
            counter!("kezhuan_indexed_total").increment(u64::try_from(subjects.len()).unwrap_or(0));
            let Some(open) = self.open.take() else { break };
            let taken_in = spawn_blocking(move || open.take_in(&subjects, &entries, end)).await??;
            self.engine.reach(end);
            gauge!("kezhuan_index_watermark").set(number(end));
            self.open = Some(taken_in);
        }
        Ok(())
    }

    async fn open_or_rebuild(&self, last: i64) -> Result<Open> {
        let folder = Arc::clone(&self.folder);
        let condition = spawn_blocking(move || folder.open()).await?;
        let why = match condition {
            Condition::Sound(opened) if self.can_follow(opened.watermark, last).await? => {
                return Ok(self.install(*opened));
            }
            Condition::Sound(_) => "it has missed events, or is ahead of the database".into(),
            Condition::Absent => {
                self.engine.withdraw();
                return self.rebuild(last).await;
            }
            Condition::Outdated => "another version of the program made it".into(),
            Condition::Damaged(why) => why,
            Condition::Busy => return Err(Error::IndexBusy),
        };
        self.replace(last, why).await
    }

    async fn replace(&self, last: i64, why: String) -> Result<Open> {
        tracing::warn!(%why, "the index is not sound; making it anew");
        self.engine.withdraw();
        self.rebuild(last).await
    }

    /// Whether the events after `watermark` are all still there.
    async fn can_follow(&self, watermark: i64, last: i64) -> Result<bool> {
        let oldest = outbox::oldest(self.db.read()).await?;
        let missed = watermark < last && oldest.is_none_or(|it| it > watermark + 1);
        Ok(watermark <= last && !missed)
    }

    /// Makes a new index from the database while the old one, if it is sound, still serves.
    pub(crate) async fn rebuild_now(&mut self) -> Result<()> {
        self.open = None;
        let last = outbox::sequence(&self.db).await?;
        let open = self.rebuild(last).await?;
        self.open = Some(open);
        self.catch_up().await
    }

    /// Everything committed before `last` was given out is read below; what changes meanwhile has
    /// a later place and is taken in afterwards.
    async fn rebuild(&self, last: i64) -> Result<Open> {
        let folder = Arc::clone(&self.folder);
        let Opened { mut writer, reader, .. } = spawn_blocking(move || folder.begin()).await??;
        drop(reader);
        let mut progress = Rebuilding { done: 0, total: self.published().await? };
        self.engine.note(progress);
        writer = self.add_all::<NeedForm>(writer, &mut progress).await?;
        writer = self.add_all::<AchievementForm>(writer, &mut progress).await?;
        let (folder, now) = (Arc::clone(&self.folder), self.clock.now());
        let opened = spawn_blocking(move || finish(writer, last, &folder, now)).await??;
        Ok(self.install(*opened))
    }

    async fn published(&self) -> Result<u64> {
        let mut all = 0;
        for kind in [Kind::Need, Kind::Achievement] {
            all += db::listings::count_published(self.db.read(), kind, None).await?;
        }
        Ok(all)
    }

    async fn add_all<F: Form>(
        &self,
        mut writer: Writer,
        progress: &mut Rebuilding,
    ) -> Result<Writer> {
        let mut after = None;
        loop {
            let part = db::listings::all::<F>(self.db.read(), after, BATCH).await?;
            let Some(last) = part.last else { return Ok(writer) };
            after = Some(last);
            progress.done += u64::try_from(part.listings.len()).unwrap_or(0);
            self.engine.note(*progress);
            writer = spawn_blocking(move || {
                for listing in &part.listings {
                    writer.add(&Entry::of(listing))?;
                }
                Ok::<_, search::Error>(writer)
            })
            .await??;
        }
    }

    fn install(&self, opened: Opened) -> Open {
        let Opened { writer, reader, watermark } = opened;
        self.engine.install(reader);
        self.engine.reach(watermark);
        Open { writer, watermark }
    }

    /// What the database has now of the listings in some events, as far as it is offered.
    async fn current_entries(&self, events: &[outbox::Event]) -> Result<Vec<Entry>> {
        let of = |kind| events.iter().filter(move |it| it.kind == kind).map(|it| it.subject);
        let mut entries = self.offered::<NeedForm>(of(Kind::Need).collect()).await?;
        entries.extend(self.offered::<AchievementForm>(of(Kind::Achievement).collect()).await?);
        Ok(entries)
    }

    async fn offered<F: Form>(&self, ids: Vec<Uuid>) -> Result<Vec<Entry>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let listings = db::listings::several::<F>(self.db.read(), &ids).await?;
        Ok(listings.iter().filter(|it| it.is_offered()).map(Entry::of).collect())
    }
}

impl Open {
    /// Replaces the subjects of some events by what there is of them now, in one commit.
    fn take_in(mut self, subjects: &BTreeSet<Uuid>, entries: &[Entry], end: i64) -> Result<Self> {
        for subject in subjects {
            self.writer.remove(*subject);
        }
        for entry in entries {
            self.writer.add(entry)?;
        }
        self.writer.commit(end)?;
        self.watermark = end;
        Ok(self)
    }
}

/// Closes a new index and puts it in place.
fn finish(
    mut writer: Writer,
    watermark: i64,
    folder: &Folder,
    now: DateTime<Utc>,
) -> Result<Box<Opened>> {
    writer.commit(watermark)?;
    writer.close()?;
    folder.adopt(now)?;
    let condition = folder.open();
    if let Condition::Sound(opened) = condition {
        return Ok(opened);
    }
    Err(search::Error::Damaged(format!("the new index is not sound: {condition:?}")).into())
}

/// The edition that last changed what matters of a listing, if the listing is offered now.
pub(crate) fn offered_edition<F: Form>(listing: &Listing<F>) -> Option<i32> {
    listing.publication().filter(|_| listing.is_offered()).map(|it| it.matter)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a gauge of events: exact below 2^53"
)]
const fn number(position: i64) -> f64 {
    position as f64
}
