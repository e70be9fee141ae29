//! The API, driven in process, on SQLite and, where `TEST_DATABASE_URL` says so, on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

mod access;
mod applications;
mod attachments;
mod audit;
mod bad_input;
mod bounds;
mod cookies;
mod description;
mod emergencies;
mod grants;
mod idempotency;
mod introductions;
mod invitations;
mod leaks;
mod learning;
mod listings;
mod locks;
mod matrix;
mod oidc;
mod organisations;
mod pairs;
mod passwords;
mod privacy;
mod problems;
mod rates;
mod requirements;
mod resets;
mod revisions;
mod search;
mod second_factor;
mod sessions;
mod tags;
mod thesaurus;
mod tokens;
mod trust;
mod twin;
mod whole_flow;
mod world;
