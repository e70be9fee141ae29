//! Which keys have sealed something. The keys themselves are not in the database.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{text, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(sealing_keys()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sealing_keys").to_owned()).await
    }
}

fn sealing_keys() -> TableCreateStatement {
    Table::create()
        .table("sealing_keys")
        .col(text("id").primary_key())
        .col(timestamp_with_time_zone("made_at"))
        .col(timestamp_with_time_zone_null("retired_at"))
        .to_owned()
}
