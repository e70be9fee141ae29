//! How people prove who they are.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, integer, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid,
    },
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
        manager.create_index(of_person).await?;
        manager.create_table(attempts()).await?;
        manager.create_index(index("attempts", "attempts_account", &["account"])).await?;
        manager.create_table(known_sources()).await?;
        manager.create_table(second_factors()).await?;
        manager.create_table(recovery_codes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "recovery_codes",
            "second_factors",
            "known_sources",
            "attempts",
            "old_passwords",
            "passwords",
        ] {
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

/// Failed attempts to sign in, by account and source, by account, and by source.
fn attempts() -> TableCreateStatement {
    Table::create()
        .table("attempts")
        .col(text("key").primary_key())
        .col(text_null("account"))
        .col(integer("taken"))
        .col(timestamp_with_time_zone("since"))
        .col(timestamp_with_time_zone_null("until"))
        .to_owned()
}

/// From where an account was signed in to, and when last.
fn known_sources() -> TableCreateStatement {
    Table::create()
        .table("known_sources")
        .col(text("account"))
        .col(text("source"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("account").col("source"))
        .to_owned()
}

fn second_factors() -> TableCreateStatement {
    Table::create()
        .table("second_factors")
        .col(uuid("person_id").primary_key())
        .col(text_null("secret"))
        .col(timestamp_with_time_zone_null("since"))
        .col(text_null("pending"))
        .col(big_integer("step"))
        .foreign_key(&mut reference(
            "second_factors_person_fk",
            ("second_factors", "person_id"),
            "people",
        ))
        .to_owned()
}

fn recovery_codes() -> TableCreateStatement {
    Table::create()
        .table("recovery_codes")
        .col(uuid("person_id"))
        .col(text("hash"))
        .primary_key(Index::create().col("person_id").col("hash"))
        .foreign_key(&mut reference(
            "recovery_codes_person_fk",
            ("recovery_codes", "person_id"),
            "people",
        ))
        .to_owned()
}
