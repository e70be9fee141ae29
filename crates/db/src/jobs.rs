//! Work that a change leaves to be done, by whichever process comes first.
//!
//! There is one job to a kind and subject: asking again while it waits changes nothing, asking
//! again while it runs makes it run once more. A job is claimed for a time and ends in the
//! transaction that holds its effect: who has lost the claim cannot commit.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait as _, DbBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Alias, CaseStatement, Expr, ExprTrait as _, LockBehavior, LockType, OnConflict},
};
use uuid::Uuid;

use crate::{Conn, Db, Error, Result, Tx};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Find achievements for a need.
    MatchNeed,
    /// Find the needs that an achievement may meet, and have them matched again.
    MatchAchievement,
    /// Match every need again.
    MatchAll,
    /// Let time pass: listings expire, deferred pairs come back, old rows go.
    Sweep,
    /// Send a mail.
    PostMail,
}

/// What is done first. Whoever publishes a listing waits for its pairs; nobody waits for one need
/// among the thousands that an import has matched again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// What the change of a single listing asks for.
    Direct,
    /// What is asked for by the hundred.
    Bulk,
}

/// A job that this process may do, until its claim runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is to be done.
    pub kind: Kind,
    /// To what.
    pub subject: Uuid,
    /// How soon what follows from it is to be done.
    pub priority: Priority,
    /// How often it was tried before.
    pub attempts: i32,
    id: Uuid,
    worker: Uuid,
    generation: i32,
}

/// How long a claim lasts: much longer than a batch of jobs takes, and no longer than a suggestion
/// may wait when the process that claimed it was killed.
const LEASE: TimeDelta = TimeDelta::seconds(20);

/// Asks for a job, in the transaction of the change that makes it necessary.
pub async fn enqueue(tx: &Tx, kind: Kind, subject: Uuid, run_after: DateTime<Utc>) -> Result<()> {
    enqueue_all(tx, kind, &[subject], (kind.priority(), run_after)).await
}

/// Asks for many jobs of a kind, which are done in the order given. Of a job that is there
/// already, the better priority and the earlier time hold.
pub async fn enqueue_all(
    tx: &Tx,
    kind: Kind,
    subjects: &[Uuid],
    (priority, run_after): (Priority, DateTime<Utc>),
) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    // The ids keep the order given. The rows go by subject: two transactions that ask for the same
    // jobs in different orders would wait for each other.
    let mut distinct: BTreeMap<Uuid, Uuid> = BTreeMap::new();
    for subject in subjects {
        distinct.entry(*subject).or_insert_with(Uuid::now_v7);
    }
    let rows = distinct.into_iter().map(|(subject, id)| row::ActiveModel {
        id: Set(id),
        kind: Set(kind.as_str().to_owned()),
        subject: Set(subject),
        priority: Set(priority.rank()),
        generation: Set(0),
        attempts: Set(0),
        run_after: Set(run_after),
        claimed_by: Set(None),
        claimed_until: Set(None),
        last_error: Set(None),
    });
    let again = Expr::col((row::Entity, row::Column::Generation)).add(1);
    let on_conflict = OnConflict::columns([row::Column::Kind, row::Column::Subject])
        .value(row::Column::Generation, again)
        .value(row::Column::Priority, lesser(row::Column::Priority))
        .value(row::Column::RunAfter, kind.asked_again())
        .update_columns([row::Column::Attempts])
        .to_owned();
    row::Entity::insert_many(rows).on_conflict(on_conflict).exec_without_returning(tx).await?;
    Ok(())
}

/// Sees to it that a job exists, without disturbing one that does.
pub async fn ensure(tx: &Tx, kind: Kind, subject: Uuid, run_after: DateTime<Utc>) -> Result<()> {
    let exists = row::Entity::find()
        .filter(row::Column::Kind.eq(kind.as_str()))
        .filter(row::Column::Subject.eq(subject));
    if exists.one(tx).await?.is_some() {
        return Ok(());
    }
    enqueue(tx, kind, subject, run_after).await
}

/// Claims up to `limit` jobs of the market that are due, for `worker`, the direct ones first. No
/// other process gets the same ones. Kinds that this version does not know are left to one that does.
pub async fn claim(db: &Db, worker: Uuid, limit: u64, now: DateTime<Utc>) -> Result<Vec<Claim>> {
    claim_of(db, (worker, &Kind::MARKET), limit, now).await
}

