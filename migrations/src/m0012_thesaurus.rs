//! The thesaurus: synonym groups, and the words that stand in them.

#![expect(
    elided_lifetimes_in_paths,
    reason = "`MigrationTrait` is declared so, through `async_trait`"
)]

use sea_orm_migration::{
    prelude::*,
    schema::{integer, json_binary, text, text_null, timestamp_with_time_zone, uuid, uuid_null},
};

use crate::{index, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(groups()).await?;
        manager.create_table(words()).await?;
        manager.create_index(index("synonym_words", "synonym_words_key", &["key"])).await?;
        let alone = index("synonym_words", "synonym_words_mutual", &["mutual"]).unique().to_owned();
        manager.create_index(alone).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["synonym_words", "synonym_groups"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn groups() -> TableCreateStatement {
    Table::create()
        .table("synonym_groups")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(json_binary("words"))
        .col(json_binary("broader"))
        .col(text("note"))
        .col(uuid_null("changed_by"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(&mut reference(
            "synonym_groups_changed_by_fk",
            ("synonym_groups", "changed_by"),
            "people",
        ))
        .to_owned()
}

/// A row for each word of a group. `mutual` repeats the key in groups that go both ways, and is
/// null elsewhere: a word stands in one such group at the most.
fn words() -> TableCreateStatement {
    Table::create()
        .table("synonym_words")
        .col(uuid("group_id"))
        .col(text("key"))
        .col(text_null("mutual"))
        .primary_key(Index::create().col("group_id").col("key"))
        .foreign_key(&mut reference(
            "synonym_words_group_fk",
            ("synonym_words", "group_id"),
            "synonym_groups",
        ))
        .to_owned()
}
