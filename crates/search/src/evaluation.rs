//! How good a ranking is, held against grades that people gave.
//!
//! Grades run from 0 (unrelated) to 3 (strong). The gain of a grade is 2^grade - 1, the discount of
//! a rank 1 / log2(rank + 1) (Järvelin and Kekäläinen 2002).

use std::{collections::HashMap, sync::LazyLock};

use serde::Serialize;

#[cfg(test)]
mod tests;

/// Grades by need and achievement.
pub type Grades = HashMap<String, HashMap<String, u8>>;

/// Scores by need and achievement.
pub type Run = HashMap<String, HashMap<String, f64>>;

/// The figures of a run: means over needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Order of the graded achievements alone; those missing from the run rank last. Needs whose
    /// grades are all 0 are left out.
    pub judged_ndcg10: f64,
    /// Order within the whole pool, ungraded pairs counting as 0. Needs without a grade of 2 or
    /// more are left out here and below.
    pub full_ndcg10: f64,
    /// Share of the achievements graded 2 or 3 within the first 20.
    pub recall20: f64,
    /// The same within the first 50.
    pub recall50: f64,
    /// Mean of 1 / rank of the first achievement graded 2 or 3.
    pub mrr: f64,
}

/// The figures of a run.
pub fn figures(grades: &Grades, run: &Run) -> Figures {
    let (mut judged, mut found) = (Mean::default(), [Mean::default(); 4]);
    for (_, of_need, has_good) in each(grades, run) {
        judged.add(of_need.judged_ndcg10);
        if has_good {
            let values = [of_need.full_ndcg10, of_need.recall20, of_need.recall50, of_need.mrr];
            found.iter_mut().zip(values).for_each(|(mean, value)| mean.add(value));
        }
    }
    let [full_ndcg10, recall20, recall50, mrr] = found.map(|it| it.value());
    Figures { judged_ndcg10: judged.value(), full_ndcg10, recall20, recall50, mrr }
}

/// The figures of each need by itself, the worst first. Needs without a grade of 2 or more, for
/// which only the order of the graded can be told, are left out.
pub fn by_need<'a>(grades: &'a Grades, run: &'a Run) -> Vec<(&'a str, Figures)> {
    let mut needs: Vec<(&str, Figures)> = each(grades, run)
        .filter(|(_, _, has_good)| *has_good)
        .map(|(need, figures, _)| (need, figures))
        .collect();
    let sum = |it: &Figures| it.judged_ndcg10 + it.full_ndcg10;
    needs.sort_by(|a, b| sum(&a.1).total_cmp(&sum(&b.1)).then(a.0.cmp(b.0)));
    needs
}

/// Every need that can be measured, its figures, and whether anything was graded 2 or more.
fn each<'a>(grades: &'a Grades, run: &'a Run) -> impl Iterator<Item = (&'a str, Figures, bool)> {
    static NONE: LazyLock<HashMap<String, f64>> = LazyLock::new(HashMap::new);
    grades.iter().filter_map(|(need, grades)| {
        let scores = run.get(need).unwrap_or(&NONE);
        let judged_ndcg10 = ndcg10(&order_judged(grades, scores), grades)?;
        let ranked = order_all(scores);
        let good = grades.values().filter(|it| **it >= 2).count();
        let is_good = |it: &str| grades.get(it).is_some_and(|grade| *grade >= 2);
        let within = |depth| ranked.iter().take(depth).filter(|it| is_good(it)).count();
        let recall = |depth| number(within(depth)) / number(good.max(1));
        let first = ranked.iter().position(|it| is_good(it));
        let figures = Figures {
            judged_ndcg10,
            full_ndcg10: ndcg10(&ranked, grades).unwrap_or(0.0),
            recall20: recall(20),
            recall50: recall(50),
            mrr: first.map_or(0.0, |it| 1.0 / number(it + 1)),
        };
        Some((need.as_str(), figures, good > 0))
    })
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / number(self.count) }
    }
}

/// The graded achievements by score, those missing from the run last; equal scores go by id.
fn order_judged<'a>(
    grades: &'a HashMap<String, u8>,
    scores: &HashMap<String, f64>,
) -> Vec<&'a str> {
    let mut order: Vec<&str> = grades.keys().map(String::as_str).collect();
    let score = |it: &str| scores.get(it).copied().unwrap_or(f64::NEG_INFINITY);
    order.sort_unstable_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
    order
}

fn order_all(scores: &HashMap<String, f64>) -> Vec<&str> {
    let mut order: Vec<(&str, f64)> = scores.iter().map(|(id, it)| (id.as_str(), *it)).collect();
    order.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    order.into_iter().map(|(id, _)| id).collect()
}

/// `None` where nothing was graded above 0.
fn ndcg10(order: &[&str], grades: &HashMap<String, u8>) -> Option<f64> {
    let grade = |it: &&str| grades.get(*it).copied().unwrap_or(0);
    let mut best: Vec<u8> = grades.values().copied().collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    let ideal = dcg10(best.into_iter());
    (ideal > 0.0).then(|| dcg10(order.iter().map(grade)) / ideal)
}

fn dcg10(grades: impl Iterator<Item = u8>) -> f64 {
    let gain =
        |(rank, grade): (usize, u8)| (f64::from(grade).exp2() - 1.0) / number(rank + 2).log2();
    grades.take(10).enumerate().map(gain).sum()
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "ranks and counts are far below 2^52"
)]
const fn number(count: usize) -> f64 {
    count as f64
}
