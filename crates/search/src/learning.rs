//! Weights of a trained matcher, fitted to past verdicts, and whether they win on later ones.
//!
//! A version gives each part of a score ([`Feature`]) a weight `w`, 1 in the built-in matcher. They
//! are fitted so that accepted pairs stand before declined ones **of the same need**: for an
//! accepted pair `a` and a declined one `d`, with parts `x`,
//!
//! ```text
//! P(a before d) = 1 / (1 + exp(-s Σ w (x_a - x_d)))
//! ```
//!
//! which is logistic regression on differences. The scale `s` says how much a difference in score
//! means, and is found first, with every weight 1. The weights are the most probable ones under a
//! normal prior around 1: few verdicts move them little. A pair of the same need counts the less the
//! more there are, so that a need counts by its verdicts, and each verdict counts for the
//! suggestions of places like its own ([`domain::matchers::Looks`]).
//!
//! Training on graded pairs of other needs has not beaten the built-in matcher so far. So nothing is
//! believed before it was shown: the first seven tenths of the verdicts are for training, the later
//! ones for comparing.

use domain::{
    matchers::{Comparison, Feature, Figures, Version, Weights},
    needs::NeedId,
    pairs::Parts,
};

mod comparison;
mod fit;
#[cfg(test)]
mod tests;

pub use comparison::Chance;

/// A verdict to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// On a pair of which need.
    pub need: NeedId,
    /// What the score was made of.
    pub parts: Parts,
    /// Whether the pair was accepted.
    pub accepted: bool,
    /// For how many suggestions it counts.
    pub weight: f64,
}

/// Weights, and how they did.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The weights.
    pub weights: Weights,
    /// How they did on later verdicts.
    pub figures: Figures,
}

/// Why nothing can be learned from some verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrainable {
    /// There are none.
    #[error("there are no verdicts")]
    NoVerdicts,
    /// All accept, or all decline.
    #[error("all verdicts are of one kind: there must be accepted and declined pairs")]
    OneKind,
    /// All are on one need.
    #[error("all verdicts are on one need: what holds for others cannot be told from one")]
    OneNeed,
    /// Nothing was accepted and declined for the same need, early enough to learn from.
    #[error(
        "no need has both accepted and declined pairs among the first seven tenths of the verdicts"
    )]
    NoContrast,
}

/// The share of the verdicts that is for training, in tenths.
const TENTHS: usize = 7;

/// Fits weights to the earlier of some verdicts, which come in the order of time, and compares them
/// on the later ones with those of the version that suggests now.
pub fn train(verdicts: &[Example], present: &Version) -> Result<Trained, Untrainable> {
    let Some(first) = verdicts.first() else { return Err(Untrainable::NoVerdicts) };
    if verdicts.iter().all(|it| it.accepted == first.accepted) {
        return Err(Untrainable::OneKind);
    }
    if verdicts.iter().all(|it| it.need == first.need) {
        return Err(Untrainable::OneNeed);
    }
    let (earlier, later) = verdicts.split_at(verdicts.len() * TENTHS / 10);
    let contrasts = fit::contrasts(earlier);
    if contrasts.is_empty() {
        return Err(Untrainable::NoContrast);
    }
    let weights = fit::weights(&contrasts);
    let gains = comparison::compare(later, [&present.weights, &weights]);
    let (least_gain, most_gain) = comparison::interval(&gains);
    let outcome = if gains.len() < comparison::FEWEST {
        Comparison::TooFew
    } else {
        Comparison::of(least_gain, most_gain)
    };
    let figures = Figures {
        verdicts: count(earlier.len()),
        later_verdicts: count(later.len()),
        later_needs: count(gains.len()),
        present: present.name.clone(),
        present_accuracy: comparison::mean(gains.iter().map(|it| it.0)),
        accuracy: comparison::mean(gains.iter().map(|it| it.1)),
        least_gain,
        most_gain,
        outcome,
    };
    Ok(Trained { weights, figures })
}

/// The features of some parts, in the order of [`Feature::ALL`].
fn features(parts: &Parts) -> Features {
    Feature::ALL.map(|it| it.of(parts))
}

/// A number for each of [`Feature::ALL`].
type Features = [f64; Feature::ALL.len()];

fn count(all: usize) -> u32 {
    u32::try_from(all).unwrap_or(u32::MAX)
}
