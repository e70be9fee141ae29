//! Stored consents. They are evidence: none is removed, also when its person closed the account.

use domain::{
    consents::{Agreement, Consent, ConsentId, Purpose},
    people::PersonId,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};

use crate::{Conn, Error, Result, Tx, error::unknown};

/// Stores consents.
pub async fn insert_all(tx: &Tx, new: &[Consent]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let rows = new.iter().map(|it| row::ActiveModel {
        id: Set(it.id.as_uuid()),
        person_id: Set(it.person.as_uuid()),
        purpose: Set(it.agreement.purpose.as_str().to_owned()),
        version: Set(it.agreement.version),
        given_at: Set(it.given_at),
        withdrawn_at: Set(it.withdrawn_at),
        request_id: Set(it.request_id.clone()),
    });
    row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// A person's consents, the oldest first.
pub async fn list(conn: &impl Conn, person: PersonId) -> Result<Vec<Consent>> {
    let rows = row::Entity::find()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(Consent::try_from).collect()
}

/// One of a person's consents.
pub async fn get(conn: &impl Conn, person: PersonId, id: ConsentId) -> Result<Consent> {
    let row = row::Entity::find_by_id(id.as_uuid())
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .one(conn)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Saves that a consent was withdrawn, or fails as [`Error::Stale`] if it was before.
pub async fn save_withdrawal(tx: &Tx, withdrawn: &Consent) -> Result<()> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::WithdrawnAt, Expr::value(withdrawn.withdrawn_at))
        .filter(row::Column::Id.eq(withdrawn.id.as_uuid()))
        .filter(row::Column::WithdrawnAt.is_null())
        .exec(tx)
        .await?;
    if done.rows_affected == 0 { Err(Error::Stale) } else { Ok(()) }
}

impl TryFrom<row::Model> for Consent {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let purpose = Purpose::named(&row.purpose).ok_or_else(|| unknown("consents.purpose"))?;
        Ok(Self {
            id: ConsentId::from_uuid(row.id),
            person: PersonId::from_uuid(row.person_id),
            agreement: Agreement { purpose, version: row.version },
            given_at: row.given_at,
            withdrawn_at: row.withdrawn_at,
            request_id: row.request_id,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "consents")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub purpose: String,
        pub version: i32,
        pub given_at: ChronoDateTimeUtc,
        pub withdrawn_at: Option<ChronoDateTimeUtc>,
        pub request_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
