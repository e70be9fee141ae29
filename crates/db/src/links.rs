//! What the links in mails stand for. Each has a secret that serves once; only its digest is kept.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use domain::{Id, contacts::Mail, people::PersonId};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{
    Conn, Keys, Result, Tx,
    error::{corrupt, unknown},
    keys::{Place, random},
};

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sets a new password.
    Reset,
    /// Confirms an address.
    Mail,
}

/// What a link stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Names this link.
    pub id: Id<Self>,
    /// Whose it is.
    pub person: PersonId,
    /// What it does.
    pub purpose: Purpose,
    /// The address it confirms.
    pub mail: Option<Mail>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A new secret: 256 random bits behind a prefix by which leaked ones can be found.
pub fn new_secret() -> Result<SecretString> {
    let mut bytes = [0_u8; 32];
    random(&mut bytes)?;
    Ok(format!("kzl_{}", BASE64.encode(bytes)).into())
}

/// What is stored of a secret. It is random, so that a plain digest will do.
pub fn digest(secret: &SecretString) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(secret.expose_secret().as_bytes()) {
        let _never_fails = write!(hex, "{byte:02x}");
    }
    hex
}

/// Stores a new link, and returns its secret.
pub async fn insert(tx: &Tx, new: &Link) -> Result<SecretString> {
    let secret = new_secret()?;
    let mail = new.mail.as_ref().map(|it| tx.keys().seal(&place(new.id), it.as_str()));
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        purpose: Set(new.purpose.as_str().to_owned()),
        person_id: Set(new.person.as_uuid()),
        hash: Set(digest(&secret)),
        mail: Set(mail.transpose()?),
        made_at: Set(new.made_at),
        expires_at: Set(new.expires_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(secret)
}

/// The link with this secret, if it has not ended.
pub async fn find(
    conn: &impl Conn,
    purpose: Purpose,
    (secret, now): (&SecretString, DateTime<Utc>),
) -> Result<Option<Link>> {
    let row = row::Entity::find()
        .filter(row::Column::Hash.eq(digest(secret)))
        .filter(row::Column::Purpose.eq(purpose.as_str()))
        .filter(row::Column::ExpiresAt.gt(now))
        .one(conn)
        .await?;
    row.map(|it| it.open(conn.keys())).transpose()
}

/// Uses a link up. Of many who try at once one succeeds.
pub async fn take(tx: &Tx, link: &Link) -> Result<bool> {
    let done = row::Entity::delete_by_id(link.id.as_uuid()).exec(tx).await?;
    Ok(done.rows_affected == 1)
}

/// How many links of a purpose a person has that have not ended.
pub async fn count(
    conn: &impl Conn,
    (person, purpose): (PersonId, Purpose),
    now: DateTime<Utc>,
) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    let open = of(person, purpose).add(row::Column::ExpiresAt.gt(now));
    Ok(row::Entity::find().filter(open).count(conn).await?)
}

/// Ends a person's links of a purpose.
pub async fn remove_all(tx: &Tx, person: PersonId, purpose: Purpose) -> Result<()> {
    row::Entity::delete_many().filter(of(person, purpose)).exec(tx).await?;
    Ok(())
}

/// Forgets the links that ended before a moment.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let ended = row::Entity::delete_many().filter(row::Column::ExpiresAt.lt(before));
    Ok(ended.exec(tx).await?.rows_affected)
}

fn of(person: PersonId, purpose: Purpose) -> Condition {
    Condition::all()
        .add(row::Column::PersonId.eq(person.as_uuid()))
        .add(row::Column::Purpose.eq(purpose.as_str()))
}

fn place(id: Id<Link>) -> Place {
    Place::new("links", "mail", id)
}

impl Purpose {
    const ALL: [Self; 2] = [Self::Reset, Self::Mail];

    /// The name used in storage.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Mail => "mail",
        }
    }
}

impl row::Model {
    fn open(self, keys: &Keys) -> Result<Link> {
        let id = Id::from_uuid(self.id);
        let mail = self.mail.map(|it| keys.open(&place(id), &it)).transpose()?;
        let mail = mail.map(|it| Mail::new(&it)).transpose().map_err(corrupt("links.mail"))?;
        let purpose = Purpose::ALL.into_iter().find(|it| it.as_str() == self.purpose);
        Ok(Link {
            id,
            person: PersonId::from_uuid(self.person_id),
            purpose: purpose.ok_or_else(|| unknown("links.purpose"))?,
            mail,
            made_at: self.made_at,
            expires_at: self.expires_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub purpose: String,
        pub person_id: Uuid,
        pub hash: String,
        pub mail: Option<String>,
        pub made_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
