use super::*;

fn table<T: Copy>(rows: &[(&str, &str, T)]) -> HashMap<String, HashMap<String, T>> {
    let mut table: HashMap<String, HashMap<String, T>> = HashMap::new();
    for (need, achievement, value) in rows {
        table.entry((*need).into()).or_default().insert((*achievement).into(), *value);
    }
    table
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_perfect_order_scores_one() {
    let grades = table(&[("n", "a", 3), ("n", "b", 2), ("n", "c", 0)]);
    let run = table(&[("n", "a", 9.0), ("n", "b", 8.0), ("n", "c", 1.0)]);
    let it = figures(&grades, &run);
    assert!(
        [it.judged_ndcg10, it.full_ndcg10, it.recall20, it.mrr].iter().all(|it| close(*it, 1.0))
    );
}

#[test]
fn what_is_missing_from_the_run_ranks_last() {
    let grades = table(&[("n", "a", 3), ("n", "b", 1)]);
    let run = table(&[("n", "b", 1.0)]);
    let it = figures(&grades, &run);
    // By hand: gains 1 and 7 against 7 and 1.
    let expected = (1.0 + 7.0 / 3_f64.log2()) / (7.0 + 1.0 / 3_f64.log2());
    assert!(close(it.judged_ndcg10, expected), "{it:?}");
    assert!(close(it.full_ndcg10, 1.0 / (7.0 + 1.0 / 3_f64.log2())), "{it:?}");
    assert!(close(it.recall20, 0.0) && close(it.mrr, 0.0));
}

#[test]
fn ungraded_achievements_push_the_good_ones_down() {
    let grades = table(&[("n", "a", 2)]);
    let run = table(&[("n", "a", 1.0), ("n", "x", 2.0), ("n", "y", 3.0)]);
    let it = figures(&grades, &run);
    assert!(close(it.mrr, 1.0 / 3.0) && close(it.judged_ndcg10, 1.0), "{it:?}");
    assert!(close(it.full_ndcg10, 1.0 / 4_f64.log2()), "{it:?}");
}

#[test]
fn equal_scores_go_by_id() {
    let grades = table(&[("n", "a", 0), ("n", "b", 2)]);
    let run = table(&[("n", "a", 1.0), ("n", "b", 1.0)]);
    assert!(close(figures(&grades, &run).mrr, 0.5));
}

#[test]
fn needs_without_a_good_achievement_are_left_out() {
    let grades = table(&[("n", "a", 0), ("m", "a", 1), ("k", "a", 3)]);
    let run = table(&[("n", "a", 1.0), ("k", "a", 1.0)]);
    let it = figures(&grades, &run);
    assert!(close(it.judged_ndcg10, 1.0), "n is left out, m has but one order: {it:?}");
    assert!(close(it.recall20, 1.0), "only k counts: {it:?}");
}
