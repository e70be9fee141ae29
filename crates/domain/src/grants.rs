//! Grants: who is to have which role, who asked for it, and who confirmed it.
//!
//! A role is given and taken alike: to take one is to give [`Role::Unassigned`]. What concerns one
//! of the three administrators takes two people, neither of whom is the one concerned.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Faults, Id,
    form::{Field, Object},
    people::{Person, PersonId, Role},
    policy::Member,
    text::Text,
};

mod state;
#[cfg(test)]
mod tests;

pub use state::{Action, NotAllowed, State};

/// Identifies a [`Grant`].
pub type GrantId = Id<Grant>;

/// How long a request waits for the second person.
pub const WAITS: TimeDelta = TimeDelta::days(7);

/// A request that someone have another role, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Names this grant.
    pub id: GrantId,
    /// Counts saved changes.
    pub version: i32,
    /// Who is to have it.
    pub person: PersonId,
    /// The role they had when it was asked for.
    pub from: Role,
    /// The role they are to have.
    pub to: Role,
    /// Why.
    pub reason: Text<2, 500>,
    /// Who asked.
    pub asked_by: PersonId,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    state: State,
    decided: Option<Decided>,
}

/// Who decided on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
    /// What the asker is told, of a refusal.
    pub reason: Option<Text<2, 500>>,
}

/// What is written to ask for a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GrantForm {
    /// Who is to have it.
    pub person: PersonId,
    /// The role they are to have; `unassigned` takes the present one away.
    pub role: Role,
    /// Why.
    pub reason: Text<2, 500>,
}

/// Why a request was not made or not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its state does not allow it.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// It takes someone else: neither who asked nor whom it concerns.
    #[error("it takes another person")]
    AnotherPerson,
    /// They have the role already, or another one than when it was asked for.
    #[error("the person's role is another one")]
    OtherRole,
}

impl Grant {
    /// Asks that `person` have another role.
    pub fn ask(
        id: GrantId,
        person: &Person,
        (to, reason): (Role, Text<2, 500>),
        asker: PersonId,
        now: DateTime<Utc>,
    ) -> Result<Self, Refused> {
        if person.id == asker {
            return Err(Refused::AnotherPerson);
        }
        if person.role == to {
            return Err(Refused::OtherRole);
        }
        Ok(Self {
            id,
            version: 0,
            person: person.id,
            from: person.role,
            to,
            reason,
            asked_by: asker,
            asked_at: now,
            state: State::Asked,
            decided: None,
        })
    }

    /// Rebuilds a grant from storage.
    pub fn restore(
        (id, version): (GrantId, i32),
        (person, from, to): (PersonId, Role, Role),
        (asked_by, asked_at, reason): (PersonId, DateTime<Utc>, Text<2, 500>),
        state: State,
        decided: Option<Decided>,
    ) -> Self {
        Self { id, version, person, from, to, reason, asked_by, asked_at, state, decided }
    }

    /// Whether it takes a second person: one of the two roles is an administrator's.
    pub const fn takes_two(&self) -> bool {
        self.from.is_administrator() || self.to.is_administrator()
    }

    /// Where it stands as storage holds it: what lapsed is still [`State::Asked`] there.
    pub const fn stored_state(&self) -> State {
        self.state
    }

    /// Where it stands.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        if self.state == State::Asked && now >= self.asked_at + WAITS {
            return State::Lapsed;
        }
        self.state
    }

    /// Who decided on it.
    pub const fn decided(&self) -> Option<&Decided> {
        self.decided.as_ref()
    }

    /// Gives the role to `person`, who is the one concerned.
    ///
    /// A security administrator gives the roles of the market and the office alone. The second
    /// person for an administrator's role is another security administrator or, where there is but
    /// one, a system administrator; what a system administrator asked for, a security
    /// administrator decides on.
    pub fn confirm(
        &mut self,
        person: &mut Person,
        by: &Member,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let next = self.state(now).after(Action::Confirm)?;
        self.is_decided_by(by)?;
        if person.id != self.person || person.role != self.from {
            return Err(Refused::OtherRole);
        }
        person.role = self.to;
        self.state = next;
        self.decided = Some(Decided { by: by.person, at: now, reason: None });
        Ok(())
    }

    /// Says no, and why. Whoever asked may take the request back so.
    pub fn refuse(
        &mut self,
        reason: Text<2, 500>,
        by: &Member,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let action = if by.person == self.asked_by { Action::Withdraw } else { Action::Refuse };
        let next = self.state(now).after(action)?;
        if action == Action::Refuse {
            self.is_decided_by(by)?;
        }
        self.state = next;
        self.decided = Some(Decided { by: by.person, at: now, reason: Some(reason) });
        Ok(())
    }

    fn is_decided_by(&self, by: &Member) -> Result<(), Refused> {
        let asker = by.person == self.asked_by;
        let alone = asker && !self.takes_two() && by.role == Role::SecurityAdmin;
        let second = !asker && self.admits(by.role);
        if by.person == self.person || !(alone || second) {
            return Err(Refused::AnotherPerson);
        }
        Ok(())
    }

    /// Whether someone of this role may be the second person.
    const fn admits(&self, role: Role) -> bool {
        match role {
            Role::SecurityAdmin => true,
            Role::SystemAdmin => self.takes_two(),
            Role::Enterprise
            | Role::Research
            | Role::Matchmaker
            | Role::Lead
            | Role::Auditor
            | Role::Unassigned => false,
        }
    }
}

impl Field for GrantForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let person = object.required("person");
        let (role, reason) = (object.required("role"), object.required("reason"));
        object.close();
        Some(Self { person: person?, role: role?, reason: reason? })
    }
}
