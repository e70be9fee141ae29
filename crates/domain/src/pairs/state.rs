use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Where the review of a pair stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The matcher proposed it; nobody has looked.
    Suggested,
    /// A matchmaker is looking.
    Taken,
    /// Graded 强 or 较强.
    Accepted,
    /// Graded 弱 or 无.
    Declined,
    /// Put off until a date.
    Deferred,
    /// One of the two changed materially since; a new suggestion takes its place.
    Stale,
    /// One of the two is no longer offered.
    Expired,
}

/// What may happen to a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A matchmaker takes it.
    Take,
    /// The matchmaker gives it back.
    Release,
    /// Graded 强 or 较强.
    Accept,
    /// Graded 弱 or 无.
    Decline,
    /// Put off until a date.
    Defer,
    /// The date came.
    Wake,
    /// One of the two changed materially.
    Outdate,
    /// One of the two is no longer offered.
    Expire,
    /// Both are offered again, unchanged.
    Revive,
}

/// An action that the pair's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pair that is {from} does not allow {action:?}")]
pub struct NotAllowed {
    /// The state it was in.
    pub from: State,
    /// The action that was refused.
    pub action: Action,
}

impl State {
    /// Every state, in the order a pair meets them.
    pub const ALL: [Self; 7] = [
        Self::Suggested,
        Self::Taken,
        Self::Accepted,
        Self::Declined,
        Self::Deferred,
        Self::Stale,
        Self::Expired,
    ];

    /// The whole transition table.
    pub const fn after(self, action: Action) -> Result<Self, NotAllowed> {
        use State::{Accepted, Declined, Deferred, Expired, Stale, Suggested, Taken};
        let next = match (self, action) {
            (Suggested | Deferred, Action::Take) => Some(Taken),
            (Taken, Action::Release) | (Deferred, Action::Wake) | (Expired, Action::Revive) => {
                Some(Suggested)
            }
            (Taken, Action::Accept) => Some(Accepted),
            (Taken, Action::Decline) => Some(Declined),
            (Taken, Action::Defer) => Some(Deferred),
            (Suggested | Taken | Deferred | Expired, Action::Outdate) => Some(Stale),
            (Suggested | Taken | Deferred, Action::Expire) => Some(Expired),
            (
                Suggested | Taken | Accepted | Declined | Deferred | Stale | Expired,
                Action::Take
                | Action::Release
                | Action::Accept
                | Action::Decline
                | Action::Defer
                | Action::Wake
                | Action::Outdate
                | Action::Expire
                | Action::Revive,
            ) => None,
        };
        match next {
            Some(next) => Ok(next),
            None => Err(NotAllowed { from: self, action }),
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
            Self::Taken => "taken",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Deferred => "deferred",
            Self::Stale => "stale",
            Self::Expired => "expired",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Take,
        Self::Release,
        Self::Accept,
        Self::Decline,
        Self::Defer,
        Self::Wake,
        Self::Outdate,
        Self::Expire,
        Self::Revive,
    ];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
