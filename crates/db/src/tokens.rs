//! Tokens: what proves who asks. Only their digests are stored.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::{
    Id,
    people::PersonId,
    policy::{Reach, Scope, Stage},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use crate::{Conn, Error, Result, Tx, error::unknown};

/// Identifies a [`Token`].
pub type TokenId = Id<Token>;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Names this token.
    pub id: TokenId,
    /// Whose it is.
    pub person: PersonId,
    /// What can be done with it.
    pub reach: Reach,
    /// What its owner calls it.
    pub name: String,
    /// Where it was asked for, if over a connection.
    pub origin: Option<IpAddr>,
    /// With what program, as that called itself.
    pub agent: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a minute.
    pub used_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub idle_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Made by signing in; ends with signing out.
    Session,
    /// Made for a program.
    Program,
}

/// The token with this digest that has not ended.
pub async fn find(conn: &impl Conn, hash: &str, now: DateTime<Utc>) -> Result<Option<Token>> {
    let row = row::Entity::find()
        .filter(row::Column::Hash.eq(hash))
        .filter(row::Column::ExpiresAt.gt(now))
        .filter(row::Column::IdleAt.gt(now))
        .one(conn)
        .await?;
    row.map(Token::try_from).transpose()
}

/// A person's tokens of one kind that have not ended, the oldest first.
pub async fn list(
    conn: &impl Conn,
    (person, kind): (PersonId, Kind),
    now: DateTime<Utc>,
) -> Result<Vec<Token>> {
    let rows = row::Entity::find()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .filter(row::Column::Kind.eq(kind.as_str()))
        .filter(row::Column::ExpiresAt.gt(now))
        .filter(row::Column::IdleAt.gt(now))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(Token::try_from).collect()
}

/// Stores a new token under its digest.
pub async fn insert(tx: &Tx, new: &Token, hash: &str) -> Result<()> {
    let (stage, scopes) = match &new.reach {
        Reach::Session(stage) => (*stage, String::new()),
        Reach::Program(scopes) => {
            let names: Vec<&str> = scopes.iter().map(|it| it.as_str()).collect();
            (Stage::Whole, names.join(" "))
        }
    };
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        person_id: Set(new.person.as_uuid()),
        kind: Set(Kind::of(&new.reach).as_str().to_owned()),
        stage: Set(stage.as_str().to_owned()),
        scopes: Set(scopes),
        name: Set(new.name.clone()),
        hash: Set(hash.to_owned()),
        origin: Set(new.origin.map(|it| it.to_string())),
        agent: Set(new.agent.clone()),
        created_at: Set(new.created_at),
        used_at: Set(new.used_at),
        idle_at: Set(new.idle_at),
        expires_at: Set(new.expires_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Notes that a token was used, so that it goes on living until `idle_at`. One that was ended
/// meanwhile stays ended.
pub async fn touch(
    tx: &Tx,
    id: TokenId,
    (used_at, idle_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let row = row::ActiveModel {
        used_at: Set(used_at),
        idle_at: Set(idle_at),
        ..row::ActiveModel::default()
    };
    let update = row::Entity::update_many().set(row);
    update.filter(row::Column::Id.eq(id.as_uuid())).exec(tx).await?;
    Ok(())
}

/// Ends one of a person's tokens of one kind, or fails as [`Error::NotFound`].
pub async fn remove(tx: &Tx, (person, kind): (PersonId, Kind), id: TokenId) -> Result<()> {
    let done = row::Entity::delete_many()
        .filter(row::Column::Id.eq(id.as_uuid()))
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .filter(row::Column::Kind.eq(kind.as_str()))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Ends all of a person's sessions, but the one given.
pub async fn remove_sessions(tx: &Tx, person: PersonId, but: Option<TokenId>) -> Result<u64> {
    let mut all = row::Entity::delete_many()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .filter(row::Column::Kind.eq(Kind::Session.as_str()));
    if let Some(but) = but {
        all = all.filter(row::Column::Id.ne(but.as_uuid()));
    }
    Ok(all.exec(tx).await?.rows_affected)
}

/// Ends all of a person's tokens of either kind, but the one given.
pub async fn remove_all(tx: &Tx, person: PersonId, but: Option<TokenId>) -> Result<u64> {
    let mut all = row::Entity::delete_many().filter(row::Column::PersonId.eq(person.as_uuid()));
    if let Some(but) = but {
        all = all.filter(row::Column::Id.ne(but.as_uuid()));
    }
    Ok(all.exec(tx).await?.rows_affected)
}

/// Forgets the tokens that ended before a moment.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let ended = row::Entity::delete_many().filter(row::Column::IdleAt.lt(before));
    Ok(ended.exec(tx).await?.rows_affected)
}

impl Kind {
    /// The kind of a token that reaches so far.
    const fn of(reach: &Reach) -> Self {
        match reach {
            Reach::Session(_) => Self::Session,
            Reach::Program(_) => Self::Program,
        }
    }

    /// The name used in storage.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Program => "program",
        }
    }
}

impl TryFrom<row::Model> for Token {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let kinds = [Kind::Session, Kind::Program];
        let kind = kinds.into_iter().find(|it| it.as_str() == row.kind);
        let reach = match kind.ok_or_else(|| unknown("tokens.kind"))? {
            Kind::Session => {
                Reach::Session(Stage::named(&row.stage).ok_or_else(|| unknown("tokens.stage"))?)
            }
            Kind::Program => {
                let scopes: Option<_> = row.scopes.split_whitespace().map(Scope::named).collect();
                Reach::Program(scopes.ok_or_else(|| unknown("tokens.scopes"))?)
            }
        };
        Ok(Self {
            id: TokenId::from_uuid(row.id),
            person: PersonId::from_uuid(row.person_id),
            reach,
            name: row.name,
            origin: row.origin.and_then(|it| it.parse().ok()),
            agent: row.agent,
            created_at: row.created_at,
            used_at: row.used_at,
            idle_at: row.idle_at,
            expires_at: row.expires_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub kind: String,
        pub stage: String,
        pub scopes: String,
        pub name: String,
        pub hash: String,
        pub origin: Option<String>,
        pub agent: String,
        pub created_at: ChronoDateTimeUtc,
        pub used_at: ChronoDateTimeUtc,
        pub idle_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
