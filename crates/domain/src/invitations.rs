//! Invitations: a colleague is asked by mail to join an organisation.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Id,
    contacts::Mail,
    organisations::{Organisation, OrganisationId},
    people::{PersonId, Role},
    policy::Member,
};

/// Identifies an [`Invitation`].
pub type InvitationId = Id<Invitation>;

/// How long an invitation serves.
pub const LASTS: TimeDelta = TimeDelta::days(7);

/// An invitation that nobody has accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Names this invitation.
    pub id: InvitationId,
    /// To which organisation.
    pub organisation: OrganisationId,
    /// What whoever accepts it may do.
    pub role: Role,
    /// Where it was sent.
    pub mail: Mail,
    /// By whom.
    pub invited_by: PersonId,
    /// When.
    pub invited_at: DateTime<Utc>,
}

impl Invitation {
    /// The moment from which on it cannot be accepted.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.invited_at + LASTS
    }

    /// The role that someone can invite to: colleagues to their own, the office to that of the
    /// organisation's first member. Roles of the office are granted, never invited to.
    pub fn role(inviter: &Member, organisation: &Organisation) -> Role {
        if inviter.organisation == organisation.id && !inviter.role.is_staff() {
            return inviter.role;
        }
        Role::of_first_member(organisation.profile.kind).unwrap_or(Role::Unassigned)
    }
}
