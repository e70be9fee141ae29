use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Action;
use crate::{
    Fault, Faults,
    form::{Field, Object, Whole},
    people::PersonId,
    text::{self, Text},
};

/// A score of 0 to 5.
pub type Score = Whole<0, 5>;

/// What a matchmaker says of a submitted listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReviewForm {
    /// What is to become of it.
    pub decision: Decision,
    /// The four scores. Where any is 0 the listing cannot be approved.
    pub rubric: Rubric,
    /// What the author is told.
    pub reasons: Text<2, 1000>,
}

/// What is to become of a submitted listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Publish it.
    Approve,
    /// Send it back to be improved.
    Return,
    /// Refuse it.
    Reject,
}

/// The four scores of the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rubric {
    /// 先进性与创新性.
    pub advantage: Score,
    /// 表述清晰.
    pub clarity: Score,
    /// 合作意愿.
    pub cooperation: Score,
    /// 信息完整.
    pub completeness: Score,
}

/// A review that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// What was said.
    pub form: ReviewForm,
    /// By whom.
    pub reviewer: PersonId,
    /// When.
    pub at: DateTime<Utc>,
}

impl Decision {
    /// What it does to the listing.
    pub const fn action(self) -> Action {
        match self {
            Self::Approve => Action::Approve,
            Self::Return => Action::Return,
            Self::Reject => Action::Reject,
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Reject => "reject",
        }
    }

    /// The decision of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Approve, Self::Return, Self::Reject].into_iter().find(|it| it.as_str() == name)
    }
}

impl Rubric {
    /// The scores by name.
    pub const fn scores(&self) -> [(&'static str, Score); 4] {
        [
            ("advantage", self.advantage),
            ("clarity", self.clarity),
            ("cooperation", self.cooperation),
            ("completeness", self.completeness),
        ]
    }
}

impl Field for ReviewForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let decision = object.required("decision");
        let rubric = object.required::<Rubric>("rubric");
        let reasons = object.required("reasons");
        if decision == Some(Decision::Approve) {
            for (name, score) in rubric.iter().flat_map(Rubric::scores) {
                if score.get() == 0 {
                    let refused = Fault::NotAllowed { because_of: "decision" };
                    object.fault_within("rubric", name, refused);
                }
            }
        }
        object.close();
        Some(Self { decision: decision?, rubric: rubric?, reasons: reasons? })
    }
}

impl Field for Rubric {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let advantage = object.required("advantage");
        let clarity = object.required("clarity");
        let cooperation = object.required("cooperation");
        let completeness = object.required("completeness");
        object.close();
        let (advantage, clarity) = (advantage?, clarity?);
        Some(Self { advantage, clarity, cooperation: cooperation?, completeness: completeness? })
    }
}

impl Field for Decision {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "decision" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}