/// The same of other kinds. Mail is claimed by itself: a mail server that dawdles must not keep the
/// market waiting.
pub async fn claim_of(
    db: &Db,
    (worker, kinds): (Uuid, &[Kind]),
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<Claim>> {
    let due = || row::Entity::find().filter(is_due(kinds, now));
    if due().limit(1).one(db.read()).await?.is_none() {
        return Ok(Vec::new());
    }
    db.write(async |tx| {
        let mut query = due()
            .order_by_asc(row::Column::Priority)
            .order_by_asc(row::Column::RunAfter)
            .order_by_asc(row::Column::Id)
            .limit(limit);
        if tx.get_database_backend() == DbBackend::Postgres {
            query = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let rows = query.all(tx).await?;
        let ids: Vec<Uuid> = rows.iter().map(|it| it.id).collect();
        row::Entity::update_many()
            .col_expr(row::Column::ClaimedBy, Expr::value(worker))
            .col_expr(row::Column::ClaimedUntil, Expr::value(now + LEASE))
            .filter(row::Column::Id.is_in(ids))
            .exec(tx)
            .await?;
        Ok(rows.iter().filter_map(|it| Claim::of(it, worker)).collect())
    })
    .await
}

/// Ends a job, in the transaction that holds its effect. Fails as [`Error::Stale`] if the claim
/// was lost meanwhile, so that the effect is undone.
pub async fn finish(tx: &Tx, claim: &Claim) -> Result<()> {
    let mine = mine(claim);
    let unchanged = mine.clone().add(row::Column::Generation.eq(claim.generation));
    let ended = row::Entity::delete_many().filter(unchanged).exec(tx).await?;
    if ended.rows_affected == 1 {
        return Ok(());
    }
    // It was asked for again meanwhile: it stays, free to be claimed.
    let freed = row::Entity::update_many()
        .col_expr(row::Column::ClaimedBy, Expr::value(None::<Uuid>))
        .col_expr(row::Column::ClaimedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(mine)
        .exec(tx)
        .await?;
    if freed.rows_affected == 1 { Ok(()) } else { Err(Error::Stale) }
}

/// Puts a job that failed off, twice as long each time, up to half an hour.
pub async fn fail(tx: &Tx, claim: &Claim, why: &str, now: DateTime<Utc>) -> Result<()> {
    let wait = TimeDelta::seconds(1_i64 << claim.attempts.clamp(0, 11));
    row::Entity::update_many()
        .col_expr(row::Column::Attempts, Expr::value(claim.attempts + 1))
        .col_expr(row::Column::RunAfter, Expr::value(now + wait))
        .col_expr(row::Column::LastError, Expr::value(why))
        .col_expr(row::Column::ClaimedBy, Expr::value(None::<Uuid>))
        .col_expr(row::Column::ClaimedUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(mine(claim))
        .exec(tx)
        .await?;
    Ok(())
}

/// How many jobs of these kinds wait or run.
pub async fn count(conn: &impl Conn, kinds: &[Kind]) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    let names = kinds.iter().map(|it| it.as_str());
    Ok(row::Entity::find().filter(row::Column::Kind.is_in(names)).count(conn).await?)
}

fn is_due(kinds: &[Kind], now: DateTime<Utc>) -> Condition {
    let free = Condition::any()
        .add(row::Column::ClaimedUntil.is_null())
        .add(row::Column::ClaimedUntil.lt(now));
    let known = row::Column::Kind.is_in(kinds.iter().map(|it| it.as_str()));
    Condition::all().add(row::Column::RunAfter.lte(now)).add(known).add(free)
}

/// The lesser of what a job's column holds and what it is now asked for with. The functions for it
/// have different names on the two databases.
fn lesser(column: row::Column) -> CaseStatement {
    let held = Expr::col((row::Entity, column));
    let asked = Expr::col((Alias::new("excluded"), column));
    CaseStatement::new().case(asked.clone().lt(held.clone()), asked).finally(held)
}

fn mine(claim: &Claim) -> Condition {
    Condition::all().add(row::Column::Id.eq(claim.id)).add(row::Column::ClaimedBy.eq(claim.worker))
}

impl Kind {
    /// What keeps the market up to date.
    pub const MARKET: [Self; 4] =
        [Self::MatchNeed, Self::MatchAchievement, Self::MatchAll, Self::Sweep];

    const ALL: [Self; 5] =
        [Self::MatchNeed, Self::MatchAchievement, Self::MatchAll, Self::Sweep, Self::PostMail];

    const fn as_str(self) -> &'static str {
        match self {
            Self::MatchNeed => "match_need",
            Self::MatchAchievement => "match_achievement",
            Self::MatchAll => "match_all",
            Self::Sweep => "sweep",
            Self::PostMail => "post_mail",
        }
    }

    /// How soon it is done if nothing else is said.
    const fn priority(self) -> Priority {
        match self {
            Self::MatchNeed | Self::MatchAchievement | Self::Sweep | Self::PostMail => {
                Priority::Direct
            }
            Self::MatchAll => Priority::Bulk,
        }
    }

    /// When a job that waits is done once it is asked for again.
    fn asked_again(self) -> Expr {
        let column = row::Column::RunAfter;
        match self {
            Self::MatchNeed | Self::MatchAchievement | Self::Sweep | Self::PostMail => {
                lesser(column).into()
            }
            // Put off on purpose, until the last part of an import is there.
            Self::MatchAll => Expr::col((Alias::new("excluded"), column)),
        }
    }
}

impl Priority {
    const fn rank(self) -> i32 {
        match self {
            Self::Direct => 0,
            Self::Bulk => 1,
        }
    }
}

impl Claim {
    fn of(row: &row::Model, worker: Uuid) -> Option<Self> {
        let is_direct = row.priority <= Priority::Direct.rank();
        Some(Self {
            kind: Kind::ALL.into_iter().find(|it| it.as_str() == row.kind)?,
            subject: row.subject,
            priority: if is_direct { Priority::Direct } else { Priority::Bulk },
            attempts: row.attempts,
            id: row.id,
            worker,
            generation: row.generation,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "jobs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub subject: Uuid,
        pub priority: i32,
        pub generation: i32,
        pub attempts: i32,
        pub run_after: ChronoDateTimeUtc,
        pub claimed_by: Option<Uuid>,
        pub claimed_until: Option<ChronoDateTimeUtc>,
        pub last_error: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
