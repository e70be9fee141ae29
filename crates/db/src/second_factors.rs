//! Second factors: the secret that a person's device shares, the last code that was used of it, and
//! the digests of recovery codes.

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, OnConflict},
};

use crate::{Conn, Error, Result, Tx, keys::Place};

/// A person's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// The secret, and since when it counts.
    pub active: Option<(String, DateTime<Utc>)>,
    /// A secret that was made and not yet confirmed.
    pub pending: Option<String>,
}

/// A person's second factor, if anything is known of one.
pub async fn find(conn: &impl Conn, person: PersonId) -> Result<Option<Factor>> {
    let row = row::Entity::find_by_id(person.as_uuid()).one(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let open = |name, sealed: Option<String>| {
        sealed.map(|it| conn.keys().open(&place(person, name), &it)).transpose()
    };
    let (secret, pending) = (open("secret", row.secret)?, open("pending", row.pending)?);
    Ok(Some(Factor { active: secret.zip(row.since), pending }))
}

/// Whoever knows a secret makes its codes: both columns are sealed.
fn place(person: PersonId, column: &'static str) -> Place {
    Place::new("second_factors", column, person)
}

/// Whether a person has a second factor that counts.
pub async fn is_active(conn: &impl Conn, person: PersonId) -> Result<bool> {
    Ok(find(conn, person).await?.is_some_and(|it| it.active.is_some()))
}

/// Keeps a new secret until it is confirmed. An earlier one counts meanwhile.
pub async fn begin(tx: &Tx, person: PersonId, secret: &str) -> Result<()> {
    let row = row::ActiveModel {
        person_id: Set(person.as_uuid()),
        secret: Set(None),
        since: Set(None),
        pending: Set(Some(tx.keys().seal(&place(person, "pending"), secret)?)),
        step: Set(0),
    };
    let known =
        OnConflict::column(row::Column::PersonId).update_column(row::Column::Pending).to_owned();
    row::Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes the pending secret count. `step` is that of the code which confirmed it: it is used up.
/// Fails as [`Error::Stale`] if another is pending by now.
pub async fn confirm(
    tx: &Tx,
    (person, secret): (PersonId, &str),
    (step, now): (i64, DateTime<Utc>),
) -> Result<()> {
    let held = row::Entity::find_by_id(person.as_uuid()).lock_exclusive().one(tx).await?;
    if held.is_none()
        || find(tx, person).await?.and_then(|it| it.pending).as_deref() != Some(secret)
    {
        return Err(Error::Stale);
    }
    let row = row::ActiveModel {
        secret: Set(Some(tx.keys().seal(&place(person, "secret"), secret)?)),
        since: Set(Some(now)),
        pending: Set(None),
        step: Set(step),
        ..row::ActiveModel::default()
    };
    let update = row::Entity::update_many().set(row);
    update.filter(row::Column::PersonId.eq(person.as_uuid())).exec(tx).await?;
    Ok(())
}

/// Uses up the code of a step; says whether neither it nor a later one was used before.
pub async fn use_step(tx: &Tx, person: PersonId, step: i64) -> Result<bool> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::Step, Expr::value(step))
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .filter(row::Column::Step.lt(step))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Puts new recovery codes, by their digests, in the place of all earlier ones.
pub async fn set_recovery_codes(tx: &Tx, person: PersonId, hashes: &[String]) -> Result<()> {
    forget_recovery_codes(tx, person).await?;
    let rows = hashes.iter().map(|hash| recovery::ActiveModel {
        person_id: Set(person.as_uuid()),
        hash: Set(hash.clone()),
    });
    recovery::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Uses up a recovery code; says whether there was such a one.
pub async fn use_recovery_code(tx: &Tx, person: PersonId, hash: &str) -> Result<bool> {
    let key = (person.as_uuid(), hash.to_owned());
    Ok(recovery::Entity::delete_by_id(key).exec(tx).await?.rows_affected == 1)
}

/// How many recovery codes are left.
pub async fn recovery_codes(conn: &impl Conn, person: PersonId) -> Result<u64> {
    let left = recovery::Entity::find().filter(recovery::Column::PersonId.eq(person.as_uuid()));
    Ok(left.count(conn).await?)
}

/// Takes a person's second factor away, with the recovery codes.
pub async fn remove(tx: &Tx, person: PersonId) -> Result<()> {
    forget_recovery_codes(tx, person).await?;
    row::Entity::delete_by_id(person.as_uuid()).exec(tx).await?;
    Ok(())
}

async fn forget_recovery_codes(tx: &Tx, person: PersonId) -> Result<()> {
    let all = recovery::Entity::delete_many();
    all.filter(recovery::Column::PersonId.eq(person.as_uuid())).exec(tx).await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "second_factors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        pub secret: Option<String>,
        pub since: Option<ChronoDateTimeUtc>,
        pub pending: Option<String>,
        pub step: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod recovery {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
