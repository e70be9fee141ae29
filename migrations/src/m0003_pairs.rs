//! Suggested pairs and what matchmakers found.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{
        date_null, double, integer, json_binary, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(pairs()).await?;
        let sides = ["need_id", "achievement_id", "need_edition", "achievement_edition"];
        manager.create_index(index("pairs", "pairs_sides", &sides).unique().to_owned()).await?;
        for (name, columns) in [
            ("pairs_queue", &["state", "score", "id"][..]),
            ("pairs_recent", &["state", "id"]),
            ("pairs_achievement", &["achievement_id", "state"]),
            ("pairs_taken", &["taken_by", "state"]),
            ("pairs_deferred", &["state", "deferred_until"]),
        ] {
            manager.create_index(index("pairs", name, columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("pairs").to_owned()).await
    }
}

fn pairs() -> TableCreateStatement {
    let states = ["suggested", "taken", "accepted", "declined", "deferred", "stale", "expired"];
    let grades = ["unrelated", "weak", "fairly_strong", "strong"];
    Table::create()
        .table("pairs")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(uuid("need_id"))
        .col(integer("need_edition"))
        .col(uuid("achievement_id"))
        .col(integer("achievement_edition"))
        .col(text("state").check(Expr::col("state").is_in(states)))
        .col(text("matcher"))
        .col(double("score"))
        .col(json_binary("explanation"))
        .col(timestamp_with_time_zone("suggested_at"))
        .col(uuid_null("taken_by"))
        .col(date_null("deferred_until"))
        .col(text_null("grade").check(Expr::col("grade").is_in(grades)))
        .col(text_null("reason"))
        .col(text_null("note"))
        .col(uuid_null("graded_by"))
        .col(timestamp_with_time_zone_null("graded_at"))
        .foreign_key(&mut reference("pairs_need_fk", ("pairs", "need_id"), "listings"))
        .foreign_key(&mut reference(
            "pairs_achievement_fk",
            ("pairs", "achievement_id"),
            "listings",
        ))
        .foreign_key(&mut reference("pairs_taken_by_fk", ("pairs", "taken_by"), "people"))
        .foreign_key(&mut reference("pairs_graded_by_fk", ("pairs", "graded_by"), "people"))
        .to_owned()
}
