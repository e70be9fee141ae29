//! Organisations, the people in them, and their tokens.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{integer, json_binary, text, text_null, text_uniq, timestamp_with_time_zone, uuid},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(organisations()).await?;
        manager
            .create_index(index("organisations", "organisations_state", &["state", "id"]))
            .await?;
        manager.create_table(people()).await?;
        let in_organisation = index("people", "people_organisation", &["organisation_id", "id"]);
        manager.create_index(in_organisation).await?;
        manager.create_table(tokens()).await?;
        manager.create_index(index("tokens", "tokens_person", &["person_id", "id"])).await?;
        manager.create_index(index("tokens", "tokens_expiry", &["expires_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["tokens", "people", "organisations"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn organisations() -> TableCreateStatement {
    let states = ["registered", "verified", "refused", "suspended"];
    Table::create()
        .table("organisations")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(text_uniq("number"))
        .col(text("name"))
        .col(text("kind"))
        .col(json_binary("profile"))
        .col(text("state").check(Expr::col("state").is_in(states)))
        .col(text_null("reason"))
        .col(text_null("verified_name"))
        .col(timestamp_with_time_zone("registered_at"))
        .to_owned()
}

fn people() -> TableCreateStatement {
    let roles = [
        "enterprise",
        "research",
        "matchmaker",
        "lead",
        "system_admin",
        "security_admin",
        "auditor",
        "unassigned",
    ];
    Table::create()
        .table("people")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(uuid("organisation_id"))
        .col(text("role").check(Expr::col("role").is_in(roles)))
        .col(text_uniq("login"))
        .col(text("name"))
        .col(text("state").check(Expr::col("state").is_in(["active", "disabled"])))
        .col(text("password_hash"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut reference(
            "people_organisation_fk",
            ("people", "organisation_id"),
            "organisations",
        ))
        .to_owned()
}

fn tokens() -> TableCreateStatement {
    Table::create()
        .table("tokens")
        .col(uuid("id").primary_key())
        .col(uuid("person_id"))
        .col(text("kind").check(Expr::col("kind").is_in(["session", "program"])))
        .col(text("stage").check(Expr::col("stage").is_in([
            "code",
            "password",
            "enrolment",
            "whole",
        ])))
        .col(text("scopes"))
        .col(text("name"))
        .col(text_uniq("hash"))
        .col(text_null("origin"))
        .col(text("agent"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("used_at"))
        .col(timestamp_with_time_zone("idle_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut reference("tokens_person_fk", ("tokens", "person_id"), "people"))
        .to_owned()
}
