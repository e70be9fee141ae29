//! The index on disk: opening it, judging it, writing to it.

use std::{iter, path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
    tokenizer::{PreTokenizedString, Token},
};
use uuid::Uuid;

use crate::{
    Entry, Error, Result, Shelf, Veil,
    entry::{region_with_ancestors, with_ancestors},
    matching::Lengths,
    text::{self, Glyph},
};

mod analyzer;
mod schema;
#[cfg(test)]
mod tests;

pub(crate) use schema::{Fields, Place};

/// How much heavier a title weighs than the rest of a listing when it is matched.
pub(crate) const TITLE_WEIGHT: u16 = 3;

/// The version of `Writer::file`.
const FILING: u32 = 4;

/// What an index on disk turned out to be.
#[derive(Debug)]
pub enum Condition {
    /// Whole, and made by this version of the program.
    Sound(Box<Opened>),
    /// There is none.
    Absent,
    /// Made by another version.
    Outdated,
    /// Not whole; why.
    Damaged(String),
    /// Someone else is writing to it: it may well be sound.
    Busy,
}

/// An open index.
#[derive(Debug)]
pub struct Opened {
    /// Adds and removes entries.
    pub writer: Writer,
    /// Searches what was committed.
    pub reader: Reader,
    /// The place in the outbox up to which every change is in the index.
    pub watermark: i64,
}

/// Adds and removes entries. There is one to a folder.
pub struct Writer {
    inner: IndexWriter<TantivyDocument>,
    reader: IndexReader,
    fields: Fields,
    veil: Arc<Veil>,
}

/// Searches what was committed.
#[derive(Clone)]
pub struct Reader {
    inner: IndexReader,
    fields: Fields,
    veil: Arc<Veil>,
    lengths: Lengths,
}

/// What every commit carries: it is written in one step with the entries, and falls back with
/// them at a power cut.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    analysis: u32,
    /// What is filed where; raised when that changes, so that every index is made anew.
    filing: u32,
    /// Which veil hides the words of what is not for everyone.
    veil: String,
    watermark: i64,
}

/// Opens the index in a folder, if it is whole and ours.
pub fn open(folder: &Path, threads: usize, veil: &Arc<Veil>) -> Condition {
    if !folder.join("meta.json").exists() {
        return if folder.exists() {
            Condition::Damaged("no meta.json".into())
        } else {
            Condition::Absent
        };
    }
    match try_open(folder, threads, veil) {
        Ok(Some(opened)) => Condition::Sound(Box::new(opened)),
        Ok(None) => Condition::Outdated,
        Err(Error::Engine(TantivyError::LockFailure(..))) => Condition::Busy,
        Err(why) => Condition::Damaged(why.to_string()),
    }
}

fn try_open(folder: &Path, threads: usize, veil: &Arc<Veil>) -> Result<Option<Opened>> {
    let index = tantivy::Index::open_in_dir(folder)?;
    let (schema, fields) = schema::build();
    let payload = index.load_metas()?.payload;
    let payload = payload.and_then(|it| serde_json::from_str::<Payload>(&it).ok());
    let ours = payload.filter(|it| {
        let same = it.analysis == text::ANALYSIS && it.filing == FILING && it.veil == veil.name();
        same && index.schema() == schema
    });
    let Some(Payload { watermark, .. }) = ours else { return Ok(None) };
    let damaged = index.validate_checksum()?;
    if !damaged.is_empty() {
        let names: Vec<String> = damaged.iter().map(|it| it.display().to_string()).collect();
        return Err(Error::Damaged(names.join(", ")));
    }
    let (writer, reader) = attach(&index, (fields, Arc::clone(veil)), threads)?;
    Ok(Some(Opened { writer, reader, watermark }))
}

/// Makes a new, empty index in a folder that is empty or does not exist.
pub fn create(folder: &Path, threads: usize, veil: &Arc<Veil>) -> Result<Opened> {
    std::fs::create_dir_all(folder)?;
    let (schema, fields) = schema::build();
    let index = tantivy::Index::create_in_dir(folder, schema)?;
    let (mut writer, reader) = attach(&index, (fields, Arc::clone(veil)), threads)?;
    writer.commit(0)?;
    Ok(Opened { writer, reader, watermark: 0 })
}

fn attach(
    index: &tantivy::Index,
    (fields, veil): (Fields, Arc<Veil>),
    threads: usize,
) -> Result<(Writer, Reader)> {
    const MEGABYTES_64: usize = 64_000_000;
    analyzer::Cut::register(index.tokenizers());
    let inner = index.writer_with_num_threads(threads, MEGABYTES_64 * threads)?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let writer =
        Writer { inner, reader: reader.clone(), fields: fields.clone(), veil: Arc::clone(&veil) };
    Ok((writer, Reader { inner: reader, fields, veil, lengths: Lengths::default() }))
}

impl Writer {
    /// Puts an entry in the place of whatever the index holds under its id.
    pub fn put(&mut self, entry: &Entry) -> Result<()> {
        self.remove(entry.id);
        self.inner.add_document(self.document(entry))?;
        Ok(())
    }

