//! Mail that waits to be sent, what links in mails stand for, addresses, invitations, applications.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{text, text_null, timestamp_with_time_zone, uuid, uuid_null},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(mails()).await?;
        manager.create_table(mail_addresses()).await?;
        manager.create_table(links()).await?;
        manager.create_index(unique("links", "links_hash", &["hash"])).await?;
        manager.create_index(index("links", "links_person", &["person_id", "purpose"])).await?;
        manager.create_table(invitations()).await?;
        manager.create_index(unique("invitations", "invitations_hash", &["hash"])).await?;
        let of = index("invitations", "invitations_organisation", &["organisation_id", "id"]);
        manager.create_index(of).await?;
        manager.create_table(applications()).await?;
        manager.create_index(index("applications", "applications_number", &["number", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["applications", "invitations", "links", "mail_addresses", "mails"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn unique(table: &str, name: &str, columns: &[&str]) -> IndexCreateStatement {
    index(table, name, columns).unique().to_owned()
}

fn mails() -> TableCreateStatement {
    Table::create()
        .table("mails")
        .col(uuid("id").primary_key())
        .col(text("kind"))
        .col(uuid_null("person_id"))
        .col(text("recipient"))
        .col(text("secret"))
        .col(timestamp_with_time_zone("queued_at"))
        .col(timestamp_with_time_zone("give_up_at"))
        .foreign_key(&mut reference("mails_person_fk", ("mails", "person_id"), "people"))
        .to_owned()
}

/// Only addresses that were confirmed.
fn mail_addresses() -> TableCreateStatement {
    let mut person =
        reference("mail_addresses_person_fk", ("mail_addresses", "person_id"), "people");
    Table::create()
        .table("mail_addresses")
        .col(uuid("person_id").primary_key())
        .col(text("mail"))
        .col(timestamp_with_time_zone("confirmed_at"))
        .foreign_key(&mut person)
        .to_owned()
}

/// `mail` is the address that a link confirms.
fn links() -> TableCreateStatement {
    Table::create()
        .table("links")
        .col(uuid("id").primary_key())
        .col(text("purpose").check(Expr::col("purpose").is_in(["reset", "mail"])))
        .col(uuid("person_id"))
        .col(text("hash"))
        .col(text_null("mail"))
        .col(timestamp_with_time_zone("made_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut reference("links_person_fk", ("links", "person_id"), "people"))
        .to_owned()
}

fn invitations() -> TableCreateStatement {
    let organisation = ("invitations", "organisation_id");
    Table::create()
        .table("invitations")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(text("role"))
        .col(text("mail"))
        .col(text("hash"))
        .col(uuid("invited_by"))
        .col(timestamp_with_time_zone("invited_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut reference("invitations_organisation_fk", organisation, "organisations"))
        .foreign_key(&mut reference(
            "invitations_invited_by_fk",
            ("invitations", "invited_by"),
            "people",
        ))
        .to_owned()
}

/// `number` is the one that was typed; there may be no organisation that has it.
fn applications() -> TableCreateStatement {
    Table::create()
        .table("applications")
        .col(uuid("id").primary_key())
        .col(text("number"))
        .col(text("applicant"))
        .col(text("password_hash"))
        .col(timestamp_with_time_zone("applied_at"))
        .to_owned()
}
