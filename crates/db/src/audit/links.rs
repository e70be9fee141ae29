//! How one line follows another.

use std::{fmt, str::FromStr};

use chrono::SubsecRound as _;
use sea_orm::{ActiveValue::Set, EntityTrait as _, QuerySelect as _};
use sha2::{Digest as _, Sha256};

use super::{Line, row};
use crate::{Conn, Error, Result};

/// The hash of a line (SHA-256); written as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

/// A place in the chain: a line's number, and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number. Lines count from 1; 0 is the place before the first.
    pub seq: i64,
    /// The hash.
    pub hash: Digest,
}

/// The most lines in one statement: databases limit how many values it may have.
const BATCH: usize = 1000;

/// Where the chain ends, and the last line that was purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) head: Place,
    pub(super) floor: Place,
}

impl Ends {
    pub(super) async fn get(conn: &impl Conn) -> Result<Self> {
        ends::Entity::find_by_id(1).one(conn).await?.ok_or(Error::NotFound)?.try_into()
    }

    /// The same, held until the transaction ends. On SQLite there is one writer anyway.
    async fn hold(conn: &impl Conn) -> Result<Self> {
        let row = ends::Entity::find_by_id(1).lock_exclusive().one(conn).await?;
        row.ok_or(Error::NotFound)?.try_into()
    }
}

/// Where the chain ends.
pub async fn head(conn: &impl Conn) -> Result<Place> {
    Ok(Ends::get(conn).await?.head)
}

/// The line of a number, if it is there.
pub async fn place(conn: &impl Conn, seq: i64) -> Result<Option<Place>> {
    let row = row::Entity::find_by_id(seq).one(conn).await?;
    row.map(|it| Ok(Place { seq: it.seq, hash: it.hash.parse()? })).transpose()
}

/// Puts lines at the end of the chain.
pub(crate) async fn chain(conn: &impl Conn, lines: Vec<Line>) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let Place { mut seq, mut hash } = Ends::hold(conn).await?.head;
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        seq += 1;
        let line = Line { at: line.at.trunc_subsecs(6), ..line };
        let row = row::Model::new(seq, hash, line);
        hash = row.hash.parse()?;
        rows.push(row.columns());
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(BATCH));
        row::Entity::insert_many(rows).exec_without_returning(conn).await.map_err(forked)?;
        rows = rest;
    }
    let end = ends::ActiveModel {
        id: Set(1),
        head: Set(seq),
        head_hash: Set(hash.to_string()),
        ..Default::default()
    };
    ends::Entity::update(end).exec(conn).await?;
    Ok(())
}

/// A number that is taken already is no ordinary conflict: someone wrote behind our back.
fn forked(err: sea_orm::DbErr) -> Error {
    let err = Error::from(err);
    let taken = matches!(err, Error::Taken(_));
    if taken { crate::error::unknown("the audit log goes on after its end") } else { err }
}

/// Notes that everything up to this line was purged.
pub(super) async fn raise_floor(conn: &impl Conn, floor: Place) -> Result<()> {
    let end = ends::ActiveModel {
        id: Set(1),
        floor: Set(floor.seq),
        floor_hash: Set(floor.hash.to_string()),
        ..Default::default()
    };
    ends::Entity::update(end).exec(conn).await?;
    Ok(())
}

impl Digest {
    /// What stands before the first line.
    pub(super) const NONE: Self = Self([0; 32]);

    /// The hash of several parts, some of which may be absent. Before each stands its length, or
    /// that it is absent.
    pub(super) fn of(parts: &[Option<&[u8]>]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let length = part.map(|it| u64::try_from(it.len()).unwrap_or(u64::MAX));
            hash.update(length.map_or([0xff; 8], u64::to_be_bytes));
            hash.update(part.unwrap_or_default());
        }
        Self(hash.finalize().into())
    }

    pub(super) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|it| write!(f, "{it:02x}"))
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digit = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        let bytes = bytes.and_then(|it| it.try_into().ok());
        bytes.map(Self).ok_or_else(|| crate::error::unknown("a hash of the audit log"))
    }
}

impl TryFrom<ends::Model> for Ends {
    type Error = Error;

    fn try_from(row: ends::Model) -> Result<Self> {
        let place = |seq, hash: &str| Ok::<_, Error>(Place { seq, hash: hash.parse()? });
        Ok(Self {
            head: place(row.head, &row.head_hash)?,
            floor: place(row.floor, &row.floor_hash)?,
        })
    }
}

mod ends {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_chain")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub head: i64,
        pub head_hash: String,
        pub floor: i64,
        pub floor_hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_have_the_same_bytes() {
        let hash = |parts: &[Option<&str>]| {
            Digest::of(&parts.iter().map(|it| it.map(str::as_bytes)).collect::<Vec<_>>())
        };
        assert_ne!(hash(&[Some("ab"), Some("c")]), hash(&[Some("a"), Some("bc")]));
        assert_ne!(hash(&[None, Some("")]), hash(&[Some(""), None]));
        assert_ne!(hash(&[None]), hash(&[Some("")]));
    }

    #[test]
    fn a_hash_reads_back_and_nothing_else_does() {
        let hash = Digest::of(&[Some(b"x")]);
        assert_eq!(hash.to_string().parse::<Digest>().unwrap(), hash);
        for wrong in ["", "0", &"g".repeat(64), &"0".repeat(63), &"0".repeat(66)] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }
}
