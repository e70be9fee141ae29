//! What happens after a commit: the index follows the database, needs are matched, time passes, mail
//! is sent.
//!
//! Each process has one [`Worker`] with an index of its own. Jobs are shared through the database,
//! so that each is done once, by whichever process comes first.

mod error;
mod folder;
mod indexer;
mod letters;
mod matcher;
mod post;
mod postman;
mod sweeper;
mod thesaurus;
mod verdicts;
mod worker;

pub use error::{Error, Result};
pub use folder::Folder;
pub use post::{Post, Relay, Sender};
pub use postman::Postman;
pub use worker::{Settings, Worker};
