//! What a public text gives away of its owner: names, ways to reach them, numbers and places by
//! which a competitor would know who is asking.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Faults, form,
    listings::{Form, Kind as Listings},
};

mod patterns;
#[cfg(test)]
mod tests;

/// A piece of text that gives something away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Leak {
    /// Where the text stands: a JSON pointer into the form.
    pub pointer: String,
    /// Where the piece begins, in characters.
    pub from: usize,
    /// Where it ends, in characters.
    pub to: usize,
    /// What it gives away.
    pub kind: Kind,
    /// Whether it surely does; if not, it is worth a look.
    pub certain: bool,
    /// The piece.
    pub text: String,
    /// What could stand there instead.
    pub mask: String,
}

/// What a piece of text gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The owner's name, in full or in short.
    OwnName,
    /// Someone who belongs to the owner.
    OwnPerson,
    /// A telephone number.
    Phone,
    /// A mail address.
    Mail,
    /// An account of a messenger.
    Messenger,
    /// A 统一社会信用代码, an identity card or an account.
    Number,
    /// The number of a patent.
    Patent,
    /// The number of a contract or a project.
    Contract,
    /// A street or a plot.
    Address,
    /// Another organisation's name.
    Organisation,
    /// Someone's name with a title.
    Person,
}

/// What is known of the owner, so that it is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The names of the organisation.
    pub names: Vec<String>,
    /// The names of its people.
    pub people: Vec<String>,
}

/// What is found in a single text, before it is known where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    bytes: Range<usize>,
    kind: Kind,
    certain: bool,
}

/// What the public text of a form gives away, in the order of the form. What an achievement says
/// of itself is meant to be known: there only ways around the marketplace are looked for.
pub fn find<F: Form>(form: &F, known: &Known) -> Vec<Leak> {
    let Ok(value) = serde_json::to_value(form) else { return Vec::new() };
    let mut leaks = Vec::new();
    for (pointer, text) in public_texts::<F>(&value) {
        for it in found(text, known).into_iter().filter(|it| it.kind.counts_in(F::KIND)) {
            leaks.push(Leak::new(&pointer, text, &it));
        }
    }
    leaks
}

/// The form with `leaks`, which [`find`] found in it, masked.
pub fn masked<F: Form>(form: &F, leaks: &[Leak]) -> Result<F, Faults> {
    let Ok(mut value) = serde_json::to_value(form) else { return Ok(form.clone()) };
    // From the end, so that the places before stay what they are.
    for leak in leaks.iter().rev() {
        if let Some(Value::String(text)) = value.pointer_mut(&leak.pointer) {
            let before: String = text.chars().take(leak.from).collect();
            let after: String = text.chars().skip(leak.to).collect();
            *text = format!("{before}{}{after}", leak.mask);
        }
    }
    form::read(&value)
}

/// The texts of a form that everyone may read, each with where it stands.
fn public_texts<F: Form>(value: &Value) -> Vec<(String, &str)> {
    let mut texts = Vec::new();
    if let Value::Object(fields) = value {
        for (name, it) in fields {
            if !F::AUDIENCES.iter().any(|(hidden, _)| hidden == name) {
                collect(it, &format!("/{name}"), &mut texts);
            }
        }
    }
    texts
}

fn collect<'a>(value: &'a Value, at: &str, texts: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) => texts.push((at.to_owned(), text)),
        Value::Array(entries) => {
            for (place, it) in entries.iter().enumerate() {
                collect(it, &format!("{at}/{place}"), texts);
            }
        }
        Value::Object(fields) => {
            for (name, it) in fields {
                collect(it, &format!("{at}/{name}"), texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a text gives away, in order; of pieces that overlap the surer, then the longer.
fn found(text: &str, known: &Known) -> Vec<Found> {
    let mut all = patterns::own(text, known);
    all.extend(patterns::general(text));
    all.sort_by_key(|it| (!it.certain, std::cmp::Reverse(it.bytes.len())));
    let mut kept: Vec<Found> = Vec::new();
    for it in all {
        let apart =
            |other: &Found| it.bytes.end <= other.bytes.start || other.bytes.end <= it.bytes.start;
        if kept.iter().all(apart) {
            kept.push(it);
        }
    }
    kept.sort_by_key(|it| it.bytes.start);
    kept
}

impl Leak {
    fn new(pointer: &str, text: &str, found: &Found) -> Self {
        let chars = |bytes: Range<usize>| text.get(bytes).unwrap_or_default().chars().count();
        let from = chars(0..found.bytes.start);
        Self {
            pointer: pointer.to_owned(),
            from,
            to: from + chars(found.bytes.clone()),
            kind: found.kind,
            certain: found.certain,
            text: text.get(found.bytes.clone()).unwrap_or_default().to_owned(),
            mask: found.kind.mask().to_owned(),
        }
    }
}

impl Kind {
    /// What can stand in its place.
    pub const fn mask(self) -> &'static str {
        match self {
            Self::OwnName => "本企业",
            Self::OwnPerson | Self::Person => "某人",
            Self::Phone | Self::Mail | Self::Messenger => "（联系方式略）",
            Self::Number => "（号码略）",
            Self::Patent => "（专利号略）",
            Self::Contract => "（编号略）",
            Self::Address => "某地",
            Self::Organisation => "某单位",
        }
    }

    const fn counts_in(self, listings: Listings) -> bool {
        match (listings, self) {
            (Listings::Need, _)
            | (
                Listings::Achievement,
                Self::Phone | Self::Mail | Self::Messenger | Self::Number | Self::Contract,
            ) => true,
            (
                Listings::Achievement,
                Self::OwnName
                | Self::OwnPerson
                | Self::Patent
                | Self::Address
                | Self::Organisation
                | Self::Person,
            ) => false,
        }
    }
}

impl Known {
    /// The ways in which the organisation of this name is called: in full, without the legal form,
    /// and without the place before it (高平市丹河铸造有限公司: 丹河铸造).
    pub fn add_organisation(&mut self, name: &str) {
        for called in patterns::ways_to_call(name) {
            if !self.names.contains(&called) {
                self.names.push(called);
            }
        }
    }

    /// Someone who belongs to it. A name of one character is no name.
    pub fn add_person(&mut self, name: &str) {
        if name.chars().count() >= 2 && !self.people.iter().any(|it| it == name) {
            self.people.push(name.to_owned());
        }
    }
}
