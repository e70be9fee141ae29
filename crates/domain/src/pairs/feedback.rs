//! What verdicts on some pairs of a need say at once about those that wait.
//!
//! An achievement that is like accepted ones moves up, one that is like declined ones moves down.
//! With `c` the likeness (0 to 1) of an achievement to each of those graded, and `g` their grades
//! (0 to 3), verdicts add to its score
//!
//! ```text
//! STRENGTH · best · Σ c (g - NEUTRAL) / 3 / (CAUTION + Σ c)
//! ```
//!
//! where `best` is the need's best score without verdicts: a mean of the verdicts, weighed by
//! likeness and drawn towards nothing where little is alike (Nadaraya 1964, Watson 1964).

use super::{Explanation, Grade, Pair, State};
use crate::{achievements::AchievementId, matchers::Version};

/// How far verdicts can move a score, as a share of the need's best.
const STRENGTH: f64 = 1.5;
/// So much likeness in sum makes verdicts count by half.
const CAUTION: f64 = 0.3;
/// The grade that speaks neither for nor against what is like it. It lies below 弱: whatever is like
/// a weak match is more often good than what is like nothing that fits.
const NEUTRAL: f64 = 0.25;

/// How alike two achievements are, 0 to 1: one that waits, and one that was graded. Nothing where
/// the second must not be felt, or either is not known.
pub type Likeness<'a> = &'a dyn Fn(AchievementId, AchievementId) -> Option<f64>;

/// The verdicts on one edition of a need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdicts {
    given: Vec<(AchievementId, Grade)>,
    best: f64,
}

impl Verdicts {
    /// These verdicts, beside a best score of `best`.
    pub const fn new(given: Vec<(AchievementId, Grade)>, best: f64) -> Self {
        Self { given, best }
    }

    /// The verdicts among some pairs of a need, on this edition of it.
    pub fn of(pairs: &[Pair], edition: i32) -> Self {
        let ours = || pairs.iter().filter(|it| it.sides.need_edition == edition);
        let given = |it: &Pair| Some((it.sides.achievement, it.verdict()?.form.grade));
        let best = ours().map(|it| it.explanation.unheeding()).fold(0.0, f64::max);
        Self { given: ours().filter_map(given).collect(), best }
    }

    /// The same, where more has been suggested than there are pairs yet.
    #[must_use]
    pub fn beside(mut self, suggested: &[(AchievementId, Explanation)]) -> Self {
        let scores = suggested.iter().map(|it| it.1.unheeding());
        self.best = scores.fold(self.best, f64::max);
        self
    }

    /// The achievements that were graded.
    pub fn on(&self) -> impl Iterator<Item = AchievementId> {
        self.given.iter().map(|it| it.0)
    }

    /// What they add to the score of an achievement.
    pub fn about(&self, achievement: AchievementId, likeness: Likeness<'_>) -> f64 {
        let (mut said, mut alike) = (0.0, 0.0);
        for (graded, grade) in &self.given {
            let Some(near) = likeness(achievement, *graded) else { continue };
            let near = near.clamp(0.0, 1.0);
            said += near * (grade.value() - NEUTRAL) / 3.0;
            alike += near;
        }
        STRENGTH * self.best * said / (CAUTION + alike)
    }
}

/// Ranks anew the pairs of a need that wait, by the verdicts on the others. What comes back is what
/// changed and has to be saved.
pub fn rerank(pairs: Vec<Pair>, likeness: Likeness<'_>, version: &Version) -> Vec<Pair> {
    let mut editions: Vec<i32> = pairs.iter().map(|it| it.sides.need_edition).collect();
    editions.sort_unstable();
    editions.dedup();
    let verdicts: Vec<(i32, Verdicts)> =
        editions.into_iter().map(|it| (it, Verdicts::of(&pairs, it))).collect();
    let mut changed = Vec::new();
    for mut pair in pairs {
        if !matches!(pair.state(), State::Suggested | State::Deferred) {
            continue;
        }
        let said = verdicts.iter().find(|it| it.0 == pair.sides.need_edition);
        let about = said.map_or(0.0, |it| it.1.about(pair.sides.achievement, likeness));
        if pair.explanation.heed(about, version) {
            changed.push(pair);
        }
    }
    changed
}

impl Explanation {
    /// The score without what verdicts and training add.
    pub fn plain(&self) -> f64 {
        self.score - self.parts.verdicts - self.parts.learned
    }

    /// The score without what verdicts add.
    fn unheeding(&self) -> f64 {
        self.score - self.parts.verdicts
    }

    /// Has a version of the matcher weigh the parts.
    pub fn weigh(&mut self, version: &Version) {
        let plain = self.plain();
        self.matcher.clone_from(&version.name);
        self.parts.learned = version.weights.adjustment(&self.parts);
        self.score = plain + self.parts.verdicts + self.parts.learned;
    }

