use serde_json::json;

use super::*;
use crate::form;

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn suggested() -> Pair {
    let sides = Sides {
        need: NeedId::generate(),
        need_edition: 1,
        achievement: AchievementId::generate(),
        achievement_edition: 1,
    };
    Pair::suggest(PairId::generate(), sides, Explanation::default(), now())
}

fn graded(grade: Grade) -> GradeForm {
    let reason =
        (grade.action() == Action::Decline).then(|| DeclineReason::new("too_early").unwrap());
    GradeForm { grade, reason, note: Text::default() }
}

#[test]
fn every_state_meets_every_action() {
    use Action::{Accept, Decline, Defer, Expire, Outdate, Release, Revive, Take, Wake};
    use State::{Accepted, Declined, Deferred, Expired, Stale, Suggested, Taken};
    let rows = [
        (Suggested, Take, Taken),
        (Suggested, Outdate, Stale),
        (Suggested, Expire, Expired),
        (Taken, Release, Suggested),
        (Taken, Accept, Accepted),
        (Taken, Decline, Declined),
        (Taken, Defer, Deferred),
        (Taken, Outdate, Stale),
        (Taken, Expire, Expired),
        (Deferred, Take, Taken),
        (Deferred, Wake, Suggested),
        (Deferred, Outdate, Stale),
        (Deferred, Expire, Expired),
        (Expired, Revive, Suggested),
        (Expired, Outdate, Stale),
    ];
    for from in State::ALL {
        assert_eq!(State::named(from.as_str()), Some(from));
        for action in Action::ALL {
            let row = rows.iter().find(|it| (it.0, it.1) == (from, action));
            assert_eq!(from.after(action), row.map(|it| it.2).ok_or(NotAllowed { from, action }));
        }
    }
}

#[test]
fn only_who_took_it_can_grade_defer_or_release_it() {
    let (one, other) = (PersonId::generate(), PersonId::generate());
    let today = Day::at(now());
    let tomorrow = DeferForm { until: Day::new("2026-01-03").unwrap() };
    let mut pair = suggested();
    assert!(pair.grade(graded(Grade::Strong), one, now()).is_err(), "take it first");
    pair.take(one).unwrap();
    pair.take(one).unwrap();
    assert_eq!(pair.take(other), Err(Refused::HeldByAnother));
    assert_eq!(pair.release(other), Err(Refused::HeldByAnother));
    assert_eq!(pair.defer(&tomorrow, other, today), Err(Refused::HeldByAnother));
    assert_eq!(pair.grade(graded(Grade::Weak), other, now()), Err(Refused::HeldByAnother));
    pair.grade(graded(Grade::Weak), one, now()).unwrap();
    assert_eq!(pair.state(), State::Declined);
    assert!(pair.take(other).is_err(), "a verdict stands");
}

#[test]
fn a_pair_is_let_go_by_whoever_holds_it_only() {
    let (one, other) = (PersonId::generate(), PersonId::generate());
    let mut pair = suggested();
    assert!(!pair.let_go(one), "nobody holds it");
    pair.take(one).unwrap();
    assert!(!pair.let_go(other));
    assert!(pair.let_go(one));
    assert_eq!((pair.state(), pair.taken_by()), (State::Suggested, None));
    pair.take(other).unwrap();
    pair.grade(graded(Grade::Strong), other, now()).unwrap();
    assert!(!pair.let_go(other), "a verdict stands");
}

#[test]
fn a_pair_is_put_off_to_a_day_to_come() {
    let matchmaker = PersonId::generate();
    let today = Day::at(now());
    let mut pair = suggested();
    pair.take(matchmaker).unwrap();
    for (until, fault) in [
        ("2026-01-02", Fault::WrongOrder { after: "today" }),
        ("2027-01-03", Fault::TooLarge { max: 365 }),
    ] {
        let form = DeferForm { until: Day::new(until).unwrap() };
        let refused = pair.defer(&form, matchmaker, today).unwrap_err();
        assert_eq!(refused, Refused::Faulty(Faults::one("/until", fault)));
        assert_eq!(pair.state(), State::Taken);
    }
    let form = DeferForm { until: Day::new("2026-02-01").unwrap() };
    pair.defer(&form, matchmaker, today).unwrap();
    assert_eq!((pair.state(), pair.taken_by()), (State::Deferred, None));
    pair.pass(Action::Wake).unwrap();
    assert_eq!((pair.state(), pair.deferred_until()), (State::Suggested, None));
}

#[test]
fn a_bad_grade_needs_a_reason_and_a_good_one_has_none() {
    let faults = |value| form::read::<GradeForm>(&value).unwrap_err().0;
    for grade in ["weak", "unrelated"] {
        assert_eq!(faults(json!({ "grade": grade }))[0].pointer, "/reason");
    }
    for grade in ["strong", "fairly_strong"] {
        let with_reason = json!({ "grade": grade, "reason": "too_early" });
        assert_eq!(faults(with_reason)[0].fault, Fault::NotAllowed { because_of: "grade" });
        assert!(form::read::<GradeForm>(&json!({ "grade": grade })).is_ok());
    }
    let both = faults(json!({ "grade": "good", "reason": "no" }));
    assert_eq!(both.len(), 2, "{both:?}");
}
