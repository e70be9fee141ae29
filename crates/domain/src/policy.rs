//! Who may do what: one table, and every operation names its row.
//!
//! [`Operation::grants`] is the table of acts, [`view()`] the table of what may be read. Whoever is
//! not granted an act is told so (403) if the object may be known to them, and otherwise gets the
//! answer for what does not exist (404).

use crate::{
    organisations::{self, OrganisationId},
    people::{PersonId, Role},
};

mod grantees;
mod operation;
mod reach;
#[cfg(test)]
mod tests;
mod view;

pub use operation::{Act, Operation};
pub use reach::{Reach, Scope, Stage};
pub use view::{ListingFacts, Tie, View, view};

/// Whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Someone who has not signed in.
    Visitor,
    /// Someone who has.
    Member(Member),
}

/// Someone who has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub person: PersonId,
    /// Where the person belongs.
    pub organisation: OrganisationId,
    /// The person's one role.
    pub role: Role,
    /// Where the organisation stands.
    pub standing: organisations::State,
}

/// One line of a row: who is granted the act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub to: Grantee,
    /// On which objects.
    pub of: Relation,
    /// How their organisation must stand.
    pub standing: Standing,
}

/// To whom an act is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// Everyone, signed in or not.
    Everyone,
    /// Those who have not signed in.
    Visitors,
    /// Everyone who has signed in.
    SignedIn,
    /// Those with this role.
    Role(Role),
}

/// On which objects an act is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Any that may be known to them.
    Any,
    /// Those of their own organisation.
    Own,
    /// Those they wrote, or that are they themselves.
    Authored,
    /// Those that are not of their own organisation: nobody decides on their own.
    Others,
}

/// How an organisation must stand for its members to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Any way: reading, and leaving.
    Any,
    /// Not suspended.
    NotSuspended,
    /// Verified.
    Verified,
}

/// The object of an act, as far as rights are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Whose it is; a pair has two owners.
    pub owners: [Option<OrganisationId>; 2],
    /// Who wrote it, or who it is.
    pub author: Option<PersonId>,
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Sign in first.
    #[error("sign in first")]
    SignIn,
    /// Nothing of the kind may be known to them.
    #[error("not to be known")]
    Hidden,
    /// Not with this role, or not on this object.
    #[error("not allowed")]
    Forbidden,
    /// Nobody decides on what is their own organisation's.
    #[error("not on one's own")]
    OwnOrganisation,
    /// The organisation has not been verified.
    #[error("the organisation is not verified")]
    NotVerified,
    /// The organisation is suspended.
    #[error("the organisation is suspended")]
    Suspended,
    /// The password must be changed first.
    #[error("the password must be changed")]
    PasswordExpired,
    /// The code of the second factor is awaited.
    #[error("the code of the second factor is awaited")]
    CodeRequired,
    /// A second factor must be set up first.
    #[error("a second factor must be set up")]
    SecondFactorRequired,
    /// The token was not made for that.
    #[error("the token was not made for that")]
    Scope,
}

impl Principal {
    /// Who it is, if signed in.
    pub const fn member(&self) -> Option<&Member> {
        match self {
            Self::Visitor => None,
            Self::Member(member) => Some(member),
        }
    }

    /// The role, if signed in.
    pub fn role(&self) -> Option<Role> {
        self.member().map(|it| it.role)
    }

    /// Whether the operation is granted to anyone like them, before any object is looked at.
    pub fn may_ever(&self, operation: Operation) -> Result<(), Refusal> {
        let grants = operation.grants();
        let mut mine = grants.iter().filter(|it| self.is(it.to)).peekable();
        if mine.peek().is_none() {
            return Err(self.refusal(operation));
        }
        let standings: Vec<_> = mine.map(|it| self.stands(it.standing)).collect();
        best(standings)
    }

    /// Whether they may do `operation` to `object`, which may be known to them.
    pub fn may(&self, operation: Operation, object: &Object) -> Result<(), Refusal> {
        self.may_ever(operation)?;
        let mine = operation.grants().iter().filter(|it| self.is(it.to));
        best(
            mine.map(|it| self.stands(it.standing).and_then(|()| self.relates(it.of, object)))
                .collect(),
        )
    }

    fn is(&self, grantee: Grantee) -> bool {
        match grantee {
            Grantee::Everyone => true,
            Grantee::Visitors => self.member().is_none(),
            Grantee::SignedIn => self.member().is_some(),
            Grantee::Role(role) => self.role() == Some(role),
        }
    }

    fn stands(&self, standing: Standing) -> Result<(), Refusal> {
        let Some(member) = self.member() else { return Ok(()) };
        match (standing, member.standing) {
            (Standing::Any, _)
            | (_, organisations::State::Verified)
            | (
                Standing::NotSuspended,
                organisations::State::Registered | organisations::State::Refused,
            ) => Ok(()),
            (_, organisations::State::Suspended) => Err(Refusal::Suspended),
            (Standing::Verified, _) => Err(Refusal::NotVerified),
        }
    }

    fn relates(&self, relation: Relation, object: &Object) -> Result<(), Refusal> {
        let organisation = self.member().map(|it| it.organisation);
        let owns = organisation.is_some() && object.owners.contains(&organisation);
        let wrote = self.member().is_some_and(|it| object.author == Some(it.person));
        match relation {
            Relation::Any => Ok(()),
            Relation::Own if owns => Ok(()),
            Relation::Authored if wrote => Ok(()),
            Relation::Others if !owns => Ok(()),
            Relation::Others => Err(Refusal::OwnOrganisation),
            Relation::Own | Relation::Authored => Err(Refusal::Forbidden),
        }
    }

    fn refusal(&self, operation: Operation) -> Refusal {
        match self {
            Self::Visitor => Refusal::SignIn,
            Self::Member(_) if operation.is_hidden() => Refusal::Hidden,
            Self::Member(_) => Refusal::Forbidden,
        }
    }
}

/// Allowed if any grant allows; otherwise what the last says.
fn best(answers: Vec<Result<(), Refusal>>) -> Result<(), Refusal> {
    if answers.contains(&Ok(())) {
        return Ok(());
    }
    answers.into_iter().next_back().unwrap_or(Err(Refusal::Forbidden))
}

impl Object {
    /// Something of this organisation, written by this person.
    pub const fn of(organisation: OrganisationId, author: PersonId) -> Self {
        Self { owners: [Some(organisation), None], author: Some(author) }
    }

    /// Something of this organisation.
    pub const fn of_organisation(organisation: OrganisationId) -> Self {
        Self { owners: [Some(organisation), None], author: None }
    }

    /// A pair, whose sides belong to these two.
    pub const fn between(one: OrganisationId, other: OrganisationId) -> Self {
        Self { owners: [Some(one), Some(other)], author: None }
    }
}
