use chrono::TimeDelta;
use db::audit::{Digest, Numbered, Outcome, Place, Search};
use domain::{
    Fault, Faults,
    days::Day,
    form::{Field, Object},
    people::PersonId,
};
use schemars::JsonSchema;
use serde_json::Value;

use crate::{
    audit_sheet,
    cursor::ByNumber,
    extract::{AnyId, Digits},
    page::Limit,
};

/// A part of the log, the newest lines first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) limit: Limit,
    /// The last line of the page before.
    pub(super) before: Option<i64>,
}

/// What the auditor looks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) search: Search,
    pub(super) page: Page,
}

/// Which of one's own lines.
#[derive(Debug)]
pub(super) struct Mine {
    pub(super) search: Search,
    pub(super) limit: Limit,
}

/// What is taken elsewhere.
#[derive(Debug)]
pub(super) struct Exported {
    pub(super) search: Search,
    pub(super) sheet: Sheet,
}

/// The anchor that the log is held against, if any.
#[derive(Debug)]
pub(super) struct Held(pub(super) Option<Place>);

/// What kind of file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Sheet {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// For a spreadsheet.
    Csv,
}

impl Sheet {
    pub(super) fn line(self, line: &Numbered) -> String {
        let text = match self {
            Self::Jsonl => audit_sheet::json(line).to_string(),
            Self::Csv => audit_sheet::csv(line),
        };
        text + "\n"
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub(super) const fn disposition(self) -> &'static str {
        match self {
            Self::Jsonl => "attachment; filename=\"audit.jsonl\"",
            Self::Csv => "attachment; filename=\"audit.csv\"",
        }
    }
}

impl Page {
    fn of(query: &mut Object<'_>) -> Self {
        let limit = Limit::read(query);
        Self { limit, before: query.optional::<ByNumber>("cursor").map(|it| it.0) }
    }
}

fn days(query: &mut Object<'_>) -> Search {
    let from = query.optional::<Day>("from");
    let to = query.optional::<Day>("to");
    Search {
        from: from.map(Day::begins),
        until: to.map(|it| it.begins() + TimeDelta::days(1)),
        ..Search::default()
    }
}

fn search(query: &mut Object<'_>) -> Search {
    Search {
        actor: query.optional::<AnyId>("actor").map(|it| PersonId::from_uuid(it.0)),
        action: query.optional::<Short>("action").map(|it| it.0),
        object: query.optional::<AnyId>("object").map(|it| it.0),
        outcome: query.optional::<Named>("outcome").map(|it| it.0),
        request_id: query.optional::<Short>("request_id").map(|it| it.0),
        ..days(query)
    }
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let search = search(&mut query);
        let page = Page::of(&mut query);
        query.close();
        Some(Self { search, page })
    }
}

impl Field for Mine {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let limit = Limit::read(&mut query);
        let search = days(&mut query);
        query.close();
        Some(Self { search, limit })
    }
}

impl Field for Exported {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let search = search(&mut query);
        let sheet = query.optional("format").unwrap_or_default();
        query.close();
        Some(Self { search, sheet })
    }
}

impl Field for Held {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let given = ["seq", "hash"].map(|it| query.has(it));
        let place = if given.contains(&true) {
            let seq = query.required::<Digits<0, { i64::MAX }>>("seq");
            let hash = query.required::<Hash>("hash");
            Some(Place { seq: seq?.0, hash: hash?.0 })
        } else {
            None
        };
        query.close();
        Some(Self(place))
    }
}

/// A name in a query, of which nothing longer is stored.
struct Short(String);

impl Field for Short {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        const MAX: usize = 100;
        let text = String::read(value, at, faults)?;
        let actual = text.chars().count();
        if actual > MAX {
            faults.push(at, Fault::TooLong { max: MAX, actual });
            return None;
        }
        // No name has such a character, and PostgreSQL takes none.
        Some(Self(text.replace('\0', "\u{fffd}")))
    }
}

struct Hash(Digest);

impl Field for Hash {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let hash = value.as_str().and_then(|it| it.parse().ok());
        if hash.is_none() {
            faults.push(at, Fault::UnknownCode { table: "64 hexadecimal digits" });
        }
        hash.map(Self)
    }
}

struct Named(Outcome);

impl Field for Named {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let text = value.as_str().unwrap_or_default();
        let outcome = Outcome::ALL.into_iter().find(|it| it.as_str() == text);
        if outcome.is_none() {
            faults.push(at, Fault::UnknownCode { table: "done, denied, failed" });
        }
        outcome.map(Self)
    }
}

impl Field for Sheet {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("jsonl") => Some(Self::Jsonl),
            Some("csv") => Some(Self::Csv),
            _ => {
                faults.push(at, Fault::UnknownCode { table: "jsonl, csv" });
                None
            }
        }
    }
}
