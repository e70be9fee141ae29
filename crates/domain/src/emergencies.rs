//! Emergencies 应急查阅: an administrator, who reads no business text otherwise, reads one listing
//! for an hour at the most, because another administrator agreed that it must be.
//!
//! Its author is told with the reason when it is opened, and every reading is on record.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Faults, Id,
    form::{Field, Object, Whole},
    listings::Kind,
    people::{PersonId, Role},
    policy::Member,
    text::Text,
};

mod state;
#[cfg(test)]
mod tests;

pub use state::{Action, NotAllowed, State};

/// Identifies an [`Emergency`].
pub type EmergencyId = Id<Emergency>;

/// How long a request waits for the second person.
pub const WAITS: TimeDelta = TimeDelta::days(1);

/// For how many minutes a listing may be open.
pub type Minutes = Whole<5, 60>;

/// A request to read one listing, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Emergency {
    /// Names this emergency.
    pub id: EmergencyId,
    /// Counts saved changes.
    pub version: i32,
    /// What is to be read.
    pub listing: (Kind, Uuid),
    /// For how long.
    pub minutes: i64,
    /// Why.
    pub reason: Text<2, 500>,
    /// Who asked, and is the one who reads.
    pub asked_by: PersonId,
    /// The role they asked in.
    pub asked_as: Role,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    state: State,
    decided: Option<Decided>,
}

/// Who decided on a request, or ended the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is written to ask for one.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct EmergencyForm {
    /// A need or an achievement.
    pub kind: Kind,
    /// Which.
    pub listing: Uuid,
    /// For how many minutes it is to be open.
    pub minutes: Minutes,
    /// Why; its author is told.
    pub reason: Text<2, 500>,
}

/// Why a request was not decided, or nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its state does not allow it.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// It takes someone else: another person, with another office.
    #[error("it takes another person")]
    AnotherPerson,
}

impl Emergency {
    /// Asks to read a listing.
    pub fn ask(id: EmergencyId, form: EmergencyForm, asker: &Member, now: DateTime<Utc>) -> Self {
        Self {
            id,
            version: 0,
            listing: (form.kind, form.listing),
            minutes: form.minutes.get(),
            reason: form.reason,
            asked_by: asker.person,
            asked_as: asker.role,
            asked_at: now,
            state: State::Asked,
            decided: None,
        }
    }

    /// Rebuilds an emergency from storage.
    pub fn restore(
        (id, version): (EmergencyId, i32),
        (listing, minutes, reason): ((Kind, Uuid), i64, Text<2, 500>),
        (asked_by, asked_as, asked_at): (PersonId, Role, DateTime<Utc>),
        state: State,
        decided: Option<Decided>,
    ) -> Self {
        Self { id, version, listing, minutes, reason, asked_by, asked_as, asked_at, state, decided }
    }

    /// Where it stands as storage holds it: what ran out is still asked or open there.
    pub const fn stored_state(&self) -> State {
        self.state
    }

    /// Where it stands.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        let over = match self.state {
            State::Asked => Some((self.asked_at + WAITS, State::Lapsed)),
            State::Open => self.open_until().map(|it| (it, State::Ended)),
            State::Ended | State::Refused | State::Withdrawn | State::Lapsed => None,
        };
        over.filter(|it| now >= it.0).map_or(self.state, |it| it.1)
    }

    /// Who decided on it, or ended it.
    pub const fn decided(&self) -> Option<Decided> {
        self.decided
    }

    /// Until when the listing can be read, once the second person agreed.
    pub fn open_until(&self) -> Option<DateTime<Utc>> {
        let opened = self.decided.filter(|_| self.state == State::Open)?;
        Some(opened.at + TimeDelta::minutes(self.minutes))
    }

    /// The second person agrees. It is someone with another of the administrators' offices, so that
    /// no two of one office open what is none of that office's business.
    pub fn confirm(&mut self, by: &Member, now: DateTime<Utc>) -> Result<(), Refused> {
        self.decide(Action::Confirm, by, now)
    }

    /// The second person says no.
    pub fn refuse(&mut self, by: &Member, now: DateTime<Utc>) -> Result<(), Refused> {
        self.decide(Action::Refuse, by, now)
    }

    /// Ends it before its time, or takes the request back. Any administrator may: to close is never
    /// too early.
    pub fn end(&mut self, by: PersonId, now: DateTime<Utc>) -> Result<(), Refused> {
        self.state = self.state(now).after(Action::End)?;
        self.decided = Some(Decided { by, at: now });
        Ok(())
    }

    /// Refuses whoever may not read the listing at this moment.
    pub fn opens_to(&self, reader: PersonId, now: DateTime<Utc>) -> Result<(), Refused> {
        if reader != self.asked_by {
            return Err(Refused::AnotherPerson);
        }
        self.state(now).after(Action::Read)?;
        Ok(())
    }

    fn decide(&mut self, action: Action, by: &Member, now: DateTime<Utc>) -> Result<(), Refused> {
        let next = self.state(now).after(action)?;
        let keeper = matches!(by.role, Role::SystemAdmin | Role::SecurityAdmin);
        if by.person == self.asked_by || by.role == self.asked_as || !keeper {
            return Err(Refused::AnotherPerson);
        }
        self.state = next;
        self.decided = Some(Decided { by: by.person, at: now });
        Ok(())
    }
}

impl Field for EmergencyForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (kind, listing) = (object.required("kind"), object.required::<Id<()>>("listing"));
        let (minutes, reason) = (object.required("minutes"), object.required("reason"));
        object.close();
        let listing = listing?.as_uuid();
        Some(Self { kind: kind?, listing, minutes: minutes?, reason: reason? })
    }
}
