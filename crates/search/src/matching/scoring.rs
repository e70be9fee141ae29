//! Scores in two stages: what weighs most against everything, what weighs little against the best.
//!
//! A need of 300 characters has about 300 terms, and in a market of half a million achievements
//! the commonest of them, which weigh next to nothing, stand in most of it: they are nearly all of
//! the work. So the weightiest terms are held against the whole market until [`Effort::postings`]
//! entries are read, and the others against the best [`Effort::candidates`] of what came of it
//! only. In a market where everything fits into the first stage the scores are exact.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::listings::Kind;
use tantivy::{
    DocId, Searcher, SegmentReader, Term, index::SegmentId, postings::BlockSegmentPostings,
    schema::IndexRecordOption,
};

use super::{K, SHELVES, Scored, Weighed, norm, number, place};
use crate::{Reader, Result, index::Ids};

/// How much work goes into one ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How many entries of the index the first stage reads before it leaves the rest to the second.
    pub postings: u64,
    /// How many achievements reach the second stage; never fewer than are wanted.
    pub candidates: usize,
}

impl Default for Effort {
    /// Measured on half a million achievements; see `docs/matching.md`.
    fn default() -> Self {
        Self { postings: 6_000_000, candidates: 400 }
    }
}

impl Effort {
    /// Everything against everything.
    pub const EXACT: Self = Self { postings: u64::MAX, candidates: 0 };
}

/// The lengths of every segment's documents, which never change; read once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lengths(Arc<Mutex<HashMap<SegmentId, Arc<[f32]>>>>);

impl Lengths {
    /// How many terms each document of a segment has.
    pub(crate) fn of(&self, segment: &SegmentReader) -> Result<Arc<[f32]>> {
        let known = |it: &HashMap<SegmentId, _>| it.get(&segment.segment_id()).map(Arc::clone);
        if let Some(lengths) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(lengths);
        }
        let column = segment.fast_fields().column_first_or_default::<u64>("length")?;
        let lengths: Arc<[f32]> =
            (0..segment.max_doc()).map(|doc| number(column.get_val(doc))).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(segment.segment_id(), Arc::clone(&lengths));
        Ok(lengths)
    }

    /// Forgets the segments that are no longer there.
    pub(crate) fn keep(&self, searcher: &Searcher) {
        let there = searcher.segment_readers();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|id, _| there.iter().any(|it| it.segment_id() == *id));
    }
}

/// One ranking of one kind of listing.
pub(super) struct Scorer<'a> {
    pub(super) reader: &'a Reader,
    pub(super) searcher: &'a Searcher,
    pub(super) kind: Kind,
    /// The mean length of open listings of the kind.
    pub(super) mean: f32,
}

/// What one document has come to.
struct Cell {
    score: f32,
    norm: f32,
}

