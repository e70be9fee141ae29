//! The characters of a text as numbers and units are read from them.

use unicode_normalization::UnicodeNormalization as _;

/// One character, and the bytes of the text it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) it: char,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The characters of a text with width, dashes and signs brought to one form; `℃` and the commas
/// and full stops of sentences stay, since they are read as such.
pub(crate) fn fold(text: &str) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len() / 2);
    for (from, original) in text.char_indices() {
        let to = from + original.len_utf8();
        let mut push = |it| letters.push(Letter { it, from, to });
        match original {
            '，' | '；' | '！' | '？' => push(original),
            '\u{3380}'..='\u{33df}' => original.nfkc().for_each(|it| push(micro(it))),
            '\u{3000}' | '\u{a0}' | '\t' => push(' '),
            '‐'..='―' | '−' | '－' => push('-'),
            '～' | '〜' | '∼' | '˜' => push('~'),
            '≧' | '⩾' | '≽' => push('≥'),
            '≦' | '⩽' | '≼' => push('≤'),
            '／' => push('/'),
            '×' | '✕' | '╳' | '⨯' => push('×'),
            '∶' => push(':'),
            'º' | '˚' => push('°'),
            '！'..='～' => {
                push(
                    u32::from(original).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(' '),
                );
            }
            other => push(micro(other)),
        }
    }
    letters
}

fn micro(it: char) -> char {
    match it {
        'µ' => 'μ',
        '\u{2126}' => 'Ω',
        it => it,
    }
}

/// Whether `word` stands at `at`.
pub(crate) fn begins(letters: &[Letter], at: usize, word: &str) -> bool {
    let mut here = letters.iter().skip(at).map(|it| it.it);
    word.chars().all(|it| here.next() == Some(it))
}

/// Whether `word` ends just before `end`; tells where it begins.
pub(crate) fn ends(letters: &[Letter], end: usize, word: &str) -> Option<usize> {
    let from = end.checked_sub(word.chars().count())?;
    begins(letters.get(..end)?, from, word).then_some(from)
}
