//! Who did what to what, in the transaction that does it.
//!
//! Every line has a number and a hash over itself and the hash of the line before: a chain, in which
//! nothing can be changed, put in or taken out without every later hash being wrong. Who rewrites
//! all of them is found by the anchors, copies of the chain's end that are kept elsewhere.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::Value;
use uuid::Uuid;

use crate::{Conn, Result, Tx};

mod links;
mod purging;
mod row;
mod search;
mod verification;

pub(crate) use links::chain;
pub use links::{Digest, Place, head, place};
pub use purging::{KEPT_AT_LEAST, PURGE, oldest, purge};
pub use search::{Numbered, Part, Search, list};
pub use verification::{Broken, Verdict, verify};

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

/// Appends a line; it is written when the transaction commits.
pub async fn append(tx: &Tx, line: Line) -> Result<()> {
    append_all(tx, vec![line]).await
}

/// Appends many lines.
#[expect(clippy::unused_async, reason = "to those who append it is a write like any other")]
pub async fn append_all(tx: &Tx, lines: Vec<Line>) -> Result<()> {
    tx.keep(lines);
    Ok(())
}

/// What was done to an object, the oldest first.
pub async fn of_object(conn: &impl Conn, object: Uuid) -> Result<Vec<Line>> {
    let rows = row::Entity::find()
        .filter(row::Column::ObjectId.eq(object))
        .order_by_asc(row::Column::Seq)
        .all(conn)
        .await?;
    rows.into_iter().map(Line::try_from).collect()
}

/// How many lines there are.
pub async fn count(conn: &impl Conn) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    Ok(row::Entity::find().count(conn).await?)
}
