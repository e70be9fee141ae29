//! Tokens: what proves who asks. Only their digests are stored.

use chrono::{DateTime, Utc};
use domain::{Id, people::PersonId};
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
    /// What it is for.
    pub kind: Kind,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
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
        .one(conn)
        .await?;
    row.map(Token::try_from).transpose()
}

/// A person's tokens that have not ended, the oldest first.
pub async fn list(conn: &impl Conn, person: PersonId, now: DateTime<Utc>) -> Result<Vec<Token>> {
    let rows = row::Entity::find()
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .filter(row::Column::ExpiresAt.gt(now))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(Token::try_from).collect()
}

/// Stores a new token under its digest.
pub async fn insert(tx: &Tx, new: &Token, hash: &str) -> Result<()> {
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        person_id: Set(new.person.as_uuid()),
        kind: Set(new.kind.as_str().to_owned()),
        name: Set(new.name.clone()),
        hash: Set(hash.to_owned()),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Ends one of a person's tokens, or fails as [`Error::NotFound`].
pub async fn remove(tx: &Tx, person: PersonId, id: TokenId) -> Result<()> {
    let done = row::Entity::delete_many()
        .filter(row::Column::Id.eq(id.as_uuid()))
        .filter(row::Column::PersonId.eq(person.as_uuid()))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Ends all of a person's tokens, but the one given.
pub async fn remove_all(tx: &Tx, person: PersonId, but: Option<TokenId>) -> Result<u64> {
    let mut all = row::Entity::delete_many().filter(row::Column::PersonId.eq(person.as_uuid()));
    if let Some(but) = but {
        all = all.filter(row::Column::Id.ne(but.as_uuid()));
    }
    Ok(all.exec(tx).await?.rows_affected)
}

/// Forgets the tokens that ended before a moment.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let ended = row::Entity::delete_many().filter(row::Column::ExpiresAt.lt(before));
    Ok(ended.exec(tx).await?.rows_affected)
}

impl Kind {
    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
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
        Ok(Self {
            id: TokenId::from_uuid(row.id),
            person: PersonId::from_uuid(row.person_id),
            kind: kind.ok_or_else(|| unknown("tokens.kind"))?,
            name: row.name,
            created_at: row.created_at,
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
        pub name: String,
        pub hash: String,
        pub created_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
