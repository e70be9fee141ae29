use domain::{Fault, listings::Kind};
use tantivy::{
    Order as Direction, Searcher, Term,
    collector::{Count, TopDocs},
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery, TermSetQuery,
    },
    schema::{Field, IndexRecordOption},
};
use uuid::Uuid;

use crate::{
    Reader, Result, Shelf,
    index::{Ids, Place},
    text::{self, Glyph, Run},
};

mod synonyms;
#[cfg(test)]
mod tests;

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The words, if any.
    pub words: Option<Words>,
    /// One kind, or both.
    pub kind: Option<Kind>,
    /// What else must hold.
    pub filters: Filters,
    /// Which come first.
    pub order: Order,
    /// How many to pass over.
    pub offset: usize,
    /// How many to return.
    pub limit: usize,
    /// Entries that may not be found, though the index still has them.
    pub without: Vec<Uuid>,
}

/// What a hit must fit besides the words. Codes include everything below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// High-tech field, of any level.
    pub field: Option<String>,
    /// Industry, of any level.
    pub industry: Option<String>,
    /// Region, of any level.
    pub region: Option<String>,
    /// Cooperation mode.
    pub cooperation: Option<String>,
    /// At least this technology readiness level.
    pub readiness: Option<u8>,
}

/// Which hits come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those that fit the words best; without words, the newest.
    #[default]
    Relevance,
    /// The newest.
    Newest,
}

/// What a person typed, cut into pieces that must all be there.
///
/// This is the whole grammar: there are no operators, so that nothing a person types can mean
/// more than it says, nest, or take long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pieces: Vec<Piece>,
    /// What was typed, normalised.
    typed: String,
    /// What could have been typed instead, by the thesaurus, each cut likewise.
    instead: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Two or more Chinese characters: their pairs, those of them that a hit must have, and the
    /// words in them.
    Han { pairs: Vec<String>, required: Vec<String>, words: Vec<String> },
    /// One Chinese character, a Latin word or a number.
    One(String),
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How many hits there are in all.
    pub total: usize,
    /// The hits asked for.
    pub hits: Vec<Hit>,
    /// Whether nothing fitted all the words, so that these fit only some.
    pub relaxed: bool,
}

/// One hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The listing.
    pub id: Uuid,
    /// How well it fits; only the order means anything.
    pub score: f32,
}

impl Words {
    /// The most characters of a search.
    pub const MAX_CHARS: usize = 256;
    /// The most pieces of a search.
    pub const MAX_PIECES: usize = 32;

    /// Cuts what a person typed; `None` where it holds nothing to search for.
    pub fn parse(raw: &str) -> Result<Option<Self>, Fault> {
        let actual = raw.chars().count();
        if actual > Self::MAX_CHARS {
            return Err(Fault::TooLong { max: Self::MAX_CHARS, actual });
        }
        let glyphs = text::glyphs(&domain::text::clean(raw));
        let pieces = Piece::all(&glyphs);
        if pieces.len() > Self::MAX_PIECES {
            return Err(Fault::TooMany { max: Self::MAX_PIECES, actual: pieces.len() });
        }
        let typed = glyphs.iter().map(|it| it.it).collect();
        Ok((!pieces.is_empty()).then_some(Self { pieces, typed, instead: Vec::new() }))
    }

    /// The terms to highlight.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        let all = self.pieces.iter().chain(self.instead.iter().flatten());
        all.flat_map(Piece::terms).map(String::as_str)
    }
}

impl Piece {
    fn all(glyphs: &[Glyph]) -> Vec<Self> {
        text::runs(glyphs).into_iter().map(Self::of).collect()
    }

    fn of(run: Run<'_>) -> Self {
        let (Run::Han(glyphs) | Run::Letters(glyphs) | Run::Number(glyphs)) = run;
        let all: String = glyphs.iter().map(|it| it.it).collect();
        if !matches!(run, Run::Han(_)) || glyphs.len() == 1 {
            return Self::One(all);
        }
        let joints = joints(&text::word_starts(glyphs));
        let pairs = glyphs.windows(2).map(|it| it.iter().map(|it| it.it).collect::<String>());
        let required = pairs.clone().zip(1..).filter(|(_, end)| !joints.contains(end));
        let required = distinct(required.map(|it| it.0));
        Self::Han { pairs: distinct(pairs), required, words: text::words(glyphs, 2) }
    }

