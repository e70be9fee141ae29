//! The schema, one step a file, for SQLite and PostgreSQL alike.
//!
//! A step never changes once it has been released, and never uses the domain: the domain moves on.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_people;
mod m0002_listings;
mod m0003_pairs;
mod m0004_work;
mod m0005_signin;
mod m0006_mail;
mod m0007_privacy;
mod m0008_rights;
mod m0009_surface;
mod m0010_oidc;
mod m0011_requirements;
mod m0012_thesaurus;
mod m0013_matchers;

/// Applies every step in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_listings::Migration),
            Box::new(m0003_pairs::Migration),
            Box::new(m0004_work::Migration),
            Box::new(m0005_signin::Migration),
            Box::new(m0006_mail::Migration),
            Box::new(m0007_privacy::Migration),
            Box::new(m0008_rights::Migration),
            Box::new(m0009_surface::Migration),
            Box::new(m0010_oidc::Migration),
            Box::new(m0011_requirements::Migration),
            Box::new(m0012_thesaurus::Migration),
            Box::new(m0013_matchers::Migration),
        ]
    }
}

/// An index on some columns of a table.
fn index(table: &str, name: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name.to_owned()).table(table.to_owned());
    for column in columns {
        index.col((*column).to_owned());
    }
    index
}

/// A reference from a column to the `id` of another table.
fn reference(name: &str, (table, column): (&str, &str), to: &str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(name.to_owned())
        .from(table.to_owned(), column.to_owned())
        .to(to.to_owned(), "id".to_owned());
    key
}
