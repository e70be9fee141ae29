//! Who did what to what, in the transaction that does it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Conn, Error, Result, Tx,
    error::{corrupt, unknown},
};

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; nobody where the program did it by itself, or a visitor did.
    pub actor: Option<PersonId>,
    /// From where.
    pub origin: Option<IpAddr>,
    /// What: the name of the operation's policy row, and what it came to.
    pub action: String,
    /// To what.
    pub object: Option<(String, Uuid)>,
    /// Whether it was done.
    pub outcome: Outcome,
    /// Why it was done, where the act has a reason, or why it was not: a code.
    pub reason: Option<String>,
    /// The request it came in.
    pub request_id: String,
    /// What else is worth knowing; never personal data or the text of a listing.
    pub detail: Value,
}

/// Whether something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was.
    Done,
    /// The caller might not.
    Denied,
    /// It was allowed, and did not come off.
    Failed,
}

impl Line {
    /// What the program, or a command on its machine, did by itself.
    pub fn new(at: DateTime<Utc>, action: impl Into<String>) -> Self {
        Self {
            at,
            actor: None,
            origin: None,
            action: action.into(),
            object: None,
            outcome: Outcome::Done,
            reason: None,
            request_id: String::new(),
            detail: Value::Object(serde_json::Map::new()),
        }
    }
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Done, Self::Denied, Self::Failed];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
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
            origin: Set(line.origin.map(|it| it.to_string())),
            action: Set(line.action),
            object_kind: Set(kind),
            object_id: Set(id),
            outcome: Set(line.outcome.as_str().to_owned()),
            reason: Set(line.reason),
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
    rows.into_iter().map(Line::try_from).collect()
}

/// How many lines there are.
pub async fn count(conn: &impl Conn) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    Ok(row::Entity::find().count(conn).await?)
}

impl TryFrom<row::Model> for Line {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let outcome = Outcome::ALL.into_iter().find(|it| it.as_str() == row.outcome);
        let origin = row.origin.map(|it| it.parse()).transpose();
        Ok(Self {
            at: row.at,
            actor: row.actor_id.map(PersonId::from_uuid),
            origin: origin.map_err(corrupt("audit.origin"))?,
            action: row.action,
            object: row.object_kind.zip(row.object_id),
            outcome: outcome.ok_or_else(|| unknown("audit.outcome"))?,
            reason: row.reason,
            request_id: row.request_id,
            detail: row.detail,
        })
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
        pub origin: Option<String>,
        pub action: String,
        pub object_kind: Option<String>,
        pub object_id: Option<Uuid>,
        pub outcome: String,
        pub reason: Option<String>,
        pub request_id: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub detail: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
