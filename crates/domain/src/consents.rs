//! What people consent to: purposes of handling their data, each with the versions of its text.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Fault, Faults, Id,
    form::{Field, Object, Whole},
    people::PersonId,
    text,
};

/// Identifies a [`Consent`].
pub type ConsentId = Id<Consent>;

/// What personal data is handled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To keep an account. Without it there is none.
    AccountKeeping,
    /// To pass a contact on to the other side of a pair.
    ContactExchange,
}

/// One version of what is consented to. A version that someone has agreed to never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    /// Counts the versions, from 1.
    pub version: i32,
    /// The text that holds.
    pub zh: &'static str,
    /// What it says, in English.
    pub en: &'static str,
}

/// That someone agrees to the present wording of a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Agreement {
    /// To what.
    pub purpose: Purpose,
    /// To which version; it must be the present one.
    #[schemars(with = "Whole<1, 1_000_000>")]
    pub version: i32,
}

/// A consent that was given, and perhaps withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Names this consent.
    pub id: ConsentId,
    /// Who gave it.
    pub person: PersonId,
    /// To what.
    pub agreement: Agreement,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// The request it came in, for evidence.
    pub request_id: String,
}

/// Why a consent cannot be withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWithdrawn {
    /// It was before.
    #[error("it was withdrawn before")]
    Already,
    /// There is no account without it: who withdraws it closes the account.
    #[error("there is no account without it")]
    Needed,
}

const ACCOUNT_KEEPING: [Wording; 1] = [Wording {
    version: 1,
    zh: include_str!("../../../config/consents/account_keeping-1.zh.txt"),
    en: include_str!("../../../config/consents/account_keeping-1.en.txt"),
}];

const CONTACT_EXCHANGE: [Wording; 1] = [Wording {
    version: 1,
    zh: include_str!("../../../config/consents/contact_exchange-1.zh.txt"),
    en: include_str!("../../../config/consents/contact_exchange-1.en.txt"),
}];

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::AccountKeeping, Self::ContactExchange];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountKeeping => "account_keeping",
            Self::ContactExchange => "contact_exchange",
        }
    }

    /// The purpose of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Every version of its text, the oldest first.
    pub const fn wordings(self) -> &'static [Wording] {
        match self {
            Self::AccountKeeping => &ACCOUNT_KEEPING,
            Self::ContactExchange => &CONTACT_EXCHANGE,
        }
    }

    /// The text that is agreed to now.
    pub fn present(self) -> Agreement {
        let version = self.wordings().last().map_or(0, |it| it.version);
        Agreement { purpose: self, version }
    }
}

impl Agreement {
    /// Reads what someone who is to have an account agrees to, in the field `consents`.
    pub fn for_account(object: &mut Object<'_>) -> Vec<Self> {
        let given = object.set::<Self>("consents", Purpose::ALL.len());
        if !given.iter().any(|it| it.purpose == Purpose::AccountKeeping) {
            object.fault("consents", Fault::NotDeclared);
        }
        given
    }

    /// The consent that it makes of someone.
    pub fn given(self, person: PersonId, (now, request_id): (DateTime<Utc>, &str)) -> Consent {
        Consent {
            id: ConsentId::generate(),
            person,
            agreement: self,
            given_at: now,
            withdrawn_at: None,
            request_id: request_id.to_owned(),
        }
    }
}

impl Consent {
    /// Takes it back, from `now` on.
    pub fn withdraw(&mut self, now: DateTime<Utc>) -> Result<(), NotWithdrawn> {
        if self.agreement.purpose == Purpose::AccountKeeping {
            return Err(NotWithdrawn::Needed);
        }
        if self.withdrawn_at.is_some() {
            return Err(NotWithdrawn::Already);
        }
        self.withdrawn_at = Some(now);
        Ok(())
    }
}

impl Field for Agreement {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let purpose = object.required::<Purpose>("purpose");
        let version = object.required::<Whole<1, 1_000_000>>("version");
        let version = version.and_then(|it| i32::try_from(it.get()).ok());
        let (agreement, present) = (purpose.zip(version), purpose.map(Purpose::present));
        if agreement.zip(present).is_some_and(|((_, version), it)| version != it.version) {
            object.fault("version", Fault::NotOurs);
        }
        object.close();
        agreement.map(|(purpose, version)| Self { purpose, version })
    }
}

impl Field for Purpose {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "consents" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::form;

    #[test]
    fn every_purpose_has_a_text_in_both_languages_and_versions_count_up() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::named(purpose.as_str()), Some(purpose));
            for (wording, count) in purpose.wordings().iter().zip(1..) {
                assert_eq!(wording.version, count, "{purpose:?}");
                assert!(wording.zh.chars().any(|it| it > '\u{4e00}') && wording.en.is_ascii());
            }
            assert!(purpose.present().version > 0);
        }
    }

    #[test]
    fn only_the_present_wording_can_be_agreed_to() {
        let read = |body: Value| form::read::<Agreement>(&body);
        let good = read(json!({ "purpose": "contact_exchange", "version": 1 }));
        assert_eq!(good, Ok(Purpose::ContactExchange.present()));
        let old = read(json!({ "purpose": "contact_exchange", "version": 7 })).unwrap_err();
        assert_eq!((old.0[0].pointer.as_str(), &old.0[0].fault), ("/version", &Fault::NotOurs));
        assert!(read(json!({ "purpose": "advertising", "version": 1 })).is_err());
    }

    #[test]
    fn consent_is_withdrawn_once_and_never_from_under_an_account() {
        let now = DateTime::UNIX_EPOCH;
        let person = PersonId::generate();
        let mut exchange = Purpose::ContactExchange.present().given(person, (now, "r"));
        assert_eq!(exchange.withdraw(now), Ok(()));
        assert_eq!(exchange.withdraw(now), Err(NotWithdrawn::Already));
        let mut account = Purpose::AccountKeeping.present().given(person, (now, "r"));
        assert_eq!(account.withdraw(now), Err(NotWithdrawn::Needed));
    }
}
