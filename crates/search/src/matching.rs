//! Which achievements may meet a need, and why.
//!
//! The matcher `grams-1` scores an achievement by the characters, pairs of characters, Latin words
//! and numbers it shares with the need, as BM25 does (Robertson and Zaragoza 2009), with two
//! changes. A term weighs by its rarity among achievements **and** among needs: what every need
//! says (公司, 目前, 研发) says nothing, and falls away without a stop list. And a term of the
//! need's title counts three times, one of its text as often as log(1 + n).
//!
//! Let `N` listings of a kind be open and `n` of them have the term, `f` be how often the
//! achievement has it (a title's thrice, in thirds) and `l` the achievement's length against the
//! mean. Then
//!
//! ```text
//! rarity(n, N) = ln((N + 2) / (n + 1))
//! weight(term) = (3 title + ln(1 + text)) rarity(among achievements) rarity(among needs)
//! score        = Σ weight f (k + 1) / (f + k (1 - b + b l)) / ‖weight‖     k = 0.6, b = 0.75
//! ```
//!
//! The division by the length of the need's weights changes no order within a need; it makes the
//! scores of different needs comparable, so that one queue can hold them.

use std::collections::HashMap;

use domain::{listings::Kind, pairs::Explanation};
use tantivy::{DocId, DocSet as _, Searcher, TERMINATED, Term, schema::IndexRecordOption};
use uuid::Uuid;

use crate::{
    Entry, Reader, Result, Shelf,
    index::{Ids, Place, TITLE_WEIGHT},
    text::{self, Glyph},
};

mod explain;
mod likeness;
mod scoring;
mod synonyms;
#[cfg(test)]
mod tests;

pub use likeness::Likeness;
pub use scoring::Effort;
pub(crate) use scoring::Lengths;
use scoring::Scorer;
pub(crate) use synonyms::Added;

/// The matcher's name and version, which every suggestion carries.
pub const MATCHER: &str = "grams-1";

const K: f32 = 0.6;
const B: f32 = 0.75;

/// What a need asks for, in terms.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(crate) title: Vec<Glyph>,
    pub(crate) text: Vec<Glyph>,
    terms: Vec<Counted>,
    pub(crate) added: Added,
}

/// How often the two parts of a need have a term.
#[derive(Clone, Debug, PartialEq)]
struct Counted {
    term: String,
    in_title: f32,
    in_text: f32,
}

/// How many suggestions are wanted, and how good they must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Depth {
    /// The most suggestions.
    pub most: usize,
    /// The least share of the best suggestion's score, 0 to 1.
    pub floor: f32,
}

/// How many needs an achievement has matched again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breadth {
    /// So many, however unlike the achievement they are.
    pub always: usize,
    /// The most.
    pub most: usize,
    /// The least share of the likeliest need's score, 0 to 1, for those beyond `always`.
    pub floor: f32,
}

/// An achievement that may meet a need.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The achievement.
    pub achievement: Uuid,
    /// How well, and why.
    pub explanation: Explanation,
}

/// A term of a need with what it weighs.
pub(crate) struct Weighed {
    pub(crate) term: String,
    /// What hidden entries are filed under.
    pub(crate) mark: String,
    /// How many open listings of the kind that is looked for have it.
    among_kind: u64,
    pub(crate) from_title: f32,
    pub(crate) from_text: f32,
}

/// One achievement in the index, and its score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub(crate) score: f32,
    pub(crate) segment: usize,
    pub(crate) doc: DocId,
    pub(crate) id: Uuid,
}

impl Profile {
    /// Reads a need's title, and everything else it says.
    pub fn new(title: &str, text: &str) -> Self {
        let (title, text) = (text::glyphs(title), text::glyphs(text));
        let mut counts: HashMap<String, (f32, f32)> = HashMap::new();
        for term in text::grams(&title) {
            counts.entry(term.text).or_default().0 += 1.0;
        }
        for term in text::grams(&text) {
            counts.entry(term.text).or_default().1 += 1.0;
        }
        let counted = |(term, (in_title, in_text))| Counted { term, in_title, in_text };
        let mut terms: Vec<Counted> = counts.into_iter().map(counted).collect();
        // A fixed order of addition gives the same score to the last bit each time.
        terms.sort_unstable_by(|a, b| a.term.cmp(&b.term));
        Self { title, text, terms, added: Added::default() }
    }
}

