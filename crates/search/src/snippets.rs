//! The part of a text that shows why it was found, with the words that were looked for marked.

use std::{collections::HashSet, ops::Range};

use serde::Serialize;

use crate::{Words, text};

/// A piece of a snippet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The text, as its author wrote it.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// The `most` characters of `source` in which most of the words stand, in marked and unmarked
/// pieces. Whoever shows them does not have to trust the text: nothing in it is markup.
pub fn snippet(source: &str, words: Option<&Words>, most: usize) -> Vec<Piece> {
    let marks = words.map(|it| marks(source, it)).unwrap_or_default();
    let window = window(source, &marks, most);
    let mut pieces = Vec::new();
    let mut at = window.start;
    for mark in marks.iter().filter(|it| window.start <= it.start && it.end <= window.end) {
        push(&mut pieces, source, at..mark.start, false);
        push(&mut pieces, source, mark.clone(), true);
        at = mark.end;
    }
    push(&mut pieces, source, at..window.end, false);
    ellipses(&mut pieces, source, &window);
    pieces
}

/// Where the words stand, in bytes; touching places are one.
fn marks(source: &str, words: &Words) -> Vec<Range<usize>> {
    let wanted: HashSet<&str> = words.terms().collect();
    let mut marks: Vec<Range<usize>> = Vec::new();
    let mut found: Vec<text::Term> = text::grams(&text::glyphs(source));
    found.retain(|it| wanted.contains(it.text.as_str()));
    found.sort_unstable_by_key(|it| (it.from, it.to));
    for term in found {
        match marks.last_mut() {
            Some(last) if term.from <= last.end => last.end = last.end.max(term.to),
            _ => marks.push(term.from..term.to),
        }
    }
    marks
}

/// The stretch of `most` characters with the most marked text, beginning a little before it.
fn window(source: &str, marks: &[Range<usize>], most: usize) -> Range<usize> {
    const BEFORE: usize = 12;
    let starts: Vec<usize> = source.char_indices().map(|(at, _)| at).collect();
    let ends = |from: usize| starts.get(from + most).copied().unwrap_or(source.len());
    // How much is marked before each mark: a text may be marked all over.
    let mut before = vec![0];
    before.extend(marks.iter().scan(0, |sum, it| {
        *sum += it.len();
        Some(*sum)
    }));
    let marked = |window: &Range<usize>| {
        let first = marks.partition_point(|it| it.start < window.start);
        let end = marks.partition_point(|it| it.end <= window.end).max(first);
        before.get(end).zip(before.get(first)).map_or(0, |(end, first)| end - first)
    };
    let mut best = 0..ends(0);
    for mark in marks {
        let first = starts.partition_point(|it| *it < mark.start).saturating_sub(BEFORE);
        let candidate = starts.get(first).copied().unwrap_or(0)..ends(first);
        if marked(&candidate) > marked(&best) {
            best = candidate;
        }
    }
    best
}

fn push(pieces: &mut Vec<Piece>, source: &str, range: Range<usize>, hit: bool) {
    if let Some(text) = source.get(range).filter(|it| !it.is_empty()) {
        pieces.push(Piece { text: text.replace('\n', " "), hit });
    }
}

fn ellipses(pieces: &mut Vec<Piece>, source: &str, window: &Range<usize>) {
    if window.start > 0 {
        pieces.insert(0, Piece { text: "…".into(), hit: false });
    }
    if window.end < source.len() {
        pieces.push(Piece { text: "…".into(), hit: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, words: &str, most: usize) -> String {
        let words = Words::parse(words).unwrap();
        let pieces = snippet(source, words.as_ref(), most);
        pieces
            .iter()
            .map(|it| if it.hit { format!("[{}]", it.text) } else { it.text.clone() })
            .collect()
    }

    #[test]
    fn what_was_looked_for_is_marked_as_it_was_written() {
        assert_eq!(shown("新型鋰電池正極材料", "锂电池", 50), "新型[鋰電池]正極材料");
        assert_eq!(shown("ＤＮ600 球墨铸铁管", "dn600 铸铁", 50), "[ＤＮ600] 球墨[铸铁]管");
    }

    #[test]
    fn the_window_goes_where_the_words_are() {
        let long = format!("{}这里才说到气孔率", "前言".repeat(60));
        let found = shown(&long, "气孔率", 30);
        assert!(found.starts_with('…') && found.ends_with("[气孔率]"), "{found}");
        let short = shown(&"正文".repeat(60), "没有", 10);
        assert_eq!(short, format!("{}…", "正文".repeat(5)));
    }

    #[test]
    fn one_character_of_a_longer_word_is_not_marked() {
        assert_eq!(shown("电和池", "电池", 20), "电和池");
    }

    #[test]
    fn markup_stays_text() {
        assert_eq!(shown("<script>铸造</script>", "铸造", 50), "<script>[铸造]</script>");
    }
}
