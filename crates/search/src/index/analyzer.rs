//! Cuts texts into terms where they are filed: in the engine's own threads, without a string for
//! each term.

use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

use crate::text::{self, Glyph};

/// What a field's text is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Characters, pairs of them, Latin words and numbers.
    Grams,
    /// Words of the dictionary, and models.
    Words,
    /// Grams, and the words too long to be one.
    Both,
}

/// The terms of one text, one after the other.
pub(super) struct Terms {
    /// The normalised text, and what else the terms are pieces of.
    text: String,
    pieces: std::vec::IntoIter<(usize, usize)>,
    token: Token,
}

impl Cut {
    const ALL: [Self; 3] = [Self::Grams, Self::Words, Self::Both];

    /// The name under which the schema asks for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Grams => "grams",
            Self::Words => "words",
            Self::Both => "both",
        }
    }

    /// All three, for an index to use.
    pub(super) fn register(manager: &TokenizerManager) {
        for cut in Self::ALL {
            manager.register(cut.name(), TextAnalyzer::from(cut));
        }
    }
}

impl Tokenizer for Cut {
    type TokenStream<'a> = Terms;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        let glyphs = text::glyphs(text);
        let mut pieces = Pieces::of(&glyphs);
        match self {
            Self::Grams => pieces.add_grams(&glyphs),
            Self::Words => pieces.add_words(&glyphs, 2),
            Self::Both => {
                pieces.add_grams(&glyphs);
                pieces.add_words(&glyphs, 3);
            }
        }
        let Pieces { text, terms, .. } = pieces;
        Terms { text, pieces: terms.into_iter(), token: Token::default() }
    }
}

/// Terms as pieces of one text.
struct Pieces {
    text: String,
    /// Where each glyph begins in the text, and the end.
    starts: Vec<usize>,
    terms: Vec<(usize, usize)>,
}

impl Pieces {
    fn of(glyphs: &[Glyph]) -> Self {
        let mut text = String::with_capacity(glyphs.len() * 3);
        let mut starts = Vec::with_capacity(glyphs.len() + 1);
        for glyph in glyphs {
            starts.push(text.len());
            text.push(glyph.it);
        }
        starts.push(text.len());
        Self { text, starts, terms: Vec::with_capacity(glyphs.len() * 2) }
    }

    fn add_grams(&mut self, glyphs: &[Glyph]) {
        let Self { starts, terms, .. } = self;
        text::each_gram(glyphs, |from, to| {
            if let (Some(from), Some(to)) = (starts.get(from), starts.get(to)) {
                terms.push((*from, *to));
            }
        });
    }

    fn add_words(&mut self, glyphs: &[Glyph], least: usize) {
        for word in text::words(glyphs, least) {
            let from = self.text.len();
            self.text.push_str(&word);
            self.terms.push((from, self.text.len()));
        }
    }
}

impl TokenStream for Terms {
    fn advance(&mut self) -> bool {
        let Some((from, to)) = self.pieces.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(self.text.get(from..to).unwrap_or_default());
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
