//! Who did what to what, in the transaction that does it.

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Conn, Result, Tx};

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; nobody where the program did it by itself, or a visitor did.
    pub actor: Option<PersonId>,
    /// What: the name of the operation's policy row, and what it came to.
    pub action: String,
    /// To what.
    pub object: Option<(String, Uuid)>,
    /// The request it came in.
    pub request_id: String,
    /// What else is worth knowing; never personal data or the text of a listing.
    pub detail: Value,
}

/// Appends a line.
pub async fn append(tx: &Tx, line: Line) -> Result<()> {
    append_all(tx, vec![line]).await
}

/// Appends many lines.
pub async fn append_all(tx: &Tx, lines: Vec<Line>) -> Result<()> {
    let rows = lines.into_iter().map(|line| {
        let (kind, id) = line.object.unzip();
        row::ActiveModel {
            id: Set(Uuid::now_v7()),
            at: Set(line.at),
            actor_id: Set(line.actor.map(PersonId::as_uuid)),
            action: Set(line.action),
            object_kind: Set(kind),
            object_id: Set(id),
            request_id: Set(line.request_id),
            detail: Set(line.detail),
        }
    });
    row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// What was done to an object, the oldest first.
pub async fn of_object(conn: &impl Conn, object: Uuid) -> Result<Vec<Line>> {
    let rows = row::Entity::find()
        .filter(row::Column::ObjectId.eq(object))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(Line::from).collect())
}

/// How many lines there are.
pub async fn count(conn: &impl Conn) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    Ok(row::Entity::find().count(conn).await?)
}

impl From<row::Model> for Line {
    fn from(row: row::Model) -> Self {
        Self {
            at: row.at,
            actor: row.actor_id.map(PersonId::from_uuid),
            action: row.action,
            object: row.object_kind.zip(row.object_id),
            request_id: row.request_id,
            detail: row.detail,
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: ChronoDateTimeUtc,
        pub actor_id: Option<Uuid>,
        pub action: String,
        pub object_kind: Option<String>,
        pub object_id: Option<Uuid>,
        pub request_id: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub detail: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
