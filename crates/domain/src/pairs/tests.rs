use serde_json::json;

use super::*;
use crate::{fits::Aspect, form, needs::NeedForm, policy::View, requirements::Wanted};

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

#[test]
fn an_explanation_stored_before_there_were_requirements_still_opens() {
    let old = json!({
        "matcher": "grams-1",
        "score": 3.5,
        "parts": { "title": 1.5, "text": 2.0, "listed": 3.0, "rest": 0.5 },
        "phrases": [{ "text": "气孔", "share": 0.5 }],
        "terms": [{ "term": "气孔", "weight": 1.0 }],
    });
    let read: Explanation = serde_json::from_value(old).unwrap();
    assert!(read.requirements.is_empty() && read.fits.is_empty() && read.missing.is_empty());
    assert!(!read.is_contradicted() && read.parts.requirements == 0.0);
}

#[test]
fn requirements_are_a_part_of_the_score_and_the_parts_add_up() {
    let need: NeedForm = form::read(&json!({
        "indicators": [
            { "name": "气孔率", "operator": "at_most", "value": 2, "unit": "%", "must": true },
            { "name": "抗拉强度", "operator": "at_least", "value": 500, "unit": "MPa" },
        ],
    }))
    .unwrap();
    let wanted = Wanted::of(&need);
    let explained = |description: &str| {
        let form = form::read(&json!({ "description": description })).unwrap();
        let parts = Parts { title: 4.0, text: 6.0, ..Parts::default() };
        let plain = Explanation { score: 10.0, parts, ..Explanation::default() };
        plain.with_forms((&need, &wanted), &form)
    };
    let good = explained("气孔率1%，抗拉强度600MPa。");
    let bad = explained("气孔率3%，抗拉强度600MPa。");
    let silent = explained("效果很好。");
    for (it, score) in [(&good, 10.5), (&bad, 9.25), (&silent, 10.0)] {
        assert!((it.score - score).abs() < 1e-9, "{it:?}");
        let parts = it.parts.title + it.parts.text + it.parts.requirements;
        assert!((parts - it.score).abs() < 1e-9, "{it:?}");
    }
    assert_eq!([&good, &bad, &silent].map(Explanation::is_contradicted), [false, true, false]);
}

#[test]
fn an_explanation_shows_no_more_than_the_two_sides() {
    let need: NeedForm = form::read(&json!({
        "goal": "气孔率≤2%", "fields": ["401"], "region": "140581", "readiness": 6,
    }))
    .unwrap();
    let achievement =
        form::read(&json!({ "description": "气孔率1%", "fields": ["401"], "region": "140100" }));
    let phrase = Phrase { text: "气孔率".into(), share: 1.0, through: None };
    let whole = Explanation { phrases: vec![phrase], ..Explanation::default() }
        .with_forms((&need, &Wanted::of(&need)), &achievement.unwrap());
    assert!(!whole.requirements.is_empty() && !whole.missing.is_empty());
    assert_eq!(whole.clone().shown(View::Public, View::Business), whole);
    let masked = whole.clone().shown(View::Masked, View::Business);
    let aspects: Vec<Aspect> = masked.fits.iter().map(|it| it.aspect).collect();
    assert_eq!(aspects, [Aspect::Field, Aspect::Region]);
    assert!(masked.requirements.is_empty() && masked.missing.is_empty());
    assert!(masked.phrases.is_empty());
    let known = whole.shown(View::Business, View::Metadata);
    assert!(known.fits.is_empty() && known.requirements.is_empty());
}
