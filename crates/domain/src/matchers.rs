//! Versions of the matcher: the one that is built in, and those trained on past verdicts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pairs::Parts;

mod outcomes;
#[cfg(test)]
mod tests;

pub use outcomes::{Looks, Measures, Outcome, Place, Share, Shown, measure};

/// A part of a score that a trained matcher weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// What terms of the need's title add.
    Title,
    /// What terms of the rest of the need add.
    Text,
    /// What requirements met add, and must-requirements not met take away.
    Requirements,
    /// What verdicts on other pairs of the need add.
    Verdicts,
}

/// How much each part of a score counts, 1 being what the built-in matcher gives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Weights(BTreeMap<String, f64>);

/// The matcher that suggests now.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its name, which every suggestion carries.
    pub name: String,
    /// Its weights.
    pub weights: Weights,
}

/// A trained matcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Its name and weights.
    pub version: Version,
    /// The built-in matcher whose scores it weighs; it cannot weigh those of another.
    pub base: String,
    /// How it did on verdicts that it had not seen.
    pub figures: Figures,
    /// When it was trained.
    pub trained_at: DateTime<Utc>,
}

/// How a trained matcher did on later verdicts that it had not seen, against the one that suggested
/// at the time of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// How many verdicts it was trained on.
    pub verdicts: u32,
    /// How many later verdicts it was held against.
    pub later_verdicts: u32,
    /// Of how many needs: those with something accepted and something declined among them.
    pub later_needs: u32,
    /// The matcher it was compared with.
    pub present: String,
    /// How often the present one puts an accepted pair of a need before a declined one, 0 to 1.
    pub present_accuracy: f64,
    /// The same of the trained one.
    pub accuracy: f64,
    /// The least that the difference can well be: the lower end of a 95 % interval.
    pub least_gain: f64,
    /// The most that it can well be.
    pub most_gain: f64,
    /// What is to be made of it.
    pub outcome: Comparison,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The trained matcher is better, and that is hardly by chance.
    Wins,
    /// It is worse, and that is hardly by chance.
    Loses,
    /// The difference may be by chance.
    Undecided,
    /// There are too few needs with later verdicts to tell anything.
    TooFew,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 4] = [Self::Title, Self::Text, Self::Requirements, Self::Verdicts];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Text => "text",
            Self::Requirements => "requirements",
            Self::Verdicts => "verdicts",
        }
    }

    /// Its value in a score's parts, as the built-in matcher gives it.
    pub const fn of(self, parts: &Parts) -> f64 {
        match self {
            Self::Title => parts.title,
            Self::Text => parts.text,
            Self::Requirements => parts.requirements,
            Self::Verdicts => parts.verdicts,
        }
    }
}

impl Weights {
    /// These weights; 1 for what is not named.
    pub fn new(weights: &BTreeMap<Feature, f64>) -> Self {
        Self(weights.iter().map(|(it, weight)| (it.as_str().to_owned(), *weight)).collect())
    }

    /// The weight of a feature.
    pub fn of(&self, feature: Feature) -> f64 {
        self.0.get(feature.as_str()).copied().unwrap_or(1.0)
    }

    /// What they add to a score, besides what its parts are already.
    pub fn adjustment(&self, parts: &Parts) -> f64 {
        Feature::ALL.into_iter().map(|it| (self.of(it) - 1.0) * it.of(parts)).sum()
    }
}

impl Version {
    /// The matcher as it is built in.
    pub fn built_in(name: &str) -> Self {
        Self { name: name.to_owned(), weights: Weights::default() }
    }
}

impl Comparison {
    /// What an interval around a difference comes to.
    pub const fn of(least: f64, most: f64) -> Self {
        match (least > 0.0, most < 0.0) {
            (true, _) => Self::Wins,
            (false, true) => Self::Loses,
            (false, false) => Self::Undecided,
        }
    }
}
