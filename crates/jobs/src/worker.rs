use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use db::{
    Clock, Db, Tx,
    files::Files,
    jobs::{self, Claim, Kind},
};
use search::{Engine, matching::Depth};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Error, Folder, Result, indexer::Indexer, matcher::Matcher, sweeper, thesaurus};

/// Does what commits leave to be done.
///
/// One loop does it all: the index is brought up to date, then a few jobs are done, then the index
/// again. A job was committed together with the event of its change; whoever has claimed it and
/// then caught up with the outbox has that change in the index.
#[derive(Debug)]
pub struct Worker {
    db: Db,
    clock: Clock,
    engine: Engine,
    indexer: Indexer,
    matcher: Matcher,
    audit_kept: TimeDelta,
    id: Uuid,
    /// Whether a sweep is known to be asked for.
    sweeps: bool,
    files: Files,
    /// When the files were swept last.
    swept: Option<DateTime<Utc>>,
}

/// What a worker needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many suggestions a need gets, and how good they must be.
    pub depth: Depth,
    /// How long lines of the audit log are kept.
    pub audit_kept: TimeDelta,
    /// The files of attachments.
    pub files: Files,
}

/// How many jobs are claimed at a time.
const CLAIMS: u64 = 8;
/// How long to wait before looking for other processes' commits.
pub(crate) const POLL: Duration = Duration::from_millis(300);
/// How long work may go on after the word to stop.
const GRACE: Duration = Duration::from_secs(2);
/// How often the files are swept.
const FILES: TimeDelta = TimeDelta::hours(1);
/// How long to wait after an error.
const PAUSE: Duration = Duration::from_secs(1);

impl Worker {
    /// A worker that keeps its index in `folder` and lends it out through `engine`.
    pub fn new(db: Db, clock: Clock, engine: Engine, folder: Folder, settings: Settings) -> Self {
        let folder = Arc::new(folder);
        let indexer = Indexer::new(db.clone(), clock.clone(), engine.clone(), folder);
        let matcher = Matcher { db: db.clone(), engine: engine.clone(), depth: settings.depth };
        let audit_kept = settings.audit_kept;
        Self {
            db,
            clock,
            engine,
            indexer,
            matcher,
            audit_kept,
            id: Uuid::now_v7(),
            sweeps: false,
            files: settings.files,
            swept: None,
        }
    }

    /// Works until told to stop. What fails is logged once and tried again.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let Some(done) = unless_stopped(&stop, self.round()).await else { break };
            let pause = done.map_or_else(|err| after_error(&err), after_round);
            if pause.is_zero() {
                tokio::task::yield_now().await;
                continue;
            }
            let waited = timeout(pause, self.db.committed());
            stop.run_until_cancelled(waited).await;
        }
    }

    /// Works until nothing is left that is due now. For tests and for commands that end.
    pub async fn settle(&mut self) -> Result<()> {
        while self.round().await? > 0 {}
        Ok(())
    }

    /// Makes the index anew from the database, while the old one serves on.
    pub async fn rebuild(&mut self) -> Result<()> {
        self.indexer.rebuild_now().await
    }

    /// Brings the index up to date and does some jobs; tells how many.
    async fn round(&mut self) -> Result<usize> {
        self.catch_up().await?;
        let now = self.clock.now();
        if !self.sweeps {
            sweeper::ensure(&self.db, now).await?;
            self.sweeps = true;
        }
        self.sweep_files(now).await?;
        let claims = jobs::claim(&self.db, self.id, CLAIMS, now).await?;
        if !claims.is_empty() {
            self.catch_up().await?;
        }
        for claim in &claims {
            self.work(claim).await?;
        }
        Ok(claims.len())
    }

    /// Takes in what was committed: to the index, and of the thesaurus.
    async fn catch_up(&mut self) -> Result<()> {
        self.indexer.catch_up().await?;
        thesaurus::refresh(&self.db, &self.engine).await
    }

    /// Removes files that belong to no attachment, once in a while. Each process does it: they may
    /// have folders of their own.
    async fn sweep_files(&mut self, now: DateTime<Utc>) -> Result<()> {
        if self.swept.is_none_or(|it| now - it >= FILES) {
            self.swept = Some(now);
            let removed = self.files.sweep(&self.db, now.into()).await?;
            if removed > 0 {
                tracing::info!(removed, "files that belonged to nothing were removed");
            }
        }
        Ok(())
    }

    async fn work(&self, claim: &Claim) -> Result<()> {
        let now = self.clock.now();
        let done = match claim.kind {
            Kind::MatchNeed => self.matcher.match_need(claim, now).await,
            Kind::MatchAchievement => self.matcher.match_achievement(claim, now).await,
            Kind::MatchAll => self.matcher.match_all(claim, now).await,
            Kind::Sweep => sweeper::sweep(&self.db, claim, self.audit_kept, now).await,
            // The postman claims those.
            Kind::PostMail => return Ok(()),
        };
        match done {
            Ok(()) => Ok(()),
            Err(err) => self.put_off(claim, &err).await,
        }
    }

    async fn put_off(&self, claim: &Claim, why: &Error) -> Result<()> {
        // Overtaken by a matchmaker or another process, it is done again with what is there then.
        if !matches!(why, Error::Store(db::Error::Stale)) {
            tracing::warn!(kind = ?claim.kind, error = %why, "a job failed; it is tried again later");
        }
        let (now, why) = (self.clock.now(), why.to_string());
        Ok(self.db.write(async |tx: &Tx| jobs::fail(tx, claim, &why, now).await).await?)
    }
}

/// Lets work go on for a moment after the word to stop, and then drops it. All of it can be: what is
/// half done in the database is undone, and an index that is half made is made again.
pub(crate) async fn unless_stopped<T>(
    stop: &CancellationToken,
    work: impl Future<Output = T>,
) -> Option<T> {
    let stopped = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = stopped => None,
    }
}

/// How long to wait after a round that did some jobs.
const fn after_round(done: usize) -> Duration {
    if done == 0 { POLL } else { Duration::ZERO }
}

/// How long to wait after a round that failed.
pub(crate) fn after_error(err: &Error) -> Duration {
    tracing::error!(error = %err, "work after a commit failed; it is tried again");
    PAUSE
}
