use domain::{
    listings::Form,
    pairs::{Explanation, Phrase},
    policy::View,
};
use schemars::JsonSchema;
use search::text::{self, Glyph};
use serde::Serialize;
use serde_json::Value;

use super::Seen;
use crate::{listings::pruned, problem::Problem};

/// The most places told of one phrase on one side.
const MOST: usize = 20;
/// The texts of a need in which phrases are looked for.
const NEED: &[&str] = &["title", "summary", "problem", "goal"];
/// The texts of an achievement in which phrases are looked for.
const ACHIEVEMENT: &[&str] = &["title", "summary", "description", "advantages", "target_users"];

/// Where a phrase of the explanation stands in the texts that the reader is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PhrasePlaces")]
pub(super) struct PhraseBody {
    /// The phrase, as in the explanation.
    text: String,
    /// Where it stands in the need.
    need: Vec<PlaceBody>,
    /// Where it stands in the achievement.
    achievement: Vec<PlaceBody>,
}

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PhrasePlace")]
struct PlaceBody {
    /// The field of the form.
    field: &'static str,
    /// Where it begins, in characters.
    from: usize,
    /// Where it ends, in characters.
    to: usize,
}

/// A text of a form, normalised.
struct Read {
    field: &'static str,
    text: String,
    glyphs: Vec<Glyph>,
}

/// Where the phrases stand, looked up in nothing but what the reader is shown.
pub(super) fn places(seen: &Seen, shown: &Explanation) -> Result<Vec<PhraseBody>, Problem> {
    let need = read(seen.need.form(), seen.views.0, NEED)?;
    let achievement = read(seen.achievement.form(), seen.views.1, ACHIEVEMENT)?;
    let body = |it: &Phrase| PhraseBody {
        text: it.text.clone(),
        // What the thesaurus led to is said otherwise in the need.
        need: find(&need, it.through.as_deref().unwrap_or(&it.text)),
        achievement: find(&achievement, &it.text),
    };
    Ok(shown.phrases.iter().map(body).collect())
}

fn read<F: Form>(form: &F, view: View, fields: &[&'static str]) -> Result<Vec<Read>, Problem> {
    if view < View::Public {
        return Ok(Vec::new());
    }
    let form = pruned(form, view)?;
    let texts = fields.iter().filter_map(|field| {
        let text = form.get(*field).and_then(Value::as_str)?;
        Some(Read { field, text: text.to_owned(), glyphs: text::glyphs(text) })
    });
    Ok(texts.collect())
}

fn find(texts: &[Read], phrase: &str) -> Vec<PlaceBody> {
    let wanted: Vec<char> = text::glyphs(phrase).iter().map(|it| it.it).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let places = texts.iter().flat_map(|read| {
        let windows = read.glyphs.windows(wanted.len());
        let same = windows.filter(|it| it.iter().map(|it| it.it).eq(wanted.iter().copied()));
        same.filter_map(|it| read.place(it.first()?.from, it.last()?.to))
    });
    places.take(MOST).collect()
}

impl Read {
    /// The stretch between two bytes, in characters.
    fn place(&self, from: usize, to: usize) -> Option<PlaceBody> {
        let before = self.text.get(..from)?.chars().count();
        let length = self.text.get(from..to)?.chars().count();
        Some(PlaceBody { field: self.field, from: before, to: before + length })
    }
}
