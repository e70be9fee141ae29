//! Looking something up in the log.

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::{Line, Outcome, row};
use crate::{Conn, Result};

/// Which lines are asked for: those of which all of it is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Who did it.
    pub actor: Option<PersonId>,
    /// What was done: the name of a policy row, or that and what it came to.
    pub action: Option<String>,
    /// To what.
    pub object: Option<Uuid>,
    /// Whether it was done.
    pub outcome: Option<Outcome>,
    /// In which request.
    pub request_id: Option<String>,
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// A line as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// Its number in the chain.
    pub seq: i64,
    /// What it says.
    pub line: Line,
    /// Its hash.
    pub hash: String,
}

/// Which part of what was found is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The newest first, from below this number on.
    Before(Option<i64>),
    /// The oldest first, from above this number on.
    After(i64),
}

/// The lines that were asked for.
pub async fn list(
    conn: &impl Conn,
    asked: &Search,
    part: Part,
    limit: u64,
) -> Result<Vec<Numbered>> {
    let query = row::Entity::find().filter(asked.condition()).limit(limit);
    let query = match part {
        Part::Before(None) => query.order_by_desc(row::Column::Seq),
        Part::Before(Some(seq)) => {
            query.filter(row::Column::Seq.lt(seq)).order_by_desc(row::Column::Seq)
        }
        Part::After(seq) => query.filter(row::Column::Seq.gt(seq)).order_by_asc(row::Column::Seq),
    };
    query.all(conn).await?.into_iter().map(Numbered::try_from).collect()
}

impl Search {
    fn condition(&self) -> Condition {
        let named = self.action.as_deref().map(|it| {
            let and_more = row::Column::Action.starts_with(format!("{it}:"));
            row::Column::Action.eq(it).or(and_more)
        });
        Condition::all()
            .add_option(self.actor.map(|it| row::Column::ActorId.eq(it.as_uuid())))
            .add_option(named)
            .add_option(self.object.map(|it| row::Column::ObjectId.eq(it)))
            .add_option(self.outcome.map(|it| row::Column::Outcome.eq(it.as_str())))
            .add_option(self.request_id.as_deref().map(|it| row::Column::RequestId.eq(it)))
            .add_option(self.from.map(|it| row::Column::At.gte(it)))
            .add_option(self.until.map(|it| row::Column::At.lt(it)))
    }
}

impl TryFrom<row::Model> for Numbered {
    type Error = crate::Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let (seq, hash) = (row.seq, row.hash.clone());
        Ok(Self { seq, line: row.try_into()?, hash })
    }
}
