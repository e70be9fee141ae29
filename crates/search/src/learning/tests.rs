use super::*;

/// Verdicts on needs of ten pairs each, by a matchmaker for whom `title` and `text` count so much.
fn verdicts(needs: usize, (title, text): (f64, f64)) -> Vec<Example> {
    let mut chance = Chance::new(7);
    let mut number = || f64::from(u32::try_from(chance.below(1000)).unwrap()) / 100.0;
    let mut verdicts = Vec::new();
    for _ in 0..needs {
        let need = NeedId::generate();
        for _ in 0..10 {
            let parts = Parts { title: number(), text: number(), ..Parts::default() };
            let accepted =
                title * parts.title + text * parts.text + number() > 5.0 * (title + text + 1.0);
            verdicts.push(Example { need, parts, accepted, weight: 1.0 });
        }
    }
    verdicts
}

fn present() -> Version {
    Version::built_in("plain")
}

#[test]
fn weights_go_where_the_verdicts_say_and_win() {
    let trained = train(&verdicts(200, (3.0, 0.2)), &present()).unwrap();
    assert!(trained.weights.of(Feature::Title) > 1.5, "{trained:?}");
    assert!(trained.weights.of(Feature::Text) < 0.5, "{trained:?}");
    assert!((trained.weights.of(Feature::Verdicts) - 1.0).abs() < 1e-9, "nothing was said of it");
    assert_eq!(trained.figures.outcome, Comparison::Wins);
    assert!(trained.figures.accuracy > trained.figures.present_accuracy + 0.02);
}

#[test]
fn where_the_present_weights_are_right_nothing_wins() {
    let trained = train(&verdicts(200, (1.0, 1.0)), &present()).unwrap();
    assert!((trained.weights.of(Feature::Title) - 1.0).abs() < 0.2, "{trained:?}");
    assert_ne!(trained.figures.outcome, Comparison::Wins);
}

/// What was fitted to one taste loses against a version that has the other: it is compared on
/// verdicts that it has not seen.
#[test]
fn what_was_right_before_and_is_wrong_later_does_not_win() {
    let mut all = verdicts(140, (3.0, 0.2));
    all.extend(verdicts(60, (0.2, 3.0)));
    let trained = train(&all, &present()).unwrap();
    assert_eq!(trained.figures.outcome, Comparison::Loses);
}

#[test]
fn few_verdicts_move_the_weights_little_and_decide_nothing() {
    let trained = train(&verdicts(6, (3.0, 0.0)), &present()).unwrap();
    assert!((trained.weights.of(Feature::Text) - 1.0).abs() < 0.5, "{trained:?}");
    assert_eq!(trained.figures.outcome, Comparison::TooFew);
}

#[test]
fn what_cannot_be_learned_from_is_told() {
    let all = verdicts(20, (1.0, 1.0));
    assert_eq!(train(&[], &present()), Err(Untrainable::NoVerdicts));
    let good: Vec<Example> = all.iter().filter(|it| it.accepted).cloned().collect();
    assert_eq!(train(&good, &present()), Err(Untrainable::OneKind));
    let need = NeedId::generate();
    let one: Vec<Example> = all.iter().map(|it| Example { need, ..it.clone() }).collect();
    assert_eq!(train(&one, &present()), Err(Untrainable::OneNeed));
    let mut seen = std::collections::HashSet::new();
    let single: Vec<Example> = all.into_iter().filter(|it| seen.insert(it.need)).collect();
    let mut single = single;
    for (at, it) in single.iter_mut().enumerate() {
        it.accepted = at % 2 == 0;
    }
    assert_eq!(train(&single, &present()), Err(Untrainable::NoContrast));
}

#[test]
fn verdicts_that_agree_throughout_or_say_nothing_do_no_harm() {
    let mut all = verdicts(20, (1.0, 1.0));
    for it in &mut all {
        it.parts = Parts { title: if it.accepted { 9.0 } else { 1.0 }, ..Parts::default() };
    }
    assert!(train(&all, &present()).unwrap().weights.of(Feature::Title).is_finite());
    for it in &mut all {
        it.parts = Parts::default();
    }
    let trained = train(&all, &present()).unwrap();
    assert!((trained.weights.of(Feature::Title) - 1.0).abs() < 1e-9);
    assert!((trained.figures.accuracy - 0.5).abs() < 1e-9);
}
