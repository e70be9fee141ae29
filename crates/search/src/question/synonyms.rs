//! What a person might have typed instead, by the thesaurus.

use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query};

use super::{Piece, Strictness, Words};
use crate::{
    Reader, text,
    thesaurus::{Thesaurus, Way},
};

/// What a hit is worth that has what might have been typed, against one that has what was.
const SHARE: f32 = 0.5;
/// How many characters are looked for instead of those that were typed, at the most: all that might
/// have been typed together.
const CHARS: usize = 1024;

impl Words {
    /// Looks also for what the thesaurus says might stand there instead: one word replaced, or
    /// several.
    #[must_use]
    pub fn with(mut self, thesaurus: &Thesaurus) -> Self {
        let glyphs = text::glyphs(&self.typed);
        let typed: Vec<char> = glyphs.iter().map(|it| it.it).collect();
        let most = CHARS / typed.len().max(1);
        let mut all = vec![typed];
        // From the end, so that what comes before stays where it is.
        for member in thesaurus.members(&glyphs, Way::Forth).into_iter().rev() {
            for before in all.clone() {
                for instead in &member.instead {
                    if all.len() > most {
                        break;
                    }
                    let mut text = before.clone();
                    text.splice(member.at.clone(), instead.chars());
                    all.push(text);
                }
            }
        }
        let cut = |text: Vec<char>| Piece::all(&text::glyphs(&String::from_iter(text)));
        let instead = all.into_iter().skip(1).map(cut);
        self.instead = instead.filter(|it| it.len() <= Self::MAX_PIECES).collect();
        self
    }
}

impl Reader {
    /// What a hit must have and what makes it better: of what was typed, or of what might have been.
    pub(super) fn typed_or_instead(
        &self,
        words: &Words,
        strictness: Strictness,
    ) -> Vec<(Occur, Box<dyn Query>)> {
        let typed = self.words(&words.pieces, strictness);
        if words.instead.is_empty() {
            return typed;
        }
        let instead = words.instead.iter().map(|pieces| -> Box<dyn Query> {
            let query = BooleanQuery::new(self.words(pieces, strictness));
            Box::new(BoostQuery::new(Box::new(query), SHARE))
        });
        let typed: Box<dyn Query> = Box::new(BooleanQuery::new(typed));
        let any = BooleanQuery::union(std::iter::once(typed).chain(instead).collect());
        vec![(Occur::Must, Box::new(any))]
    }
}
