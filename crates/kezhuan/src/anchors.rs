//! Copies of the end of the audit log's chain, in a second place: whoever rewrites the log, or cuts
//! its end off, cannot make it agree with them.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use db::{
    Clock, Db,
    audit::{self, Place},
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::serve::make_folder;

/// The file, in whatever folder the settings name.
const FILE: &str = "audit-anchors.jsonl";
/// How often it is looked whether today's anchor is there.
const EVERY: Duration = Duration::from_hours(1);

/// Where anchors are kept.
#[derive(Clone, Debug)]
pub(crate) struct Anchors {
    folder: PathBuf,
}

/// Where the chain ended at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    pub(crate) at: DateTime<Utc>,
    pub(crate) seq: i64,
    pub(crate) hash: String,
}

impl Anchor {
    fn place(&self) -> anyhow::Result<Place> {
        Ok(Place { seq: self.seq, hash: self.hash.parse()? })
    }

    /// Whether the log agrees. It may have been purged up to there: then there is nothing left to
    /// disagree.
    pub(crate) async fn agrees(&self, db: &Db) -> anyhow::Result<bool> {
        let (place, head) = (self.place()?, audit::head(db.read()).await?);
        let there = audit::place(db.read(), place.seq).await?;
        Ok(place.seq <= head.seq && there.is_none_or(|it| it == place))
    }
}

impl Anchors {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Every anchor, the oldest first.
    pub(crate) fn read(&self) -> anyhow::Result<Vec<Anchor>> {
        let file = self.file();
        let text = match std::fs::read_to_string(&file) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.with_context(|| format!("cannot read {}", file.display()))?,
        };
        let one = |(line, it): (usize, &str)| {
            let anchor = serde_json::from_str::<Anchor>(it);
            anchor.with_context(|| format!("{}, line {}: not an anchor", file.display(), line + 1))
        };
        text.lines().enumerate().filter(|(_, it)| !it.is_empty()).map(one).collect()
    }

    /// Every anchor, as the log is held against it.
    pub(crate) fn places(&self) -> anyhow::Result<Vec<Place>> {
        self.read()?.iter().map(Anchor::place).collect()
    }

    /// Writes the present end of the chain down; but not over an anchor that disagrees.
    pub(crate) async fn add(&self, db: &Db, now: DateTime<Utc>) -> anyhow::Result<Anchor> {
        let head = audit::head(db.read()).await?;
        if let Some(last) = self.read()?.last()
            && !last.agrees(db).await?
        {
            bail!("the log disagrees with the anchor of line {}: verify it", last.seq);
        }
        let anchor = Anchor { at: now, seq: head.seq, hash: head.hash.to_string() };
        self.append(&anchor)?;
        Ok(anchor)
    }

    fn append(&self, anchor: &Anchor) -> anyhow::Result<()> {
        make_folder(&self.folder)?;
        let name = self.file();
        let line = format!("{}\n", serde_json::to_string(anchor)?);
        let write = || {
            let mut file = OpenOptions::new().create(true).append(true).open(&name)?;
            file.write_all(line.as_bytes())?;
            file.sync_all()?;
            File::open(&self.folder)?.sync_all()
        };
        write().with_context(|| format!("cannot write {}", name.display()))
    }

    async fn add_if_due(&self, db: &Db, now: DateTime<Utc>) -> anyhow::Result<()> {
        if self.read()?.last().is_some_and(|it| it.at.date_naive() >= now.date_naive()) {
            return Ok(());
        }
        let anchor = self.add(db, now).await?;
        tracing::info!(line = anchor.seq, hash = anchor.hash, "the audit log is anchored");
        Ok(())
    }
}

/// Writes an anchor each day until told to stop. The hash is logged too: where logs are sent
/// elsewhere, that is one more place.
pub(crate) async fn keep(anchors: Anchors, db: Db, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(err) = anchors.add_if_due(&db, clock.now()).await {
            tracing::error!(error = format!("{err:#}"), "the audit log could not be anchored");
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Whether one folder lies in another, as far as their names tell.
pub(crate) fn is_within(inner: &Path, outer: &Path) -> bool {
    let whole = |it: &Path| std::path::absolute(it).unwrap_or_else(|_| it.to_owned());
    whole(inner).starts_with(whole(outer))
}
