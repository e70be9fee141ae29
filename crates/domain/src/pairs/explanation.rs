use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    achievements::AchievementForm,
    fits::{self, Aspect, Fit, Missing},
    needs::NeedForm,
    policy::View,
    requirements::{self, Requirement, Stated, Wanted},
};

/// Why two listings were paired: enough to recompute and to doubt the score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The matcher that made it, such as `grams-1`.
    pub matcher: String,
    /// How well the two fit. Comparable between needs; only the order means anything.
    pub score: f64,
    /// What the score is made of: `title`, `text`, `requirements`, `verdicts` and `learned` add up to
    /// it.
    pub parts: Parts,
    /// What both texts say, in readable pieces, the weightiest first.
    pub phrases: Vec<Phrase>,
    /// The terms that matched, the weightiest first; what was left out is in `parts.rest`.
    pub terms: Vec<Term>,
    /// Its place among the need's suggestions when the matcher last looked, before verdicts, from 1;
    /// 0 where that was not noted.
    #[serde(default)]
    pub position: u32,
    /// What the need asks for in numbers, and what the achievement states of it.
    #[serde(default)]
    pub requirements: Vec<Requirement>,
    /// How field, readiness, region, cooperation mode and budget go together.
    #[serde(default)]
    pub fits: Vec<Fit>,
    /// What neither side states and would decide it.
    #[serde(default)]
    pub missing: Vec<Missing>,
}

impl Explanation {
    /// Adds what the two forms say beyond their words, and lets requirements bear on the score.
    /// `wanted` is what was read of `need`.
    #[must_use]
    pub fn with_forms(
        mut self,
        (need, wanted): (&NeedForm, &Wanted),
        achievement: &AchievementForm,
    ) -> Self {
        self.requirements = wanted.held_against(&Stated::of(achievement));
        self.fits = fits::all(need, achievement);
        self.missing = fits::missing(need, achievement, &self.requirements);
        let adjusted = self.score * requirements::factor(&self.requirements);
        self.parts.requirements += adjusted - self.score;
        self.score = adjusted;
        self
    }

    /// Whether a must-requirement is not met.
    pub fn is_contradicted(&self) -> bool {
        requirements::contradicted(&self.requirements)
    }

    /// The explanation without what a reader may not read who sees so much of the two sides.
    /// Nothing in it is drawn from fields that are not for everyone, but for the need's planned
    /// investment, of which it has the band that everyone is shown.
    #[must_use]
    pub fn shown(mut self, need: View, achievement: View) -> Self {
        let least = need.min(achievement);
        if least >= View::Public {
            return self;
        }
        self.phrases.clear();
        self.terms.clear();
        self.requirements.clear();
        self.missing.clear();
        let masked = |it: &Fit| matches!(it.aspect, Aspect::Field | Aspect::Region);
        self.fits.retain(|it| least >= View::Masked && masked(it));
        self
    }
}

/// What a score is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// From terms of the need's title.
    pub title: f64,
    /// From terms of the rest of the need.
    pub text: f64,
    /// What requirements met add, and must-requirements not met take away.
    #[serde(default)]
    pub requirements: f64,
    /// How much of the score stands in the listed terms.
    pub listed: f64,
    /// How much stands in terms too many to list.
    pub rest: f64,
    /// What verdicts on other pairs of the same need add: above 0 where it is like what was found
    /// good.
    #[serde(default)]
    pub verdicts: f64,
    /// What the weights of a trained matcher add to the other parts as they stand here.
    #[serde(default)]
    pub learned: f64,
}

/// A piece of text that both sides have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Phrase {
    /// The piece, in simplified characters and lower case.
    pub text: String,
    /// Its share of the score, 0 to 1.
    pub share: f64,
    /// The word of the need that led to it by the thesaurus: then the need does not say the piece
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// A character, a pair of characters, a Latin word or a number that both sides have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// The term, normalised.
    pub term: String,
    /// What it adds to the score.
    pub weight: f64,
}
