//! How alike achievements are: the cosine of what they say, by characters and pairs of characters.

use std::collections::{BTreeMap, HashMap};

use domain::listings::Kind;
use tantivy::{Searcher, Term};
use uuid::Uuid;

use super::rarity;
use crate::{
    Entry, Reader, Result, Shelf,
    index::{Place, TITLE_WEIGHT},
    text,
};

/// How alike some achievements are. Each is a list of terms; a term weighs
/// `(1 + ln(count)) rarity(among open achievements)`, with those of the title counted three times.
#[derive(Clone, Debug, Default)]
pub struct Likeness {
    entries: HashMap<Uuid, Weighed>,
}

/// An achievement's terms by number, in order, with weights whose squares add up to 1.
#[derive(Clone, Debug)]
struct Weighed {
    open: bool,
    terms: Vec<(usize, f64)>,
}

/// The most characters of a text that are looked at: what it is about is said by then.
const MOST: usize = 2000;

impl Reader {
    /// Weighs some achievements, to tell how alike they are.
    pub fn likeness(&self, achievements: &[Entry]) -> Result<Likeness> {
        let searcher = self.searcher();
        let mut numbers: HashMap<String, (usize, f64)> = HashMap::new();
        let mut entries = HashMap::new();
        for entry in achievements {
            let mut terms = Vec::new();
            for (term, count) in counts(entry) {
                let (number, rarity) = if let Some(known) = numbers.get(&term) {
                    *known
                } else {
                    let new = (numbers.len(), self.rarity_of(&searcher, &term)?);
                    numbers.insert(term, new);
                    new
                };
                terms.push((number, (1.0 + count.ln()) * rarity));
            }
            let weighed = Weighed::new(entry.shelf == Shelf::Open, terms);
            entries.insert(entry.id, weighed);
        }
        Ok(Likeness { entries })
    }

    fn rarity_of(&self, searcher: &Searcher, term: &str) -> Result<f64> {
        let field = self.fields().grams(Kind::Achievement, Shelf::Open);
        let all = self.filed(searcher, Place::OpenAchievement)?;
        let with = searcher.doc_freq(&Term::from_field_text(field, term))?;
        Ok(f64::from(rarity(with, all)))
    }
}

impl Likeness {
    /// How alike two achievements are, from 0 to 1. Nothing if either is not among those that were
    /// weighed, or if `graded` is not open: what is hidden must not be felt through the scores of
    /// others.
    pub fn between(&self, waiting: Uuid, graded: Uuid) -> Option<f64> {
        let graded = self.entries.get(&graded).filter(|it| it.open)?;
        Some(self.entries.get(&waiting)?.cosine(graded))
    }

    /// Whether an achievement is among those that were weighed.
    pub fn knows(&self, achievement: Uuid) -> bool {
        self.entries.contains_key(&achievement)
    }
}

/// How often an achievement says each term.
fn counts(entry: &Entry) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for term in text::grams(&text::glyphs(&entry.title)) {
        *counts.entry(term.text).or_default() += f64::from(TITLE_WEIGHT);
    }
    let mut body = text::glyphs(&format!("{}\n{}", entry.summary, entry.text));
    body.truncate(MOST);
    for term in text::grams(&body) {
        *counts.entry(term.text).or_default() += 1.0;
    }
    counts
}

impl Weighed {
    fn new(open: bool, mut terms: Vec<(usize, f64)>) -> Self {
        terms.sort_unstable_by_key(|it| it.0);
        let length = terms.iter().map(|it| it.1 * it.1).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        for term in &mut terms {
            term.1 /= length;
        }
        Self { open, terms }
    }

    fn cosine(&self, other: &Self) -> f64 {
        let mut rest = other.terms.as_slice();
        let mut sum = 0.0;
        for (number, weight) in &self.terms {
            let before = rest.iter().take_while(|it| it.0 < *number).count();
            rest = rest.get(before..).unwrap_or_default();
            if let Some((_, same)) = rest.first().filter(|it| it.0 == *number) {
                sum += weight * same;
            }
        }
        sum.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::{Veil, index};

    fn entry(number: u128, title: &str, shelf: Shelf) -> Entry {
        Entry {
            id: Uuid::from_u128(number),
            kind: Kind::Achievement,
            shelf,
            title: title.into(),
            summary: String::new(),
            text: String::new(),
            fields: Vec::new(),
            industry: None,
            region: None,
            cooperation: Vec::new(),
            readiness: None,
            published_at: 0,
        }
    }

    fn likeness(of: &[(u128, &str, Shelf)]) -> Likeness {
        let folder = TempDir::new().unwrap();
        let mut opened = index::create(folder.path(), 1, &Arc::new(Veil::thin())).unwrap();
        let entries: Vec<Entry> = of.iter().map(|it| entry(it.0, it.1, it.2)).collect();
        for entry in &entries {
            opened.writer.add(entry).unwrap();
        }
        opened.writer.commit(0).unwrap();
        opened.reader.likeness(&entries).unwrap()
    }

    #[test]
    fn what_says_the_same_is_alike_and_what_shares_nothing_is_not() {
        let all = likeness(&[
            (1, "铸件气孔图像识别装置", Shelf::Open),
            (2, "铸件气孔图像识别系统", Shelf::Open),
            (3, "红薯贮藏保鲜", Shelf::Open),
            (4, "铸件气孔图像识别装置", Shelf::Open),
            (5, "", Shelf::Open),
        ]);
        let between = |a, b| all.between(Uuid::from_u128(a), Uuid::from_u128(b)).unwrap();
        assert!((between(1, 4) - 1.0).abs() < 1e-9);
        assert!((0.4..0.99).contains(&between(1, 2)), "{}", between(1, 2));
        assert!((between(1, 2) - between(2, 1)).abs() < 1e-12);
        for other in [3, 5] {
            assert!(between(1, other).abs() < 1e-9);
        }
        assert!(between(5, 5).abs() < 1e-9, "nothing is like nothing");
    }

    #[test]
    fn a_hidden_achievement_is_not_felt_through_the_scores_of_others() {
        let all = likeness(&[
            (1, "铸件气孔图像识别装置", Shelf::Open),
            (2, "铸件气孔图像识别系统", Shelf::Closed),
            (3, "铸件气孔图像识别系统", Shelf::Masked),
        ]);
        let [open, closed, masked, unknown] = [1, 2, 3, 4].map(Uuid::from_u128);
        assert!(all.between(closed, open).is_some_and(|it| it > 0.4), "it learns from others");
        for graded in [closed, masked, unknown] {
            assert_eq!(all.between(open, graded), None);
        }
        assert!(all.knows(closed) && !all.knows(unknown));
    }
}