    /// Adds an entry whose id the index does not hold yet.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        self.inner.add_document(self.document(entry))?;
        Ok(())
    }

    /// Removes the entry of this id, if there is one.
    pub fn remove(&mut self, id: Uuid) {
        self.inner.delete_term(Term::from_field_bytes(self.fields.id, id.as_bytes()));
    }

    /// Makes everything since the last commit durable and visible, in one step, together with
    /// the place in the outbox up to which it goes.
    pub fn commit(&mut self, watermark: i64) -> Result<()> {
        let (analysis, filing) = (text::ANALYSIS, FILING);
        let payload = Payload { analysis, filing, veil: self.veil.name(), watermark };
        let payload = serde_json::to_string(&payload).map_err(std::io::Error::from)?;
        let mut prepared = self.inner.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// Waits for merges to end, and closes the index.
    pub fn close(self) -> Result<()> {
        Ok(self.inner.wait_merging_threads()?)
    }

    fn document(&self, entry: &Entry) -> TantivyDocument {
        let fields = &self.fields;
        let mut document = TantivyDocument::default();
        let (high, low) = entry.id.as_u64_pair();
        document.add_bytes(fields.id, entry.id.as_bytes());
        document.add_u64(fields.id_high, high);
        document.add_u64(fields.id_low, low);
        document.add_i64(fields.published_at, entry.published_at);
        self.file(entry, &mut document);
        self.add_text(entry, &mut document);
        document
    }

    /// Where the entry is filed: what everyone may filter by.
    fn file(&self, entry: &Entry, document: &mut TantivyDocument) {
        let fields = &self.fields;
        let place = Place::of(entry.kind, entry.shelf);
        document.add_text(fields.place, place.as_str());
        if entry.shelf == Shelf::Closed {
            return;
        }
        for code in entry.fields.iter().flat_map(|it| with_ancestors(it, &[2, 3, 5])) {
            document.add_text(fields.field, code);
        }
        for code in entry.region.iter().flat_map(|it| region_with_ancestors(it)) {
            document.add_text(fields.region, code);
        }
        if entry.shelf == Shelf::Open {
            // Readers are not shown the industry of what is masked: filters must not tell it.
            for code in entry.industry.iter().flat_map(|it| with_ancestors(it, &[1, 3, 4, 5])) {
                document.add_text(fields.industry, code);
            }
            for code in &entry.cooperation {
                document.add_text(fields.cooperation, code);
            }
            if let Some(level) = entry.readiness {
                document.add_u64(fields.readiness, level.into());
            }
        }
    }

    fn add_text(&self, entry: &Entry, document: &mut TantivyDocument) {
        let fields = &self.fields;
        let texts = [&entry.title, &entry.summary, &entry.text];
        let glyphs = texts.map(|it| text::glyphs(it));
        let [title, summary, rest] = &glyphs;
        let weight = usize::from(TITLE_WEIGHT);
        let grams = |it: &Vec<Glyph>| text::count_grams(it);
        document
            .add_u64(fields.length, count(grams(title) * weight + grams(summary) + grams(rest)));
        let field = fields.grams(entry.kind, entry.shelf);
        if entry.shelf != Shelf::Open {
            let all = iter::repeat_n(title, weight).chain([summary, rest]);
            document.add_pre_tokenized_text(field, self.veiled(all));
            return;
        }
        // The engine cuts what everyone may read, in threads of its own.
        document.add_text(fields.title, &entry.title);
        document.add_text(fields.summary, &entry.summary);
        for text in texts {
            document.add_text(fields.words, text);
        }
        for text in iter::repeat_n(&entry.title, weight).chain([&entry.summary, &entry.text]) {
            document.add_text(field, text);
        }
    }

    /// The marks of the grams of some texts.
    fn veiled<'a>(&self, texts: impl Iterator<Item = &'a Vec<Glyph>>) -> PreTokenizedString {
        let grams = texts.flat_map(|it| text::grams(it));
        let token = |(position, gram): (usize, text::Term)| Token {
            position,
            text: self.veil.mark(&gram.text),
            ..Token::default()
        };
        let tokens = grams.enumerate().map(token).collect();
        PreTokenizedString { text: String::new(), tokens }
    }
}

impl Reader {
    /// A view of the last commit that does not change while it is looked at.
    pub(crate) fn searcher(&self) -> Searcher {
        self.inner.searcher()
    }

    pub(crate) const fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(crate) fn veil(&self) -> &Veil {
        &self.veil
    }

    pub(crate) const fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    /// How many entries there are on all shelves.
    pub fn entries(&self) -> u64 {
        self.searcher().num_docs()
    }

    /// The ids of all entries, sorted.
    pub fn ids(&self) -> Result<Vec<Uuid>> {
        let searcher = self.searcher();
        let mut ids = Vec::new();
        for segment in searcher.segment_readers() {
            let column = Ids::of(segment, &self.fields)?;
            ids.extend(segment.doc_ids_alive().map(|it| column.get(it)));
        }
        ids.sort_unstable();
        Ok(ids)
    }
}

/// The ids of one segment's entries.
pub(crate) struct Ids {
    high: Arc<dyn tantivy::columnar::ColumnValues<u64>>,
    low: Arc<dyn tantivy::columnar::ColumnValues<u64>>,
}

impl Ids {
    pub(crate) fn of(segment: &tantivy::SegmentReader, fields: &Fields) -> Result<Self> {
        let schema = segment.schema();
        let column = |field| {
            let name = schema.get_field_name(field);
            segment.fast_fields().column_first_or_default::<u64>(name)
        };
        Ok(Self { high: column(fields.id_high)?, low: column(fields.id_low)? })
    }

    pub(crate) fn get(&self, doc: tantivy::DocId) -> Uuid {
        Uuid::from_u64_pair(self.high.get_val(doc), self.low.get_val(doc))
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}
