//! A simulated matchmaker, who works through queues of graded pairs and says what the data says, but
//! for some noise: what learning from verdicts finds, against queues that do not learn.

use std::collections::HashMap;

use domain::{
    achievements::AchievementId,
    pairs::{Grade, Verdicts},
};
use search::{
    Entry, Reader,
    evaluation::{Grades, Run, figures},
    learning::Chance,
    matching::Likeness,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{cli::EvaluateArgs, console};

use super::Ranking;

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Simulated {
    seed: u64,
    noise: f64,
    looks_per_need: usize,
    rounds: usize,
    /// Accepted pairs (grades 2 and 3) per 100 looks, need by need.
    need_by_need: Found,
    /// The same, with all pairs in one queue and as many looks.
    one_queue: Found,
    /// Three tenths of the verdicts of each need are known: judged nDCG@10 of its other pairs.
    known: Known,
}

#[derive(Debug, Default, Serialize)]
struct Found {
    learning: f64,
    not_learning: f64,
    plain_cosine: f64,
    random: f64,
}

#[derive(Debug, Serialize)]
struct Known {
    needs: usize,
    not_learning: f64,
    learning: f64,
    gain: f64,
    standard_error: f64,
}

/// A listing under the name that its file gives it.
type Named = (String, Entry);

/// The graded pairs of a need.
struct Queue {
    name: String,
    pairs: Vec<Judged>,
    likeness: Likeness,
    best: f64,
}

struct Judged {
    achievement: Uuid,
    name: String,
    grade: u8,
    score: f64,
    plain: f64,
}

/// By what a queue is ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Learning,
    Score,
    Plain,
    Random,
}

const ROUNDS: usize = 10;

/// Simulates, with the grades of the data and the run that the matcher made.
pub(super) fn run(
    args: &EvaluateArgs,
    reader: &Reader,
    (needs, achievements): (&[Named], &[Named]),
    (grades, ranking): (&Grades, &Ranking),
) -> anyhow::Result<Simulated> {
    let listed: HashMap<&str, &Entry> = needs.iter().map(|it| (it.0.as_str(), &it.1)).collect();
    let known: HashMap<&str, &Entry> =
        achievements.iter().map(|it| (it.0.as_str(), &it.1)).collect();
    let mut queues = Vec::new();
    for (name, found) in ranking {
        let (Some(need), Some(grades)) = (listed.get(name.as_str()), grades.get(name)) else {
            continue;
        };
        let scores: HashMap<&str, f32> = found.iter().map(|it| (it.0.as_str(), it.1)).collect();
        queues.push(Queue::new(reader, (name, need), (grades, &known), &scores)?);
    }
    let found = |one_queue: bool| {
        let by = |order| rate(&queues, args, (order, one_queue));
        Found {
            learning: by(Order::Learning),
            not_learning: by(Order::Score),
            plain_cosine: by(Order::Plain),
            random: by(Order::Random),
        }
    };
    Ok(Simulated {
        seed: args.seed,
        noise: args.noise,
        looks_per_need: args.looks,
        rounds: ROUNDS,
        need_by_need: found(false),
        one_queue: found(true),
        known: hold_out(&queues, args.seed),
    })
}

impl Queue {
    fn new(
        reader: &Reader,
        (name, need): (&String, &Entry),
        (grades, known): (&HashMap<String, u8>, &HashMap<&str, &Entry>),
        scores: &HashMap<&str, f32>,
    ) -> anyhow::Result<Self> {
        let mut names: Vec<&String> = grades.keys().collect();
        names.sort_unstable();
        let mut entries: Vec<Entry> =
            names.iter().filter_map(|it| known.get(it.as_str())).map(|it| (*it).clone()).collect();
        entries.push(need.clone());
        let likeness = reader.likeness(&entries)?;
        let judged = |it: &&String| {
            let achievement = known.get(it.as_str())?.id;
            Some(Judged {
                achievement,
                name: (*it).clone(),
                grade: *grades.get(*it)?,
                score: scores.get(it.as_str()).copied().map_or(0.0, f64::from),
                plain: likeness.between(need.id, achievement).unwrap_or_default(),
            })
        };
        let pairs: Vec<Judged> = names.iter().filter_map(judged).collect();
        let best = pairs.iter().map(|it| it.score).fold(0.0, f64::max);
        Ok(Self { name: name.clone(), pairs, likeness, best })
    }

