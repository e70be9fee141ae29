use domain::people::PersonId;
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use serde_json::Value;

use super::{Digest, Line, Outcome};
use crate::{
    Error, Result,
    error::{corrupt, unknown},
};

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: ChronoDateTimeUtc,
    pub actor_id: Option<Uuid>,
    pub origin: Option<String>,
    pub action: String,
    pub object_kind: Option<String>,
    pub object_id: Option<Uuid>,
    pub outcome: String,
    pub reason: Option<String>,
    pub request_id: String,
    pub detail: String,
    pub hash: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of a line that follows what has the hash `previous`.
    pub(super) fn new(seq: i64, previous: Digest, line: Line) -> Self {
        let (object_kind, object_id) = line.object.unzip();
        let mut row = Self {
            seq,
            at: line.at,
            actor_id: line.actor.map(PersonId::as_uuid),
            origin: line.origin.map(|it| it.to_string()),
            action: line.action,
            object_kind,
            object_id,
            outcome: line.outcome.as_str().to_owned(),
            reason: line.reason,
            request_id: line.request_id,
            detail: line.detail.to_string(),
            hash: String::new(),
        };
        row.hash = row.digest(previous).to_string();
        row
    }

    /// The hash of the line: over the hash before it and every column, each with its length before
    /// it, so that no two lines have the same bytes. Times count in whole microseconds, which is
    /// what both databases keep.
    pub(super) fn digest(&self, previous: Digest) -> Digest {
        let at = self.at.timestamp_micros().to_be_bytes();
        let id = |it: &Option<Uuid>| it.map(Uuid::into_bytes);
        let (actor, object) = (id(&self.actor_id), id(&self.object_id));
        let text = |it: &'_ Option<String>| it.clone().map(String::into_bytes);
        Digest::of(&[
            Some(b"kezhuan audit 1"),
            Some(previous.as_bytes()),
            Some(&self.seq.to_be_bytes()),
            Some(&at),
            actor.as_ref().map(<[u8; 16]>::as_slice),
            text(&self.origin).as_deref(),
            Some(self.action.as_bytes()),
            text(&self.object_kind).as_deref(),
            object.as_ref().map(<[u8; 16]>::as_slice),
            Some(self.outcome.as_bytes()),
            text(&self.reason).as_deref(),
            Some(self.request_id.as_bytes()),
            Some(self.detail.as_bytes()),
        ])
    }

    pub(super) fn columns(self) -> ActiveModel {
        ActiveModel {
            seq: Set(self.seq),
            at: Set(self.at),
            actor_id: Set(self.actor_id),
            origin: Set(self.origin),
            action: Set(self.action),
            object_kind: Set(self.object_kind),
            object_id: Set(self.object_id),
            outcome: Set(self.outcome),
            reason: Set(self.reason),
            request_id: Set(self.request_id),
            detail: Set(self.detail),
            hash: Set(self.hash),
        }
    }
}

impl TryFrom<Model> for Line {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let outcome = Outcome::ALL.into_iter().find(|it| it.as_str() == row.outcome);
        let origin = row.origin.map(|it| it.parse()).transpose();
        let detail = serde_json::from_str::<Value>(&row.detail);
        Ok(Self {
            at: row.at,
            actor: row.actor_id.map(PersonId::from_uuid),
            origin: origin.map_err(corrupt("audit.origin"))?,
            action: row.action,
            object: row.object_kind.zip(row.object_id),
            outcome: outcome.ok_or_else(|| unknown("audit.outcome"))?,
            reason: row.reason,
            request_id: row.request_id,
            detail: detail.map_err(corrupt("audit.detail"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by another program from what `digest` says of itself.
    #[test]
    fn the_hash_of_a_line_stays_what_it_is() {
        let line = Line {
            actor: Some(PersonId::from_uuid(Uuid::from_u128(7))),
            origin: Some([192, 0, 2, 1].into()),
            object: Some(("need".to_owned(), Uuid::from_u128(8))),
            request_id: "r-1".to_owned(),
            detail: serde_json::json!({ "a": 1 }),
            ..Line::new("2026-01-02T03:04:05.000006Z".parse().unwrap(), "needs.read")
        };
        let row = Model::new(1, Digest::NONE, line);
        assert_eq!(row.hash, "ef82c4360c941888ba1a15e84c70cd7a63a541fd2fbe66672cd3c696ff87fa3f");
    }
}
