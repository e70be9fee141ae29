//! Whatever reads what strangers send, as functions that take any bytes.
//!
//! A target tells what went against the promise of its parser; one that panics has found a fault too.
//! `fuzz/` gives these to libFuzzer; the tests here replay `fuzz/corpus`, and change it at random.

use api::outside::{self, Broken};
use domain::{
    achievements::AchievementForm,
    attachments::{FileName, FileType},
    form,
    needs::NeedForm,
    organisations, text,
};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

/// Takes any bytes, and tells what promise they broke.
pub type Target = fn(&[u8]) -> Result<(), Broken>;

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 12] = [
    ("achievement", achievement),
    ("bearer", outside::bearer),
    ("body", outside::body),
    ("cursor", outside::cursor),
    ("file", file),
    ("language", outside::language),
    ("need", need),
    ("number", number),
    ("query", outside::query),
    ("tags", outside::tags),
    ("text", cleaned),
    ("words", words),
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|it| it.0 == name).map(|it| it.1)
}

/// What is typed into the search box: it is cut into terms, never run, and never too many.
pub fn words(bytes: &[u8]) -> Result<(), Broken> {
    let typed = String::from_utf8_lossy(bytes);
    let Ok(Some(words)) = search::Words::parse(&typed) else { return Ok(()) };
    let terms = words.terms().count();
    if terms <= 1024 { Ok(()) } else { Err(format!("{terms} terms")) }
}

/// The form of a need: what is read is read again from what is written.
pub fn need(bytes: &[u8]) -> Result<(), Broken> {
    again::<NeedForm>(bytes)
}

/// The form of an achievement.
pub fn achievement(bytes: &[u8]) -> Result<(), Broken> {
    again::<AchievementForm>(bytes)
}

fn again<F: domain::listings::Form + std::fmt::Debug>(bytes: &[u8]) -> Result<(), Broken> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
    let form = match form::read::<F>(&value) {
        Ok(form) => form,
        Err(faults) if faults.0.is_empty() => return Err("refused without a fault".into()),
        Err(faults) if faults.0.len() > 20_000 => return Err("far too many faults".into()),
        Err(_) => return Ok(()),
    };
    let written = serde_json::to_value(&form).map_err(|it| it.to_string())?;
    match form::read::<F>(&written) {
        Ok(same) if same == form => Ok(()),
        other => Err(format!("{written} is read as {other:?}")),
    }
}

/// The text normaliser: cleaning twice is cleaning once.
pub fn cleaned(bytes: &[u8]) -> Result<(), Broken> {
    let raw = String::from_utf8_lossy(bytes);
    let once = text::clean(&raw);
    let twice = text::clean(&once);
    if once == twice { Ok(()) } else { Err(format!("{once:?} becomes {twice:?}")) }
}

/// The 统一社会信用代码, against the standard's arithmetic written a second time.
pub fn number(bytes: &[u8]) -> Result<(), Broken> {
    const DIGITS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let raw = String::from_utf8_lossy(bytes);
    let Ok(number) = organisations::Number::new(&raw) else { return Ok(()) };
    let (mut sum, mut weight, mut last) = (0_usize, 1_usize, 0_usize);
    let mut length = 0;
    for character in number.as_str().chars() {
        let value = DIGITS.find(character).ok_or("a strange character")?;
        length += 1;
        if length < 18 {
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        last = value;
    }
    if length == 18 && (31 - sum % 31) % 31 == last {
        return Ok(());
    }
    Err(format!("{number:?} has {sum} and {last}", number = raw.nfkc().collect::<String>()))
}

/// Uploads: nothing that begins as a page is taken, and no name leads anywhere.
pub fn file(bytes: &[u8]) -> Result<(), Broken> {
    let name = String::from_utf8_lossy(bytes);
    let file_type = FileType::of(bytes, &name);
    let name = FileName::new(&name, file_type.unwrap_or(FileType::Pdf));
    let awkward = ['/', '\\', '"', '\r', '\n', '\0', '<', '>'];
    if name.as_str().contains(awkward) || name.as_str().starts_with('.') {
        return Err(name.to_string());
    }
    let page = bytes.trim_ascii_start().starts_with(b"<");
    if page && file_type.is_some() { Err(format!("taken as {file_type:?}")) } else { Ok(()) }
}