    /// Takes what verdicts on other pairs add, and tells whether that changed anything. The weights
    /// are left alone if another version suggested the pair.
    pub fn heed(&mut self, verdicts: f64, version: &Version) -> bool {
        if (self.parts.verdicts - verdicts).abs() < 1e-12 {
            return false;
        }
        let plain = self.plain();
        self.parts.verdicts = verdicts;
        if self.matcher == version.name {
            self.parts.learned = version.weights.adjustment(&self.parts);
        }
        self.score = plain + self.parts.verdicts + self.parts.learned;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        form,
        matchers::{Feature, Weights},
        needs::NeedId,
        pairs::{PairId, Parts, Sides},
        people::PersonId,
    };

    fn pair(need: NeedId, score: f64) -> Pair {
        let achievement = AchievementId::generate();
        let sides = Sides { need, need_edition: 1, achievement, achievement_edition: 1 };
        let parts = Parts { title: score, ..Parts::default() };
        let matcher = "plain".to_owned();
        let explanation = Explanation { matcher, score, parts, ..Explanation::default() };
        Pair::suggest(
            PairId::generate(),
            sides,
            explanation,
            "2026-01-02T03:04:05Z".parse().unwrap(),
        )
    }

    fn graded(mut pair: Pair, grade: &str) -> Pair {
        let me = PersonId::generate();
        pair.take(me).unwrap();
        let reason = (grade == "weak" || grade == "unrelated").then_some("outside_field");
        let form = serde_json::json!({ "grade": grade, "reason": reason });
        pair.grade(form::read(&form).unwrap(), me, pair.suggested_at).unwrap();
        pair
    }

    fn plain() -> Version {
        Version::built_in("plain")
    }

    #[test]
    fn what_is_like_the_accepted_rises_and_what_is_like_the_declined_falls() {
        let need = NeedId::generate();
        let good = graded(pair(need, 10.0), "strong");
        let bad = graded(pair(need, 9.0), "unrelated");
        let (near_good, near_bad) = (pair(need, 5.0), pair(need, 6.0));
        let far = pair(need, 4.0);
        let close = [
            (near_good.sides.achievement, good.sides.achievement),
            (near_bad.sides.achievement, bad.sides.achievement),
        ];
        let all = vec![good, bad, near_good.clone(), near_bad.clone(), far];
        let alike = |a, b| Some(if close.contains(&(a, b)) { 0.6 } else { 0.0 });
        let changed = rerank(all, &alike, &plain());
        let score =
            |of: &Pair| changed.iter().find(|it| it.id == of.id).unwrap().explanation.clone();
        assert_eq!(changed.len(), 2, "what is like nothing stays where it was");
        // 1.5 · 10 · 0.6 · 2.75 / 3 / 0.9, and 1.5 · 10 · 0.6 · (-0.25) / 3 / 0.9.
        assert!((score(&near_good).parts.verdicts - 8.25 / 0.9).abs() < 1e-9);
        assert!((score(&near_bad).parts.verdicts + 0.75 / 0.9).abs() < 1e-9);
        assert!(score(&near_good).score > score(&near_bad).score);
        for it in [score(&near_good), score(&near_bad)] {
            assert!((it.score - it.parts.title - it.parts.verdicts).abs() < 1e-9);
        }
    }

    #[test]
    fn a_second_verdict_does_not_count_the_first_twice() {
        let need = NeedId::generate();
        let waiting = pair(need, 5.0);
        let good = graded(pair(need, 10.0), "strong");
        let alike = |_, _| Some(0.5);
        let once = rerank(vec![waiting, good.clone()], &alike, &plain()).remove(0);
        let again = rerank(vec![once.clone(), good], &alike, &plain());
        assert!(again.is_empty(), "{again:?}");
        let gone = rerank(vec![once], &alike, &plain()).remove(0);
        assert!((gone.explanation.score - 5.0).abs() < 1e-9, "nor does it stay without verdicts");
    }

    #[test]
    fn only_what_waits_is_moved_and_only_by_verdicts_on_the_same_edition() {
        let need = NeedId::generate();
        let mut taken = pair(need, 5.0);
        taken.take(PersonId::generate()).unwrap();
        let mut newer = pair(need, 5.0);
        newer.sides.need_edition = 2;
        let good = graded(pair(need, 10.0), "strong");
        let alike = |_, _| Some(1.0);
        assert!(rerank(vec![taken, newer, good], &alike, &plain()).is_empty());
    }

    #[test]
    fn what_must_not_be_felt_is_not() {
        let need = NeedId::generate();
        let (waiting, hidden) = (pair(need, 5.0), graded(pair(need, 10.0), "strong"));
        let alike = |_, _| None;
        assert!(rerank(vec![waiting, hidden], &alike, &plain()).is_empty());
    }

    #[test]
    fn the_parts_of_a_weighed_score_add_up_whatever_comes_first() {
        let weights = BTreeMap::from([(Feature::Title, 2.0), (Feature::Verdicts, 0.5)]);
        let version = Version { name: "trained".into(), weights: Weights::new(&weights) };
        let mut it = pair(NeedId::generate(), 5.0).explanation;
        it.weigh(&version);
        assert!((it.score - 10.0).abs() < 1e-9);
        assert!(it.heed(3.0, &version));
        assert!((it.score - 11.5).abs() < 1e-9);
        assert!((it.plain() - 5.0).abs() < 1e-9);
        it.weigh(&plain());
        assert!((it.score - 8.0).abs() < 1e-9, "back to what it was");
    }
}
