//! Whether the log is what was written.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::Value;

use super::{
    Digest, PURGE, Place,
    links::Ends,
    row::{self, Model},
};
use crate::{Conn, Result};

/// What became of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many lines were looked at.
    pub lines: u64,
    /// The last line that was purged.
    pub floor: Place,
    /// Where the chain ends.
    pub head: Place,
    /// How many anchors name a line that is still there, and agree with it.
    pub anchors: usize,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
}

/// What is wrong with the log, and at which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A line is not there.
    #[error("line {0} is missing")]
    Missing(i64),
    /// A line is not what was written.
    #[error("line {0} was altered, or one before it put in or taken out")]
    Altered(i64),
    /// A line cannot even be read.
    #[error("line {0} cannot be read")]
    Unreadable(i64),
    /// The chain does not end where it should: lines were cut off or put in at its end.
    #[error("the log ends with line {0}, which is not where it was ended")]
    Head(i64),
    /// The chain does not begin where it should: lines were cut off that no purge took.
    #[error("the log begins after line {0}, and no purge says so")]
    Floor(i64),
    /// An anchor names another hash for this line, or a line that was never reached.
    #[error("an anchor disagrees about line {0}: the log was written anew, or its end cut off")]
    Anchor(i64),
}

/// How many lines are read at a time.
const BATCH: u64 = 1000;
/// How often it is tried again when a purge came between.
const TRIES: usize = 5;

/// Reads the whole log, and holds it against itself and against anchors.
pub async fn verify(conn: &impl Conn, anchors: &[Place]) -> Result<Verdict> {
    let mut verdict = attempt(conn, anchors).await?;
    for _ in 1..TRIES {
        // The log is in use: what looks broken may have been purged meanwhile.
        if verdict.broken.is_none() || Ends::get(conn).await?.floor == verdict.floor {
            break;
        }
        verdict = attempt(conn, anchors).await?;
    }
    Ok(verdict)
}

async fn attempt(conn: &impl Conn, anchors: &[Place]) -> Result<Verdict> {
    let before = Ends::get(conn).await?;
    let mut walk = Walk::new(before, anchors);
    let mut broken = None;
    while broken.is_none() {
        match read(conn, walk.at.seq, BATCH).await {
            Ok(rows) if rows.is_empty() => break,
            Ok(rows) => broken = rows.iter().find_map(|it| walk.step(it).err()),
            Err(err) if err.is_unavailable() => return Err(err),
            Err(_not_a_line) => broken = Some(walk.find_unreadable(conn).await?),
        }
    }
    let after = Ends::get(conn).await?;
    let broken = broken.or_else(|| walk.end(after).err());
    let Walk { lines, at: head, agreed: anchors, .. } = walk;
    Ok(Verdict { lines, floor: before.floor, head, anchors, broken })
}

async fn read(conn: &impl Conn, after: i64, limit: u64) -> Result<Vec<Model>> {
    let rows = row::Entity::find()
        .filter(row::Column::Seq.gt(after))
        .order_by_asc(row::Column::Seq)
        .limit(limit);
    Ok(rows.all(conn).await?)
}

/// How far the verifier has come.
struct Walk<'a> {
    begun: Ends,
    anchors: &'a [Place],
    at: Place,
    lines: u64,
    agreed: usize,
    /// Whether the end that the chain had at the beginning was passed.
    passed_end: bool,
    /// What the last purge says that it took.
    purged: Option<Value>,
}

impl<'a> Walk<'a> {
    fn new(begun: Ends, anchors: &'a [Place]) -> Self {
        let passed_end = begun.head == begun.floor;
        let at = begun.floor;
        Self { begun, anchors, at, lines: 0, agreed: 0, passed_end, purged: None }
    }

    fn step(&mut self, row: &Model) -> Result<(), Broken> {
        let expected = self.at.seq + 1;
        if row.seq != expected {
            return Err(Broken::Missing(expected));
        }
        let hash = row.digest(self.at.hash);
        if row.hash != hash.to_string() {
            return Err(Broken::Altered(row.seq));
        }
        self.at = Place { seq: row.seq, hash };
        self.lines += 1;
        if row.seq == self.begun.head.seq {
            if self.at != self.begun.head {
                return Err(Broken::Altered(row.seq));
            }
            self.passed_end = true;
        }
        for anchor in self.anchors.iter().filter(|it| it.seq == row.seq) {
            if anchor.hash != hash {
                return Err(Broken::Anchor(row.seq));
            }
            self.agreed += 1;
        }
        if row.action == PURGE {
            self.purged = serde_json::from_str(&row.detail).ok();
        }
        Ok(())
    }

    /// The end of the log, when it is read: `after` is where the chain ends now.
    fn end(&self, after: Ends) -> Result<(), Broken> {
        if let Some(beyond) = self.anchors.iter().find(|it| it.seq > after.head.seq) {
            return Err(Broken::Anchor(beyond.seq));
        }
        let grown = self.at.seq < after.head.seq;
        if !self.passed_end || (self.at != after.head && !grown) {
            return Err(Broken::Head(self.at.seq));
        }
        let floor = self.begun.floor;
        let told = self.purged.as_ref().is_some_and(|it| says(it, floor));
        let whole = floor.seq == 0 && floor.hash == Digest::NONE && self.purged.is_none();
        if !(told || whole) {
            return Err(Broken::Floor(floor.seq));
        }
        let at_floor = self.anchors.iter().find(|it| it.seq == floor.seq && floor.seq > 0);
        if at_floor.is_some_and(|it| it.hash != floor.hash) {
            return Err(Broken::Anchor(floor.seq));
        }
        Ok(())
    }

    /// Goes on line by line to the one that cannot be read.
    async fn find_unreadable(&mut self, conn: &impl Conn) -> Result<Broken> {
        loop {
            match read(conn, self.at.seq, 1).await {
                Ok(rows) => match rows.first().map(|it| self.step(it)) {
                    None => return Ok(Broken::Head(self.at.seq)),
                    Some(Err(broken)) => return Ok(broken),
                    Some(Ok(())) => {}
                },
                Err(err) if err.is_unavailable() => return Err(err),
                Err(_not_a_line) => return Ok(Broken::Unreadable(self.at.seq + 1)),
            }
        }
    }
}

fn says(purge: &Value, floor: Place) -> bool {
    purge.get("through").and_then(Value::as_i64) == Some(floor.seq)
        && purge.get("hash").and_then(Value::as_str) == Some(floor.hash.to_string().as_str())
}
