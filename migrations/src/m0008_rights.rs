//! Who was given which role, by whom; which colleagues read a listing; introductions; notices;
//! emergencies.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, integer, json_binary_null, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(grants()).await?;
        manager.create_index(index("grants", "grants_person", &["person_id", "id"])).await?;
        manager.create_index(index("grants", "grants_state", &["state", "id"])).await?;
        manager.create_table(readers()).await?;
        manager.create_index(index("readers", "readers_person", &["person_id"])).await?;
        manager.create_table(introductions()).await?;
        let mut rounds = index("introductions", "introductions_round", &["pair_id", "round"]);
        manager.create_index(rounds.unique().to_owned()).await?;
        for (name, columns) in [
            ("introductions_need", &["need_id", "state"][..]),
            ("introductions_achievement", &["achievement_id", "state"]),
            ("introductions_asked_by", &["asked_by", "id"]),
        ] {
            manager.create_index(index("introductions", name, columns)).await?;
        }
        manager.create_table(notices()).await?;
        manager.create_index(index("notices", "notices_person", &["person_id", "id"])).await?;
        manager.create_table(emergencies()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["emergencies", "notices", "introductions", "readers", "grants"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn grants() -> TableCreateStatement {
    let states = ["asked", "granted", "refused", "withdrawn"];
    Table::create()
        .table("grants")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(uuid("person_id"))
        .col(text("from_role"))
        .col(text("to_role"))
        .col(text("reason"))
        .col(uuid("asked_by"))
        .col(timestamp_with_time_zone("asked_at"))
        .col(text("state").check(Expr::col("state").is_in(states)))
        .col(uuid_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(text_null("decided_reason"))
        .foreign_key(&mut reference("grants_person_fk", ("grants", "person_id"), "people"))
        .foreign_key(&mut reference("grants_asked_by_fk", ("grants", "asked_by"), "people"))
        .foreign_key(&mut reference("grants_decided_by_fk", ("grants", "decided_by"), "people"))
        .to_owned()
}

fn readers() -> TableCreateStatement {
    Table::create()
        .table("readers")
        .col(uuid("listing_id"))
        .col(uuid("person_id"))
        .primary_key(Index::create().col("listing_id").col("person_id"))
        .foreign_key(&mut reference("readers_listing_fk", ("readers", "listing_id"), "listings"))
        .foreign_key(&mut reference("readers_person_fk", ("readers", "person_id"), "people"))
        .to_owned()
}

/// What expired is not written down: it is what nobody answered in time.
fn introductions() -> TableCreateStatement {
    let states = ["asked", "agreed", "declined", "withdrawn"];
    let mut table = Table::create();
    table
        .table("introductions")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(uuid("pair_id"))
        .col(integer("round"))
        .col(uuid("need_id"))
        .col(uuid("need_organisation_id"))
        .col(uuid("achievement_id"))
        .col(uuid("achievement_organisation_id"))
        .col(uuid("asked_by"))
        .col(timestamp_with_time_zone("asked_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(text("state").check(Expr::col("state").is_in(states)));
    for side in ["need", "achievement"] {
        table
            .col(boolean(format!("{side}_consented")))
            .col(json_binary_null(format!("{side}_answer")))
            .col(uuid_null(format!("{side}_answered_by")))
            .col(timestamp_with_time_zone_null(format!("{side}_answered_at")));
    }
    for (name, column, to) in [
        ("introductions_pair_fk", "pair_id", "pairs"),
        ("introductions_need_fk", "need_id", "listings"),
        ("introductions_achievement_fk", "achievement_id", "listings"),
        ("introductions_asked_by_fk", "asked_by", "people"),
        ("introductions_need_answered_by_fk", "need_answered_by", "people"),
        ("introductions_achievement_answered_by_fk", "achievement_answered_by", "people"),
    ] {
        table.foreign_key(&mut reference(name, ("introductions", column), to));
    }
    table
}

fn notices() -> TableCreateStatement {
    Table::create()
        .table("notices")
        .col(uuid("id").primary_key())
        .col(uuid("person_id"))
        .col(text("subject"))
        .col(uuid("object_id"))
        .col(text("reason"))
        .col(timestamp_with_time_zone("at"))
        .foreign_key(&mut reference("notices_person_fk", ("notices", "person_id"), "people"))
        .to_owned()
}

/// A draft that is deleted takes nothing along that was asked about it.
fn emergencies() -> TableCreateStatement {
    let states = ["asked", "open", "ended", "refused", "withdrawn"];
    let person = |name, column| reference(name, ("emergencies", column), "people");
    Table::create()
        .table("emergencies")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(text("kind").check(Expr::col("kind").is_in(["need", "achievement"])))
        .col(uuid("listing_id"))
        .col(big_integer("minutes"))
        .col(text("reason"))
        .col(uuid("asked_by"))
        .col(text("asked_as"))
        .col(timestamp_with_time_zone("asked_at"))
        .col(text("state").check(Expr::col("state").is_in(states)))
        .col(uuid_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .foreign_key(&mut person("emergencies_asked_by_fk", "asked_by"))
        .foreign_key(&mut person("emergencies_decided_by_fk", "decided_by"))
        .to_owned()
}
