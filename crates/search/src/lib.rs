//! Text analysis, the full-text index, searching, matching and its evaluation. No database.
//!
//! [`Engine`] is what the rest of the program holds: it lends out a [`Reader`] while there is a
//! sound index, and says [`Rebuilding`] while there is none.

pub mod engine;
mod entry;
pub mod evaluation;
pub mod index;
pub mod learning;
pub mod matching;
mod question;
pub mod snippets;
pub mod text;
pub mod thesaurus;
mod veil;

pub use engine::{Engine, Rebuilding};
pub use entry::{Entry, Shelf};
pub use index::{Condition, Reader, Writer};
pub use question::{Filters, Found, Hit, Order, Question, Words};
pub use thesaurus::Thesaurus;
pub use veil::Veil;

/// Why the index did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The full-text engine failed.
    #[error("the index failed: {0}")]
    Engine(#[from] tantivy::TantivyError),
    /// A file could not be read, written or moved.
    #[error("the index files failed: {0}")]
    Files(#[from] std::io::Error),
    /// The index holds something that this program did not write.
    #[error("the index is damaged: {0}")]
    Damaged(String),
}

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
