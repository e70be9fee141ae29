use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use domain::pairs::{Explanation, Parts, Phrase, Term as Listed};
use tantivy::DocId;

use super::{MATCHER, Profile, Scored, Weighed, scoring::Scorer};
use crate::{
    Result,
    text::{self, Glyph, Run},
};

/// How many terms an explanation lists.
const TERMS: usize = 20;
/// How many phrases an explanation lists.
const PHRASES: usize = 12;
/// The least share of the score that makes a pair of characters part of a phrase.
const LEAST: f64 = 0.004;

/// What one term adds to one score.
#[derive(Clone, Copy)]
struct Share {
    from_title: f64,
    from_text: f64,
}

/// What every matched term adds to one score.
type Shares<'a> = HashMap<&'a str, Share>;

/// Explains the scores of some achievements, in their order.
pub(super) fn explain(
    scorer: &Scorer<'_>,
    need: &Profile,
    (weights, best): (&[Weighed], &[Scored]),
) -> Result<Vec<Explanation>> {
    let mut shares: Vec<Shares<'_>> = best.iter().map(|_| HashMap::new()).collect();
    let mut order: Vec<(&Scored, &mut Shares<'_>)> = best.iter().zip(&mut shares).collect();
    order.sort_unstable_by_key(|(it, _)| (it.segment, it.doc));
    for here in order.chunk_by_mut(|(a, _), (b, _)| a.segment == b.segment) {
        let docs: Vec<DocId> = here.iter().map(|(it, _)| it.doc).collect();
        let segment = here.first().map_or(0, |(it, _)| it.segment);
        scorer.each_match((segment, &docs), weights, |at, weight, saturation| {
            if let Some((_, shares)) = here.get_mut(at) {
                shares.insert(&weight.term, weight.share(saturation));
            }
        })?;
    }
    let stretches = Stretch::all(need);
    let explanation = |(scored, shares): (&Scored, Shares<'_>)| {
        compose(&stretches, f64::from(scored.score), &shares)
    };
    Ok(best.iter().zip(shares).map(explanation).collect())
}

fn compose(stretches: &[Stretch<'_>], score: f64, shares: &Shares<'_>) -> Explanation {
    let mut terms: Vec<Listed> = shares
        .iter()
        .map(|(term, share)| Listed { term: (*term).to_owned(), weight: share.sum() })
        .collect();
    terms.sort_unstable_by(|a, b| b.weight.total_cmp(&a.weight).then(a.term.cmp(&b.term)));
    let all: f64 = terms.iter().map(|it| it.weight).sum();
    terms.truncate(TERMS);
    let listed: f64 = terms.iter().map(|it| it.weight).sum();
    let parts = Parts {
        title: shares.values().map(|it| it.from_title).sum(),
        text: shares.values().map(|it| it.from_text).sum(),
        listed,
        rest: all - listed,
        ..Parts::default()
    };
    let phrases = phrases(stretches, all.max(f64::MIN_POSITIVE), shares);
    let matcher = MATCHER.to_owned();
    Explanation { matcher, score, parts, phrases, terms, ..Explanation::default() }
}

/// The longest pieces of the need all of whose pairs matched, cut back to whole words. Every term
/// counts for the weightiest piece it stands in, so that shares add up to one at the most.
fn phrases(stretches: &[Stretch<'_>], all: f64, shares: &Shares<'_>) -> Vec<Phrase> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut seen = HashSet::new();
    for piece in stretches.iter().flat_map(|it| it.pieces(all, shares)) {
        if seen.insert(piece.text.clone()) {
            pieces.push(piece);
        }
    }
    pieces.sort_unstable_by(|a, b| b.weight.total_cmp(&a.weight).then(a.text.cmp(&b.text)));
    let mut counted = HashSet::new();
    let mut phrases: Vec<Phrase> = Vec::new();
    for piece in pieces {
        let new = piece.terms.iter().filter(|it| counted.insert((*it).clone()));
        let weight: f64 = new.filter_map(|it| shares.get(it.as_str())).map(Share::sum).sum();
        if weight / all >= LEAST {
            let through = piece.through.map(str::to_owned);
            phrases.push(Phrase { text: piece.text, share: weight / all, through });
        }
    }
    phrases.sort_by(|a, b| b.share.total_cmp(&a.share));
    phrases.truncate(PHRASES);
    phrases
}

/// A stretch of the need's text, or of what it might have said instead, and where the words in it
/// begin.
struct Stretch<'a> {
    run: Run<'a>,
    starts: Vec<usize>,
    /// The word of the need that led to it, if it does not stand there itself.
    through: Option<&'a str>,
}

/// A piece of the need that may become a phrase.
struct Piece<'a> {
    text: String,
    terms: Vec<String>,
    weight: f64,
    through: Option<&'a str>,
}

