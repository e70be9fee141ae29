//! Lines go when they have been kept as long as they must.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::json;

use super::{
    Line, Place, append,
    links::{self, Ends},
    row,
};
use crate::{Conn, Error, Result, Tx};

/// How long lines are kept at the least, whatever is asked for: what the law wants, six months.
pub const KEPT_AT_LEAST: TimeDelta = TimeDelta::days(184);

/// The action of the line that a purge leaves.
pub const PURGE: &str = "audit.purge";

/// The most lines that one purge takes.
const BATCH: i64 = 10_000;

/// When the oldest line was written.
pub async fn oldest(conn: &impl Conn) -> Result<Option<DateTime<Utc>>> {
    let first = row::Entity::find().order_by_asc(row::Column::Seq).one(conn).await?;
    Ok(first.map(|it| it.at))
}

/// Purges the oldest lines, as far as they are from before a moment, and tells how many that were;
/// ten thousand at the most. What is left of them is a line that names the last of them.
pub async fn purge(tx: &Tx, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<i64> {
    let before = before.min(now - KEPT_AT_LEAST);
    let Ends { head, floor } = Ends::get(tx).await?;
    let first_to_stay = row::Entity::find()
        .select_only()
        .column(row::Column::Seq)
        .filter(row::Column::At.gte(before))
        .filter(row::Column::Seq.gt(floor.seq))
        .order_by_asc(row::Column::Seq)
        .into_tuple::<i64>()
        .one(tx)
        .await?;
    let last = first_to_stay.map_or(head.seq, |it| it - 1).min(floor.seq + BATCH);
    if last <= floor.seq {
        return Ok(0);
    }
    let purged = row::Entity::find_by_id(last).one(tx).await?.ok_or(Error::NotFound)?;
    let through = Place { seq: last, hash: purged.hash.parse()? };
    row::Entity::delete_many().filter(row::Column::Seq.lte(last)).exec(tx).await?;
    links::raise_floor(tx, through).await?;
    let count = last - floor.seq;
    let line = Line {
        detail: json!({ "through": last, "hash": through.hash.to_string(), "lines": count }),
        ..Line::new(now, PURGE)
    };
    append(tx, line).await?;
    Ok(count)
}
