//! When passwords were set, and the hashes of those before them.

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{Conn, Error, Result, Tx, links, people};

/// What is known of a person's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When it was set; nothing if it is the one the account was made with.
    pub set_at: Option<DateTime<Utc>>,
    /// Whether it was set by someone else, and is to be changed at the first sign-in.
    pub must_change: bool,
}

/// A password to be set.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its hash.
    pub hash: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: By,
    /// How many of those before it are kept, so that they are not set again.
    pub keep: u64,
}

/// Who set a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The person.
    Owner,
    /// Someone else, who knows it now.
    Another,
}

/// How a person's password stands.
pub async fn get(conn: &impl Conn, person: PersonId) -> Result<Standing> {
    let row = row::Entity::find_by_id(person.as_uuid()).one(conn).await?;
    Ok(Standing {
        set_at: row.as_ref().map(|it| it.set_at),
        must_change: row.is_some_and(|it| it.must_change),
    })
}

/// The hashes of the passwords before the present one, the newest first.
pub async fn earlier(conn: &impl Conn, person: PersonId, most: u64) -> Result<Vec<String>> {
    let rows = old::Entity::find()
        .filter(old::Column::PersonId.eq(person.as_uuid()))
        .order_by_desc(old::Column::Id)
        .limit(most)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|it| it.hash).collect())
}

/// Sets a password in the place of the present one. Links to set another end.
pub async fn set(tx: &Tx, person: PersonId, new: New<'_>) -> Result<()> {
    let present = people::replace_hash(tx, person, new.hash).await?;
    links::remove_all(tx, person, links::Purpose::Reset).await?;
    if new.keep > 0 {
        let row = old::ActiveModel {
            id: Set(Uuid::now_v7()),
            person_id: Set(person.as_uuid()),
            hash: Set(present),
        };
        old::Entity::insert(row).exec_without_returning(tx).await?;
    }
    forget(tx, person, new.keep).await?;
    note(tx, person, (new.at, new.by)).await
}

/// Notes when the present password was set, and by whom.
pub async fn note(tx: &Tx, person: PersonId, (at, by): (DateTime<Utc>, By)) -> Result<()> {
    let row = row::ActiveModel {
        person_id: Set(person.as_uuid()),
        set_at: Set(at),
        must_change: Set(by == By::Another),
    };
    let changed = [row::Column::SetAt, row::Column::MustChange];
    let known = OnConflict::column(row::Column::PersonId).update_columns(changed).to_owned();
    row::Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets all earlier passwords of a person but the newest.
pub(crate) async fn forget(tx: &Tx, person: PersonId, keep: u64) -> Result<()> {
    let kept: Vec<Uuid> = old::Entity::find()
        .filter(old::Column::PersonId.eq(person.as_uuid()))
        .order_by_desc(old::Column::Id)
        .limit(keep)
        .all(tx)
        .await?
        .into_iter()
        .map(|it| it.id)
        .collect();
    old::Entity::delete_many()
        .filter(old::Column::PersonId.eq(person.as_uuid()))
        .filter(old::Column::Id.is_not_in(kept))
        .exec(tx)
        .await
        .map_err(Error::from)?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "passwords")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        pub set_at: ChronoDateTimeUtc,
        pub must_change: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod old {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "old_passwords")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
