//! How often callers have asked, and the files that they have sent.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, timestamp_with_time_zone, uuid, uuid_null},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(rates()).await?;
        manager.create_index(index("rates", "rates_age", &["full_at"])).await?;
        manager.create_table(attachments()).await?;
        let stored = index("attachments", "attachments_stored", &["stored"]).unique().to_owned();
        manager.create_index(stored).await?;
        for (name, columns) in [
            ("attachments_listing", &["listing_id", "id"][..]),
            ("attachments_organisation", &["organisation_id", "subject_kind", "id"]),
        ] {
            manager.create_index(index("attachments", name, columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["attachments", "rates"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// `key` is a digest; `full_at` is a moment in microseconds, so that it can be moved in SQL alike on
/// both databases.
fn rates() -> TableCreateStatement {
    Table::create()
        .table("rates")
        .col(text("key").primary_key())
        .col(big_integer("full_at"))
        .to_owned()
}

/// `subject_kind` tells what it belongs to: a listing, or as which proof an organisation.
fn attachments() -> TableCreateStatement {
    let subjects = ["need", "achievement", "licence", "letter"];
    let readers = ["everyone", "after_consent", "staff"];
    Table::create()
        .table("attachments")
        .col(uuid("id").primary_key())
        .col(text("subject_kind").check(Expr::col("subject_kind").is_in(subjects)))
        .col(uuid_null("listing_id"))
        .col(uuid("organisation_id"))
        .col(uuid("sender_id"))
        .col(text("readers").check(Expr::col("readers").is_in(readers)))
        .col(text("name"))
        .col(text("file_type"))
        .col(big_integer("size"))
        .col(text("digest"))
        .col(uuid("stored"))
        .col(timestamp_with_time_zone("sent_at"))
        .foreign_key(&mut reference(
            "attachments_listing_fk",
            ("attachments", "listing_id"),
            "listings",
        ))
        .foreign_key(&mut reference(
            "attachments_organisation_fk",
            ("attachments", "organisation_id"),
            "organisations",
        ))
        .foreign_key(&mut reference(
            "attachments_sender_fk",
            ("attachments", "sender_id"),
            "people",
        ))
        .to_owned()
}