    /// The terms a hit must have, all or most of them.
    fn required(&self) -> &[String] {
        match self {
            Self::Han { required, .. } => required,
            Self::One(term) => std::slice::from_ref(term),
        }
    }

    /// All terms, whether a hit must have them or is only the better for it.
    fn terms(&self) -> &[String] {
        match self {
            Self::Han { pairs, .. } => pairs,
            Self::One(term) => std::slice::from_ref(term),
        }
    }

    fn words(&self) -> &[String] {
        match self {
            Self::Han { words, .. } => words,
            Self::One(term) => std::slice::from_ref(term),
        }
    }

    /// How many of the required terms will do: all of up to three, three quarters of more.
    fn enough(&self) -> usize {
        match self.required().len() {
            few @ 0..=3 => few,
            many => (many * 3).div_ceil(4),
        }
    }
}

/// Where a word of two or more characters follows another such word. Whoever types 钻孔封孔 means
/// both words, and not that they stand side by side: 孔封 is no word.
fn joints(word_starts: &[usize]) -> Vec<usize> {
    let words = word_starts.windows(3);
    let joints = words.filter_map(|it| match it {
        [before, at, after] if at - before > 1 && after - at > 1 => Some(*at),
        _ => None,
    });
    joints.collect()
}

fn distinct(terms: impl Iterator<Item = String>) -> Vec<String> {
    let mut terms: Vec<String> = terms.collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

impl Reader {
    /// Searches. Hits that fit all the words come first; where there are none, hits that fit a
    /// third of them are found instead.
    pub fn search(&self, question: &Question) -> Result<Found> {
        let searcher = self.searcher();
        let strict = self.query(question, Strictness::All);
        let found = self.collect(&searcher, question, strict.as_ref())?;
        if found.total > 0 || question.words.is_none() {
            return Ok(found);
        }
        let loose = self.query(question, Strictness::Some);
        let found = self.collect(&searcher, question, loose.as_ref())?;
        Ok(Found { relaxed: found.total > 0, ..found })
    }

    fn collect(
        &self,
        searcher: &Searcher,
        question: &Question,
        query: &dyn Query,
    ) -> Result<Found> {
        let page = TopDocs::with_limit(question.limit.max(1)).and_offset(question.offset);
        let newest = question.order == Order::Newest || question.words.is_none();
        let (docs, total) = if newest {
            let by_time = page.order_by_fast_field::<i64>("published_at", Direction::Desc);
            let (docs, total) = searcher.search(query, &(by_time, Count))?;
            (docs.into_iter().map(|(_, doc)| (0.0, doc)).collect::<Vec<_>>(), total)
        } else {
            searcher.search(query, &(page.order_by_score(), Count))?
        };
        let mut hits = Vec::with_capacity(docs.len());
        for (score, address) in docs.into_iter().take(question.limit) {
            let ids = Ids::of(searcher.segment_reader(address.segment_ord), self.fields())?;
            hits.push(Hit { id: ids.get(address.doc_id), score });
        }
        Ok(Found { total, hits, relaxed: false })
    }

    fn query(&self, question: &Question, strictness: Strictness) -> Box<dyn Query> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, self.places(question))];
        clauses.extend(self.filters(&question.filters).map(|it| (Occur::Must, it)));
        if let Some(words) = &question.words {
            clauses.extend(self.typed_or_instead(words, strictness));
        }
        if !question.without.is_empty() {
            let id = |it: &Uuid| Term::from_field_bytes(self.fields().id, it.as_bytes());
            let hidden = TermSetQuery::new(question.without.iter().map(id));
            clauses.push((Occur::MustNot, Box::new(hidden)));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// The shelves: what is masked has no words, and is found only where none are asked for.
    fn places(&self, question: &Question) -> Box<dyn Query> {
        let kinds = question.kind.map_or(vec![Kind::Need, Kind::Achievement], |it| vec![it]);
        let masked = question.words.is_none().then_some(Shelf::Masked);
        let shelves = [Some(Shelf::Open), masked];
        let places = kinds.iter().flat_map(|kind| {
            shelves.iter().flatten().map(|shelf| Place::of(*kind, *shelf).as_str())
        });
        unscored(any_of(self.fields().place, places))
    }

    fn filters(&self, filters: &Filters) -> impl Iterator<Item = Box<dyn Query>> {
        let fields = self.fields();
        let codes = [
            (fields.field, &filters.field),
            (fields.industry, &filters.industry),
            (fields.region, &filters.region),
            (fields.cooperation, &filters.cooperation),
        ];
        let codes = codes.into_iter().filter_map(|(field, code)| Some((field, code.as_deref()?)));
        let readiness = filters.readiness.map(|least| {
            let levels = (least..=9).map(|it| Term::from_field_u64(fields.readiness, it.into()));
            unscored(Box::new(TermSetQuery::new(levels)))
        });
        codes.map(|(field, code)| unscored(any_of(field, [code]))).chain(readiness)
    }

    fn words(&self, pieces: &[Piece], strictness: Strictness) -> Vec<(Occur, Box<dyn Query>)> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = match strictness {
            Strictness::All => {
                let pieces = pieces.iter();
                pieces.map(|it| (Occur::Must, self.most(it.required(), it.enough()))).collect()
            }
            Strictness::Some => {
                let all = pieces.iter().flat_map(Piece::required);
                let all: Vec<String> = all.cloned().collect();
                vec![(Occur::Must, self.most(&all, all.len().div_ceil(3)))]
            }
        };
        for piece in pieces {
            clauses.extend(self.preferences(piece).map(|it| (Occur::Should, it)));
        }
        clauses
    }

    /// At least `enough` of the terms, anywhere in the open text of either kind.
    fn most(&self, terms: &[String], enough: usize) -> Box<dyn Query> {
        let fields = [Kind::Need, Kind::Achievement].map(|it| self.fields().grams(it, Shelf::Open));
        let clause = |term: &String| -> (Occur, Box<dyn Query>) {
            let either = fields.map(|field| scored(field, term, 1.0));
            (Occur::Should, Box::new(BooleanQuery::union(either.into())))
        };
        let clauses = terms.iter().map(clause).collect();
        Box::new(BooleanQuery::with_minimum_required_clauses(clauses, enough))
    }

    /// What makes one hit better than another: whole words, and the title before the summary.
    fn preferences(&self, piece: &Piece) -> impl Iterator<Item = Box<dyn Query>> {
        const TITLE: f32 = 8.0;
        const SUMMARY: f32 = 2.0;
        const WORD: f32 = 1.0;
        let fields = self.fields();
        let (title, summary, words) = (fields.title, fields.summary, fields.words);
        let terms = piece.terms().iter();
        let in_part =
            terms.flat_map(move |it| [scored(title, it, TITLE), scored(summary, it, SUMMARY)]);
        let whole = piece.words().iter().flat_map(move |it| {
            [scored(words, it, WORD), scored(title, it, TITLE), scored(summary, it, SUMMARY)]
        });
        in_part.chain(whole)
    }
}

/// How many of the words a hit must have.
#[derive(Clone, Copy)]
enum Strictness {
    All,
    Some,
}

fn scored(field: Field, term: &str, boost: f32) -> Box<dyn Query> {
    let term = Term::from_field_text(field, term);
    let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
    Box::new(BoostQuery::new(query, boost))
}

fn any_of<'a>(field: Field, terms: impl IntoIterator<Item = &'a str>) -> Box<dyn Query> {
    let terms: Vec<Term> = terms.into_iter().map(|it| Term::from_field_text(field, it)).collect();
    if terms.is_empty() {
        return Box::new(AllQuery);
    }
    Box::new(TermSetQuery::new(terms))
}

fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
