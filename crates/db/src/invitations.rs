//! Stored invitations. Of the secret in the link only a digest is kept.

use chrono::{DateTime, Utc};
use domain::{
    contacts::Mail,
    invitations::{Invitation, InvitationId, LASTS},
    organisations::OrganisationId,
    people::{PersonId, Role},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use secrecy::SecretString;

use crate::{
    Conn, Error, Keys, Page, Result, Tx,
    error::{corrupt, unknown},
    keys::Place,
    links::{digest, new_secret},
};

/// The invitation of this id, if it can still be accepted.
pub async fn get(conn: &impl Conn, id: InvitationId, now: DateTime<Utc>) -> Result<Invitation> {
    let row = row::Entity::find_by_id(id.as_uuid()).filter(row::Column::ExpiresAt.gt(now));
    row.one(conn).await?.ok_or(Error::NotFound)?.open(conn.keys())
}

/// The invitation with this secret, if it can still be accepted.
pub async fn find(
    conn: &impl Conn,
    (secret, now): (&SecretString, DateTime<Utc>),
) -> Result<Option<Invitation>> {
    let row = row::Entity::find()
        .filter(row::Column::Hash.eq(digest(secret)))
        .filter(row::Column::ExpiresAt.gt(now))
        .one(conn)
        .await?;
    row.map(|it| it.open(conn.keys())).transpose()
}

/// Invitations that can still be accepted, the newest first: to one organisation, or to all.
pub async fn list(
    conn: &impl Conn,
    organisation: Option<OrganisationId>,
    (page, now): (Page, DateTime<Utc>),
) -> Result<Vec<Invitation>> {
    let mut query = row::Entity::find()
        .filter(row::Column::ExpiresAt.gt(now))
        .order_by_desc(row::Column::Id)
        .limit(page.limit);
    if let Some(organisation) = organisation {
        query = query.filter(row::Column::OrganisationId.eq(organisation.as_uuid()));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// How many invitations to an organisation can still be accepted.
pub async fn count(
    conn: &impl Conn,
    organisation: OrganisationId,
    now: DateTime<Utc>,
) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    let open = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
        .filter(row::Column::ExpiresAt.gt(now));
    Ok(open.count(conn).await?)
}

/// Stores a new invitation, and returns the secret of its link.
pub async fn insert(tx: &Tx, new: &Invitation) -> Result<SecretString> {
    let secret = new_secret()?;
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        organisation_id: Set(new.organisation.as_uuid()),
        role: Set(new.role.as_str().to_owned()),
        mail: Set(tx.keys().seal(&place(new.id), new.mail.as_str())?),
        hash: Set(digest(&secret)),
        invited_by: Set(new.invited_by.as_uuid()),
        invited_at: Set(new.invited_at),
        expires_at: Set(new.expires_at()),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(secret)
}

/// Removes an invitation that was accepted or taken back. Of many who try at once one succeeds.
pub async fn remove(tx: &Tx, id: InvitationId) -> Result<bool> {
    let done = row::Entity::delete_by_id(id.as_uuid()).exec(tx).await?;
    Ok(done.rows_affected == 1)
}

/// Forgets the invitations that cannot be accepted any more.
pub async fn forget(tx: &Tx, now: DateTime<Utc>) -> Result<u64> {
    let ended = row::Entity::delete_many().filter(row::Column::InvitedAt.lte(now - LASTS));
    Ok(ended.exec(tx).await?.rows_affected)
}

fn place(id: InvitationId) -> Place {
    Place::new("invitations", "mail", id)
}

impl row::Model {
    fn open(self, keys: &Keys) -> Result<Invitation> {
        let id = InvitationId::from_uuid(self.id);
        let mail = keys.open(&place(id), &self.mail)?;
        Ok(Invitation {
            id,
            organisation: OrganisationId::from_uuid(self.organisation_id),
            role: Role::named(&self.role).ok_or_else(|| unknown("invitations.role"))?,
            mail: Mail::new(&mail).map_err(corrupt("invitations.mail"))?,
            invited_by: PersonId::from_uuid(self.invited_by),
            invited_at: self.invited_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub role: String,
        pub mail: String,
        pub hash: String,
        pub invited_by: Uuid,
        pub invited_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
