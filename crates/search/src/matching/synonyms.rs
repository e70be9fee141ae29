//! What a need might have said instead, by the thesaurus.
//!
//! Where a word of the thesaurus stands in the need, the pairs of characters and the Latin words of
//! what it leads to are asked for too, as often as the word stands there, for a part of the weight.
//! Single characters and numbers are not: 气 of 煤层气 stands in too much else. What the need says
//! itself is not raised, and the length by which weights are divided is that of what it says. So a
//! group of the thesaurus adds to scores and takes from none.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counted, Profile};
use crate::{
    text::{self, Glyph, Run},
    thesaurus::{Member, Thesaurus, Way},
};

/// What a term that the need might have said weighs, against one that it says.
pub(super) const SHARE: f32 = 0.5;
/// How many terms are added to a need at the most.
const TERMS: usize = 400;

/// What a need might have said instead of what it says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    /// The terms, in order, none of which the need says itself.
    pub(super) terms: Vec<Counted>,
    /// The words they come from.
    pub(crate) words: Vec<Instead>,
}

/// A word that might have been said, and the word of the need that leads to it.
#[derive(Clone, Debug)]
pub(crate) struct Instead {
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) through: String,
}

/// A word of the need that leads to others, and how often the two parts have it.
struct Said<'a> {
    member: Member<'a>,
    in_title: f32,
    in_text: f32,
}

impl Profile {
    /// Asks also for what the thesaurus says might stand there instead.
    #[must_use]
    pub fn with(mut self, thesaurus: &Thesaurus, way: Way) -> Self {
        self.added = Added::new(&self, &self.said(thesaurus, way));
        self
    }

    /// Whether the thesaurus adds the same to both.
    pub fn asks_the_same_as(&self, other: &Self) -> bool {
        self.added.terms == other.added.terms
    }

    /// The words that lead to others, those that come first coming first.
    fn said<'a>(&self, thesaurus: &'a Thesaurus, way: Way) -> Vec<Said<'a>> {
        let mut said: Vec<Said<'a>> = Vec::new();
        let parts = [(&self.title, (1.0, 0.0)), (&self.text, (0.0, 1.0))];
        for (glyphs, (in_title, in_text)) in parts {
            for member in thesaurus.members(glyphs, way) {
                match said.iter_mut().find(|it| it.member.number == member.number) {
                    Some(said) => {
                        said.in_title += in_title;
                        said.in_text += in_text;
                    }
                    None => said.push(Said { member, in_title, in_text }),
                }
            }
        }
        said
    }

    fn says(&self, term: &str) -> bool {
        self.terms.binary_search_by(|it| it.term.as_str().cmp(term)).is_ok()
    }
}

impl Added {
    fn new(need: &Profile, said: &[Said<'_>]) -> Self {
        let mut terms: BTreeMap<String, (f32, f32)> = BTreeMap::new();
        let mut words = Vec::new();
        for Said { member, in_title, in_text } in said {
            // A term that stands in several of the words counts once for the word that leads there.
            let mut once = BTreeSet::new();
            for instead in &member.instead {
                let glyphs = text::glyphs(instead);
                once.extend(telling(&glyphs).into_iter().filter(|it| !need.says(it)));
                words.push(Instead { glyphs, through: member.word.to_owned() });
            }
            if terms.len() + once.len() > TERMS {
                break;
            }
            for term in once {
                let counts = terms.entry(term).or_default();
                counts.0 += in_title;
                counts.1 += in_text;
            }
        }
        let counted = |(term, (in_title, in_text))| Counted { term, in_title, in_text };
        Self { terms: terms.into_iter().map(counted).collect(), words }
    }
}

/// What a word is asked for by: its pairs of characters and Latin words. The 2 of CO2 and the 2.5 of
/// PM2.5 stand everywhere.
fn telling(glyphs: &[Glyph]) -> Vec<String> {
    let mut terms = Vec::new();
    for run in text::runs(glyphs) {
        match run {
            Run::Han(run) => {
                terms.extend(run.windows(2).map(|it| it.iter().map(|it| it.it).collect()));
            }
            Run::Letters(run) => terms.push(run.iter().map(|it| it.it).collect()),
            Run::Number(_) => {}
        }
    }
    terms
}
