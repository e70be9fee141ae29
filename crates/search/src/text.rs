//! From text to terms: characters and pairs of characters, words, Latin words and numbers.
//!
//! Simplified and traditional characters, full and half width, upper and lower case come out
//! alike. Every term keeps where it stood, so that it can be highlighted.

use std::sync::LazyLock;

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use jieba_rs::{Jieba, TokenizeMode};
use unicode_normalization::UnicodeNormalization as _;

#[cfg(test)]
mod tests;

/// Counts changes to what this module makes of a text: an index made by another is made anew.
pub const ANALYSIS: u32 = 1;

/// One normalised character, and the bytes of the text it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// The character: simplified, half width, lower case.
    pub it: char,
    /// Where the original begins, in bytes.
    pub from: usize,
    /// Where the original ends, in bytes.
    pub to: usize,
}

/// A term and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The term, normalised.
    pub text: String,
    /// Where the original begins, in bytes.
    pub from: usize,
    /// Where the original ends, in bytes.
    pub to: usize,
}

/// A stretch of glyphs of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run<'a> {
    /// Chinese characters.
    Han(&'a [Glyph]),
    /// Letters of other scripts.
    Letters(&'a [Glyph]),
    /// Digits, with at most one point between them.
    Number(&'a [Glyph]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Han,
    Letter,
    Digit,
    Other,
}

/// The normalised characters of a text.
pub fn glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::with_capacity(text.len() / 2);
    for (from, original) in text.char_indices() {
        let to = from + original.len_utf8();
        if original.is_ascii() {
            glyphs.push(Glyph { it: original.to_ascii_lowercase(), from, to });
            continue;
        }
        for folded in original.nfkc().flat_map(char::to_lowercase) {
            glyphs.push(Glyph { it: simplified(folded), from, to });
        }
    }
    glyphs
}

/// The stretches of a text that hold terms, in order.
pub fn runs(glyphs: &[Glyph]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = glyphs;
    while let Some((class, length)) = first_run(rest) {
        let (run, after) = rest.split_at(length);
        match class {
            Class::Han => runs.push(Run::Han(run)),
            Class::Letter => runs.push(Run::Letters(run)),
            Class::Digit => runs.push(Run::Number(run)),
            Class::Other => {}
        }
        rest = after;
    }
    runs
}

/// Characters, pairs of neighbouring characters, Latin words and numbers: what is matched by.
pub fn grams(glyphs: &[Glyph]) -> Vec<Term> {
    let mut terms = Vec::with_capacity(glyphs.len() * 2);
    each_gram(glyphs, |from, to| terms.extend(glyphs.get(from..to).map(Term::of)));
    terms
}

/// The same as places among the glyphs.
pub fn each_gram(glyphs: &[Glyph], mut found: impl FnMut(usize, usize)) {
    let mut from = 0;
    while let Some((class, length)) = glyphs.get(from..).and_then(first_run) {
        let to = from + length;
        match class {
            Class::Han => {
                (from..to).for_each(|at| found(at, at + 1));
                (from..to - 1).for_each(|at| found(at, at + 2));
            }
            Class::Letter | Class::Digit => found(from, to),
            Class::Other => {}
        }
        from = to;
    }
}

/// How many grams a text has.
pub fn count_grams(glyphs: &[Glyph]) -> usize {
    let mut count = 0;
    each_gram(glyphs, |_, _| count += 1);
    count
}

/// Words of the dictionary of at least `least` characters, longer ones with the shorter ones
/// inside them; and joined models such as `dn600`.
pub fn words(glyphs: &[Glyph], least: usize) -> Vec<String> {
    let text: String = glyphs.iter().map(|it| it.it).collect();
    let cut = DICTIONARY.tokenize(&text, TokenizeMode::Search, true);
    let han = cut.iter().map(|it| it.word).filter(|it| it.chars().all(is_han));
    let mut words: Vec<String> =
        han.filter(|it| it.chars().count() >= least).map(str::to_owned).collect();
    words.extend(models(glyphs));
    words
}

/// Where the words of a stretch of Chinese characters begin, as places in it; the end is one too.
pub fn word_starts(run: &[Glyph]) -> Vec<usize> {
    let text: String = run.iter().map(|it| it.it).collect();
    let words = DICTIONARY.tokenize(&text, TokenizeMode::Default, true);
    words.iter().map(|it| it.start).chain([run.len()]).collect()
}

/// Latin words, numbers, and what is written without a space between them (`dn600`, `5g`).
fn models(glyphs: &[Glyph]) -> Vec<String> {
    let mut models = Vec::new();
    let mut joined = String::new();
    let mut parts = 0;
    let mut end = 0;
    for run in runs(glyphs) {
        let (Run::Letters(run) | Run::Number(run)) = run else { continue };
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        if first.from != end {
            keep_joined(&mut models, &mut joined, &mut parts);
        }
        let word: String = run.iter().map(|it| it.it).collect();
        joined.push_str(&word);
        models.push(word);
        parts += 1;
        end = last.to;
    }
    keep_joined(&mut models, &mut joined, &mut parts);
    models
}

fn keep_joined(models: &mut Vec<String>, joined: &mut String, parts: &mut u32) {
    if *parts > 1 {
        models.push(std::mem::take(joined));
    }
    joined.clear();
    *parts = 0;
}

/// What the first stretch of the glyphs is, and how long.
fn first_run(glyphs: &[Glyph]) -> Option<(Class, usize)> {
    let class = Class::of(glyphs.first()?.it);
    let length = glyphs.iter().take_while(|it| Class::of(it.it) == class).count();
    let length = if class == Class::Digit { number_length(glyphs, length) } else { length };
    Some((class, length))
}

/// How many of the glyphs belong to a number that begins with `digits` digits.
fn number_length(glyphs: &[Glyph], digits: usize) -> usize {
    let mut after = glyphs.iter().skip(digits);
    if after.next().map(|it| it.it) != Some('.') {
        return digits;
    }
    match after.take_while(|it| it.it.is_ascii_digit()).count() {
        0 => digits,
        decimals => digits + 1 + decimals,
    }
}

impl Class {
    fn of(it: char) -> Self {
        match it {
            it if it.is_ascii_digit() => Self::Digit,
            it if is_han(it) => Self::Han,
            it if it.is_alphabetic() => Self::Letter,
            _ => Self::Other,
        }
    }
}

/// Whether it is a Chinese character.
pub const fn is_han(it: char) -> bool {
    matches!(it, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '〇' | '\u{20000}'..='\u{323af}')
}

impl Term {
    fn of(glyphs: &[Glyph]) -> Self {
        let from = glyphs.first().map_or(0, |it| it.from);
        let to = glyphs.last().map_or(0, |it| it.to);
        Self { text: glyphs.iter().map(|it| it.it).collect(), from, to }
    }
}

/// The simplified form of a traditional character, one by one: phrases do not matter here, since
/// both sides are folded alike.
fn simplified(it: char) -> char {
    let at = usize::try_from(u32::from(it).wrapping_sub(FIRST_HAN)).unwrap_or(usize::MAX);
    SIMPLIFIED.get(at).copied().unwrap_or(it)
}

static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Where the table of simplified characters begins.
const FIRST_HAN: u32 = 0x3400;

/// Every character from [`FIRST_HAN`] to the last of the common ones in its simplified form.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let all = '\u{3400}'..='\u{9fff}';
    let Ok(table) = OpenCC::from_config(BuiltinConfig::T2s) else { return all.collect() };
    let lines: String = all.clone().flat_map(|it| [it, '\n']).collect();
    let converted = table.convert(&lines);
    all.zip(converted.lines()).map(|(from, to)| one(to).unwrap_or(from)).collect()
});

fn one(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}
