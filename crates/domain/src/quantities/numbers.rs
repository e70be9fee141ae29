//! Numbers as people write them: `1,200`, `3.5×10^4`, `5万`, `百分之八十五`.

use super::letters::{Letter, begins};

/// A number in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    /// Its value as written, without 万.
    pub(crate) plain: f64,
    /// What 千, 万 or 亿 multiply it by.
    pub(crate) by: f64,
    /// How many digits stand before a point.
    pub(crate) digits: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

impl Number {
    pub(crate) fn value(&self) -> f64 {
        self.plain * self.by
    }

    /// The number that begins at `at`; what is no number is told by where it ends.
    pub(crate) fn at(letters: &[Letter], at: usize) -> Result<Self, usize> {
        let mut written = String::new();
        let mut end = digits(letters, at, &mut written);
        let digits_before = written.len();
        if (1..=3).contains(&digits_before) {
            end = thousands(letters, end, &mut written);
        }
        let leading_zero = written.len() > 1 && written.starts_with('0');
        if char_at(letters, end) == Some('.') && is_digit(letters, end + 1) {
            written.push('.');
            end = digits(letters, end + 1, &mut written);
        }
        // An address, a date, a version: 2023.05.06.
        if leading_zero || (char_at(letters, end) == Some('.') && is_digit(letters, end + 1)) {
            return Err(end_of_code(letters, end));
        }
        let (power, end) = power(letters, end);
        let (by, end) = multiplier(letters, end);
        let plain: f64 = written.parse().unwrap_or(f64::NAN);
        let plain = plain * 10_f64.powi(power);
        if !(plain * by).is_finite() || written.len() > 18 {
            return Err(end);
        }
        Ok(Self { plain, by, digits: digits_before, end })
    }

    /// The percentage in words that begins at `at`: 百分之八十五.
    pub(crate) fn in_words(letters: &[Letter], at: usize) -> Option<Self> {
        if !begins(letters, at, "百分之") {
            return None;
        }
        let after = letters.iter().skip(at + 3).map(|it| it.it);
        let words: Vec<char> =
            after.take(5).take_while(|it| "一二三四五六七八九十百零两".contains(*it)).collect();
        let plain = spelt(&words)?;
        Some(Self { plain, by: 1.0, digits: 1, end: at + 3 + words.len() })
    }
}

/// Where a run of digits, letters and what joins them ends: a model, a date, a telephone number.
pub(crate) fn end_of_code(letters: &[Letter], mut at: usize) -> usize {
    while let Some(it) = char_at(letters, at) {
        let joins = matches!(it, '-' | '.' | '/' | '_' | ':')
            && char_at(letters, at + 1).is_some_and(|next| next.is_ascii_alphanumeric());
        if !it.is_ascii_alphanumeric() && !joins {
            break;
        }
        at += 1;
    }
    at
}

pub(crate) fn is_digit(letters: &[Letter], at: usize) -> bool {
    char_at(letters, at).is_some_and(|it| it.is_ascii_digit())
}

fn digits(letters: &[Letter], at: usize, written: &mut String) -> usize {
    let run = letters.iter().skip(at).take_while(|it| it.it.is_ascii_digit());
    let before = written.len();
    written.extend(run.map(|it| it.it));
    at + written.len() - before
}

/// Groups of three digits, with commas between them.
fn thousands(letters: &[Letter], mut end: usize, written: &mut String) -> usize {
    while char_at(letters, end) == Some(',')
        && (1..=3).all(|it| is_digit(letters, end + it))
        && !is_digit(letters, end + 4)
    {
        end = digits(letters, end + 1, written);
    }
    end
}

/// The power of ten written at `at` (`×10^4`, `×10⁴`, `e-3`), and where it ends.
fn power(letters: &[Letter], at: usize) -> (i32, usize) {
    let times = matches!(char_at(letters, at), Some('×' | '*' | 'x' | 'X'));
    if times && begins(letters, at + 1, "10") {
        let marked = char_at(letters, at + 3) == Some('^');
        let from = at + 3 + usize::from(marked);
        let (mut exponent, end) = signed(letters, from, marked);
        let written = end > from;
        if !written && !marked {
            exponent = 0;
        }
        return if written { (exponent, end) } else { (0, at) };
    }
    if matches!(char_at(letters, at), Some('e' | 'E')) {
        let (exponent, end) = signed(letters, at + 1, true);
        if end > at + 1 && !char_at(letters, end).is_some_and(|it| it.is_ascii_alphanumeric()) {
            return (exponent, end);
        }
    }
    (0, at)
}

/// A small number with its sign, raised or not, and where it ends.
fn signed(letters: &[Letter], at: usize, plain: bool) -> (i32, usize) {
    let sign = matches!(char_at(letters, at), Some('-' | '⁻'));
    let from = at + usize::from(sign);
    let mut value = 0;
    let mut end = from;
    while end < from + 2 {
        let digit = match char_at(letters, end) {
            Some(it) if plain && it.is_ascii_digit() => it.to_digit(10),
            Some(it) => raised(it),
            None => None,
        };
        let Some(digit) = digit.and_then(|it| i32::try_from(it).ok()) else { break };
        value = value * 10 + digit;
        end += 1;
    }
    if end == from { (0, at) } else { (if sign { -value } else { value }, end) }
}

fn raised(it: char) -> Option<u32> {
    let at = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|raised| raised == it)?;
    u32::try_from(at).ok()
}

/// 千, 万, 百万, 千万, 亿 and their like, where they are no part of a unit such as 千克.
fn multiplier(letters: &[Letter], at: usize) -> (f64, usize) {
    const WORDS: [(&str, f64); 8] = [
        ("万亿", 1e12),
        ("千亿", 1e11),
        ("百亿", 1e10),
        ("千万", 1e7),
        ("百万", 1e6),
        ("亿", 1e8),
        ("万", 1e4),
        ("千", 1e3),
    ];
    for (word, by) in WORDS {
        if begins(letters, at, word) {
            let end = at + word.chars().count();
            let next = char_at(letters, end);
            let unit = word == "千" && next.is_some_and(|it| "克瓦米伏卡焦帕牛字赫".contains(it));
            let other = next.is_some_and(|it| "能一分物".contains(it));
            return if unit || other { (1.0, at) } else { (by, end) };
        }
    }
    (1.0, at)
}

/// A whole number up to 999 in words.
fn spelt(words: &[char]) -> Option<f64> {
    let mut value = 0.0;
    let mut digit = None;
    for it in words {
        match it {
            '十' => value += 10.0 * digit.take().unwrap_or(1.0),
            '百' => value += 100.0 * digit.take().unwrap_or(1.0),
            '零' => digit = None,
            '两' => digit = Some(2.0),
            it => {
                let at = "一二三四五六七八九".chars().position(|other| other == *it)?;
                digit = Some(f64::from(u8::try_from(at + 1).ok()?));
            }
        }
    }
    (!words.is_empty()).then(|| value + digit.unwrap_or(0.0))
}

fn char_at(letters: &[Letter], at: usize) -> Option<char> {
    letters.get(at).map(|it| it.it)
}
