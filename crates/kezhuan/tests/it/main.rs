//! The program itself, started as its users start it; on SQLite and, where `TEST_DATABASE_URL` says
//! so, on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on should stop"
)]

mod audit;
mod commands;
mod connections;
mod crash;
mod demo;
mod evaluation;
mod importing;
mod keys;
mod left_out;
mod mail;
mod oidc;
mod program;
mod replicas;
mod walk;
