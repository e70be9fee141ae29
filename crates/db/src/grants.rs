//! Stored grants: who was given which role.

use chrono::{DateTime, Utc};
use domain::{
    grants::{Decided, Grant, GrantId, State, WAITS},
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

/// Which grants are asked for; what is `None` does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whom they concern.
    pub person: Option<PersonId>,
    /// Where they stand.
    pub state: Option<State>,
}

/// The grant of this id.
pub async fn get(conn: &impl Conn, id: GrantId) -> Result<Grant> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Grants, the newest first.
pub async fn list(
    conn: &impl Conn,
    filter: Filter,
    (page, now): (Page, DateTime<Utc>),
) -> Result<Vec<Grant>> {
    let mut query = row::Entity::find().order_by_desc(row::Column::Id).limit(page.limit);
    if let Some(person) = filter.person {
        query = query.filter(row::Column::PersonId.eq(person.as_uuid()));
    }
    if let Some(state) = filter.state {
        // What lapsed is not written down: it is what nobody decided on in time.
        let asked = || row::Column::State.eq(State::Asked.as_str());
        query = match state {
            State::Asked => query.filter(asked()).filter(row::Column::AskedAt.gt(now - WAITS)),
            State::Lapsed => query.filter(asked()).filter(row::Column::AskedAt.lte(now - WAITS)),
            State::Granted | State::Refused | State::Withdrawn => {
                query.filter(row::Column::State.eq(state.as_str()))
            }
        };
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(Grant::try_from).collect()
}

/// Stores a new grant.
pub async fn insert(tx: &Tx, new: &Grant) -> Result<()> {
    row::Entity::insert(columns(new)).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves a grant that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Grant) -> Result<()> {
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

fn columns(it: &Grant) -> row::ActiveModel {
    let decided = it.decided();
    row::ActiveModel {
        id: Set(it.id.as_uuid()),
        version: Set(it.version),
        person_id: Set(it.person.as_uuid()),
        from_role: Set(it.from.as_str().to_owned()),
        to_role: Set(it.to.as_str().to_owned()),
        reason: Set(it.reason.as_str().to_owned()),
        asked_by: Set(it.asked_by.as_uuid()),
        asked_at: Set(it.asked_at),
        state: Set(it.stored_state().as_str().to_owned()),
        decided_by: Set(decided.map(|it| it.by.as_uuid())),
        decided_at: Set(decided.map(|it| it.at)),
        decided_reason: Set(decided
            .and_then(|it| it.reason.as_ref())
            .map(|it| it.as_str().to_owned())),
    }
}

impl TryFrom<row::Model> for Grant {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let role = |name: &str| Role::named(name).ok_or_else(|| unknown("grants.role"));
        let text = |text: &str| Text::new(text).map_err(corrupt("grants.reason"));
        let reason = row.decided_reason.as_deref().map(text).transpose()?;
        let decided = row.decided_by.zip(row.decided_at);
        Ok(Self::restore(
            (GrantId::from_uuid(row.id), row.version),
            (PersonId::from_uuid(row.person_id), role(&row.from_role)?, role(&row.to_role)?),
            (PersonId::from_uuid(row.asked_by), row.asked_at, text(&row.reason)?),
            State::named(&row.state).ok_or_else(|| unknown("grants.state"))?,
            decided.map(|(by, at)| Decided { by: PersonId::from_uuid(by), at, reason }),
        ))
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "grants")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub person_id: Uuid,
        pub from_role: String,
        pub to_role: String,
        pub reason: String,
        pub asked_by: Uuid,
        pub asked_at: ChronoDateTimeUtc,
        pub state: String,
        pub decided_by: Option<Uuid>,
        pub decided_at: Option<ChronoDateTimeUtc>,
        pub decided_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
