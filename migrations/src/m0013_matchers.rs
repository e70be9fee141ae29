//! Trained versions of the matcher, which of them suggests, and where suggestions stood.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{
        integer, json_binary, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

use crate::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(matchers()).await?;
        manager.create_table(turns()).await?;
        let position = integer("position").default(0).to_owned();
        manager.alter_table(Table::alter().table("pairs").add_column(position).to_owned()).await?;
        manager.create_index(index("pairs", "pairs_matcher", &["matcher"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("pairs_matcher").table("pairs").to_owned()).await?;
        manager
            .alter_table(Table::alter().table("pairs").drop_column("position").to_owned())
            .await?;
        for table in ["matcher_turns", "matchers"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn matchers() -> TableCreateStatement {
    Table::create()
        .table("matchers")
        .col(text("name").primary_key())
        .col(text("base"))
        .col(json_binary("weights"))
        .col(json_binary("figures"))
        .col(timestamp_with_time_zone("trained_at"))
        .to_owned()
}

/// Which matcher was made to suggest, one after another. The newest turn that was not undone holds;
/// going back undoes it. `matcher` may name the built-in one, which is in no table.
fn turns() -> TableCreateStatement {
    Table::create()
        .table("matcher_turns")
        .col(uuid("id").primary_key())
        .col(text("matcher"))
        .col(timestamp_with_time_zone("begun_at"))
        .col(timestamp_with_time_zone_null("undone_at"))
        .to_owned()
}