impl From<&Entry> for Profile {
    fn from(entry: &Entry) -> Self {
        Self::new(&entry.title, &format!("{}\n{}", entry.summary, entry.text))
    }
}

impl Reader {
    /// The achievements that fit a need best, the best first, each with its explanation.
    pub fn suggest(&self, need: &Profile, depth: Depth) -> Result<Vec<Suggestion>> {
        let searcher = self.searcher();
        let weights = self.weigh(&searcher, need, Kind::Achievement)?;
        let best = self.best(&searcher, &weights, (depth, Effort::default()))?;
        let scorer = self.scorer(&searcher, Kind::Achievement)?;
        let explanations = explain::explain(&scorer, need, (&weights, &best))?;
        let suggestion = |(it, explanation): (&Scored, Explanation)| Suggestion {
            achievement: it.id,
            explanation,
        };
        Ok(best.iter().zip(explanations).map(suggestion).collect())
    }

    /// The achievements that fit a need best with their scores, without explanations.
    pub fn rank(
        &self,
        need: &Profile,
        (depth, effort): (Depth, Effort),
    ) -> Result<Vec<(Uuid, f32)>> {
        let searcher = self.searcher();
        let weights = self.weigh(&searcher, need, Kind::Achievement)?;
        let best = self.best(&searcher, &weights, (depth, effort))?;
        Ok(best.into_iter().map(|it| (it.id, it.score)).collect())
    }

    /// The needs that an achievement may meet, the likeliest first: those to be matched again when
    /// it appears or changes. Only what they share counts here; [`Reader::suggest`] has the say.
    pub fn touched(&self, achievement: &Profile, breadth: Breadth) -> Result<Vec<Uuid>> {
        let searcher = self.searcher();
        let weights = self.weigh(&searcher, achievement, Kind::Need)?;
        let scorer = self.scorer(&searcher, Kind::Need)?;
        let best = scorer.top(&weights, breadth.most, Effort::default())?;
        let floor = best.first().map_or(0.0, |it| it.score * breadth.floor);
        let near = |(at, it): &(usize, Scored)| *at < breadth.always || it.score >= floor;
        Ok(best.into_iter().enumerate().take_while(near).map(|(_, it)| it.id).collect())
    }

    /// Every need in the index, hidden or not.
    pub fn needs(&self) -> Result<Vec<Uuid>> {
        let searcher = self.searcher();
        let places = [Place::OpenNeed, Place::MaskedNeed, Place::ClosedNeed];
        let mut needs = Vec::new();
        for segment in searcher.segment_readers() {
            let ids = Ids::of(segment, self.fields())?;
            let index = segment.inverted_index(self.fields().place)?;
            for place in places {
                let term = Term::from_field_text(self.fields().place, place.as_str());
                let Some(mut docs) = index.read_postings(&term, IndexRecordOption::Basic)? else {
                    continue;
                };
                while docs.doc() != TERMINATED {
                    if !segment.is_deleted(docs.doc()) {
                        needs.push(ids.get(docs.doc()));
                    }
                    docs.advance();
                }
            }
        }
        Ok(needs)
    }

