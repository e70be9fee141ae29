//! What happens after a commit, on SQLite and, where `TEST_DATABASE_URL` says so, on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod indexer;
mod market;
mod matcher;
mod post_office;
mod postman;
mod sweeper;
mod two_processes;
