use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::{codes::DeclineReason, needs::NeedId, pairs::Grade};

fn now() -> DateTime<Utc> {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn outcome(need: NeedId, position: u32, grade: Option<Grade>) -> Outcome {
    let published = now() - TimeDelta::days(60);
    let reason = |_| DeclineReason::new("not_local").unwrap();
    Outcome {
        matcher: "m".into(),
        need,
        published_at: Some(published),
        position,
        found: grade.map(|it| (it, published + TimeDelta::days(10))),
        reason: grade.filter(|it| !it.accepts()).map(reason),
    }
}

#[test]
fn weights_that_are_not_named_change_nothing() {
    let parts = Parts { title: 2.0, text: 3.0, ..Parts::default() };
    assert!(Version::built_in("m").weights.adjustment(&parts).abs() < 1e-12);
    let weights = Weights::new(&BTreeMap::from([(Feature::Text, 1.5)]));
    assert!((weights.adjustment(&parts) - 1.5).abs() < 1e-12);
}

#[test]
fn an_interval_decides_only_when_it_leaves_zero_out() {
    assert_eq!(Comparison::of(0.01, 0.02), Comparison::Wins);
    assert_eq!(Comparison::of(-0.02, -0.01), Comparison::Loses);
    assert_eq!(Comparison::of(-0.01, 0.02), Comparison::Undecided);
    assert_eq!(Comparison::of(0.0, 0.0), Comparison::Undecided);
}

#[test]
fn precision_counts_the_graded_of_the_five_best() {
    let (one, other) = (NeedId::generate(), NeedId::generate());
    let outcomes = [
        outcome(one, 1, Some(Grade::Strong)),
        outcome(one, 5, Some(Grade::Weak)),
        outcome(one, 6, Some(Grade::Strong)),
        outcome(other, 2, None),
        outcome(other, 3, Some(Grade::FairlyStrong)),
    ];
    let it = measure(&outcomes, "m", now());
    assert_eq!(it.precision_at_5, Share { part: 2, of: 3 });
    assert_eq!((it.suggested, it.graded, it.accepted), (5, 4, 3));
    assert_eq!(it.declined, BTreeMap::from([("not_local".to_owned(), 1)]));
    assert_eq!(measure(&outcomes, "another", now()).suggested, 0);
    assert_eq!(measure(&[], "m", now()).acceptance_weighted, None);
}

/// Of a hundred suggestions in the first place all are looked at and half accepted; of a hundred in
/// the tenth a fifth, and all of those declined. Of all two hundred a quarter would be accepted: the
/// plain share of what was graded, 50 of 120, is no fair sample.
#[test]
fn a_verdict_from_a_place_that_is_seldom_looked_at_counts_for_more() {
    let mut outcomes = Vec::new();
    for at in 0..100 {
        let grade = if at < 50 { Grade::Strong } else { Grade::Weak };
        outcomes.push(outcome(NeedId::generate(), 1, Some(grade)));
        let seen = (at < 20).then_some(Grade::Unrelated);
        outcomes.push(outcome(NeedId::generate(), 10, seen));
    }
    let share = measure(&outcomes, "m", now()).acceptance_weighted.unwrap();
    assert!((share - 0.25).abs() < 0.01, "{share}");
    assert!((Looks::of(&outcomes).weight(10) - 102.0 / 21.0).abs() < 1e-9);
}

#[test]
fn one_verdict_from_where_nobody_looks_does_not_decide_everything() {
    let mut outcomes = vec![outcome(NeedId::generate(), 30, Some(Grade::Strong))];
    outcomes.extend((0..1000).map(|_| outcome(NeedId::generate(), 30, None)));
    assert!(Looks::of(&outcomes).weight(30) <= 10.0);
    assert!(Looks::default().weight(7) >= 1.0);
}

#[test]
fn coverage_asks_for_a_pair_accepted_in_time_of_needs_that_had_the_time() {
    let needs: Vec<NeedId> = (0..4).map(|_| NeedId::generate()).collect();
    let mut late = outcome(needs[1], 1, Some(Grade::Strong));
    late.found = late.found.map(|it| (it.0, late.published_at.unwrap() + TimeDelta::days(31)));
    let mut young = outcome(needs[2], 1, Some(Grade::Strong));
    young.published_at = Some(now() - TimeDelta::days(29));
    let outcomes =
        [outcome(needs[0], 1, Some(Grade::Strong)), late, young, outcome(needs[3], 1, None)];
    assert_eq!(measure(&outcomes, "m", now()).coverage, Share { part: 1, of: 3 });
}