    /// What each term of a profile weighs against listings of a kind, divided by the length of
    /// all weights; the weightiest come first.
    fn weigh(&self, searcher: &Searcher, profile: &Profile, kind: Kind) -> Result<Vec<Weighed>> {
        let fields = self.fields();
        let of_needs = fields.grams(Kind::Need, Shelf::Open);
        let of_achievements = fields.grams(Kind::Achievement, Shelf::Open);
        let all_needs = self.filed(searcher, Place::OpenNeed)?;
        let all_achievements = self.filed(searcher, Place::OpenAchievement)?;
        let weighed = |Counted { term, in_title, in_text }: &Counted, share: f32| -> Result<_> {
            let among = |field| searcher.doc_freq(&Term::from_field_text(field, term));
            let (needs, achievements) = (among(of_needs)?, among(of_achievements)?);
            let rarity = share * rarity(needs, all_needs) * rarity(achievements, all_achievements);
            let among_kind = match kind {
                Kind::Need => needs,
                Kind::Achievement => achievements,
            };
            let from_title = f32::from(TITLE_WEIGHT) * in_title * rarity;
            let from_text = in_text.ln_1p() * rarity;
            let mark = self.veil().mark(term);
            Ok(Weighed { term: term.clone(), mark, among_kind, from_title, from_text })
        };
        let said = profile.terms.iter().map(|it| weighed(it, 1.0));
        let mut weights = said.collect::<Result<Vec<_>>>()?;
        let squares = weights.iter().map(|it| it.sum().powi(2));
        let length = squares.sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        for added in &profile.added.terms {
            weights.push(weighed(added, synonyms::SHARE)?);
        }
        for weight in &mut weights {
            weight.from_title /= length;
            weight.from_text /= length;
        }
        weights.retain(|it| it.sum() > 0.0);
        weights.sort_by(|a, b| b.sum().total_cmp(&a.sum()));
        Ok(weights)
    }

    fn best(
        &self,
        searcher: &Searcher,
        weights: &[Weighed],
        (depth, effort): (Depth, Effort),
    ) -> Result<Vec<Scored>> {
        let scorer = self.scorer(searcher, Kind::Achievement)?;
        let mut best = scorer.top(weights, depth.most, effort)?;
        let floor = best.first().map_or(0.0, |it| it.score * depth.floor);
        best.retain(|it| it.score >= floor);
        Ok(best)
    }

    fn scorer<'a>(&'a self, searcher: &'a Searcher, kind: Kind) -> Result<Scorer<'a>> {
        self.lengths().keep(searcher);
        let mean = self.mean_length(searcher, kind)?;
        Ok(Scorer { reader: self, searcher, kind, mean })
    }

    /// The mean number of terms of open listings of a kind; of those that were replaced too,
    /// until the engine has merged them away.
    fn mean_length(&self, searcher: &Searcher, kind: Kind) -> Result<f32> {
        let field = self.fields().grams(kind, Shelf::Open);
        let mut terms = 0;
        for segment in searcher.segment_readers() {
            terms += segment.inverted_index(field)?.total_num_tokens();
        }
        let listings = self.filed(searcher, Place::of(kind, Shelf::Open))?;
        Ok((number(terms) / number(listings.max(1))).max(1.0))
    }

    /// How many listings are filed in a place.
    fn filed(&self, searcher: &Searcher, place: Place) -> Result<u64> {
        let term = Term::from_field_text(self.fields().place, place.as_str());
        Ok(searcher.doc_freq(&term)?)
    }
}

/// The shelves whose grams are apart; what is masked stands with what is closed.
pub(crate) const SHELVES: [Shelf; 2] = [Shelf::Open, Shelf::Closed];

impl Weighed {
    fn sum(&self) -> f32 {
        self.from_title + self.from_text
    }

    /// What entries that have the term are filed under.
    pub(crate) fn filed(&self, on: Shelf) -> &str {
        match on {
            Shelf::Open => &self.term,
            Shelf::Masked | Shelf::Closed => &self.mark,
        }
    }
}

/// How rare a term is that `n` of `all` listings have; above zero, also in an empty market.
fn rarity(n: u64, all: u64) -> f32 {
    ((number(all) + 2.0) / (number(n) + 1.0)).ln().max(0.0)
}

/// `k (1 - b + b l)`, in thirds.
fn norm(length: f32, mean: f32) -> f32 {
    K * f32::from(TITLE_WEIGHT) * (1.0 - B + B * length / mean)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of terms and listings: 24 bits are more than the formula can tell apart"
)]
const fn number(count: u64) -> f32 {
    count as f32
}

/// A document's place in a list of its segment's documents.
pub(crate) fn place(doc: DocId) -> usize {
    usize::try_from(doc).unwrap_or(usize::MAX)
}

fn by_rank(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.id.cmp(&b.id))
}