    /// What verdicts so far add to the scores of the pairs at these places.
    fn heeding(&self, given: &[(Uuid, Grade)], waiting: &[usize]) -> Vec<(usize, f64)> {
        let given = given.iter().map(|it| (AchievementId::from_uuid(it.0), it.1)).collect();
        let near =
            |a: AchievementId, b: AchievementId| self.likeness.between(a.as_uuid(), b.as_uuid());
        let named: Vec<AchievementId> = waiting
            .iter()
            .filter_map(|at| self.pairs.get(*at))
            .map(|it| AchievementId::from_uuid(it.achievement))
            .collect();
        let added = Verdicts::new(given, self.best).among(&named, &near);
        waiting.iter().copied().zip(added).collect()
    }
}

/// A queue that is being worked through.
struct Work<'a> {
    queue: &'a Queue,
    /// The keys of those that nobody has looked at.
    keys: Vec<Option<f64>>,
    given: Vec<(Uuid, Grade)>,
}

impl<'a> Work<'a> {
    fn begin(queue: &'a Queue, order: Order, chance: &mut Chance) -> Self {
        let mut key = |it: &Judged| match order {
            Order::Learning | Order::Score => it.score,
            Order::Plain => it.plain,
            Order::Random => f64::from(u32::try_from(chance.below(1 << 30)).unwrap_or_default()),
        };
        let keys = queue.pairs.iter().map(|it| Some(key(it))).collect();
        Self { queue, keys, given: Vec::new() }
    }

