//! Needs and achievements in one table: they share everything but what their form says.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, date_null, integer, json_binary, json_binary_null, text, text_null,
        text_uniq, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(listings()).await?;
        for (name, columns) in [
            ("listings_state", &["kind", "state", "id"][..]),
            ("listings_organisation", &["organisation_id", "kind", "id"]),
            ("listings_working", &["working_state", "id"]),
            ("listings_expiry", &["state", "valid_until"]),
        ] {
            manager.create_index(index("listings", name, columns)).await?;
        }
        let external = ["organisation_id", "kind", "external_id"];
        let external = index("listings", "listings_external", &external).unique().to_owned();
        manager.create_index(external).await?;
        manager.create_table(editions()).await?;
        manager.create_table(reviews()).await?;
        manager.create_index(index("reviews", "reviews_listing", &["listing_id", "id"])).await?;
        manager.create_table(counters()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["counters", "reviews", "editions", "listings"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn listings() -> TableCreateStatement {
    let working = ["draft", "submitted", "returned", "rejected"];
    let public = ["published", "paused", "matched", "closed", "withdrawn", "expired", "archived"];
    let states: Vec<&str> = working.iter().chain(&public).copied().collect();
    let visibilities = ["public", "masked", "confidential"];
    Table::create()
        .table("listings")
        .col(uuid("id").primary_key())
        .col(text("kind").check(Expr::col("kind").is_in(["need", "achievement"])))
        .col(integer("version"))
        .col(text_uniq("number"))
        .col(uuid("organisation_id"))
        .col(uuid("author_id"))
        .col(uuid_null("matchmaker_id"))
        .col(text_null("external_id"))
        .col(text("title"))
        .col(text("state").check(Expr::col("state").is_in(states.clone())))
        .col(text("visibility").check(Expr::col("visibility").is_in(visibilities)))
        .col(json_binary("form"))
        .col(json_binary_null("revision"))
        .col(text_null("revision_state").check(Expr::col("revision_state").is_in(working)))
        .col(text("working_state").check(Expr::col("working_state").is_in(states)))
        .col(integer("edition"))
        .col(integer("matter"))
        .col(big_integer("digest"))
        .col(timestamp_with_time_zone_null("published_at"))
        .col(date_null("valid_until"))
        .col(boolean("suspended").default(false))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut reference(
            "listings_organisation_fk",
            ("listings", "organisation_id"),
            "organisations",
        ))
        .foreign_key(&mut reference("listings_author_fk", ("listings", "author_id"), "people"))
        .foreign_key(&mut reference(
            "listings_matchmaker_fk",
            ("listings", "matchmaker_id"),
            "people",
        ))
        .to_owned()
}

fn editions() -> TableCreateStatement {
    Table::create()
        .table("editions")
        .col(uuid("listing_id"))
        .col(integer("edition"))
        .col(json_binary("form"))
        .col(timestamp_with_time_zone("published_at"))
        .primary_key(Index::create().col("listing_id").col("edition"))
        .foreign_key(&mut reference("editions_listing_fk", ("editions", "listing_id"), "listings"))
        .to_owned()
}

fn reviews() -> TableCreateStatement {
    let decisions = ["approve", "return", "reject"];
    Table::create()
        .table("reviews")
        .col(uuid("id").primary_key())
        .col(uuid("listing_id"))
        .col(uuid("reviewer_id"))
        .col(text("decision").check(Expr::col("decision").is_in(decisions)))
        .col(json_binary("rubric"))
        .col(text("reasons"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(&mut reference("reviews_listing_fk", ("reviews", "listing_id"), "listings"))
        .foreign_key(&mut reference("reviews_reviewer_fk", ("reviews", "reviewer_id"), "people"))
        .to_owned()
}

fn counters() -> TableCreateStatement {
    Table::create()
        .table("counters")
        .col(text("name").primary_key())
        .col(big_integer("last"))
        .to_owned()
}
