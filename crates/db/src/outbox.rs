//! Events for the search indexes, each of which reads them at its own pace.
//!
//! An event is written with the change it tells of. Its place in line is given **after** the
//! commit, by [`sequence`]: transactions commit in another order than they began, and a reader that
//! asked for "ids after the last one I saw" would pass over what began earlier and committed later.
//! An event tells which listing changed, never what it says: readers look at the current row.

use chrono::{DateTime, TimeDelta, Utc};
use domain::listings::Kind;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, FromQueryResult,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Statement,
    sea_query::{Expr, LockType, OnConflict},
};
use uuid::Uuid;

use crate::{
    Conn, Db, Error, Result, Tx,
    error::{corrupt, unknown},
    jobs::{self, Priority},
};

/// An event and its place in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The place, from 1, without gaps.
    pub position: i64,
    /// Which kind of listing changed.
    pub kind: Kind,
    /// Which listing changed.
    pub subject: Uuid,
}

/// Notes, in the transaction that changes it, that readers of a listing now see something else:
/// an event for every index, and a job for the matcher.
pub async fn announce(tx: &Tx, kind: Kind, subject: Uuid, now: DateTime<Utc>) -> Result<()> {
    announce_each(tx, kind, &[subject], (Priority::Direct, now)).await
}

/// Notes that some listings changed, each of which is matched by itself.
pub async fn announce_each(
    tx: &Tx,
    kind: Kind,
    subjects: &[Uuid],
    (priority, now): (Priority, DateTime<Utc>),
) -> Result<()> {
    push(tx, kind, subjects, now).await?;
    let job = match kind {
        Kind::Need => jobs::Kind::MatchNeed,
        Kind::Achievement => jobs::Kind::MatchAchievement,
    };
    jobs::enqueue_all(tx, job, subjects, (priority, now)).await
}

/// Notes that many listings changed at once. Achievements by the hundred would each have the same
/// needs matched again: one job, a little later, matches every need once.
pub async fn announce_many(
    tx: &Tx,
    kind: Kind,
    subjects: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    push(tx, kind, subjects, now).await?;
    match kind {
        Kind::Need => {
            let bulk = (Priority::Bulk, now);
            jobs::enqueue_all(tx, jobs::Kind::MatchNeed, subjects, bulk).await
        }
        Kind::Achievement => {
            let soon = now + TimeDelta::seconds(2);
            jobs::enqueue(tx, jobs::Kind::MatchAll, Uuid::nil(), soon).await
        }
    }
}

/// Notes events alone.
pub async fn push(tx: &Tx, kind: Kind, subjects: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    let rows = subjects.iter().map(|subject| row::ActiveModel {
        id: Set(Uuid::now_v7()),
        position: Set(None),
        kind: Set(kind.as_str().to_owned()),
        subject: Set(*subject),
        at: Set(now),
    });
    row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Gives every committed event its place, and tells the last place given so far.
///
/// Only one process at a time can hold the counter's row, so that places are given in order and
/// none is left out.
pub async fn sequence(db: &Db) -> Result<i64> {
    let waiting = row::Entity::find().filter(row::Column::Position.is_null());
    if waiting.limit(1).one(db.read()).await?.is_none() {
        return last(db.read()).await;
    }
    db.write(async |tx| {
        let start = lock_counter(tx).await?;
        // Raw, since the query builder has no UPDATE … FROM; the same on both databases.
        let sql = "UPDATE outbox SET position = numbered.place + $1 FROM \
                   (SELECT id, row_number() OVER (ORDER BY id) AS place \
                   FROM outbox WHERE position IS NULL) AS numbered WHERE outbox.id = numbered.id";
        let numbered =
            Statement::from_sql_and_values(tx.get_database_backend(), sql, [start.into()]);
        let given = tx.execute_raw(numbered).await?.rows_affected();
        let end = start + i64::try_from(given).map_err(corrupt("outbox.position"))?;
        counter::Entity::update_many()
            .col_expr(counter::Column::Last, Expr::value(end))
            .filter(counter::Column::Name.eq(COUNTER))
            .exec(tx)
            .await?;
        Ok::<_, Error>(end)
    })
    .await
}

/// The last place given.
pub async fn last(conn: &impl Conn) -> Result<i64> {
    let row = counter::Entity::find_by_id(COUNTER).one(conn).await?;
    Ok(row.map_or(0, |it| it.last))
}

/// The events after a place, in order.
pub async fn after(conn: &impl Conn, position: i64, limit: u64) -> Result<Vec<Event>> {
    let rows = row::Entity::find()
        .filter(row::Column::Position.gt(position))
        .order_by_asc(row::Column::Position)
        .limit(limit)
        .all(conn)
        .await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// The place of the oldest event that is still kept; whoever has read less must begin anew.
pub async fn oldest(conn: &impl Conn) -> Result<Option<i64>> {
    let row = row::Entity::find()
        .filter(row::Column::Position.is_not_null())
        .order_by_asc(row::Column::Position)
        .limit(1)
        .one(conn)
        .await?;
    Ok(row.and_then(|it| it.position))
}

/// Which listings changed after a place or have no place yet, and may not be found by everyone
/// now: an index that has read up to that place may still show them.
pub async fn hidden_since(conn: &impl Conn, position: i64) -> Result<Vec<Uuid>> {
    #[derive(FromQueryResult)]
    struct Subject {
        subject: Uuid,
    }
    let sql = "SELECT DISTINCT subject FROM outbox WHERE (position > $1 OR position IS NULL) \
               AND NOT EXISTS (SELECT 1 FROM listings WHERE listings.id = outbox.subject \
               AND listings.state = 'published' AND listings.visibility = 'public' \
               AND NOT listings.suspended)";
    let statement =
        Statement::from_sql_and_values(conn.get_database_backend(), sql, [position.into()]);
    let found = Subject::find_by_statement(statement).all(conn).await?;
    Ok(found.into_iter().map(|it| it.subject).collect())
}

/// Forgets events from before a moment that have a place.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let old = row::Entity::delete_many()
        .filter(row::Column::Position.is_not_null())
        .filter(row::Column::At.lt(before));
    Ok(old.exec(tx).await?.rows_affected)
}

const COUNTER: &str = "outbox";

/// Locks the counter until the transaction ends, and reads it.
async fn lock_counter(tx: &Tx) -> Result<i64> {
    let first = counter::ActiveModel { name: Set(COUNTER.to_owned()), last: Set(0) };
    counter::Entity::insert(first)
        .on_conflict(OnConflict::column(counter::Column::Name).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let mut query = counter::Entity::find_by_id(COUNTER);
    if tx.get_database_backend() == DbBackend::Postgres {
        query = query.lock(LockType::Update);
    }
    Ok(query.one(tx).await?.map_or(0, |it| it.last))
}

impl TryFrom<row::Model> for Event {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let position = row.position.ok_or_else(|| unknown("outbox.position"))?;
        let kind = Kind::named(&row.kind).ok_or_else(|| unknown("outbox.kind"))?;
        Ok(Self { position, kind, subject: row.subject })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub position: Option<i64>,
        pub kind: String,
        pub subject: Uuid,
        pub at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod counter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "counters")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub last: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
