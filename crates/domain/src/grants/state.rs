use schemars::JsonSchema;
use serde::Serialize;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for the second person.
    Asked,
    /// The role was given.
    Granted,
    /// The second person said no.
    Refused,
    /// Whoever asked took it back.
    Withdrawn,
    /// Nobody decided in time.
    Lapsed,
}

/// What may be done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Give the role.
    Confirm,
    /// Say no.
    Refuse,
    /// Take it back.
    Withdraw,
}

/// An action that the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a grant that is {from:?} does not allow {action:?}")]
pub struct NotAllowed {
    /// The state it was in.
    pub from: State,
    /// The action that was refused.
    pub action: Action,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Asked, Self::Granted, Self::Refused, Self::Withdrawn, Self::Lapsed];

    /// The whole transition table.
    pub const fn after(self, action: Action) -> Result<Self, NotAllowed> {
        match (self, action) {
            (Self::Asked, Action::Confirm) => Ok(Self::Granted),
            (Self::Asked, Action::Refuse) => Ok(Self::Refused),
            (Self::Asked, Action::Withdraw) => Ok(Self::Withdrawn),
            (
                Self::Granted | Self::Refused | Self::Withdrawn | Self::Lapsed,
                Action::Confirm | Action::Refuse | Action::Withdraw,
            ) => Err(NotAllowed { from: self, action }),
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Granted => "granted",
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
