//! The rules of the marketplace, with no I/O and no clock.
//!
//! Whoever needs the time is given it. Everything a person or a program can write is read by
//! [`form`], which tells every fault at once.

pub mod achievements;
pub mod applications;
pub mod attachments;
pub mod attempts;
pub mod codes;
pub mod consents;
pub mod contacts;
pub mod days;
pub mod emergencies;
mod fault;
pub mod fits;
pub mod form;
pub mod grants;
mod id;
pub mod introductions;
pub mod invitations;
pub mod leaks;
pub mod listings;
pub mod matchers;
pub mod measures;
pub mod money;
pub mod needs;
pub mod notices;
pub mod organisations;
pub mod pairs;
pub mod passwords;
pub mod people;
pub mod policy;
pub mod quantities;
pub mod rates;
pub mod requirements;
pub mod text;
pub mod thesaurus;

pub use fault::{Fault, Faults, FieldFault, Format, Shape};
pub use id::Id;
