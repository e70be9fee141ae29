//! How often callers have asked, as far as the processes have told each other.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{CaseStatement, Expr, ExprTrait as _, OnConflict},
};

use crate::{Result, Tx, error::corrupt};

/// Moves the moment at which a bucket is full further away, and tells where it is now. One that is
/// not there is full. This is one statement: two processes that tell at once both count.
pub async fn tell(
    tx: &Tx,
    key: &str,
    span: TimeDelta,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let span = span.num_microseconds().unwrap_or(i64::MAX / 4);
    let now = now.timestamp_micros();
    let known = || Expr::col((row::Entity, row::Column::FullAt));
    let later = CaseStatement::new().case(known().gt(now), known().add(span)).finally(now + span);
    let new = row::ActiveModel { key: Set(key.to_owned()), full_at: Set(now + span) };
    let moved = OnConflict::column(row::Column::Key).value(row::Column::FullAt, later).to_owned();
    let row = row::Entity::insert(new).on_conflict(moved).exec_with_returning(tx).await?;
    DateTime::from_timestamp_micros(row.full_at)
        .ok_or("no moment")
        .map_err(corrupt("rates.full_at"))
}

/// Forgets the buckets that are full.
pub async fn forget(tx: &Tx, now: DateTime<Utc>) -> Result<u64> {
    let full = row::Entity::delete_many().filter(row::Column::FullAt.lt(now.timestamp_micros()));
    Ok(full.exec(tx).await?.rows_affected)
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "rates")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub full_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
