//! Text that fits, without what nobody can see.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use crate::{Fault, Faults, Shape, form::Field};

#[cfg(test)]
mod tests;

/// Text of `MIN` to `MAX` characters, cleaned by [`clean`]; line breaks stay.
///
/// Characters are counted after NFKC, not bytes: a Chinese title may be as long as an English one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// [`Text`] on one line: every run of white space is one space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line<const MIN: usize, const MAX: usize>(Text<MIN, MAX>);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Cleans and measures `raw`.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let text = clean(raw);
        let actual = text.nfkc().count();
        if actual < MIN {
            return Err(Fault::TooShort { min: MIN, actual });
        }
        if actual > MAX {
            return Err(Fault::TooLong { max: MAX, actual });
        }
        Ok(Self(text))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many characters it has.
    pub fn chars(&self) -> usize {
        self.0.nfkc().count()
    }
}

impl<const MIN: usize, const MAX: usize> Line<MIN, MAX> {
    /// Cleans and measures `raw`.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let words: Vec<&str> = raw.split_whitespace().collect();
        Text::new(&words.join(" ")).map(Self)
    }

    /// The line itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// How many characters it has.
    pub fn chars(&self) -> usize {
        self.0.chars()
    }
}

/// Removes what cannot be seen, and brings what looks alike to one form.
///
/// Control characters, zero-width, bidirectional and filler characters and variation selectors go;
/// full-width letters and digits, compatibility ideographs and radicals become the ordinary ones.
/// Full-width punctuation, `℃` or `①` stay as written: NFKC would spoil them for the reader.
/// Trailing space and more than one empty line in a row go too.
pub fn clean(raw: &str) -> String {
    let visible: String = raw
        .replace("\r\n", "\n")
        .chars()
        .map(|it| match it {
            '\r' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' | '\u{a0}' | '\u{3000}' => ' ',
            it => it,
        })
        .filter(|it| !invisible(*it))
        .flat_map(Folded::of)
        .nfc()
        .collect();
    let mut lines: Vec<&str> = visible.lines().map(str::trim_end).collect();
    lines.dedup_by(|next, previous| next.is_empty() && previous.is_empty());
    lines.join("\n").trim().to_owned()
}

/// Characters that change nothing a reader sees, and so could hide in a name.
const fn invisible(it: char) -> bool {
    matches!(it,
        '\u{0}'..='\u{9}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// One character, or what NFKC makes of it where that does no harm.
enum Folded {
    Same(std::iter::Once<char>),
    Nfkc(std::vec::IntoIter<char>),
}

impl Folded {
    fn of(it: char) -> Self {
        let folds = matches!(it,
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ'
            | '\u{2e80}'..='\u{2fdf}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}');
        if folds {
            Self::Nfkc(it.nfkc().collect::<Vec<_>>().into_iter())
        } else {
            Self::Same(std::iter::once(it))
        }
    }
}

impl Iterator for Folded {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Same(it) => it.next(),
            Self::Nfkc(it) => it.next(),
        }
    }
}

impl<const MAX: usize> Default for Text<0, MAX> {
    fn default() -> Self {
        Self(String::new())
    }
}

impl<const MAX: usize> Default for Line<0, MAX> {
    fn default() -> Self {
        Self(Text::default())
    }
}

impl<const MIN: usize, const MAX: usize> Field for Text<MIN, MAX> {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        read(value, at, faults, Self::new)
    }
}

impl<const MIN: usize, const MAX: usize> Field for Line<MIN, MAX> {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        read(value, at, faults, Self::new)
    }
}

/// Reads a string and makes a `T` of it.
pub(crate) fn read<T>(
    value: &Value,
    at: &str,
    faults: &mut Faults,
    make: impl FnOnce(&str) -> Result<T, Fault>,
) -> Option<T> {
    let wrong = Fault::WrongType { expected: Shape::Text };
    value.as_str().ok_or(wrong).and_then(make).map_err(|it| faults.push(at, it)).ok()
}

impl<const MIN: usize, const MAX: usize> Serialize for Text<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<const MIN: usize, const MAX: usize> Serialize for Line<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Text<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        if MIN == 0 {
            return json_schema!({ "type": "string", "maxLength": MAX });
        }
        json_schema!({ "type": "string", "minLength": MIN, "maxLength": MAX })
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Line<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Text::<MIN, MAX>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Text::<MIN, MAX>::json_schema(generator)
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Line<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
