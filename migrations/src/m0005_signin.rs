//! How people prove who they are.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, text, timestamp_with_time_zone, uuid},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(passwords()).await?;
        manager.create_table(old_passwords()).await?;
        let of_person = index("old_passwords", "old_passwords_person", &["person_id", "id"]);
        manager.create_index(of_person).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["old_passwords", "passwords"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// When a password was set, once it is another than the first one.
fn passwords() -> TableCreateStatement {
    Table::create()
        .table("passwords")
        .col(uuid("person_id").primary_key())
        .col(timestamp_with_time_zone("set_at"))
        .col(boolean("must_change"))
        .foreign_key(&mut reference("passwords_person_fk", ("passwords", "person_id"), "people"))
        .to_owned()
}

fn old_passwords() -> TableCreateStatement {
    Table::create()
        .table("old_passwords")
        .col(uuid("id").primary_key())
        .col(uuid("person_id"))
        .col(text("hash"))
        .foreign_key(&mut reference(
            "old_passwords_person_fk",
            ("old_passwords", "person_id"),
            "people",
        ))
        .to_owned()
}
