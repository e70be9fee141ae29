//! Everything the marketplace stores, and the only crate that knows how.
//!
//! A row never leaves this crate. Writes go through [`Db::write`]; what a write leaves behind for
//! others ([`outbox`], [`jobs`], [`audit`]) is part of the same transaction.

pub mod answers;
pub mod applications;
pub mod attachments;
pub mod attempts;
pub mod audit;
mod clock;
mod conn;
pub mod consents;
pub mod emergencies;
pub mod erasures;
mod error;
pub mod exports;
pub mod files;
pub mod grants;
pub mod identities;
pub mod introductions;
pub mod invitations;
pub mod jobs;
pub mod keys;
pub mod links;
pub mod listings;
pub mod mail_addresses;
pub mod mails;
pub mod matchers;
pub mod notices;
pub mod oidc_flows;
pub mod organisations;
pub mod outbox;
pub mod pairs;
pub mod passwords;
pub mod people;
mod pool;
pub mod rates;
pub mod readers;
pub mod reviews;
mod schema;
pub mod scratch;
pub mod sealed;
pub mod second_factors;
pub mod thesaurus;
pub mod ties;
pub mod tokens;
mod tx;

pub use clock::Clock;
pub use conn::{Conn, Reader};
pub use error::{Error, Result};
pub use keys::Keys;
pub use pool::{Db, Page};
pub use schema::Schema;
pub use tx::Tx;
