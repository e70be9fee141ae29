//! What verdicts on some pairs of a need say at once about those that wait.
//!
//! An achievement that is like accepted ones moves up, one that is like declined ones moves down.
//! With `c` the likeness (0 to 1) of an achievement to each of those graded, and `g` their grades
//! (0 to 3), verdicts say of it
//!
//! ```text
//! STRENGTH · best · Σ c (g - NEUTRAL) / 3 / (CAUTION + Σ c)
//! ```
//!
//! where `best` is the need's best score without verdicts: a mean of the verdicts, weighed by
//! likeness and drawn towards nothing where little is alike (Nadaraya 1964, Watson 1964). What is
//! added to a score is by how much that is more than the mean of all that wait for the need: the
//! order within the need changes, and the need as a whole neither rises nor falls among others.

use std::collections::BTreeMap;

use super::{Explanation, Grade, Pair, State};
use crate::{achievements::AchievementId, matchers::Version};

/// How far verdicts can move a score, as a share of the need's best.
const STRENGTH: f64 = 1.5;
/// So much likeness in sum makes verdicts count by half.
const CAUTION: f64 = 0.3;
/// The grade that speaks neither for nor against what is like it. It lies between 无 and 弱: whatever
/// is like a weak match is more often good than what is like something unrelated.
const NEUTRAL: f64 = 0.5;

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

    /// What they add to the scores of the achievements that wait, in their order.
    pub fn among(&self, waiting: &[AchievementId], likeness: Likeness<'_>) -> Vec<f64> {
        let said: Vec<f64> = waiting.iter().map(|it| self.about(*it, likeness)).collect();
        let count = f64::from(u32::try_from(said.len().max(1)).unwrap_or(u32::MAX));
        let mean = said.iter().sum::<f64>() / count;
        said.into_iter().map(|it| it - mean).collect()
    }

    /// What they say of an achievement.
    fn about(&self, achievement: AchievementId, likeness: Likeness<'_>) -> f64 {
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
    let mut editions: BTreeMap<i32, Verdicts> = BTreeMap::new();
    for edition in pairs.iter().map(|it| it.sides.need_edition) {
        editions.entry(edition).or_insert_with(|| Verdicts::of(&pairs, edition));
    }
    let waits = |it: &Pair| matches!(it.state(), State::Suggested | State::Deferred);
    let mut waiting: Vec<Pair> = pairs.into_iter().filter(waits).collect();
    let mut changed = Vec::new();
    for (edition, verdicts) in editions {
        let ours = |it: &&mut Pair| it.sides.need_edition == edition;
        let named: Vec<AchievementId> =
            waiting.iter_mut().filter(ours).map(|it| it.sides.achievement).collect();
        let added = verdicts.among(&named, likeness);
        for (pair, added) in waiting.iter_mut().filter(ours).zip(added) {
            if pair.explanation.heed(added, version) {
                changed.push(pair.clone());
            }
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
        let all = vec![good, bad, near_good.clone(), near_bad.clone(), far.clone()];
        let alike = |a, b| Some(if close.contains(&(a, b)) { 0.6 } else { 0.0 });
        let changed = rerank(all, &alike, &plain());
        let verdicts = |of: &Pair| {
            let it = &changed.iter().find(|it| it.id == of.id).unwrap().explanation;
            assert!((it.score - it.parts.title - it.parts.verdicts).abs() < 1e-9);
            it.parts.verdicts
        };
        let about = |grade: f64| STRENGTH * 10.0 * 0.6 * (grade - NEUTRAL) / 3.0 / 0.9;
        let mean = (about(3.0) + about(0.0)) / 3.0;
        for (pair, expected) in [(&near_good, about(3.0)), (&near_bad, about(0.0)), (&far, 0.0)] {
            assert!((verdicts(pair) - (expected - mean)).abs() < 1e-9);
        }
        assert!(verdicts(&near_good) > verdicts(&far) && verdicts(&far) > verdicts(&near_bad));
        let sum: f64 = [&near_good, &near_bad, &far].into_iter().map(verdicts).sum();
        assert!(sum.abs() < 1e-9, "the need as a whole stays where it was");
    }

    #[test]
    fn a_second_verdict_does_not_count_the_first_twice() {
        let need = NeedId::generate();
        let (near, far) = (pair(need, 5.0), pair(need, 5.0));
        let good = graded(pair(need, 10.0), "strong");
        let close = near.sides.achievement;
        let alike = |a, _| Some(if a == close { 0.5 } else { 0.0 });
        let once = rerank(vec![near, far, good.clone()], &alike, &plain());
        assert_eq!(once.len(), 2);
        let again = rerank([once.clone(), vec![good]].concat(), &alike, &plain());
        assert!(again.is_empty(), "{again:?}");
        for it in rerank(once, &alike, &plain()) {
            assert!((it.explanation.score - 5.0).abs() < 1e-9, "nor does it stay without verdicts");
        }
    }

    #[test]
    fn only_what_waits_is_moved_and_only_by_verdicts_on_the_same_edition() {
        let need = NeedId::generate();
        let mut taken = pair(need, 5.0);
        taken.take(PersonId::generate()).unwrap();
        let (mut newer, mut other) = (pair(need, 5.0), pair(need, 5.0));
        (newer.sides.need_edition, other.sides.need_edition) = (2, 2);
        let good = graded(pair(need, 10.0), "strong");
        let close = newer.sides.achievement;
        let alike = |a, _| Some(if a == close { 1.0 } else { 0.0 });
        assert!(rerank(vec![taken, newer, other, good], &alike, &plain()).is_empty());
    }

    #[test]
    fn what_must_not_be_felt_is_not() {
        let need = NeedId::generate();
        let (one, other) = (pair(need, 5.0), pair(need, 4.0));
        let (open, hidden) = (graded(pair(need, 9.0), "weak"), graded(pair(need, 9.0), "strong"));
        let (close, felt) = (one.sides.achievement, open.sides.achievement);
        let alike = |a, b| (b == felt).then_some(if a == close { 0.5 } else { 0.0 });
        let without = rerank(vec![one.clone(), other.clone(), open.clone()], &alike, &plain());
        assert_eq!(rerank(vec![one, other, open, hidden], &alike, &plain()), without);
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
