use std::collections::BTreeMap;

use domain::{
    matchers::{Feature, Weights},
    needs::NeedId,
};

use super::Example;

/// So many needs with something accepted and something declined it takes to tell anything.
pub(super) const FEWEST: usize = 10;
/// How often the needs are drawn anew for the interval.
const DRAWS: usize = 2000;

/// How often an accepted pair stands before a declined one of the same need, by two sets of weights:
/// a pair of shares for each need that has both.
pub(super) fn compare(verdicts: &[Example], weights: [&Weights; 2]) -> Vec<(f64, f64)> {
    let mut needs: BTreeMap<NeedId, Vec<&Example>> = BTreeMap::new();
    for it in verdicts {
        needs.entry(it.need).or_default().push(it);
    }
    let [one, other] = weights;
    needs.values().filter_map(|of| Some((accuracy(of, one)?, accuracy(of, other)?))).collect()
}

/// The same of one need; equal scores count by half.
fn accuracy(verdicts: &[&Example], weights: &Weights) -> Option<f64> {
    let score = |it: &Example| -> f64 {
        Feature::ALL.into_iter().map(|part| weights.of(part) * part.of(&it.parts)).sum()
    };
    let (mut right, mut all) = (0.0, 0.0);
    for accepted in verdicts.iter().filter(|it| it.accepted) {
        for declined in verdicts.iter().filter(|it| !it.accepted) {
            let weight = accepted.weight * declined.weight;
            let ahead = score(accepted) - score(declined);
            all += weight;
            if ahead.abs() < 1e-12 {
                right += weight / 2.0;
            } else if ahead > 0.0 {
                right += weight;
            }
        }
    }
    (all > 0.0).then(|| right / all)
}

/// Where the mean gain of the second over the first lies with 95 % probability: needs are drawn with
/// replacement (bootstrap, Efron 1979), by a fixed seed.
pub(super) fn interval(shares: &[(f64, f64)]) -> (f64, f64) {
    let gains: Vec<f64> = shares.iter().map(|it| it.1 - it.0).collect();
    let mut chance = Chance::new(1);
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let draw = |_| gains.get(chance.below(gains.len())).copied().unwrap_or_default();
            mean((0..gains.len()).map(draw))
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| drawn.get(place).copied().unwrap_or_default();
    (at(DRAWS / 40), at(DRAWS - 1 - DRAWS / 40))
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for value in values {
        sum += value;
        all += 1.0;
    }
    if all > 0.0 { sum / all } else { 0.0 }
}

/// Numbers that look drawn by chance and are the same each time (`SplitMix64`, Steele et al. 2014).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// A sequence of its own for each seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(end).unwrap_or_default()).unwrap_or_default()
    }

    /// Whether something of this probability (0 to 1) comes about.
    pub fn comes(&mut self, probability: f64) -> bool {
        let upper = u32::try_from(self.next() >> 32).unwrap_or_default();
        f64::from(upper) < probability * f64::from(u32::MAX)
    }
}
