use std::collections::BTreeMap;

use domain::{
    matchers::{Feature, Weights},
    needs::NeedId,
};

use super::{Example, Features, features};

/// An accepted pair and a declined one of the same need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Contrast {
    /// By how much the first is ahead, part by part.
    pub(super) ahead: Features,
    /// How much it counts.
    pub(super) weight: f64,
}

/// How strongly the weights are held to 1: as strongly as by so many contrasts that leave no doubt.
const PRIOR: f64 = 20.0;
/// How strongly the scale is held back, where verdicts agree with the scores throughout.
const SCALE_PRIOR: f64 = 0.1;
/// A part never counts against a pair because of training, and never more than three times.
const RANGE: (f64, f64) = (0.0, 3.0);
const ROUNDS: usize = 50;

/// All contrasts. Those of a need weigh, together, as much as half its verdicts.
pub(super) fn contrasts(verdicts: &[Example]) -> Vec<Contrast> {
    let mut needs: BTreeMap<NeedId, Vec<&Example>> = BTreeMap::new();
    for it in verdicts {
        needs.entry(it.need).or_default().push(it);
    }
    let mut contrasts = Vec::new();
    for verdicts in needs.values() {
        let (accepted, declined): (Vec<&Example>, Vec<&Example>) =
            verdicts.iter().copied().partition(|it| it.accepted);
        let pairs = || accepted.iter().flat_map(|a| declined.iter().map(move |d| (*a, *d)));
        let all: f64 = pairs().map(|(a, d)| a.weight * d.weight).sum();
        let share = f64::from(super::count(verdicts.len())) / 2.0 / all.max(f64::MIN_POSITIVE);
        contrasts.extend(pairs().map(|(a, d)| Contrast {
            ahead: difference(&features(&a.parts), &features(&d.parts)),
            weight: a.weight * d.weight * share,
        }));
    }
    contrasts
}

/// The most probable weights.
pub(super) fn weights(contrasts: &[Contrast]) -> Weights {
    let scale = scale(contrasts);
    let mut weights: Features = [1.0; Feature::ALL.len()];
    for _ in 0..ROUNDS {
        let step = step(contrasts, &weights, scale);
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight = (*weight - step).clamp(RANGE.0, RANGE.1);
        }
        if step.iter().all(|it| it.abs() < 1e-9) {
            break;
        }
    }
    let named: BTreeMap<Feature, f64> = Feature::ALL.into_iter().zip(weights).collect();
    Weights::new(&named)
}

/// What a difference of 1 in score means, with every weight 1: Newton's method in one dimension.
fn scale(contrasts: &[Contrast]) -> f64 {
    let ahead: Vec<(f64, f64)> =
        contrasts.iter().map(|it| (it.ahead.iter().sum(), it.weight)).collect();
    let squares: f64 = ahead.iter().map(|it| it.0 * it.0 * it.1).sum();
    let all: f64 = ahead.iter().map(|it| it.1).sum();
    let spread = (squares / all.max(f64::MIN_POSITIVE)).max(f64::MIN_POSITIVE);
    let held = SCALE_PRIOR * spread;
    let mut scale = 0.0;
    for _ in 0..ROUNDS {
        let (mut slope, mut bend) = (held * scale, held);
        for (ahead, weight) in &ahead {
            let doubt = doubt(scale * ahead);
            slope -= weight * doubt * ahead;
            bend += weight * doubt * (1.0 - doubt) * ahead * ahead;
        }
        // A bounded step does not run away where the curve is flat.
        let step = (slope / bend).clamp(-1.0 / spread.sqrt(), 1.0 / spread.sqrt());
        scale = f64::max(scale - step, 0.0);
    }
    scale
}

/// Newton's step for the weights.
fn step(contrasts: &[Contrast], weights: &Features, scale: f64) -> Features {
    const N: usize = Feature::ALL.len();
    let mut slope: Features = weights.map(|it| PRIOR * (it - 1.0));
    let mut bend = [[0.0; N]; N];
    for (at, row) in bend.iter_mut().enumerate() {
        if let Some(cell) = row.get_mut(at) {
            *cell = PRIOR;
        }
    }
    for it in contrasts {
        let x = it.ahead.map(|part| part * scale);
        let doubt = doubt(x.iter().zip(weights).map(|(x, weight)| x * weight).sum());
        let curve = it.weight * doubt * (1.0 - doubt);
        for ((slope, row), one) in slope.iter_mut().zip(&mut bend).zip(x) {
            *slope -= it.weight * doubt * one;
            for (cell, other) in row.iter_mut().zip(x) {
                *cell += curve * one * other;
            }
        }
    }
    solve(bend, slope)
}

/// The probability that an order is wrong which the score puts so far ahead.
fn doubt(ahead: f64) -> f64 {
    1.0 / (1.0 + ahead.exp())
}

fn difference(a: &Features, b: &Features) -> Features {
    let mut all = *a;
    for (one, other) in all.iter_mut().zip(b) {
        *one -= other;
    }
    all
}

/// Solves a system of linear equations whose matrix is positive definite, by Gauss and Jordan:
/// no exchange of rows is needed.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for at in 0..N {
        let Some((row, value)) = matrix.get(at).copied().zip(right.get(at).copied()) else { break };
        let Some(pivot) = row.get(at).copied() else { break };
        for (below, cells) in matrix.iter_mut().enumerate() {
            if below == at {
                continue;
            }
            let factor = cells.get(at).copied().unwrap_or_default() / pivot;
            for (cell, above) in cells.iter_mut().zip(row) {
                *cell -= factor * above;
            }
            if let Some(cell) = right.get_mut(below) {
                *cell -= factor * value;
            }
        }
    }
    let mut solution = [0.0; N];
    for (at, cell) in solution.iter_mut().enumerate() {
        let pivot = matrix.get(at).and_then(|it| it.get(at)).copied().unwrap_or(1.0);
        *cell = right.get(at).copied().unwrap_or_default() / pivot;
    }
    solution
}