impl Scorer<'_> {
    /// The highest scores, on all shelves; equal scores go by id. `weights` come the weightiest first.
    pub(super) fn top(
        &self,
        weights: &[Weighed],
        most: usize,
        effort: Effort,
    ) -> Result<Vec<Scored>> {
        let (strong, faint) = weights.split_at(affordable(weights, effort.postings));
        let wanted = if faint.is_empty() { most } else { most.max(effort.candidates) };
        let mut found = Best::new(wanted);
        for (at, segment) in self.searcher.segment_readers().iter().enumerate() {
            let cells = self.score_all(segment, strong)?;
            let ids = Ids::of(segment, self.reader.fields())?;
            for (doc, cell) in (0..segment.max_doc()).zip(&cells) {
                if found.has_room_for(cell.score) && !segment.is_deleted(doc) {
                    let id = ids.get(doc);
                    found.push(Scored { score: cell.score, segment: at, doc, id });
                }
            }
        }
        let mut found = found.into_vec();
        if !faint.is_empty() {
            self.add_faint(faint, &mut found)?;
        }
        found.sort_unstable_by(super::by_rank);
        found.truncate(most);
        Ok(found)
    }

    /// What some terms come to in every document of a segment.
    fn score_all(&self, segment: &SegmentReader, weights: &[Weighed]) -> Result<Vec<Cell>> {
        let lengths = self.reader.lengths().of(segment)?;
        let cell = |length: &f32| Cell { score: 0.0, norm: norm(*length, self.mean) };
        let mut cells: Vec<Cell> = lengths.iter().map(cell).collect();
        self.each_list(segment, weights, |weight, list| {
            while !list.docs().is_empty() {
                for (doc, frequency) in list.docs().iter().zip(list.freqs()) {
                    if let Some(cell) = cells.get_mut(place(*doc)) {
                        cell.score += weight.sum() * saturation(*frequency, cell.norm);
                    }
                }
                list.advance();
            }
        })?;
        Ok(cells)
    }

    /// Adds what some terms come to in some documents.
    fn add_faint(&self, weights: &[Weighed], found: &mut [Scored]) -> Result<()> {
        found.sort_unstable_by_key(|it| (it.segment, it.doc));
        for here in found.chunk_by_mut(|a, b| a.segment == b.segment) {
            let docs: Vec<DocId> = here.iter().map(|it| it.doc).collect();
            let segment = here.first().map_or(0, |it| it.segment);
            self.each_match((segment, &docs), weights, |at, weight, saturation| {
                if let Some(scored) = here.get_mut(at) {
                    scored.score += weight.sum() * saturation;
                }
            })?;
        }
        Ok(())
    }

    /// Every term that stands in one of some documents of a segment, which come in order: which
    /// of the documents, which term, and its saturation there.
    pub(super) fn each_match<'w>(
        &self,
        (segment, docs): (usize, &[DocId]),
        weights: &'w [Weighed],
        mut found: impl FnMut(usize, &'w Weighed, f32),
    ) -> Result<()> {
        let Some(segment) = self.searcher.segment_readers().get(segment) else { return Ok(()) };
        let lengths = self.reader.lengths().of(segment)?;
        let length = |doc: &DocId| lengths.get(place(*doc)).copied().unwrap_or_default();
        let norms: Vec<f32> = docs.iter().map(|it| norm(length(it), self.mean)).collect();
        self.each_list(segment, weights, |weight, list| {
            for (at, (doc, norm)) in docs.iter().zip(&norms).enumerate() {
                let in_block = list.seek(*doc);
                if list.docs().get(in_block) == Some(doc) {
                    found(at, weight, saturation(list.freq(in_block), *norm));
                }
            }
        })
    }

    /// The entries of each term in a segment, on one shelf after the other.
    fn each_list<'w>(
        &self,
        segment: &SegmentReader,
        weights: &'w [Weighed],
        mut with: impl FnMut(&'w Weighed, &mut BlockSegmentPostings),
    ) -> Result<()> {
        for shelf in SHELVES {
            let field = self.reader.fields().grams(self.kind, shelf);
            let index = segment.inverted_index(field)?;
            if index.terms().num_terms() == 0 {
                continue;
            }
            for weight in weights {
                let term = Term::from_field_text(field, weight.filed(shelf));
                let frequencies = IndexRecordOption::WithFreqs;
                if let Some(mut list) = index.read_block_postings(&term, frequencies)? {
                    with(weight, &mut list);
                }
            }
        }
        Ok(())
    }
}

/// How many of the weightiest terms can be held against the whole market; one at the least.
fn affordable(weights: &[Weighed], postings: u64) -> usize {
    let mut read = 0_u64;
    let within = |it: &&Weighed| {
        read = read.saturating_add(it.among_kind);
        read <= postings
    };
    weights.iter().take_while(within).count().max(1).min(weights.len())
}

/// How much a term that stands `frequency` times (in thirds) counts.
fn saturation(frequency: u32, norm: f32) -> f32 {
    let frequency = number(frequency.into());
    frequency * (K + 1.0) / (frequency + norm)
}

/// The best of what was seen, without keeping all of it.
struct Best {
    most: usize,
    found: Vec<Scored>,
    /// What a score must reach, once there are enough.
    floor: f32,
}

impl Best {
    const fn new(most: usize) -> Self {
        Self { most, found: Vec::new(), floor: f32::MIN_POSITIVE }
    }

    fn has_room_for(&self, score: f32) -> bool {
        self.most > 0 && score >= self.floor
    }

    fn push(&mut self, scored: Scored) {
        self.found.push(scored);
        if self.found.len() >= self.most.saturating_mul(2) {
            self.cut();
        }
    }

    /// Keeps no more than wanted; of equal scores the first ids, whatever order they came in.
    fn cut(&mut self) {
        if self.found.len() > self.most && self.most > 0 {
            self.found.select_nth_unstable_by(self.most - 1, super::by_rank);
            self.found.truncate(self.most);
        }
        if self.found.len() == self.most {
            self.floor = self.found.iter().map(|it| it.score).fold(f32::INFINITY, f32::min);
        }
    }

    fn into_vec(mut self) -> Vec<Scored> {
        self.cut();
        self.found
    }
}
