use schemars::JsonSchema;
use serde::Serialize;

/// Where an introduction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for an answer.
    Asked,
    /// Both said yes.
    Agreed,
    /// One said no.
    Declined,
    /// One did not answer in time.
    Expired,
    /// One took their yes back, or the matchmaker the question.
    Withdrawn,
}

/// What may happen to an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The first yes.
    Consent,
    /// The second yes.
    Agree,
    /// A no.
    Decline,
    /// Take back.
    Withdraw,
}

/// An action that the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an introduction that is {from:?} does not allow {action:?}")]
pub struct NotAllowed {
    /// The state it was in.
    pub from: State,
    /// The action that was refused.
    pub action: Action,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Asked, Self::Agreed, Self::Declined, Self::Expired, Self::Withdrawn];

    /// The whole transition table.
    pub const fn after(self, action: Action) -> Result<Self, NotAllowed> {
        match (self, action) {
            (Self::Asked, Action::Consent) => Ok(Self::Asked),
            (Self::Asked, Action::Agree) => Ok(Self::Agreed),
            (Self::Asked, Action::Decline) => Ok(Self::Declined),
            (Self::Asked | Self::Agreed, Action::Withdraw) => Ok(Self::Withdrawn),
            (
                Self::Agreed | Self::Declined | Self::Expired | Self::Withdrawn,
                Action::Consent | Action::Agree | Action::Decline,
            )
            | (Self::Declined | Self::Expired | Self::Withdrawn, Action::Withdraw) => {
                Err(NotAllowed { from: self, action })
            }
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Agreed => "agreed",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}