impl<'a> Stretch<'a> {
    fn all(need: &'a Profile) -> Vec<Self> {
        let said = text::runs(&need.title).into_iter().chain(text::runs(&need.text));
        let said = said.map(|run| (run, None));
        let instead = need.added.words.iter().flat_map(|it| {
            text::runs(&it.glyphs).into_iter().map(|run| (run, Some(it.through.as_str())))
        });
        let starts = |run: &Run<'_>| match run {
            Run::Han(glyphs) => text::word_starts(glyphs),
            Run::Letters(_) | Run::Number(_) => Vec::new(),
        };
        let all = said.chain(instead);
        all.map(|(run, through)| Self { starts: starts(&run), run, through }).collect()
    }

    fn pieces(&self, all: f64, shares: &Shares<'_>) -> Vec<Piece<'a>> {
        let through = self.through;
        let piece = |glyphs: &[Glyph]| Some(Piece { through, ..Piece::of(glyphs, shares)? });
        let glyphs = match self.run {
            Run::Han(glyphs) => glyphs,
            Run::Letters(glyphs) | Run::Number(glyphs) => {
                return piece(glyphs).into_iter().collect();
            }
        };
        let matched = |pair: &[Glyph]| {
            let pair: String = pair.iter().map(|it| it.it).collect();
            shares.get(pair.as_str()).is_some_and(|it| it.sum() / all >= LEAST)
        };
        let mut pieces = Vec::new();
        let mut from = 0;
        while from + 2 <= glyphs.len() {
            let rest = glyphs.get(from..).unwrap_or_default();
            let pairs = rest.windows(2).take_while(|it| matched(it)).count();
            if pairs > 0 {
                let whole = self.whole_words(from, from + pairs + 1);
                pieces.extend(glyphs.get(whole).and_then(piece));
            }
            from += pairs + 1;
        }
        pieces
    }

    /// The longest part of a piece that begins and ends with a word; the piece as it is where that
    /// leaves too little.
    fn whole_words(&self, from: usize, to: usize) -> Range<usize> {
        let first = self.starts.iter().find(|it| **it >= from);
        let last = self.starts.iter().rev().find(|it| **it <= to);
        match first.zip(last) {
            Some((first, last)) if first + 2 <= *last => *first..*last,
            _ => from..to,
        }
    }
}

impl Piece<'_> {
    fn of(glyphs: &[Glyph], shares: &Shares<'_>) -> Option<Self> {
        let terms: Vec<String> = text::grams(glyphs).into_iter().map(|it| it.text).collect();
        let weight: f64 =
            terms.iter().filter_map(|it| shares.get(it.as_str())).map(Share::sum).sum();
        let text = glyphs.iter().map(|it| it.it).collect();
        (weight > 0.0).then_some(Self { text, terms, weight, through: None })
    }
}

impl Share {
    fn sum(&self) -> f64 {
        self.from_title + self.from_text
    }
}

impl Weighed {
    fn share(&self, saturation: f32) -> Share {
        Share {
            from_title: f64::from(self.from_title * saturation),
            from_text: f64::from(self.from_text * saturation),
        }
    }
}
