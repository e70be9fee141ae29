//! Refusals for want of rights, on record before they are answered.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use db::{
    Db,
    audit::{self, Line, Outcome},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Origin,
    problem::{ABSENT, Problem},
};

/// The most lines a minute. Whoever is refused on purpose must not be able to fill the disk; what
/// was left out is counted in a later line.
const MOST: usize = 300;

/// Keeps the record. Shared by all requests of a process.
#[derive(Clone, Debug)]
pub(crate) struct Denials {
    db: Db,
    recent: Arc<Mutex<Recent>>,
}

/// What was noted in this minute.
#[derive(Debug, Default)]
struct Recent {
    minute: i64,
    seen: HashSet<Key>,
    left_out: u64,
}

/// What makes two denials the same: one client, one person, one operation, one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    client: Option<IpAddr>,
    person: Option<Uuid>,
    action: String,
    object: Option<Uuid>,
}

impl Denials {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, recent: Arc::default() }
    }

    /// Lets an answer pass. If it is a denial it is noted first, and if that fails it is not
    /// answered. `line` says who asked for what; of the same within a minute there is one line.
    pub(crate) async fn watch(&self, line: Line, answer: Response) -> Response {
        let Some(reason) = answer.extensions().get::<Problem>().and_then(Problem::denial) else {
            return answer;
        };
        if reason == ABSENT && line.object.is_none() {
            return answer;
        }
        let noted = self.note(Line { reason: Some(reason), ..line }).await;
        noted.map_or_else(|err| Problem::from(err).into_response(), |()| answer)
    }

    /// Refuses someone who is not known at all; it is noted like a denial.
    pub(crate) async fn refuse(&self, line: Line, problem: Problem) -> Response {
        let noted = self.note(Line { reason: Some(problem.code.name()), ..line }).await;
        noted.map_or_else(Problem::from, |()| problem).into_response()
    }

    async fn note(&self, line: Line) -> db::Result<()> {
        let key = Key {
            client: line.origin.map(|it| Origin::new(it).client()),
            person: line.actor.map(domain::people::PersonId::as_uuid),
            action: line.action.clone(),
            object: line.object.as_ref().map(|it| it.1),
        };
        let Some(left_out) = self.recent().admit(line.at, &key) else { return Ok(()) };
        let detail = if left_out == 0 { json!({}) } else { json!({ "left_out": left_out }) };
        let line = Line { outcome: Outcome::Denied, detail, ..line };
        let noted = self.db.write(async |tx| audit::append(tx, line).await).await;
        if noted.is_err() {
            self.recent().seen.remove(&key);
        }
        noted
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    /// Whether there is to be a line, and how many were left out before it.
    fn admit(&mut self, now: DateTime<Utc>, key: &Key) -> Option<u64> {
        let minute = now.timestamp().div_euclid(60);
        if minute != self.minute {
            self.minute = minute;
            self.seen.clear();
        }
        if self.seen.contains(key) {
            return None;
        }
        if self.seen.len() >= MOST {
            self.left_out += 1;
            return None;
        }
        self.seen.insert(key.clone());
        Some(std::mem::take(&mut self.left_out))
    }
}

/// The object that a path names: an id, and what stands before it.
pub(crate) fn named(path: &str) -> Option<(String, Uuid)> {
    let mut shelf = "";
    for part in path.split('/') {
        if let Ok(id) = part.parse() {
            let kind = if shelf == "people" { "person" } else { shelf.trim_end_matches('s') };
            return Some((kind.to_owned(), id));
        }
        shelf = part;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(count: u128) -> Key {
        let object = Some(Uuid::from_u128(count));
        Key { client: None, person: None, action: "pairs.read".to_owned(), object }
    }

    #[test]
    fn the_same_denial_has_a_line_a_minute_and_many_have_no_more_than_the_most() {
        let mut recent = Recent::default();
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(recent.admit(at(60), &key(0)), Some(0));
        assert_eq!(recent.admit(at(119), &key(0)), None);
        assert_eq!(recent.admit(at(120), &key(0)), Some(0));
        let many = (0..1000).filter(|it| recent.admit(at(180), &key(*it)).is_some());
        assert_eq!(many.count(), MOST);
        assert_eq!(recent.admit(at(240), &key(0)), Some(1000 - 300), "what was left out is told");
        assert_eq!(recent.admit(at(240), &key(1)), Some(0));
    }

    #[test]
    fn a_path_names_its_object() {
        let id = Uuid::from_u128(7);
        for (path, kind) in [
            (format!("/needs/{id}/submit"), "need"),
            (format!("/api/v1/people/{id}"), "person"),
            (format!("/organisations/{id}"), "organisation"),
        ] {
            assert_eq!(named(&path), Some((kind.to_owned(), id)), "{path}");
        }
        assert_eq!(named("/needs"), None);
    }
}
