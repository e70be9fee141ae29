//! Organisations: who needs, who offers, and who brings them together.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    Fault, Faults, Format, Id,
    codes::{Industry, OrganisationKind, OrganisationLabel, Region},
    days::Day,
    form::{Field, Object},
    text::{self, Line, Text},
};

#[cfg(test)]
mod tests;

/// Identifies an [`Organisation`].
pub type OrganisationId = Id<Organisation>;

/// A registered organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Organisation {
    /// Names this organisation.
    pub id: OrganisationId,
    /// Counts saved changes.
    pub version: i32,
    /// What it says of itself.
    pub profile: Profile,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    state: State,
    reason: Option<Text<2, 500>>,
    verified_name: Option<Line<2, 100>>,
}

/// What an organisation says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Profile {
    /// 统一社会信用代码.
    pub number: Number,
    /// The full name, as on the licence.
    pub name: Line<2, 100>,
    /// 企业, 高等院校, …
    pub kind: OrganisationKind,
    /// Where it sits.
    #[serde(default)]
    pub region: Option<Region>,
    /// What it does.
    #[serde(default)]
    pub industry: Option<Industry>,
    /// A few sentences for readers of its listings.
    #[serde(default)]
    pub introduction: Text<0, 1000>,
    /// Labels such as 高新技术企业, each with the days it holds.
    #[serde(default)]
    pub labels: Vec<Label>,
}

/// A label and the days it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Label {
    /// Which label.
    pub label: OrganisationLabel,
    /// The first day it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// The last day it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
}

/// 统一社会信用代码 (GB 32100): 18 characters, the last of which checks the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

/// Where an organisation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It registered itself; nobody has checked its papers.
    Registered,
    /// Its papers were checked.
    Verified,
    /// Its papers were found wanting.
    Refused,
    /// It may not act for the time being.
    Suspended,
}

/// What may be done to an organisation's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Confirm its papers.
    Verify,
    /// Refuse its papers.
    Refuse,
    /// Forbid it to act.
    Suspend,
    /// Let it act again.
    Reinstate,
}

/// An action that the organisation's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an organisation that is {from:?} does not allow {action:?}")]
pub struct NotAllowed {
    /// The state it was in.
    pub from: State,
    /// The action that was refused.
    pub action: Action,
}

impl Organisation {
    /// Registers an organisation that nobody has checked yet.
    pub const fn register(id: OrganisationId, profile: Profile, now: DateTime<Utc>) -> Self {
        let state = State::Registered;
        let (reason, verified_name) = (None, None);
        Self { id, version: 0, profile, registered_at: now, state, reason, verified_name }
    }

    /// Rebuilds an organisation from storage.
    pub fn restore(
        id: OrganisationId,
        version: i32,
        (profile, verified_name): (Profile, Option<Line<2, 100>>),
        (state, reason): (State, Option<Text<2, 500>>),
        registered_at: DateTime<Utc>,
    ) -> Self {
        Self { id, version, profile, registered_at, state, reason, verified_name }
    }

    /// The name that its papers bore when they were last checked.
    pub const fn verified_name(&self) -> Option<&Line<2, 100>> {
        self.verified_name.as_ref()
    }

    /// The name that others are shown: what it calls itself must be checked first.
    pub fn shown_name(&self) -> &Line<2, 100> {
        self.verified_name.as_ref().unwrap_or(&self.profile.name)
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Why it was refused or suspended.
    pub const fn reason(&self) -> Option<&Text<2, 500>> {
        self.reason.as_ref()
    }

    /// Changes its standing; `reason` is kept for the organisation to read.
    pub fn decide(
        &mut self,
        action: Action,
        reason: Option<Text<2, 500>>,
    ) -> Result<(), NotAllowed> {
        self.state = self.state.after(action)?;
        self.reason = reason;
        if action == Action::Verify {
            self.verified_name = Some(self.profile.name.clone());
        }
        Ok(())
    }

    /// Changes what it says of itself. A new number, name or kind must be checked anew.
    pub fn edit(&mut self, profile: Profile) {
        let old = &self.profile;
        let same =
            profile.number == old.number && profile.name == old.name && profile.kind == old.kind;
        if !same && self.state != State::Suspended {
            self.state = State::Registered;
        }
        self.profile = profile;
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Registered, Self::Verified, Self::Refused, Self::Suspended];

    /// The whole transition table.
    pub const fn after(self, action: Action) -> Result<Self, NotAllowed> {
        match (self, action) {
            (Self::Registered | Self::Refused, Action::Verify)
            | (Self::Suspended, Action::Reinstate) => Ok(Self::Verified),
            (Self::Registered, Action::Refuse) => Ok(Self::Refused),
            (Self::Registered | Self::Verified, Action::Suspend) => Ok(Self::Suspended),
            (Self::Verified | Self::Suspended, Action::Verify)
            | (Self::Verified | Self::Refused | Self::Suspended, Action::Refuse)
            | (Self::Refused | Self::Suspended, Action::Suspend)
            | (Self::Registered | Self::Verified | Self::Refused, Action::Reinstate) => {
                Err(NotAllowed { from: self, action })
            }
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Verified => "verified",
            Self::Refused => "refused",
            Self::Suspended => "suspended",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Number {
    /// The characters of GB 32100, in the order of their values: no I, O, S, V or Z.
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    /// 3 to the power of the place, modulo 31 (GB 32100-2015, table 2).
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

    /// Reads a number; full-width and lower-case characters and spaces will do.
    ///
    /// ```
    /// use domain::{Fault, organisations::Number};
    ///
    /// assert!(Number::new("９１１１００００８０２１００４３３Ｂ").is_ok());
    /// let wrong = Number::new("91110000802100433C");
    /// assert_eq!(wrong, Err(Fault::WrongCheckDigit { expected: 'B' }));
    /// ```
    pub fn new(raw: &str) -> Result<Self, Fault> {
        const WRONG: Fault = Fault::BadFormat { expected: Format::OrganisationNumber };
        let folded: String = text::clean(raw).nfkc().collect();
        let number: String = folded.split_whitespace().collect::<String>().to_uppercase();
        let values: Option<Vec<usize>> = number.chars().map(value).collect();
        let values = values.filter(|it| it.len() == 18).ok_or(WRONG)?;
        let sum: usize =
            values.iter().zip(Self::WEIGHTS).map(|(value, weight)| value * weight).sum();
        let check = (31 - sum % 31) % 31;
        let expected = Self::ALPHABET.chars().nth(check).ok_or(WRONG)?;
        if number.ends_with(expected) {
            return Ok(Self(number));
        }
        Err(Fault::WrongCheckDigit { expected })
    }

    /// The number itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of one character, 0 to 30.
fn value(it: char) -> Option<usize> {
    Number::ALPHABET.chars().position(|known| known == it)
}

impl Field for Profile {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let number = object.required("number");
        let name = object.required("name");
        let kind = object.required("kind");
        let region = object.optional("region");
        let industry = object.optional("industry");
        let introduction = object.or_default("introduction");
        let labels = object.list("labels", 10);
        object.close();
        let (number, name, kind) = (number?, name?, kind?);
        Some(Self { number, name, kind, region, industry, introduction, labels })
    }
}

impl Field for Label {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let label = object.required("label");
        let (from, to) = (object.optional::<Day>("from"), object.optional::<Day>("to"));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            object.fault("to", Fault::WrongOrder { after: "from" });
        }
        object.close();
        Some(Self { label: label?, from, to })
    }
}

impl Field for Number {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OrganisationNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "统一社会信用代码 (GB 32100), with its check character.",
            "examples": ["91110000802100433B"],
        })
    }
}
