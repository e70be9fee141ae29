//! The thesaurus as matching and searching use it: what a text might have said instead.
//!
//! It is used when something is asked, never when something is filed: a change of the thesaurus
//! makes no index anew. Words are looked for in normalised text, the longest that begins first
//! (Aho and Corasick 1975), so that 电池 is not found in 锂离子电池 where both are known. Latin
//! words and numbers stand for themselves only: `iot` is not found in `riot`.

use std::{collections::HashMap, ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};
use domain::thesaurus::GroupForm;

use crate::text::{self, Glyph, Run};

pub mod changes;
mod containing;
#[cfg(test)]
mod tests;

pub use containing::Containing;

/// Every synonym group, ready to be looked for in texts. Does not change; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Thesaurus {
    compiled: Arc<Compiled>,
}

/// Which way a word is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From what a need says to what it finds.
    Forth,
    /// From what is found to what finds it.
    Back,
}

#[derive(Debug, Default)]
struct Compiled {
    /// Nothing where there is no group.
    automaton: Option<AhoCorasick>,
    /// The words, normalised, in the automaton's order.
    words: Vec<String>,
    /// By word, the words it finds.
    forth: Vec<Vec<usize>>,
    /// By word, the words that find it.
    back: Vec<Vec<usize>>,
}

/// A word of the thesaurus that stands in a text, and what could stand there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Where it stands, in glyphs.
    pub(crate) at: Range<usize>,
    /// Its number: the same wherever it stands.
    pub(crate) number: usize,
    /// The word, normalised.
    pub(crate) word: &'a str,
    /// What could stand there instead, normalised.
    pub(crate) instead: Vec<&'a str>,
}

impl Thesaurus {
    /// Compiles some groups.
    pub fn new<'a>(groups: impl IntoIterator<Item = &'a GroupForm>) -> Self {
        let mut compiled = Compiled::default();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for group in groups {
            let mut number = |word: &domain::thesaurus::Word| {
                compiled.number(&mut numbers, normal(word.as_str()))
            };
            let words: Vec<usize> = group.words.iter().map(&mut number).collect();
            let broader: Vec<usize> = group.broader.iter().map(&mut number).collect();
            let found = if group.goes_both_ways() { &words } else { &broader };
            for from in &words {
                for to in found.iter().filter(|it| *it != from) {
                    compiled.link(*from, *to);
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&compiled.words)
            .inspect_err(|err| tracing::error!(error = %err, "the thesaurus cannot be compiled"));
        compiled.automaton = automaton.ok().filter(|_| !compiled.words.is_empty());
        Self { compiled: Arc::new(compiled) }
    }

    /// How many words it knows.
    pub fn len(&self) -> usize {
        self.compiled.words.len()
    }

    /// Whether it knows no word.
    pub fn is_empty(&self) -> bool {
        self.compiled.words.is_empty()
    }

    /// The words that stand in a text and lead to others, in the order they stand in.
    pub(crate) fn members(&self, glyphs: &[Glyph], way: Way) -> Vec<Member<'_>> {
        let Compiled { automaton: Some(automaton), words, forth, back } = &*self.compiled else {
            return Vec::new();
        };
        let links = match way {
            Way::Forth => forth,
            Way::Back => back,
        };
        let (haystack, places) = plain(glyphs);
        let mut members = Vec::new();
        for found in automaton.find_iter(&haystack) {
            let number = found.pattern().as_usize();
            let instead = links.get(number).map(Vec::as_slice).unwrap_or_default();
            let (Some(from), Some(to), Some(word)) =
                (places.get(&found.start()), places.get(&found.end()), words.get(number))
            else {
                continue;
            };
            if instead.is_empty() || !stands_alone(glyphs, *from..*to) {
                continue;
            }
            let instead = instead.iter().filter_map(|it| words.get(*it)).map(String::as_str);
            let at = *from..*to;
            members.push(Member { at, number, word, instead: instead.collect() });
        }
        members
    }
}

impl Compiled {
    fn number(&mut self, numbers: &mut HashMap<String, usize>, word: String) -> usize {
        let next = self.words.len();
        let number = *numbers.entry(word.clone()).or_insert(next);
        if number == next {
            self.words.push(word);
            self.forth.push(Vec::new());
            self.back.push(Vec::new());
        }
        number
    }

    fn link(&mut self, from: usize, to: usize) {
        for (links, from, to) in [(&mut self.forth, from, to), (&mut self.back, to, from)] {
            if let Some(links) = links.get_mut(from).filter(|it| !it.contains(&to)) {
                links.push(to);
            }
        }
    }
}

/// A word in normalised characters.
pub(crate) fn normal(word: &str) -> String {
    text::glyphs(word).iter().map(|it| it.it).collect()
}

/// The text of some glyphs, and which glyph begins at which byte of it; the end is one too.
fn plain(glyphs: &[Glyph]) -> (String, HashMap<usize, usize>) {
    let mut text = String::with_capacity(glyphs.len() * 3);
    let mut places = HashMap::with_capacity(glyphs.len() + 1);
    for (place, glyph) in glyphs.iter().enumerate() {
        places.insert(text.len(), place);
        text.push(glyph.it);
    }
    places.insert(text.len(), glyphs.len());
    (text, places)
}

/// Whether no Latin word or number goes on where a word begins or ends.
fn stands_alone(glyphs: &[Glyph], at: Range<usize>) -> bool {
    let joined = |before: Option<usize>, after: usize| {
        let pair = before.and_then(|it| Some([*glyphs.get(it)?, *glyphs.get(after)?]));
        pair.is_some_and(|pair| {
            matches!(text::runs(&pair)[..], [Run::Letters(run) | Run::Number(run)] if run.len() == 2)
        })
    };
    !joined(at.start.checked_sub(1), at.start) && !joined(at.end.checked_sub(1), at.end)
}