    /// The best that is left.
    fn best(&self) -> Option<(usize, f64)> {
        let left = self.keys.iter().enumerate().filter_map(|(at, key)| Some((at, (*key)?)));
        left.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// Looks at a pair, and tells whether it is good. The verdict may be off by one.
    fn look(&mut self, at: usize, order: Order, (noise, chance): (f64, &mut Chance)) -> bool {
        let Some(pair) = self.queue.pairs.get(at) else { return false };
        if let Some(key) = self.keys.get_mut(at) {
            *key = None;
        }
        let off = chance.comes(noise);
        let up = chance.comes(0.5);
        let said = match (off, up) {
            (false, _) => pair.grade,
            (true, true) => (pair.grade + 1).min(3),
            (true, false) => pair.grade.saturating_sub(1),
        };
        if order == Order::Learning {
            let grade = Grade::ALL.get(usize::from(said)).copied().unwrap_or(Grade::Unrelated);
            self.given.push((pair.achievement, grade));
            let keys = self.keys.iter().enumerate();
            let waiting: Vec<usize> = keys.filter_map(|(at, key)| key.map(|_| at)).collect();
            for (at, added) in self.queue.heeding(&self.given, &waiting) {
                if let (Some(key), Some(pair)) = (self.keys.get_mut(at), self.queue.pairs.get(at)) {
                    *key = Some(pair.score + added);
                }
            }
        }
        pair.grade >= 2
    }
}

/// Good pairs per 100 looks.
fn rate(queues: &[Queue], args: &EvaluateArgs, (order, one_queue): (Order, bool)) -> f64 {
    let (mut looks, mut good) = (0_u32, 0_u32);
    for round in 0..ROUNDS {
        let round = u64::try_from(round).unwrap_or_default();
        let mut chance = Chance::new(args.seed.wrapping_mul(1000).wrapping_add(round));
        let mut works: Vec<Work<'_>> =
            queues.iter().map(|it| Work::begin(it, order, &mut chance)).collect();
        if one_queue {
            for _ in 0..queues.len() * args.looks {
                let best = works.iter().enumerate().filter_map(|(of, it)| Some((of, it.best()?)));
                let Some((of, (at, _))) = best.max_by(|a, b| a.1.1.total_cmp(&b.1.1)) else {
                    break;
                };
                let Some(work) = works.get_mut(of) else { break };
                looks += 1;
                good += u32::from(work.look(at, order, (args.noise, &mut chance)));
            }
            continue;
        }
        for work in &mut works {
            for _ in 0..args.looks {
                let Some((at, _)) = work.best() else { break };
                looks += 1;
                good += u32::from(work.look(at, order, (args.noise, &mut chance)));
            }
        }
    }
    100.0 * f64::from(good) / f64::from(looks.max(1))
}

/// How the pairs of each need are ordered that were not graded, once three tenths were.
fn hold_out(queues: &[Queue], seed: u64) -> Known {
    let mut chance = Chance::new(seed);
    let mut needs: Vec<(f64, f64)> = Vec::new();
    for queue in queues {
        let rounds: Vec<(f64, f64)> =
            (0..ROUNDS).filter_map(|_| held_out(queue, &mut chance)).collect();
        if !rounds.is_empty() {
            needs.push((mean(rounds.iter().map(|it| it.0)), mean(rounds.iter().map(|it| it.1))));
        }
    }
    let gain = mean(needs.iter().map(|it| it.1 - it.0));
    let spread = mean(needs.iter().map(|it| (it.1 - it.0 - gain).powi(2)));
    let count = f64::from(u32::try_from(needs.len().max(1)).unwrap_or(u32::MAX));
    Known {
        needs: needs.len(),
        not_learning: mean(needs.iter().map(|it| it.0)),
        learning: mean(needs.iter().map(|it| it.1)),
        gain,
        standard_error: (spread / count).sqrt(),
    }
}

/// The judged nDCG@10 of what is left, without and with learning; nothing where all of it is graded
/// 0.
fn held_out(queue: &Queue, chance: &mut Chance) -> Option<(f64, f64)> {
    let mut order: Vec<usize> = (0..queue.pairs.len()).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, chance.below(at + 1));
    }
    let (known, rest) = order.split_at((order.len() * 3).div_ceil(10));
    let grade = |it: &Judged| Grade::ALL.get(usize::from(it.grade)).copied();
    let given: Vec<(Uuid, Grade)> = known
        .iter()
        .filter_map(|at| queue.pairs.get(*at))
        .filter_map(|it| Some((it.achievement, grade(it)?)))
        .collect();
    let added = queue.heeding(&given, rest);
    let left = || added.iter().filter_map(|(at, added)| Some((queue.pairs.get(*at)?, added)));
    if left().all(|(it, _)| it.grade == 0) {
        return None;
    }
    let grades: HashMap<String, u8> = left().map(|(it, _)| (it.name.clone(), it.grade)).collect();
    let grades = Grades::from([(queue.name.clone(), grades)]);
    let judged = |share: f64| {
        let scores =
            left().map(|(it, added)| (it.name.clone(), it.score + share * added)).collect();
        figures(&grades, &Run::from([(queue.name.clone(), scores)])).judged_ndcg10
    };
    Some((judged(0.0), judged(1.0)))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

impl Simulated {
    /// Says it to people.
    pub(super) fn tell(&self) {
        console::say(&format!(
            "Simulated: {} looks a need, {:.0} % of the verdicts off by one, seed {}, {} rounds",
            self.looks_per_need,
            self.noise * 100.0,
            self.seed,
            self.rounds
        ));
        console::say("accepted pairs per 100 looks   need by need   one queue");
        for (name, one, other) in [
            ("with learning", self.need_by_need.learning, self.one_queue.learning),
            ("without", self.need_by_need.not_learning, self.one_queue.not_learning),
            ("plain tf-idf cosine", self.need_by_need.plain_cosine, self.one_queue.plain_cosine),
            ("in random order", self.need_by_need.random, self.one_queue.random),
        ] {
            console::say(&format!("{name:>28}   {one:>12.2}   {other:>9.2}"));
        }
        let known = &self.known;
        console::say(&format!(
            "With 30 % of the verdicts known, judged nDCG@10 of the rest: {:.4}, without learning \
             {:.4}, gain {:+.4} (standard error {:.4}, {} needs)",
            known.learning, known.not_learning, known.gain, known.standard_error, known.needs
        ));
    }
}
