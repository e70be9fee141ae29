//! Notices: what someone is told about what is theirs.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{Id, people::PersonId, text::Text};

/// Identifies a [`Notice`].
pub type NoticeId = Id<Notice>;

/// What someone is told. It holds no text of what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Names this notice.
    pub id: NoticeId,
    /// Who is told.
    pub person: PersonId,
    /// What it is about.
    pub subject: Subject,
    /// Which object.
    pub object: Uuid,
    /// The reason that was given.
    pub reason: Text<2, 500>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A matchmaker stopped offering a need.
    NeedHidden,
    /// A matchmaker stopped offering an achievement.
    AchievementHidden,
    /// An administrator was let read a need, in an emergency.
    NeedOpened,
    /// An administrator was let read an achievement, in an emergency.
    AchievementOpened,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 4] =
        [Self::NeedHidden, Self::AchievementHidden, Self::NeedOpened, Self::AchievementOpened];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeedHidden => "need_hidden",
            Self::AchievementHidden => "achievement_hidden",
            Self::NeedOpened => "need_opened",
            Self::AchievementOpened => "achievement_opened",
        }
    }

    /// The subject of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}
