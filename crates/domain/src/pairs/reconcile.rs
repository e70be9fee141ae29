use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Action, Explanation, Pair, PairId, Sides, State};
use crate::{achievements::AchievementId, needs::NeedId};

/// What is offered when a need is matched again.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// The need.
    pub need: NeedId,
    /// The edition of the need that last changed anything material; `None` if it is not offered.
    pub need_edition: Option<i32>,
    /// The same of each achievement that is offered, at least of those paired with the need.
    pub achievements: HashMap<AchievementId, i32>,
}

/// What is to be done about a need's pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciled {
    /// Pairs to be stored.
    pub new: Vec<Pair>,
    /// Pairs to be saved.
    pub changed: Vec<Pair>,
}

/// Brings a need's pairs in line with what is offered and what the matcher suggests now.
///
/// A pair of other editions than those offered is outdated; one of something that is no longer
/// offered expires, and comes back when it is offered again unchanged. A suggestion becomes a new
/// pair only if there is none of the same editions, whatever became of that: a declined pair does
/// not come back unless one of the two changed. A verdict is never touched.
pub fn reconcile(
    offered: &Offered,
    existing: Vec<Pair>,
    suggested: Vec<(AchievementId, Explanation)>,
    now: DateTime<Utc>,
) -> Reconciled {
    let mut done = Reconciled::default();
    let mut suggested: HashMap<AchievementId, Explanation> = suggested.into_iter().collect();
    for mut pair in existing {
        let fate = offered.fate(&pair.sides);
        let same = fate == Action::Revive;
        let explanation = if same { suggested.remove(&pair.sides.achievement) } else { None };
        let moved = pair.pass(fate).is_ok();
        let refreshed = pair.refresh(explanation);
        if moved || refreshed {
            done.changed.push(pair);
        }
    }
    for (achievement, explanation) in suggested {
        let editions = offered.need_edition.zip(offered.achievements.get(&achievement).copied());
        let Some((need_edition, achievement_edition)) = editions else { continue };
        let need = offered.need;
        let sides = Sides { need, need_edition, achievement, achievement_edition };
        done.new.push(Pair::suggest(PairId::generate(), sides, explanation, now));
    }
    done
}

impl Offered {
    /// What is to become of a pair of these editions, as far as its state allows it.
    fn fate(&self, sides: &Sides) -> Action {
        let achievement = self.achievements.get(&sides.achievement).copied();
        match (self.need_edition, achievement) {
            (Some(edition), _) if edition != sides.need_edition => Action::Outdate,
            (_, Some(edition)) if edition != sides.achievement_edition => Action::Outdate,
            (Some(_), Some(_)) => Action::Revive,
            (None, _) | (_, None) => Action::Expire,
        }
    }
}

impl Pair {
    /// Takes a newer explanation, as long as nobody has looked at the old one.
    fn refresh(&mut self, explanation: Option<Explanation>) -> bool {
        let Some(explanation) = explanation else { return false };
        if self.state() != State::Suggested || explanation == self.explanation {
            return false;
        }
        self.explanation = explanation;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        days::Day,
        pairs::{DeferForm, Grade, GradeForm},
        people::PersonId,
        text::Text,
    };

    fn now() -> DateTime<Utc> {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn explained(score: f64) -> Explanation {
        Explanation { matcher: "test".into(), score, ..Explanation::default() }
    }

    struct Case {
        offered: Offered,
        achievement: AchievementId,
    }

    impl Case {
        /// A need and an achievement, both offered in their first edition.
        fn new() -> Self {
            let achievement = AchievementId::generate();
            let offered = Offered {
                need: NeedId::generate(),
                need_edition: Some(1),
                achievements: HashMap::from([(achievement, 1)]),
            };
            Self { offered, achievement }
        }

        fn run(&self, existing: &[Pair]) -> Reconciled {
            let suggested = vec![(self.achievement, explained(1.0))];
            reconcile(&self.offered, existing.to_vec(), suggested, now())
        }

        fn suggested(&self) -> Pair {
            self.run(&[]).new.remove(0)
        }

        /// A pair in every state that it can be in.
        fn in_every_state(&self) -> Vec<Pair> {
            let me = PersonId::generate();
            let mut taken = self.suggested();
            taken.take(me).unwrap();
            let graded = |grade| {
                let mut pair = taken.clone();
                pair.grade(GradeForm { grade, reason: None, note: Text::default() }, me, now())
                    .unwrap();
                pair
            };
            let mut deferred = taken.clone();
            let tomorrow = DeferForm { until: Day::new("2026-01-03").unwrap() };
            deferred.defer(&tomorrow, me, Day::at(now())).unwrap();
            let passed = |action| {
                let mut pair = self.suggested();
                pair.pass(action).unwrap();
                pair
            };
            vec![
                self.suggested(),
                graded(Grade::Strong),
                graded(Grade::Unrelated),
                deferred,
                passed(Action::Outdate),
                passed(Action::Expire),
                taken,
            ]
        }
    }

    #[test]
    fn a_pair_is_suggested_once() {
        let case = Case::new();
        assert_eq!(case.run(&[]).new.len(), 1);
        for pair in case.in_every_state() {
            let again = case.run(std::slice::from_ref(&pair));
            assert!(again.new.is_empty(), "{} came back", pair.state());
        }
    }

    #[test]
    fn a_material_change_outdates_what_is_open_and_suggests_anew() {
        let open = [State::Suggested, State::Taken, State::Deferred, State::Expired];
        for change in [(Some(2), 1), (Some(1), 2)] {
            let mut case = Case::new();
            let pairs = case.in_every_state();
            case.offered.need_edition = change.0;
            case.offered.achievements.insert(case.achievement, change.1);
            for pair in pairs {
                let done = case.run(std::slice::from_ref(&pair));
                assert_eq!(done.new.len(), 1, "{}", pair.state());
                let states: Vec<State> = done.changed.iter().map(Pair::state).collect();
                let expected: &[State] =
                    if open.contains(&pair.state()) { &[State::Stale] } else { &[] };
                assert_eq!(states, expected, "{}", pair.state());
            }
        }
    }

    #[test]
    fn what_is_no_longer_offered_expires_and_comes_back_unchanged() {
        let mut case = Case::new();
        let pair = case.suggested();
        case.offered.need_edition = None;
        let gone = case.run(&[pair]);
        assert_eq!((gone.new.len(), gone.changed[0].state()), (0, State::Expired));
        assert_eq!(case.run(&gone.changed), Reconciled::default(), "it expires once");
        case.offered.need_edition = Some(1);
        let back = case.run(&gone.changed);
        assert_eq!((back.new.len(), back.changed[0].state()), (0, State::Suggested));
        case.offered.achievements.clear();
        assert_eq!(case.run(&back.changed).changed[0].state(), State::Expired);
    }

    #[test]
    fn a_newer_score_reaches_only_what_nobody_has_looked_at() {
        let case = Case::new();
        for pair in case.in_every_state() {
            let newer = vec![(case.achievement, explained(2.0))];
            let done = reconcile(&case.offered, vec![pair.clone()], newer, now());
            let refreshed = done.changed.iter().any(|it| it.explanation.score > 1.5);
            let unseen = matches!(pair.state(), State::Suggested | State::Expired);
            assert_eq!(refreshed, unseen, "{}", pair.state());
        }
    }

    #[test]
    fn what_fell_out_of_the_suggestions_stays_in_the_queue() {
        let case = Case::new();
        let pair = case.suggested();
        let done = reconcile(&case.offered, vec![pair], Vec::new(), now());
        assert_eq!(done, Reconciled::default());
    }
}
