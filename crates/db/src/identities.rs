//! Who people are elsewhere: which account another provider's word opens.

use chrono::{DateTime, Utc};
use domain::{Id, people::PersonId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};
use sha2::{Digest as _, Sha256};

use crate::{Conn, Error, Result, Tx};

/// Identifies an [`Identity`].
pub type IdentityId = Id<Identity>;

/// That a person is somebody at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Names it.
    pub id: IdentityId,
    /// Who it is here.
    pub person: PersonId,
    /// The provider.
    pub issuer: String,
    /// When it was linked.
    pub linked_at: DateTime<Utc>,
    /// When somebody last signed in by it.
    pub used_at: Option<DateTime<Utc>>,
}

/// What is kept of whom a provider calls somebody: a digest. It is only ever compared.
pub fn digest(issuer: &str, subject: &str) -> String {
    let digest = Sha256::digest(format!("{issuer}\n{subject}"));
    let digits = digest.iter().flat_map(|it| [it >> 4, it & 15]);
    digits.filter_map(|it| char::from_digit(it.into(), 16)).collect()
}

/// The identity with this digest.
pub async fn find(conn: &impl Conn, digest: &str) -> Result<Option<Identity>> {
    let row = row::Entity::find().filter(row::Column::SubjectHash.eq(digest)).one(conn).await?;
    Ok(row.map(Identity::from))
}

/// A person's identities, the oldest first.
pub async fn list(conn: &impl Conn, person: PersonId) -> Result<Vec<Identity>> {
    let rows = row::Entity::find()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(Identity::from).collect())
}

/// Links an identity; [`Error::Taken`] if it is somebody's already, or the person has another one at
/// that provider.
pub async fn insert(tx: &Tx, new: &Identity, digest: &str) -> Result<()> {
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        person_id: Set(new.person.as_uuid()),
        issuer: Set(new.issuer.clone()),
        subject_hash: Set(digest.to_owned()),
        linked_at: Set(new.linked_at),
        used_at: Set(new.used_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Notes that somebody signed in by it; fails as [`Error::NotFound`] if it is linked no longer.
pub async fn touch(tx: &Tx, id: IdentityId, now: DateTime<Utc>) -> Result<()> {
    let update = row::Entity::update_many().col_expr(row::Column::UsedAt, Expr::value(now));
    let done = update.filter(row::Column::Id.eq(id.as_uuid())).exec(tx).await?;
    if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Unlinks one of a person's identities, or fails as [`Error::NotFound`].
pub async fn remove(tx: &Tx, person: PersonId, id: IdentityId) -> Result<()> {
    let done = row::Entity::delete_many()
        .filter(row::Column::Id.eq(id.as_uuid()))
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Unlinks all of a person's identities.
pub(crate) async fn remove_all(tx: &Tx, person: PersonId) -> Result<()> {
    let all = row::Entity::delete_many();
    all.filter(row::Column::PersonId.eq(person.as_uuid())).exec(tx).await?;
    Ok(())
}

impl From<row::Model> for Identity {
    fn from(row: row::Model) -> Self {
        Self {
            id: IdentityId::from_uuid(row.id),
            person: PersonId::from_uuid(row.person_id),
            issuer: row.issuer,
            linked_at: row.linked_at,
            used_at: row.used_at,
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "identities")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub issuer: String,
        pub subject_hash: String,
        pub linked_at: ChronoDateTimeUtc,
        pub used_at: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
