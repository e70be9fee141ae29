//! Which fields are sealed, and bringing them under another key.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _,
    prelude::Json,
    sea_query::{Expr, OnConflict},
};

use serde_json::Map;

use crate::{
    Conn, Db, Error, Keys, Result, Tx, audit,
    keys::{Described, KeyId},
};

mod walk;

use walk::{FIELDS, Walk};

/// How many rows are sealed anew in one transaction.
const BATCH: u64 = 200;

/// Sees to it that everything in the database can be opened: makes the first key where nothing has
/// ever been sealed, and fails as [`Error::NoKey`] where a key that has sealed is missing.
pub async fn admit(db: &Db, now: DateTime<Utc>) -> Result<()> {
    db.write(async |tx| {
        // Two programs that start at once must not each make a first key.
        if tx.get_database_backend() == DbBackend::Postgres {
            tx.execute_unprepared("LOCK TABLE sealing_keys IN EXCLUSIVE MODE").await?;
        }
        if let Some(missing) = first_missing(tx).await? {
            return Err(Error::NoKey(missing.to_string()));
        }
        if db.keys().active().is_none() {
            db.keys().add(now)?;
        }
        register(tx, &db.keys().all()).await
    })
    .await
}

/// A key that has sealed and is not there.
pub async fn missing(db: &Db) -> Result<Option<KeyId>> {
    first_missing(db.read()).await
}

async fn first_missing(conn: &impl Conn) -> Result<Option<KeyId>> {
    let in_use = row::Entity::find().filter(row::Column::RetiredAt.is_null()).all(conn).await?;
    let there = conn.keys().all();
    let is_there = |it: &&row::Model| there.iter().any(|key| key.id.as_str() == it.id);
    Ok(in_use.iter().find(|it| !is_there(it)).map(|it| KeyId::named(&it.id)))
}

/// Notes which keys may have sealed something from now on.
async fn register(tx: &Tx, keys: &[Described]) -> Result<()> {
    let rows = keys.iter().map(|it| row::ActiveModel {
        id: Set(it.id.as_str().to_owned()),
        made_at: Set(it.made_at),
        retired_at: Set(None),
    });
    let known = OnConflict::column(row::Column::Id).do_nothing().to_owned();
    row::Entity::insert_many(rows).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes a key that only opens, which `line` puts on record.
pub async fn add(
    db: &Db,
    now: DateTime<Utc>,
    line: impl FnOnce(&KeyId) -> audit::Line,
) -> Result<KeyId> {
    let id = db.keys().add(now)?;
    let line = line(&id);
    db.write(async |tx| {
        register(tx, &db.keys().all()).await?;
        audit::append(tx, line).await
    })
    .await?;
    Ok(id)
}

/// Makes a key the one that seals. What was sealed before stays under its key until [`reseal`].
pub async fn activate(db: &Db, id: &KeyId, line: audit::Line) -> Result<()> {
    db.write(async |tx| audit::append(tx, line).await).await?;
    db.keys().activate(id)
}

/// How many fields each key has sealed.
pub async fn usage(db: &Db) -> Result<BTreeMap<KeyId, u64>> {
    count(db.read()).await
}

async fn count(conn: &impl Conn) -> Result<BTreeMap<KeyId, u64>> {
    let mut counts = BTreeMap::new();
    for field in FIELDS {
        let mut walk = Walk::new(field);
        loop {
            let rows = walk.next(conn, BATCH).await?;
            if rows.is_empty() {
                break;
            }
            for id in rows.iter().flat_map(|it| it.sealed()).filter_map(KeyId::of_sealed) {
                *counts.entry(id).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

/// Seals everything under the key that seals now, some rows at a time, while others read and write.
/// `step` is told how many fields each transaction sealed. Stopped in the middle, it can be begun
/// again.
pub async fn reseal(db: &Db, mut step: impl FnMut(u64)) -> Result<()> {
    // A transaction that began under the old key may still have been at work behind the walk.
    loop {
        let mut changed = 0;
        for field in FIELDS {
            let mut walk = Walk::new(field);
            while let Some(sealed) = batch(db, &mut walk).await? {
                changed += sealed;
                step(sealed);
            }
        }
        if changed == 0 {
            return Ok(());
        }
    }
}

/// Seals the next rows; tells how many fields, or that there are no more rows.
async fn batch(db: &Db, walk: &mut Walk) -> Result<Option<u64>> {
    let mut at = walk.clone();
    let done = db
        .write(async |tx| {
            let rows = at.next_to_change(tx, BATCH).await?;
            if rows.is_empty() {
                return Ok::<_, Error>(None);
            }
            let mut sealed = 0;
            for row in rows {
                sealed += row.reseal(tx).await?;
            }
            Ok(Some(sealed))
        })
        .await?;
    *walk = at;
    Ok(done)
}

/// Forgets a key that seals nothing any more, or fails as [`Error::KeyInUse`].
pub async fn retire(db: &Db, id: &KeyId, line: audit::Line) -> Result<()> {
    if db.keys().active().as_ref() == Some(id) {
        return Err(Error::KeyInUse(id.clone()));
    }
    db.write(async |tx| {
        if tx.get_database_backend() == DbBackend::Postgres {
            // Whoever is writing under the old key is waited for.
            let mut tables: Vec<&str> = FIELDS.iter().map(|it| it.table).collect();
            tables.dedup();
            let lock = format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "));
            tx.execute_unprepared(&lock).await?;
        }
        if count(tx).await?.contains_key(id) {
            return Err(Error::KeyInUse(id.clone()));
        }
        row::Entity::update_many()
            .col_expr(row::Column::RetiredAt, Expr::value(line.at))
            .filter(row::Column::Id.eq(id.as_str()))
            .exec(tx)
            .await?;
        audit::append(tx, line).await
    })
    .await?;
    db.keys().forget(id)
}

/// Opens what is sealed in a row that was read column by column.
pub(crate) fn open_row(keys: &Keys, table: &str, row: &mut Map<String, Json>) -> Result<()> {
    for field in FIELDS.iter().filter(|it| it.table == table) {
        field.open(keys, row)?;
    }
    Ok(())
}

/// The table and the name of every column that holds what is sealed.
pub fn columns() -> Vec<(&'static str, &'static str)> {
    FIELDS.iter().map(|it| (it.table, it.column)).collect()
}

/// Opens and seals the texts in a stored value under the key that seals now.
fn reseal_json(
    keys: &Keys,
    at: &crate::keys::Place,
    (stored, parts): (&mut Json, &[&str]),
) -> Result<u64> {
    if let Json::String(sealed) = stored {
        return reseal_text(keys, at, sealed);
    }
    let mut changed = 0;
    for part in parts {
        if let Some(Json::String(sealed)) = stored.get_mut(part) {
            changed += reseal_text(keys, &at.part(part), sealed)?;
        }
    }
    Ok(changed)
}

fn reseal_text(keys: &Keys, at: &crate::keys::Place, sealed: &mut String) -> Result<u64> {
    let Some(new) = keys.reseal(at, sealed)? else { return Ok(0) };
    *sealed = new;
    Ok(1)
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "sealing_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub made_at: ChronoDateTimeUtc,
        pub retired_at: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
