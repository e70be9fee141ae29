use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{Fault, Faults, form::Field, text};

/// The two kinds of listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 技术需求.
    Need,
    /// 科技成果.
    Achievement,
}

/// Who may find a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone.
    #[default]
    Public,
    /// Everyone sees that there is one, with its field and region, and nothing else.
    Masked,
    /// Nobody but the owner and the responsible matchmaker.
    Confidential,
}

/// Who may read one field of a published listing, besides its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Staff, and the other side of a pair after both said yes.
    AfterConsent,
    /// Staff only.
    Staff,
    /// The responsible matchmaker, and the other side after both said yes.
    Contact,
}

impl Kind {
    /// The name used in storage, on the wire and, with an `s`, in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Need => "need",
            Self::Achievement => "achievement",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Need, Self::Achievement].into_iter().find(|it| it.as_str() == name)
    }

    /// The other side of a pair.
    #[must_use]
    pub const fn counterpart(self) -> Self {
        match self {
            Self::Need => Self::Achievement,
            Self::Achievement => Self::Need,
        }
    }
}

impl Visibility {
    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Masked => "masked",
            Self::Confidential => "confidential",
        }
    }

    /// The visibility of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Public, Self::Masked, Self::Confidential].into_iter().find(|it| it.as_str() == name)
    }
}

impl Field for Kind {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "need, achievement" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

impl Field for Visibility {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "visibility" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
