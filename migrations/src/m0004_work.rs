//! What a change leaves behind: events for the indexes, jobs, the audit log, remembered answers.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, integer, json_binary, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(outbox()).await?;
        let position = index("outbox", "outbox_position", &["position"]).unique().to_owned();
        manager.create_index(position).await?;
        manager.create_table(jobs()).await?;
        let subject = index("jobs", "jobs_subject", &["kind", "subject"]).unique().to_owned();
        manager.create_index(subject).await?;
        manager.create_index(index("jobs", "jobs_due", &["priority", "run_after", "id"])).await?;
        manager.create_table(audit()).await?;
        manager.create_index(index("audit", "audit_object", &["object_id", "seq"])).await?;
        manager.create_index(index("audit", "audit_actor", &["actor_id", "seq"])).await?;
        manager.create_table(audit_chain()).await?;
        manager.execute(beginning()).await?;
        manager.create_table(answers()).await?;
        manager.create_index(index("answers", "answers_age", &["at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["answers", "audit_chain", "audit", "jobs", "outbox"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// `position` is given after the commit: see `db::outbox`.
fn outbox() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        .col(uuid("id").primary_key())
        .col(big_integer_null("position"))
        .col(text("kind").check(Expr::col("kind").is_in(["need", "achievement"])))
        .col(uuid("subject"))
        .col(timestamp_with_time_zone("at"))
        .to_owned()
}

fn jobs() -> TableCreateStatement {
    Table::create()
        .table("jobs")
        .col(uuid("id").primary_key())
        .col(text("kind"))
        .col(uuid("subject"))
        .col(integer("priority"))
        .col(integer("generation"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("run_after"))
        .col(uuid_null("claimed_by"))
        .col(timestamp_with_time_zone_null("claimed_until"))
        .col(text_null("last_error"))
        .to_owned()
}

/// `hash` is over the line and the hash of the line before it: see `db::audit`.
fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(big_integer("seq").primary_key())
        .col(timestamp_with_time_zone("at"))
        .col(uuid_null("actor_id"))
        .col(text_null("origin"))
        .col(text("action"))
        .col(text_null("object_kind"))
        .col(uuid_null("object_id"))
        .col(text("outcome").check(Expr::col("outcome").is_in(["done", "denied", "failed"])))
        .col(text_null("reason"))
        .col(text("request_id"))
        // Text, since the hash is over these bytes: a database would write JSON in its own way.
        .col(text("detail"))
        .col(text("hash"))
        .to_owned()
}

/// One row: where the chain of the audit log ends, and what was the last line that was purged.
fn audit_chain() -> TableCreateStatement {
    Table::create()
        .table("audit_chain")
        .col(integer("id").primary_key().check(Expr::col("id").eq(1)))
        .col(big_integer("head"))
        .col(text("head_hash"))
        .col(big_integer("floor"))
        .col(text("floor_hash"))
        .to_owned()
}

fn beginning() -> InsertStatement {
    let zeros = "0".repeat(64);
    let row: [Expr; 5] = [1.into(), 0.into(), zeros.clone().into(), 0.into(), zeros.into()];
    let mut insert = Query::insert();
    insert
        .into_table("audit_chain")
        .columns(["id", "head", "head_hash", "floor", "floor_hash"])
        .values_panic(row);
    insert
}

/// Answers remembered for an Idempotency-Key.
fn answers() -> TableCreateStatement {
    Table::create()
        .table("answers")
        .col(uuid("person_id"))
        .col(text("key"))
        .col(text("operation"))
        .col(text("fingerprint"))
        .col(json_binary("answer"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("person_id").col("key"))
        .to_owned()
}
