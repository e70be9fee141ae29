//! Stored emergencies: which administrator may read which listing, and for how long.

use domain::{
    emergencies::{Decided, Emergency, EmergencyId, State},
    listings::Kind,
    people::{PersonId, Role},
    text::Text,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::{
    Conn, Error, Page, Result, Tx,
    error::{corrupt, unknown},
};

/// The emergency of this id.
pub async fn get(conn: &impl Conn, id: EmergencyId) -> Result<Emergency> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Emergencies, the newest first.
pub async fn list(conn: &impl Conn, page: Page) -> Result<Vec<Emergency>> {
    let mut query = row::Entity::find().order_by_desc(row::Column::Id).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(Emergency::try_from).collect()
}

/// Stores a new emergency.
pub async fn insert(tx: &Tx, new: &Emergency) -> Result<()> {
    row::Entity::insert(columns(new)).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves an emergency that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Emergency) -> Result<()> {
    let mut row = columns(changed);
    row.version = Set(changed.version + 1);
    let done = row::Entity::update_many()
        .set(row)
        .filter(row::Column::Id.eq(changed.id.as_uuid()))
        .filter(row::Column::Version.eq(changed.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::Stale);
    }
    changed.version += 1;
    Ok(())
}

fn columns(it: &Emergency) -> row::ActiveModel {
    let decided = it.decided();
    row::ActiveModel {
        id: Set(it.id.as_uuid()),
        version: Set(it.version),
        kind: Set(it.listing.0.as_str().to_owned()),
        listing_id: Set(it.listing.1),
        minutes: Set(it.minutes),
        reason: Set(it.reason.as_str().to_owned()),
        asked_by: Set(it.asked_by.as_uuid()),
        asked_as: Set(it.asked_as.as_str().to_owned()),
        asked_at: Set(it.asked_at),
        state: Set(it.stored_state().as_str().to_owned()),
        decided_by: Set(decided.map(|it| it.by.as_uuid())),
        decided_at: Set(decided.map(|it| it.at)),
    }
}

impl TryFrom<row::Model> for Emergency {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let kind = Kind::named(&row.kind).ok_or_else(|| unknown("emergencies.kind"))?;
        let role = Role::named(&row.asked_as).ok_or_else(|| unknown("emergencies.asked_as"))?;
        let reason = Text::new(&row.reason).map_err(corrupt("emergencies.reason"))?;
        let decided = row.decided_by.zip(row.decided_at);
        Ok(Self::restore(
            (EmergencyId::from_uuid(row.id), row.version),
            ((kind, row.listing_id), row.minutes, reason),
            (PersonId::from_uuid(row.asked_by), role, row.asked_at),
            State::named(&row.state).ok_or_else(|| unknown("emergencies.state"))?,
            decided.map(|(by, at)| Decided { by: PersonId::from_uuid(by), at }),
        ))
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "emergencies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub kind: String,
        pub listing_id: Uuid,
        pub minutes: i64,
        pub reason: String,
        pub asked_by: Uuid,
        pub asked_as: String,
        pub asked_at: ChronoDateTimeUtc,
        pub state: String,
        pub decided_by: Option<Uuid>,
        pub decided_at: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
