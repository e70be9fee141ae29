//! Colleagues whom an author named as readers of a listing.

use domain::people::PersonId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, sea_query::SelectStatement,
};
use uuid::Uuid;

use crate::{Conn, Result, Tx};

/// Whom the author of a listing named.
pub async fn list(conn: &impl Conn, listing: Uuid) -> Result<Vec<PersonId>> {
    let rows = row::Entity::find()
        .filter(row::Column::ListingId.eq(listing))
        .order_by_asc(row::Column::PersonId)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|it| PersonId::from_uuid(it.person_id)).collect())
}

/// Names these and nobody else.
pub async fn replace(tx: &Tx, listing: Uuid, people: &[PersonId]) -> Result<()> {
    remove_all(tx, listing).await?;
    let rows = people
        .iter()
        .map(|it| row::ActiveModel { listing_id: Set(listing), person_id: Set(it.as_uuid()) });
    row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Names nobody any more.
pub(crate) async fn remove_all(tx: &Tx, listing: Uuid) -> Result<()> {
    let all = row::Entity::delete_many().filter(row::Column::ListingId.eq(listing));
    all.exec(tx).await?;
    Ok(())
}

/// Which of some listings name someone.
pub(crate) async fn named(conn: &impl Conn, person: PersonId, of: &[Uuid]) -> Result<Vec<Uuid>> {
    let rows = row::Entity::find()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .filter(row::Column::ListingId.is_in(of.iter().copied()))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|it| it.listing_id).collect())
}

/// The listings that name someone.
pub(crate) fn naming(person: PersonId) -> SelectStatement {
    row::Entity::find()
        .select_only()
        .column(row::Column::ListingId)
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .into_query()
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "readers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub listing_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
