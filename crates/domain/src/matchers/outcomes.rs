use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{codes::DeclineReason, needs::NeedId, pairs::Grade};

/// What became of a suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The version that suggested it.
    pub matcher: String,
    /// For which need.
    pub need: NeedId,
    /// When that need was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Its place among the need's suggestions, from 1; 0 if it was not noted.
    pub position: u32,
    /// What was found, and when; nothing where nobody has looked.
    pub found: Option<(Grade, DateTime<Utc>)>,
    /// Why it was declined.
    pub reason: Option<DeclineReason>,
}

/// How well a version did.
///
/// What stands high is looked at more often. Where a figure is weighted, each verdict counts for
/// all suggestions of places like its own, looked at or not (inverse propensity weights, Horvitz and
/// Thompson 1952). Of what was never suggested nothing is known.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Measures {
    /// How many pairs it suggested, of those that the figures may tell of.
    pub suggested: u32,
    /// How many of them were graded.
    pub graded: u32,
    /// How many were accepted.
    pub accepted: u32,
    /// Of the graded among the five best suggestions of each need, the accepted.
    pub precision_at_5: Share,
    /// The same, weighted by how often places like theirs are looked at.
    pub precision_at_5_weighted: Option<f64>,
    /// Of all suggestions, the share that would be accepted: weighted.
    pub acceptance_weighted: Option<f64>,
    /// Of the needs published at least 30 days ago, those with a pair accepted within 30 days.
    pub coverage: Share,
    /// How often each reason for declining was given, by its code.
    pub declined: BTreeMap<String, u32>,
    /// How often the places are looked at, and what was found there.
    pub places: Vec<Place>,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Share {
    /// How many count.
    pub part: u32,
    /// Of how many.
    pub of: u32,
}

/// Some places in the order of suggestions, and what became of what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// The first place; 0 where places were not noted.
    pub from: u32,
    /// What was suggested there.
    #[serde(flatten)]
    pub shown: Shown,
}

/// What became of some suggestions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Shown {
    /// How many there were.
    pub suggested: u32,
    /// How many were graded.
    pub graded: u32,
    /// How many were accepted.
    pub accepted: u32,
}

/// How often suggestions are looked at, by their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looks(BTreeMap<u32, Shown>);

/// Where each group of places begins. Within one, all are looked at about alike.
const PLACES: [u32; 8] = [0, 1, 2, 3, 4, 6, 11, 21];
/// No verdict counts for more than so many suggestions: a single one from a place that is hardly
/// ever looked at must not decide everything.
const MOST: f64 = 10.0;
/// How long a need may wait for its first accepted pair, in days.
const DAYS: i64 = 30;

impl Looks {
    /// Counts them.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut looks: BTreeMap<u32, Shown> = BTreeMap::new();
        for it in outcomes {
            looks.entry(group(it.position)).or_default().add(it.found.map(|it| it.0));
        }
        Self(looks)
    }

    /// For how many suggestions a verdict counts that was given at a place: one over the share of
    /// such suggestions that were looked at, which is never taken for nothing.
    pub fn weight(&self, position: u32) -> f64 {
        let shown = self.0.get(&group(position)).copied().unwrap_or_default();
        let share = (f64::from(shown.graded) + 1.0) / (f64::from(shown.suggested) + 2.0);
        (1.0 / share).clamp(1.0, MOST)
    }
}

/// How well a version did, as far as these outcomes tell.
pub fn measure(outcomes: &[Outcome], matcher: &str, now: DateTime<Utc>) -> Measures {
    let ours: Vec<&Outcome> = outcomes.iter().filter(|it| it.matcher == matcher).collect();
    let looks = Looks::of(ours.iter().copied());
    let mut declined: BTreeMap<String, u32> = BTreeMap::new();
    for reason in ours.iter().filter_map(|it| it.reason.as_ref()) {
        *declined.entry(reason.as_str().to_owned()).or_default() += 1;
    }
    let best: Vec<&Outcome> =
        ours.iter().copied().filter(|it| (1..=5).contains(&it.position)).collect();
    let (all, top) = (Shown::all(&ours), Shown::all(&best));
    Measures {
        suggested: all.suggested,
        graded: all.graded,
        accepted: all.accepted,
        precision_at_5: Share { part: top.accepted, of: top.graded },
        precision_at_5_weighted: weighted(&best, &looks),
        acceptance_weighted: weighted(&ours, &looks),
        coverage: coverage(&ours, now),
        declined,
        places: looks.0.iter().map(|(from, shown)| Place { from: *from, shown: *shown }).collect(),
    }
}

/// The share accepted, each verdict counting for the suggestions like it.
fn weighted(outcomes: &[&Outcome], looks: &Looks) -> Option<f64> {
    let (mut accepted, mut all) = (0.0, 0.0);
    for it in outcomes {
        let Some((grade, _)) = it.found else { continue };
        let weight = looks.weight(it.position);
        all += weight;
        if grade.accepts() {
            accepted += weight;
        }
    }
    (all > 0.0).then(|| accepted / all)
}

fn coverage(outcomes: &[&Outcome], now: DateTime<Utc>) -> Share {
    let within = TimeDelta::days(DAYS);
    let mut met: HashMap<NeedId, bool> = HashMap::new();
    for it in outcomes {
        let Some(published) = it.published_at.filter(|it| *it + within <= now) else { continue };
        let soon = it.found.is_some_and(|(grade, at)| grade.accepts() && at <= published + within);
        *met.entry(it.need).or_default() |= soon;
    }
    Share { part: count(met.values().filter(|it| **it).count()), of: count(met.len()) }
}

impl Shown {
    fn all(outcomes: &[&Outcome]) -> Self {
        let mut all = Self::default();
        for it in outcomes {
            all.add(it.found.map(|it| it.0));
        }
        all
    }

    fn add(&mut self, found: Option<Grade>) {
        self.suggested += 1;
        self.graded += u32::from(found.is_some());
        self.accepted += u32::from(found.is_some_and(Grade::accepts));
    }
}

/// Where the group begins that a place belongs to.
fn group(position: u32) -> u32 {
    PLACES.into_iter().rev().find(|it| *it <= position).unwrap_or(0)
}

fn count(all: usize) -> u32 {
    u32::try_from(all).unwrap_or(u32::MAX)
}
