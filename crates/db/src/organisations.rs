//! Stored organisations.

use domain::{
    form,
    organisations::{Number, Organisation, OrganisationId, Profile, State},
    text::{Line, Text},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::{
    Conn, Error, Page, Result, Tx,
    error::{corrupt, unknown},
};

/// The organisation of this id.
pub async fn get(conn: &impl Conn, id: OrganisationId) -> Result<Organisation> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The organisation with this number, if there is one.
pub async fn find(conn: &impl Conn, number: &Number) -> Result<Option<Organisation>> {
    let row = row::Entity::find().filter(row::Column::Number.eq(number.as_str())).one(conn).await?;
    row.map(Organisation::try_from).transpose()
}

/// Organisations, the newest first.
pub async fn list(conn: &impl Conn, state: Option<State>, page: Page) -> Result<Vec<Organisation>> {
    let mut query = row::Entity::find().order_by_desc(row::Column::Id).limit(page.limit);
    if let Some(state) = state {
        query = query.filter(row::Column::State.eq(state.as_str()));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(Organisation::try_from).collect()
}

/// Several organisations, in no order; those that do not exist are left out.
pub async fn several(conn: &impl Conn, ids: &[OrganisationId]) -> Result<Vec<Organisation>> {
    let ids = ids.iter().map(|it| it.as_uuid());
    let rows = row::Entity::find().filter(row::Column::Id.is_in(ids)).all(conn).await?;
    rows.into_iter().map(Organisation::try_from).collect()
}

/// How many organisations are verified.
pub async fn count_verified(conn: &impl Conn) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    let verified = row::Column::State.eq(State::Verified.as_str());
    Ok(row::Entity::find().filter(verified).count(conn).await?)
}

/// Stores a new organisation; [`Error::Taken`] if its number is registered already.
pub async fn insert(tx: &Tx, new: &Organisation) -> Result<()> {
    row::Entity::insert(columns(new)?).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves an organisation that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Organisation) -> Result<()> {
    let mut row = columns(changed)?;
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

/// Is alone with an organisation until the transaction ends.
pub async fn hold(tx: &Tx, id: OrganisationId) -> Result<()> {
    let version = sea_orm::sea_query::Expr::col(row::Column::Version);
    let same = row::Entity::update_many().col_expr(row::Column::Version, version);
    same.filter(row::Column::Id.eq(id.as_uuid())).exec(tx).await?;
    Ok(())
}

fn columns(it: &Organisation) -> Result<row::ActiveModel> {
    let profile = serde_json::to_value(&it.profile).map_err(corrupt("organisations.profile"))?;
    Ok(row::ActiveModel {
        id: Set(it.id.as_uuid()),
        version: Set(it.version),
        number: Set(it.profile.number.as_str().to_owned()),
        name: Set(it.profile.name.as_str().to_owned()),
        kind: Set(it.profile.kind.as_str().to_owned()),
        profile: Set(profile),
        state: Set(it.state().as_str().to_owned()),
        reason: Set(it.reason().map(|it| it.as_str().to_owned())),
        verified_name: Set(it.verified_name().map(|it| it.as_str().to_owned())),
        registered_at: Set(it.registered_at),
    })
}

impl TryFrom<row::Model> for Organisation {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let profile: Profile =
            form::read(&row.profile).map_err(corrupt("organisations.profile"))?;
        let state = State::named(&row.state).ok_or_else(|| unknown("organisations.state"))?;
        let reason = row.reason.map(|it| Text::new(&it)).transpose();
        let reason = reason.map_err(corrupt("organisations.reason"))?;
        let verified = row.verified_name.map(|it| Line::new(&it)).transpose();
        let verified = verified.map_err(corrupt("organisations.verified_name"))?;
        let id = OrganisationId::from_uuid(row.id);
        let named = (profile, verified);
        Ok(Self::restore(id, row.version, named, (state, reason), row.registered_at))
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "organisations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub number: String,
        pub name: String,
        pub kind: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub profile: Json,
        pub state: String,
        pub reason: Option<String>,
        pub verified_name: Option<String>,
        pub registered_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
