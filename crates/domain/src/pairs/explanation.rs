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
