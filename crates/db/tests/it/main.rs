//! The store, on SQLite and, where `TEST_DATABASE_URL` says so, on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

mod answers;
mod audit;
mod audit_edits;
mod identities;
mod jobs;
mod keys;
mod listings;
mod outbox;
mod passwords;
mod privacy;
mod rates;
mod schema;
mod store;
mod thesaurus;
