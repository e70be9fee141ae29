//! Files that belong to a listing, or prove who an organisation is.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Fault, Faults, Id,
    form::Field,
    listings::{Audience, Kind},
    organisations::OrganisationId,
    people::PersonId,
    text,
};

mod contents;
mod name;
#[cfg(test)]
mod tests;

pub use contents::FileType;
pub use name::FileName;

/// Identifies an [`Attachment`].
pub type AttachmentId = Id<Attachment>;

/// A file, but for its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Names this attachment.
    pub id: AttachmentId,
    /// What it belongs to.
    pub subject: Subject,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Who sent it.
    pub sender: PersonId,
    /// Who may read it, of those who may read what it belongs to.
    pub readers: Readers,
    /// What it is called.
    pub name: FileName,
    /// What it is, by its contents.
    pub file_type: FileType,
    /// How many bytes it has.
    pub size: i64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub digest: String,
    /// What it is called in the folder: random, and told to nobody.
    pub stored: Uuid,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
}

/// What an attachment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A listing.
    Listing(Kind, Uuid),
    /// An organisation's registration.
    Registration(Proof),
}

/// What proves who an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// 营业执照.
    Licence,
    /// 授权书: that its first member may act for it.
    Letter,
}

/// Who may read an attachment of a listing, of those who may read the listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readers {
    /// Everyone who may read its public fields.
    Everyone,
    /// Staff, and the other side of a pair after both said yes.
    AfterConsent,
    /// Staff.
    Staff,
}

impl Attachment {
    /// Whether it was there when the present edition of its listing was reviewed. One that came later
    /// is kept from everyone but the owner and staff: nobody has looked at it yet.
    pub fn was_reviewed(&self, published_at: Option<DateTime<Utc>>) -> bool {
        published_at.is_some_and(|it| self.sent_at <= it)
    }
}

impl Proof {
    /// Both: an organisation is verified by the two together.
    pub const ALL: [Self; 2] = [Self::Licence, Self::Letter];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::Letter => "letter",
        }
    }

    /// The proof of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Readers {
    const ALL: [Self; 3] = [Self::Everyone, Self::AfterConsent, Self::Staff];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::AfterConsent => "after_consent",
            Self::Staff => "staff",
        }
    }

    /// The readers of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// The audience they are, as of a field; nothing if they are everyone.
    pub const fn audience(self) -> Option<Audience> {
        match self {
            Self::Everyone => None,
            Self::AfterConsent => Some(Audience::AfterConsent),
            Self::Staff => Some(Audience::Staff),
        }
    }
}

impl Field for Readers {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "everyone, after_consent, staff" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

impl Field for Proof {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "licence, letter" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}
