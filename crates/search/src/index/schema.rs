use domain::listings::Kind;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema,
    SchemaBuilder, TextFieldIndexing, TextOptions,
};

use super::analyzer::Cut;
use crate::Shelf;

/// The fields of the index.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    pub(crate) id_high: Field,
    pub(crate) id_low: Field,
    /// Kind and shelf in one.
    pub(crate) place: Field,
    pub(crate) field: Field,
    pub(crate) industry: Field,
    pub(crate) region: Field,
    pub(crate) cooperation: Field,
    pub(crate) readiness: Field,
    pub(crate) published_at: Field,
    /// How many terms the matched text has, a title's counted with its weight.
    pub(crate) length: Field,
    /// Words, grams and numbers of the title; open shelf only, as the next two.
    pub(crate) title: Field,
    pub(crate) summary: Field,
    pub(crate) words: Field,
    /// Grams of open needs, title and text together. Fields have dictionaries and frequencies
    /// of their own: that keeps the two kinds, and what is hidden, apart.
    open_needs: Field,
    open_achievements: Field,
    hidden_needs: Field,
    hidden_achievements: Field,
}

/// Kind and shelf of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    OpenNeed,
    OpenAchievement,
    MaskedNeed,
    MaskedAchievement,
    ClosedNeed,
    ClosedAchievement,
}

pub(crate) fn build() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let fields = Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        id_high: schema.add_u64_field("id_high", FAST),
        id_low: schema.add_u64_field("id_low", FAST),
        place: schema.add_text_field("place", STRING),
        field: schema.add_text_field("field", STRING),
        industry: schema.add_text_field("industry", STRING),
        region: schema.add_text_field("region", STRING),
        cooperation: schema.add_text_field("cooperation", STRING),
        readiness: schema.add_u64_field("readiness", INDEXED),
        published_at: schema.add_i64_field("published_at", FAST),
        length: schema.add_u64_field("length", NumericOptions::default().set_fast()),
        title: add_terms(&mut schema, "title", Cut::Both.name()),
        summary: add_terms(&mut schema, "summary", Cut::Both.name()),
        words: add_terms(&mut schema, "words", Cut::Words.name()),
        open_needs: add_terms(&mut schema, "open_needs", Cut::Grams.name()),
        open_achievements: add_terms(&mut schema, "open_achievements", Cut::Grams.name()),
        hidden_needs: add_terms(&mut schema, "hidden_needs", "raw"),
        hidden_achievements: add_terms(&mut schema, "hidden_achievements", "raw"),
    };
    (schema.build(), fields)
}

/// A field of terms with their frequencies. Positions are not kept: nothing asks for them.
fn add_terms(schema: &mut SchemaBuilder, name: &str, tokenizer: &str) -> Field {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(tokenizer)
        .set_index_option(IndexRecordOption::WithFreqs);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}

impl Fields {
    /// Where the grams of such an entry are.
    pub(crate) const fn grams(&self, of: Kind, on: Shelf) -> Field {
        match (of, on) {
            (Kind::Need, Shelf::Open) => self.open_needs,
            (Kind::Need, Shelf::Masked | Shelf::Closed) => self.hidden_needs,
            (Kind::Achievement, Shelf::Open) => self.open_achievements,
            (Kind::Achievement, Shelf::Masked | Shelf::Closed) => self.hidden_achievements,
        }
    }
}

impl Place {
    pub(crate) const fn of(kind: Kind, shelf: Shelf) -> Self {
        match (kind, shelf) {
            (Kind::Need, Shelf::Open) => Self::OpenNeed,
            (Kind::Need, Shelf::Masked) => Self::MaskedNeed,
            (Kind::Need, Shelf::Closed) => Self::ClosedNeed,
            (Kind::Achievement, Shelf::Open) => Self::OpenAchievement,
            (Kind::Achievement, Shelf::Masked) => Self::MaskedAchievement,
            (Kind::Achievement, Shelf::Closed) => Self::ClosedAchievement,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OpenNeed => "open_need",
            Self::OpenAchievement => "open_achievement",
            Self::MaskedNeed => "masked_need",
            Self::MaskedAchievement => "masked_achievement",
            Self::ClosedNeed => "closed_need",
            Self::ClosedAchievement => "closed_achievement",
        }
    }
}
