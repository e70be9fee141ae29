use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Where a listing, or a change to one, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being written.
    Draft,
    /// Waiting for a matchmaker.
    Submitted,
    /// Sent back to be improved.
    Returned,
    /// Not to be published.
    Rejected,
    /// Offered to everyone it is visible to.
    Published,
    /// Not offered for the time being.
    Paused,
    /// A partner was found; no more suggestions are wanted.
    Matched,
    /// Done with.
    Closed,
    /// Taken back by its owner.
    Withdrawn,
    /// Its last day has passed.
    Expired,
    /// Kept for the record.
    Archived,
}

/// What may be done to a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Write a working copy.
    Edit,
    /// Ask for review.
    Submit,
    /// Take a submission back.
    Retract,
    /// Review: publish.
    Approve,
    /// Review: send back to be improved.
    Return,
    /// Review: refuse.
    Reject,
    /// Stop offering it for a while.
    Pause,
    /// Offer it again.
    Resume,
    /// Note that a partner was found.
    Match,
    /// End it.
    Close,
    /// Take it back.
    Withdraw,
    /// Note that its last day has passed.
    Expire,
    /// Offer it for another term.
    Renew,
    /// Begin again as a draft.
    Reopen,
    /// A matchmaker stops offering it: it goes back to its author, to be improved and submitted again.
    Hide,
    /// Put it away.
    Archive,
    /// Drop a change to what is published.
    Discard,
}

/// An action that the listing's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a listing that is {from} does not allow {action:?}")]
pub struct NotAllowed {
    /// The state it was in.
    pub from: State,
    /// The action that was refused.
    pub action: Action,
}

impl State {
    /// Every state, in the order a listing meets them.
    pub const ALL: [Self; 11] = [
        Self::Draft,
        Self::Submitted,
        Self::Returned,
        Self::Rejected,
        Self::Published,
        Self::Paused,
        Self::Matched,
        Self::Closed,
        Self::Withdrawn,
        Self::Expired,
        Self::Archived,
    ];

    /// The whole transition table.
    ///
    /// Editing what is published leaves its state as it is: the change is a revision with a state
    /// of its own. Discarding a revision moves no state, so no row has it.
    pub const fn after(self, action: Action) -> Result<Self, NotAllowed> {
        use State::{
            Archived, Closed, Draft, Expired, Matched, Paused, Published, Rejected, Returned,
            Submitted, Withdrawn,
        };
        let next = match (self, action) {
            (Draft | Returned, Action::Edit)
            | (Submitted, Action::Retract)
            | (Rejected | Closed | Withdrawn, Action::Reopen) => Some(Draft),
            (Draft | Returned, Action::Submit) => Some(Submitted),
            (Submitted, Action::Return) | (Published | Paused, Action::Hide) => Some(Returned),
            (Submitted, Action::Reject) => Some(Rejected),
            (Published, Action::Edit | Action::Renew) => Some(Published),
            (Submitted, Action::Approve) | (Paused, Action::Resume) | (Expired, Action::Renew) => {
                Some(Published)
            }
            (Published, Action::Pause) | (Paused, Action::Edit) => Some(Paused),
            (Published, Action::Match) => Some(Matched),
            (Published | Paused | Matched, Action::Close) => Some(Closed),
            (Published | Paused | Matched | Expired, Action::Withdraw) => Some(Withdrawn),
            (Published | Paused, Action::Expire) => Some(Expired),
            (Rejected | Closed | Withdrawn | Expired, Action::Archive) => Some(Archived),
            (
                Draft | Submitted | Returned | Rejected | Published | Paused | Matched | Closed
                | Withdrawn | Expired | Archived,
                Action::Edit
                | Action::Submit
                | Action::Retract
                | Action::Approve
                | Action::Return
                | Action::Reject
                | Action::Pause
                | Action::Resume
                | Action::Match
                | Action::Close
                | Action::Withdraw
                | Action::Expire
                | Action::Renew
                | Action::Reopen
                | Action::Hide
                | Action::Archive
                | Action::Discard,
            ) => None,
        };
        match next {
            Some(next) => Ok(next),
            None => Err(NotAllowed { from: self, action }),
        }
    }

    /// Whether a listing in this state keeps what it published apart from what is being written.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Published | Self::Paused)
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Published => "published",
            Self::Paused => "paused",
            Self::Matched => "matched",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Archived => "archived",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 17] = [
        Self::Edit,
        Self::Submit,
        Self::Retract,
        Self::Approve,
        Self::Return,
        Self::Reject,
        Self::Pause,
        Self::Resume,
        Self::Match,
        Self::Close,
        Self::Withdraw,
        Self::Expire,
        Self::Renew,
        Self::Reopen,
        Self::Hide,
        Self::Archive,
        Self::Discard,
    ];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
