//! Stored versions of the matcher, and which of them suggests.
//!
//! Whoever suggests reads the version anew with each need that it matches: a change holds from the
//! next one on, in every process.

use chrono::{DateTime, Utc};
use domain::matchers::{Matcher, Version};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Conn, Error, Result, Tx,
    error::corrupt,
    jobs::{self, Kind},
};

/// A time during which a matcher suggested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The matcher's name.
    pub matcher: String,
    /// When it was activated.
    pub begun_at: DateTime<Utc>,
}

/// The version of this name.
pub async fn get(conn: &impl Conn, name: &str) -> Result<Matcher> {
    row::Entity::find_by_id(name).one(conn).await?.ok_or(Error::NotFound)?.try_into()
}

/// Every trained version, the newest first.
pub async fn list(conn: &impl Conn) -> Result<Vec<Matcher>> {
    let rows = row::Entity::find().order_by_desc(row::Column::TrainedAt).all(conn).await?;
    rows.into_iter().map(Matcher::try_from).collect()
}

/// Stores a new version; [`Error::Taken`] if there is one of its name.
pub async fn insert(tx: &Tx, new: &Matcher) -> Result<()> {
    let json = |value: serde_json::Result<_>| value.map_err(corrupt("matchers"));
    let row = row::ActiveModel {
        name: Set(new.version.name.clone()),
        base: Set(new.base.clone()),
        weights: Set(json(serde_json::to_value(&new.version.weights))?),
        figures: Set(json(serde_json::to_value(&new.figures))?),
        trained_at: Set(new.trained_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The version that suggests. It is the built-in one where none was activated, and where the one
/// that was weighs the scores of another built-in matcher than `built_in`: that program is gone.
pub async fn active(conn: &impl Conn, built_in: &str) -> Result<Version> {
    let Some(turn) = turn(conn).await? else { return Ok(Version::built_in(built_in)) };
    let found = row::Entity::find_by_id(turn.matcher).one(conn).await?;
    match found.map(Matcher::try_from).transpose()? {
        Some(it) if it.base == built_in => Ok(it.version),
        Some(it) => {
            tracing::warn!(matcher = it.version.name, "weighs another matcher's scores: left out");
            Ok(Version::built_in(built_in))
        }
        None => Ok(Version::built_in(built_in)),
    }
}

/// The turn that holds, if any was ever begun.
pub async fn turn(conn: &impl Conn) -> Result<Option<Turn>> {
    let row = held().one(conn).await?;
    Ok(row.map(|it| Turn { matcher: it.matcher, begun_at: it.begun_at }))
}

/// Has a version suggest from now on, and every need matched again by it. Changes nothing, and says
/// so, if it does already.
pub async fn activate(tx: &Tx, name: &str, built_in: &str, now: DateTime<Utc>) -> Result<bool> {
    hold(tx).await?;
    if name != built_in {
        get(tx, name).await?;
    }
    let present = turn(tx).await?.map_or_else(|| built_in.to_owned(), |it| it.matcher);
    if present == name {
        return Ok(false);
    }
    let row = turns::ActiveModel {
        id: Set(Uuid::now_v7()),
        matcher: Set(name.to_owned()),
        begun_at: Set(now),
        undone_at: Set(None),
    };
    turns::Entity::insert(row).exec_without_returning(tx).await?;
    jobs::enqueue(tx, Kind::MatchAll, Uuid::nil(), now).await?;
    Ok(true)
}

/// Goes back to the version that suggested before, and has every need matched again by it. Tells
/// which one that is; nothing if none was ever activated.
pub async fn back(tx: &Tx, built_in: &str, now: DateTime<Utc>) -> Result<Option<String>> {
    hold(tx).await?;
    let Some(last) = held().one(tx).await? else { return Ok(None) };
    turns::Entity::update_many()
        .col_expr(turns::Column::UndoneAt, Expr::value(now))
        .filter(turns::Column::Id.eq(last.id))
        .exec(tx)
        .await?;
    jobs::enqueue(tx, Kind::MatchAll, Uuid::nil(), now).await?;
    Ok(Some(turn(tx).await?.map_or_else(|| built_in.to_owned(), |it| it.matcher)))
}

/// The turns that were not undone, the newest first. Ids are in the order of their making, also
/// within one moment.
fn held() -> sea_orm::Select<turns::Entity> {
    turns::Entity::find()
        .filter(turns::Column::UndoneAt.is_null())
        .order_by_desc(turns::Column::BegunAt)
        .order_by_desc(turns::Column::Id)
}

/// Has others wait who are about to change the turns: each is to see what the one before did.
async fn hold(tx: &Tx) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("LOCK TABLE matcher_turns IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    Ok(())
}

impl TryFrom<row::Model> for Matcher {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let weights = serde_json::from_value(row.weights).map_err(corrupt("matchers.weights"))?;
        let figures = serde_json::from_value(row.figures).map_err(corrupt("matchers.figures"))?;
        Ok(Self {
            version: Version { name: row.name, weights },
            base: row.base,
            figures,
            trained_at: row.trained_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "matchers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub base: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub weights: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub figures: Json,
        pub trained_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod turns {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "matcher_turns")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub matcher: String,
        pub begun_at: ChronoDateTimeUtc,
        pub undone_at: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
