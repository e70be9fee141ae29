//! The mail addresses that people have confirmed.

use chrono::{DateTime, Utc};
use domain::{contacts::Mail, people::PersonId};
use sea_orm::{ActiveValue::Set, EntityTrait as _, sea_query::OnConflict};

use crate::{Conn, Result, Tx, error::corrupt, keys::Place};

/// A person's address, and since when it is known to be theirs.
pub async fn find(conn: &impl Conn, person: PersonId) -> Result<Option<(Mail, DateTime<Utc>)>> {
    let row = row::Entity::find_by_id(person.as_uuid()).one(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let address = conn.keys().open(&place(person), &row.mail)?;
    let address = Mail::new(&address).map_err(corrupt("mail_addresses.mail"))?;
    Ok(Some((address, row.confirmed_at)))
}

/// Puts an address in the place of any that the person has.
pub async fn set(tx: &Tx, person: PersonId, (mail, at): (&Mail, DateTime<Utc>)) -> Result<()> {
    let row = row::ActiveModel {
        person_id: Set(person.as_uuid()),
        mail: Set(tx.keys().seal(&place(person), mail.as_str())?),
        confirmed_at: Set(at),
    };
    let changed = [row::Column::Mail, row::Column::ConfirmedAt];
    let known = OnConflict::column(row::Column::PersonId).update_columns(changed).to_owned();
    row::Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets a person's address.
pub async fn remove(tx: &Tx, person: PersonId) -> Result<()> {
    row::Entity::delete_by_id(person.as_uuid()).exec(tx).await?;
    Ok(())
}

fn place(person: PersonId) -> Place {
    Place::new("mail_addresses", "mail", person)
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_addresses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        pub mail: String,
        pub confirmed_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
