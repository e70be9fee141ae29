//! Which keys have sealed something (the keys themselves are not in the database), and consents.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(sealing_keys()).await?;
        manager.create_table(consents()).await?;
        manager.create_index(index("consents", "consents_person", &["person_id", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["consents", "sealing_keys"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
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

fn consents() -> TableCreateStatement {
    Table::create()
        .table("consents")
        .col(uuid("id").primary_key())
        .col(uuid("person_id"))
        .col(text("purpose"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("given_at"))
        .col(timestamp_with_time_zone_null("withdrawn_at"))
        .col(text("request_id"))
        .foreign_key(&mut reference("consents_person_fk", ("consents", "person_id"), "people"))
        .to_owned()
}
