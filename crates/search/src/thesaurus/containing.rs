use domain::{listings::Kind, thesaurus::Word};
use tantivy::{
    Searcher, Term,
    collector::{Count, TopDocs},
    query::{BooleanQuery, Query, TermQuery},
    schema::IndexRecordOption,
};
use uuid::Uuid;

use super::normal;
use crate::{
    Reader, Result, Shelf,
    index::Ids,
    text::{self, Run},
};

/// The listings that contain some words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containing {
    /// How many there are in all.
    pub total: usize,
    /// Those that say the words most, at most as many as were asked for.
    pub ids: Vec<Uuid>,
}

impl Reader {
    /// The needs that have all pairs of characters of one of the words at least, on all shelves.
    /// That is no less than those in which the words stand, and hardly more.
    pub fn needs_with<'a>(
        &self,
        words: impl IntoIterator<Item = &'a Word>,
        most: usize,
    ) -> Result<Containing> {
        let searcher = self.searcher();
        let terms = words.into_iter().map(|it| terms(&normal(it.as_str())));
        let any = terms
            .filter(|it| !it.is_empty())
            .flat_map(|terms| [Shelf::Open, Shelf::Closed].map(|shelf| self.all_of(&terms, shelf)));
        let any = BooleanQuery::union(any.collect());
        self.found(&searcher, &any, most)
    }

    fn all_of(&self, terms: &[String], shelf: Shelf) -> Box<dyn Query> {
        let field = self.fields().grams(Kind::Need, shelf);
        let clause = |term: &String| -> Box<dyn Query> {
            let filed = match shelf {
                Shelf::Open => term.clone(),
                Shelf::Masked | Shelf::Closed => self.veil().mark(term),
            };
            let term = Term::from_field_text(field, &filed);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
        };
        Box::new(BooleanQuery::intersection(terms.iter().map(clause).collect()))
    }

    fn found(&self, searcher: &Searcher, query: &dyn Query, most: usize) -> Result<Containing> {
        let best = TopDocs::with_limit(most.max(1)).order_by_score();
        let (docs, total) = searcher.search(query, &(best, Count))?;
        let mut ids = Vec::with_capacity(docs.len());
        for (_, address) in docs.into_iter().take(most) {
            let column = Ids::of(searcher.segment_reader(address.segment_ord), self.fields())?;
            ids.push(column.get(address.doc_id));
        }
        Ok(Containing { total, ids })
    }
}

/// What a text has in which a word stands.
fn terms(word: &str) -> Vec<String> {
    let glyphs = text::glyphs(word);
    let mut terms = Vec::new();
    for run in text::runs(&glyphs) {
        let (run, size) = match run {
            Run::Han(run) => (run, run.len().min(2)),
            Run::Letters(run) | Run::Number(run) => (run, run.len()),
        };
        terms.extend(run.windows(size).map(|it| it.iter().map(|it| it.it).collect()));
    }
    terms
}
