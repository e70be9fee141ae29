use schemars::JsonSchema;
use serde::Serialize;

/// Where an emergency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for the second person.
    Asked,
    /// The listing can be read.
    Open,
    /// It can be read no more.
    Ended,
    /// The second person said no.
    Refused,
    /// Whoever asked took it back.
    Withdrawn,
    /// Nobody decided in time.
    Lapsed,
}

/// What may be done in an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Agree.
    Confirm,
    /// Say no.
    Refuse,
    /// Read the listing.
    Read,
    /// End it, or take the request back.
    End,
}

/// An action that the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an emergency that is {from:?} does not allow {action:?}")]
pub struct NotAllowed {
    /// The state it was in.
    pub from: State,
    /// The action that was refused.
    pub action: Action,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Asked, Self::Open, Self::Ended, Self::Refused, Self::Withdrawn, Self::Lapsed];

    /// The whole transition table.
    pub const fn after(self, action: Action) -> Result<Self, NotAllowed> {
        match (self, action) {
            (Self::Asked, Action::Confirm) | (Self::Open, Action::Read) => Ok(Self::Open),
            (Self::Asked, Action::Refuse) => Ok(Self::Refused),
            (Self::Asked, Action::End) => Ok(Self::Withdrawn),
            (Self::Open, Action::End) => Ok(Self::Ended),
            (Self::Asked, Action::Read)
            | (Self::Open, Action::Confirm | Action::Refuse)
            | (
                Self::Ended | Self::Refused | Self::Withdrawn | Self::Lapsed,
                Action::Confirm | Action::Refuse | Action::Read | Action::End,
            ) => Err(NotAllowed { from: self, action }),
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Open => "open",
            Self::Ended => "ended",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}
