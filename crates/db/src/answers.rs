//! Answers remembered for an Idempotency-Key, so that asking twice does once.
//!
//! The answer is written in the transaction that has the effect. Two requests with one key at
//! once: the second waits for the first and then finds its answer.

use chrono::{DateTime, Utc};
use domain::organisations::OrganisationId;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Conn as _, Result, Tx, error::unknown, keys::Place, people};

/// A key, bound to who uses it, for what, and with which body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Who asks; nil for visitors.
    pub person: Uuid,
    /// What the client calls the request.
    pub key: String,
    /// What is asked.
    pub operation: String,
    /// A digest of the body.
    pub fingerprint: String,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// It is new, and now taken: do the work, then [`remember`] the answer.
    Nothing,
    /// It was answered so.
    Answer(Value),
    /// It was used for something else.
    Other,
}

impl Key {
    /// Answers hold what was answered, contacts too: they are sealed.
    fn place(&self) -> Place {
        Place::new("answers", "answer", format!("{}/{}", self.person, self.key))
    }
}

/// Takes a key, or finds what it was used for.
pub async fn look_up(tx: &Tx, key: &Key, now: DateTime<Utc>) -> Result<Known> {
    let new = row::ActiveModel {
        person_id: Set(key.person),
        key: Set(key.key.clone()),
        operation: Set(key.operation.clone()),
        fingerprint: Set(key.fingerprint.clone()),
        answer: Set(Value::Null),
        at: Set(now),
    };
    let taken =
        OnConflict::columns([row::Column::PersonId, row::Column::Key]).do_nothing().to_owned();
    let inserted = row::Entity::insert(new).on_conflict(taken).exec_without_returning(tx).await?;
    if inserted == 1 {
        return Ok(Known::Nothing);
    }
    let row = row::Entity::find_by_id((key.person, key.key.clone())).one(tx).await?;
    let same = row.filter(|it| it.operation == key.operation && it.fingerprint == key.fingerprint);
    let Some(same) = same else { return Ok(Known::Other) };
    let Value::String(sealed) = same.answer else { return Err(unknown("answers.answer")) };
    Ok(Known::Answer(tx.keys().open_json(&key.place(), &sealed)?))
}

/// Remembers the answer to a key that [`look_up`] took.
pub async fn remember(tx: &Tx, key: &Key, answer: Value) -> Result<()> {
    let sealed = tx.keys().seal_json(&key.place(), &answer)?;
    row::Entity::update_many()
        .col_expr(row::Column::Answer, Expr::value(sealed))
        .filter(row::Column::PersonId.eq(key.person))
        .filter(row::Column::Key.eq(key.key.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets the keys used before a moment.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let old = row::Entity::delete_many().filter(row::Column::At.lt(before));
    Ok(old.exec(tx).await?.rows_affected)
}

/// Forgets what the people of an organisation were answered.
pub(crate) async fn forget_all_of(tx: &Tx, organisation: OrganisationId) -> Result<()> {
    let members = people::of_organisation(organisation);
    let theirs = row::Column::PersonId.in_subquery(members);
    row::Entity::delete_many().filter(theirs).exec(tx).await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub operation: String,
        pub fingerprint: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub answer: Json,
        pub at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
