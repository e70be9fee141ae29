use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why two listings were paired: enough to recompute and to doubt the score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The matcher that made it, such as `grams-1`.
    pub matcher: String,
    /// How well the two fit. Comparable between needs; only the order means anything.
    pub score: f64,
    /// What the score is made of; the parts add up to it.
    pub parts: Parts,
    /// What both texts say, in readable pieces, the weightiest first.
    pub phrases: Vec<Phrase>,
    /// The terms that matched, the weightiest first; what was left out is in `parts.rest`.
    pub terms: Vec<Term>,
    /// Its place among the need's suggestions when the matcher last looked, before verdicts, from 1;
    /// 0 where that was not noted.
    #[serde(default)]
    pub position: u32,
}

/// What a score is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// From terms of the need's title.
    pub title: f64,
    /// From terms of the rest of the need.
    pub text: f64,
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
    /// The piece of the need, in simplified characters and lower case.
    pub text: String,
    /// Its share of the score, 0 to 1.
    pub share: f64,
}

/// A character, a pair of characters, a Latin word or a number that both sides have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// The term, normalised.
    pub term: String,
    /// What it adds to the score.
    pub weight: f64,
}
