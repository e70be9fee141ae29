//! The stored thesaurus: synonym groups, and the revision that every change of them counts up.

use domain::{
    form,
    people::PersonId,
    thesaurus::{Group, GroupForm, GroupId, Word},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use serde_json::json;

use crate::{Conn, Error, Page, Result, Tx, error::corrupt, outbox::counter};

/// The counter that has the revision.
const REVISION: &str = "thesaurus";

/// The group of this id.
pub async fn get(conn: &impl Conn, id: GroupId) -> Result<Group> {
    let row = group::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Groups, the newest first; only those in which a word stands, if one is given.
pub async fn list(conn: &impl Conn, word: Option<&Word>, page: Page) -> Result<Vec<Group>> {
    let mut query = group::Entity::find().order_by_desc(group::Column::Id).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(group::Column::Id.lt(after));
    }
    if let Some(word) = word {
        let with = word::Entity::find()
            .select_only()
            .column(word::Column::GroupId)
            .filter(word::Column::Key.eq(word.key()));
        query = query.filter(group::Column::Id.in_subquery(with.into_query()));
    }
    query.all(conn).await?.into_iter().map(Group::try_from).collect()
}

/// Every group, the oldest first. One that cannot be read, since a rule was tightened, is logged and
/// left out: it must not keep the others from being used.
pub async fn all(conn: &impl Conn) -> Result<Vec<Group>> {
    let rows = group::Entity::find().order_by_asc(group::Column::Id).all(conn).await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        match Group::try_from(row) {
            Ok(group) => groups.push(group),
            Err(err) => tracing::error!(%id, error = %err, "a synonym group cannot be read"),
        }
    }
    Ok(groups)
}

/// How many groups there are.
pub async fn count(conn: &impl Conn) -> Result<u64> {
    Ok(group::Entity::find().count(conn).await?)
}

/// The revision: another number after every change. 0 where there never was any.
pub async fn revision(conn: &impl Conn) -> Result<i64> {
    let row = counter::Entity::find_by_id(REVISION.to_owned()).one(conn).await?;
    Ok(row.map_or(0, |it| it.last))
}

/// Counts the revision up, in the transaction of a change and before it. Changes queue here: what is
/// read of the thesaurus afterwards holds until the transaction ends.
pub async fn revise(tx: &Tx) -> Result<()> {
    let first = counter::ActiveModel { name: Set(REVISION.to_owned()), last: Set(1) };
    // As wide as the column: a prepared statement keeps the type it was first used with, and numbers
    // of listings are counted by the same one.
    let next = Expr::col((counter::Entity, counter::Column::Last)).add(1_i64);
    let again =
        OnConflict::column(counter::Column::Name).value(counter::Column::Last, next).to_owned();
    counter::Entity::insert(first).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// Of some words, those that stand in a group that goes both ways, other than `but`, each with that
/// group.
pub async fn mutual(
    conn: &impl Conn,
    words: impl IntoIterator<Item = &Word>,
    but: Option<GroupId>,
) -> Result<Vec<(String, GroupId)>> {
    let keys = words.into_iter().map(Word::key);
    let mut query = word::Entity::find().filter(word::Column::Mutual.is_in(keys));
    if let Some(but) = but {
        query = query.filter(word::Column::GroupId.ne(but.as_uuid()));
    }
    let rows = query.all(conn).await?;
    Ok(rows.into_iter().map(|it| (it.key, GroupId::from_uuid(it.group_id))).collect())
}

/// Stores new groups.
pub async fn insert_all(tx: &Tx, new: &[Group]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    for some in new.chunks(500) {
        let rows = some.iter().map(columns);
        group::Entity::insert_many(rows).exec_without_returning(tx).await?;
        insert_words(tx, some).await?;
    }
    Ok(())
}

/// Saves a group that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Group) -> Result<()> {
    let mut row = columns(changed);
    row.version = Set(changed.version + 1);
    let done = group::Entity::update_many()
        .set(row)
        .filter(group::Column::Id.eq(changed.id.as_uuid()))
        .filter(group::Column::Version.eq(changed.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::Stale);
    }
    remove_words(tx, changed.id).await?;
    insert_words(tx, std::slice::from_ref(changed)).await?;
    changed.version += 1;
    Ok(())
}

/// Removes a group that was read as `gone.version`, or fails as [`Error::Stale`].
pub async fn remove(tx: &Tx, gone: &Group) -> Result<()> {
    remove_words(tx, gone.id).await?;
    let done = group::Entity::delete_many()
        .filter(group::Column::Id.eq(gone.id.as_uuid()))
        .filter(group::Column::Version.eq(gone.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 { Err(Error::Stale) } else { Ok(()) }
}

async fn insert_words(tx: &Tx, groups: &[Group]) -> Result<()> {
    let rows = groups.iter().flat_map(|group| {
        let mutual = group.form.goes_both_ways();
        group.form.all().map(move |it| word::ActiveModel {
            group_id: Set(group.id.as_uuid()),
            key: Set(it.key().to_owned()),
            mutual: Set(mutual.then(|| it.key().to_owned())),
        })
    });
    word::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

async fn remove_words(tx: &Tx, of: GroupId) -> Result<()> {
    word::Entity::delete_many().filter(word::Column::GroupId.eq(of.as_uuid())).exec(tx).await?;
    Ok(())
}

fn columns(it: &Group) -> group::ActiveModel {
    let GroupForm { words, broader, note } = &it.form;
    group::ActiveModel {
        id: Set(it.id.as_uuid()),
        version: Set(it.version),
        words: Set(json!(words)),
        broader: Set(json!(broader)),
        note: Set(note.as_str().to_owned()),
        changed_by: Set(it.changed_by.map(PersonId::as_uuid)),
        changed_at: Set(it.changed_at),
    }
}

impl TryFrom<group::Model> for Group {
    type Error = Error;

    fn try_from(row: group::Model) -> Result<Self> {
        let form = json!({ "words": row.words, "broader": row.broader, "note": row.note });
        let form = form::read::<GroupForm>(&form).map_err(corrupt("synonym_groups"))?;
        Ok(Self {
            id: GroupId::from_uuid(row.id),
            version: row.version,
            form,
            changed_by: row.changed_by.map(PersonId::from_uuid),
            changed_at: row.changed_at,
        })
    }
}

mod group {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "synonym_groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        #[sea_orm(column_type = "JsonBinary")]
        pub words: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub broader: Json,
        pub note: String,
        pub changed_by: Option<Uuid>,
        pub changed_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod word {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "synonym_words")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub group_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub mutual: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
