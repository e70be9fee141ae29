//! Stored pairs, and the queue of those that wait for a matchmaker.

use domain::{
    days::Day,
    listings::Kind,
    needs::NeedId,
    pairs::{Pair, PairId, State},
    people::PersonId,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::LockType,
};
use uuid::Uuid;

use crate::{Conn, Error, Result, Tx, audit, listings};

mod past;
mod queue;
mod row;

pub use past::{Past, outcomes, past};
pub use queue::{Counts, Entry, Order, Place, Queue, Side, count_accepted, counts, queue};

/// The pair of this id.
pub async fn get(conn: &impl Conn, id: PairId) -> Result<Pair> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.open(conn.keys())
}

/// All pairs of a listing, whatever their state.
pub async fn of_listing(conn: &impl Conn, kind: Kind, listing: Uuid) -> Result<Vec<Pair>> {
    let side = match kind {
        Kind::Need => row::Column::NeedId,
        Kind::Achievement => row::Column::AchievementId,
    };
    let rows = row::Entity::find().filter(side.eq(listing)).all(conn).await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Has others wait who are about to change pairs of this need, until the transaction ends: a verdict
/// changes the scores of them all. What was read of them before must be read again.
pub async fn hold(tx: &Tx, need: NeedId) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // Not FOR UPDATE: new pairs refer to the need, and need not wait.
        let row = listings::row::Entity::find_by_id(need.as_uuid()).lock(LockType::NoKeyUpdate);
        row.one(tx).await?;
    }
    Ok(())
}

/// The deferred pairs whose day has come.
pub async fn due(conn: &impl Conn, today: Day, limit: u64) -> Result<Vec<Pair>> {
    let rows = row::Entity::find()
        .filter(row::Column::State.eq(State::Deferred.as_str()))
        .filter(row::Column::DeferredUntil.lte(today.0))
        .limit(limit)
        .all(conn)
        .await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Stores new pairs; [`Error::Taken`] if one of them exists for the same editions.
pub async fn insert_all(tx: &Tx, new: &[Pair]) -> Result<()> {
    let rows: Vec<row::ActiveModel> =
        new.iter().map(|it| row::columns(it, tx.keys())).collect::<Result<_>>()?;
    row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Gives back to the queue the pairs that `holder` has taken. Each leaves `line` in the log, with
/// the pair as its object.
pub async fn let_go_all(tx: &Tx, holder: PersonId, line: &audit::Line) -> Result<()> {
    let rows = row::Entity::find()
        .filter(row::Column::State.eq(State::Taken.as_str()))
        .filter(row::Column::TakenBy.eq(holder.as_uuid()))
        .all(tx)
        .await?;
    let pairs = rows.into_iter().map(|it| it.open(tx.keys())).collect::<Result<_>>()?;
    let_go(tx, pairs, line).await
}

/// Gives back to the queue the pairs of a listing that someone else than its keeper has taken: it
/// became confidential.
pub async fn keep_to(
    tx: &Tx,
    (kind, listing): (Kind, Uuid),
    keeper: Option<PersonId>,
    line: &audit::Line,
) -> Result<()> {
    let mut pairs = of_listing(tx, kind, listing).await?;
    pairs.retain(|it| it.state() == State::Taken && it.taken_by() != keeper);
    let_go(tx, pairs, line).await
}

async fn let_go(tx: &Tx, pairs: Vec<Pair>, line: &audit::Line) -> Result<()> {
    for mut pair in pairs {
        if pair.taken_by().is_some_and(|holder| pair.let_go(holder)) {
            save(tx, &mut pair).await?;
            let object = Some(("pair".to_owned(), pair.id.as_uuid()));
            audit::append(tx, audit::Line { object, ..line.clone() }).await?;
        }
    }
    Ok(())
}

/// Saves a pair that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Pair) -> Result<()> {
    let mut row = row::columns(changed, tx.keys())?;
    row.version = Set(changed.version + 1);
    let done = row::Entity::update_many()
        .set(row)
        .filter(row::Column::Id.eq(changed.id.as_uuid()))
        .filter(row::Column::Version.eq(changed.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::Stale);
    }
    changed.version += 1;
    Ok(())
}
