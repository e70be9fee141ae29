//! Signing in by way of another provider.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(identities()).await?;
        for (name, columns) in [
            ("identities_subject", &["subject_hash"][..]),
            ("identities_person", &["person_id", "issuer"]),
        ] {
            let one = index("identities", name, columns).unique().to_owned();
            manager.create_index(one).await?;
        }
        manager.create_table(flows()).await?;
        manager.create_index(index("oidc_flows", "oidc_flows_age", &["expires_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["oidc_flows", "identities"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Who someone is elsewhere. `subject_hash` is a digest of issuer and subject.
fn identities() -> TableCreateStatement {
    Table::create()
        .table("identities")
        .col(uuid("id").primary_key())
        .col(uuid("person_id"))
        .col(text("issuer"))
        .col(text("subject_hash"))
        .col(timestamp_with_time_zone("linked_at"))
        .col(timestamp_with_time_zone_null("used_at"))
        .foreign_key(&mut reference("identities_person_fk", ("identities", "person_id"), "people"))
        .to_owned()
}

/// Those who are on their way to the provider and back; `person_id` is whose account is to be linked.
fn flows() -> TableCreateStatement {
    Table::create()
        .table("oidc_flows")
        .col(text("state_hash").primary_key())
        .col(text("browser_hash"))
        .col(text("nonce_hash"))
        .col(text("verifier"))
        .col(uuid_null("person_id"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut reference("oidc_flows_person_fk", ("oidc_flows", "person_id"), "people"))
        .to_owned()
}
