//! Stored people. Password hashes come out only to be compared.

use domain::{
    organisations::OrganisationId,
    people::{Login, Person, PersonId, Role, State},
    text::Line,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, LockType, SelectStatement},
};

use uuid::Uuid;

use crate::{
    Conn, Error, Keys, Page, Result, Tx,
    error::{corrupt, unknown},
    keys::Place,
};

/// The person of this id.
pub async fn get(conn: &impl Conn, id: PersonId) -> Result<Person> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.open(conn.keys())
}

/// Waits until nobody else changes what belongs to a person: what is counted after that in the same
/// transaction stays as it is. (SQLite has one writer at a time in any case.)
pub async fn hold(tx: &Tx, id: PersonId) -> Result<()> {
    let row = row::Entity::find_by_id(id.as_uuid()).lock_exclusive().one(tx).await?;
    row.map(|_held| ()).ok_or(Error::NotFound)
}

/// The person with this sign-in name, and the hash of the password.
pub async fn find(conn: &impl Conn, login: &Login) -> Result<Option<(Person, String)>> {
    let row = row::Entity::find().filter(row::Column::Login.eq(login.as_str())).one(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let hash = row.password_hash.clone();
    Ok(Some((row.open(conn.keys())?, hash)))
}

/// People, the newest first.
pub async fn list(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    page: Page,
) -> Result<Vec<Person>> {
    let mut query = row::Entity::find().order_by_desc(row::Column::Id).limit(page.limit);
    if let Some(organisation) = organisation {
        query = query.filter(row::Column::OrganisationId.eq(organisation.as_uuid()));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Several people, in no order; those who are not there are left out.
pub async fn several(conn: &impl Conn, ids: &[PersonId]) -> Result<Vec<Person>> {
    let ids = ids.iter().map(|it| it.as_uuid());
    let rows = row::Entity::find().filter(row::Column::Id.is_in(ids)).all(conn).await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Those of an organisation who may sign in.
pub async fn colleagues(conn: &impl Conn, of: OrganisationId, most: u64) -> Result<Vec<Person>> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(of.as_uuid()))
        .filter(row::Column::State.eq(State::Active.as_str()))
        .order_by_asc(row::Column::Id)
        .limit(most)
        .all(conn)
        .await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Everyone who is active in a role, held until the transaction ends: of two transactions that each
/// count on somebody else staying, the second waits, and then sees what the first did.
pub async fn hold_active(tx: &Tx, role: Role) -> Result<Vec<PersonId>> {
    let mut query = row::Entity::find()
        .filter(row::Column::Role.eq(role.as_str()))
        .filter(row::Column::State.eq(State::Active.as_str()))
        .order_by_asc(row::Column::Id);
    if tx.get_database_backend() == DbBackend::Postgres {
        query = query.lock(LockType::Update);
    }
    let rows = query.all(tx).await?;
    Ok(rows.into_iter().map(|it| PersonId::from_uuid(it.id)).collect())
}

/// Stores a new person; [`Error::Taken`] if the sign-in name is.
pub async fn insert(tx: &Tx, new: &Person, password_hash: &str) -> Result<()> {
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        version: Set(new.version),
        organisation_id: Set(new.organisation.as_uuid()),
        role: Set(new.role.as_str().to_owned()),
        login: Set(new.login.as_str().to_owned()),
        name: Set(sealed_name(tx, new)?),
        state: Set(new.state.as_str().to_owned()),
        password_hash: Set(password_hash.to_owned()),
        created_at: Set(new.created_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves a person's name, role and state, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Person) -> Result<()> {
    let row = row::ActiveModel {
        version: Set(changed.version + 1),
        organisation_id: Set(changed.organisation.as_uuid()),
        role: Set(changed.role.as_str().to_owned()),
        name: Set(sealed_name(tx, changed)?),
        state: Set(changed.state.as_str().to_owned()),
        ..row::ActiveModel::default()
    };
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

/// Puts another hash in the place of a person's, which is returned: see [`crate::passwords::set`].
pub(crate) async fn replace_hash(tx: &Tx, id: PersonId, hash: &str) -> Result<String> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(tx).await?.ok_or(Error::NotFound)?;
    row::Entity::update_many()
        .col_expr(row::Column::PasswordHash, Expr::value(hash))
        .filter(row::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(row.password_hash)
}

/// Gives a person another sign-in name; [`Error::Taken`] if someone has it.
pub async fn set_login(tx: &Tx, id: PersonId, login: &Login) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::Login, Expr::value(login.as_str()))
        .filter(row::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The ids of an organisation's people.
pub(crate) fn of_organisation(organisation: OrganisationId) -> SelectStatement {
    row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
        .into_query()
}

fn sealed_name(tx: &Tx, it: &Person) -> Result<String> {
    tx.keys().seal(&name_of(it.id.as_uuid()), it.name.as_str())
}

fn name_of(person: Uuid) -> Place {
    Place::new("people", "name", person)
}

impl row::Model {
    fn open(self, keys: &Keys) -> Result<Person> {
        let row = self;
        let name = keys.open(&name_of(row.id), &row.name)?;
        Ok(Person {
            id: PersonId::from_uuid(row.id),
            version: row.version,
            organisation: OrganisationId::from_uuid(row.organisation_id),
            role: Role::named(&row.role).ok_or_else(|| unknown("people.role"))?,
            login: Login::new(&row.login).map_err(corrupt("people.login"))?,
            name: Line::new(&name).map_err(corrupt("people.name"))?,
            state: State::named(&row.state).ok_or_else(|| unknown("people.state"))?,
            created_at: row.created_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "people")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub organisation_id: Uuid,
        pub role: String,
        pub login: String,
        pub name: String,
        pub state: String,
        pub password_hash: String,
        pub created_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
