//! Notices: what someone is told, to be read when they next look.
//!
//! A notice names what it is about and holds no text of it: that is rendered under the reader's
//! rights when it is read.

use chrono::{DateTime, Utc};
use domain::{
    Id,
    notices::{Notice, Subject},
    people::PersonId,
    text::Text,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::{
    Conn, Error, Page, Result, Tx,
    error::{corrupt, unknown},
};

/// A person's notices, the newest first.
pub async fn list(conn: &impl Conn, person: PersonId, page: Page) -> Result<Vec<Notice>> {
    let mut query = row::Entity::find()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .order_by_desc(row::Column::Id)
        .limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(Notice::try_from).collect()
}

/// Stores a new notice.
pub async fn insert(tx: &Tx, new: &Notice) -> Result<()> {
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        person_id: Set(new.person.as_uuid()),
        subject: Set(new.subject.as_str().to_owned()),
        object_id: Set(new.object),
        reason: Set(new.reason.as_str().to_owned()),
        at: Set(new.at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets notices from before a moment.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let old = row::Entity::delete_many().filter(row::Column::At.lt(before));
    Ok(old.exec(tx).await?.rows_affected)
}

impl TryFrom<row::Model> for Notice {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: Id::from_uuid(row.id),
            person: PersonId::from_uuid(row.person_id),
            subject: Subject::named(&row.subject).ok_or_else(|| unknown("notices.subject"))?,
            object: row.object_id,
            reason: Text::new(&row.reason).map_err(corrupt("notices.reason"))?,
            at: row.at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "notices")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub subject: String,
        pub object_id: Uuid,
        pub reason: String,
        pub at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
