//! The thesaurus 同义词表: which words find one another, kept by the office's staff.
//!
//! A group goes both ways (瓦斯 and 煤层气 find each other), or one way: a narrower word finds
//! what its broader words say (机器学习 finds 人工智能), and not back. A word stands in one group
//! that goes both ways at the most, since two such groups that share a word are one; it may stand
//! in any number of groups that go one way.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    Fault, Faults, Id,
    form::{Field, Object},
    people::PersonId,
    text::{self, Line},
};

#[cfg(test)]
mod tests;

/// Identifies a [`Group`].
pub type GroupId = Id<Group>;

/// The most groups there may be: all of them are held in memory, and looked for in every need.
pub const MOST: u64 = 5000;

/// The most words of a group, both lists together.
const WORDS: usize = 20;

/// A synonym group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Names this group.
    pub id: GroupId,
    /// Counts saved changes.
    pub version: i32,
    /// What it says.
    pub form: GroupForm,
    /// Who wrote it or changed it last; nobody where the program's keeper imported it.
    pub changed_by: Option<PersonId>,
    /// When that was.
    pub changed_at: DateTime<Utc>,
}

/// What a group says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GroupForm {
    /// Words of one meaning, each of which finds the others. Where `broader` is given: words each
    /// of which finds those, and not one another. 2 to 20 words in both lists together.
    #[schemars(length(min = 1, max = 20))]
    pub words: Vec<Word>,
    /// Words of a broader meaning, which do not find back. Empty in a group that goes both ways.
    #[serde(default)]
    #[schemars(length(max = 19))]
    pub broader: Vec<Word>,
    /// Why, or from where; for staff.
    #[serde(default)]
    pub note: Line<0, 200>,
}

/// A word or a short term: 1 to 20 characters, at least 2 with Chinese characters among them, since
/// single ones stand in too many other words. Equal to what is written in the same letters,
/// whatever their width and case.
#[derive(Clone, Debug, Hash)]
pub struct Word {
    written: String,
    key: String,
}

impl Group {
    /// Writes a new group.
    pub const fn new(
        id: GroupId,
        form: GroupForm,
        by: Option<PersonId>,
        now: DateTime<Utc>,
    ) -> Self {
        Self { id, version: 0, form, changed_by: by, changed_at: now }
    }

    /// Says something else.
    pub fn change(&mut self, form: GroupForm, by: PersonId, now: DateTime<Utc>) {
        self.form = form;
        self.changed_by = Some(by);
        self.changed_at = now;
    }
}

impl GroupForm {
    /// Whether its words find one another, rather than the broader ones.
    pub const fn goes_both_ways(&self) -> bool {
        self.broader.is_empty()
    }

    /// Every word of it, those of both lists.
    pub fn all(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().chain(&self.broader)
    }

    /// Whether it says the same as another, in whatever order and with whatever note.
    pub fn says_what(&self, other: &Self) -> bool {
        let same = |a: &[Word], b: &[Word]| a.len() == b.len() && a.iter().all(|it| b.contains(it));
        same(&self.words, &other.words) && same(&self.broader, &other.broader)
    }

    fn fault(words: usize, broader: usize) -> Option<(&'static str, Fault)> {
        let least = if broader == 0 { 2 } else { 1 };
        match words + broader {
            _ if words < least => Some(("words", Fault::TooFew { min: least, actual: words })),
            all if all > WORDS => {
                let (max, actual) = (WORDS.saturating_sub(words), broader);
                Some(("broader", Fault::TooMany { max, actual }))
            }
            _ => None,
        }
    }
}

impl Word {
    const MAX: usize = 20;

    /// Cleans and measures `raw`.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let cleaned = text::clean(raw);
        let written = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
        let key: String = written.nfkc().flat_map(char::to_lowercase).collect();
        let actual = key.chars().count();
        if actual > Self::MAX {
            return Err(Fault::TooLong { max: Self::MAX, actual });
        }
        let telling = key.chars().filter(|it| it.is_alphanumeric()).count();
        let min = if key.chars().any(is_chinese) { 2 } else { 1 };
        if telling < min {
            return Err(Fault::TooShort { min, actual: telling });
        }
        Ok(Self { written, key })
    }

    /// The word as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What tells it from other words: narrow, and in small letters.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Whether it is a character that is a syllable or a word by itself, and so part of many.
const fn is_chinese(it: char) -> bool {
    matches!(it, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Word {}

impl Field for Word {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl Field for GroupForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let given = |name: &str| value.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        let (words, broader) = (given("words"), given("broader"));
        let before = faults.0.len();
        let mut object = Object::open(value, at, faults)?;
        let form = Self {
            words: object.set("words", WORDS),
            broader: object.set("broader", WORDS - 1),
            note: object.or_default("note"),
        };
        for (place, word) in form.broader.iter().enumerate() {
            if form.words.contains(word) {
                object.fault_within("broader", &place.to_string(), Fault::Repeated);
            }
        }
        if let Some((name, fault)) =
            Self::fault(words, broader).filter(|_| words <= WORDS && broader < WORDS)
        {
            object.fault(name, fault);
        }
        object.close();
        (faults.0.len() == before).then_some(form)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl JsonSchema for Word {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": Self::MAX })
    }
}
