//! What is known of attachments. Their bytes are in [`crate::files`].

use domain::{
    attachments::{Attachment, AttachmentId, FileName, FileType, Proof, Readers, Subject},
    listings::Kind,
    organisations::OrganisationId,
    people::PersonId,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use crate::{Conn, Error, Result, Tx, error::unknown};

/// The attachment of this id.
pub async fn get(conn: &impl Conn, id: AttachmentId) -> Result<Attachment> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// What belongs to a listing, the oldest first.
pub async fn list(conn: &impl Conn, kind: Kind, listing: Uuid) -> Result<Vec<Attachment>> {
    let rows = row::Entity::find()
        .filter(row::Column::SubjectKind.eq(kind.as_str()))
        .filter(row::Column::ListingId.eq(listing))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// What proves who an organisation is, the oldest first.
pub async fn proofs(conn: &impl Conn, organisation: OrganisationId) -> Result<Vec<Attachment>> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
        .filter(row::Column::SubjectKind.is_in(Proof::ALL.map(Proof::as_str)))
        .order_by_asc(row::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// How many bytes an organisation's attachments have together. Whoever asks is alone with the
/// organisation until the transaction ends: two that come at once do not both get the last place.
pub async fn size(tx: &Tx, organisation: OrganisationId) -> Result<i64> {
    crate::organisations::hold(tx, organisation).await?;
    let sizes: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Size)
        .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(sizes.into_iter().sum())
}

/// Stores a new attachment.
pub async fn insert(tx: &Tx, new: &Attachment) -> Result<()> {
    let (kind, listing) = match new.subject {
        Subject::Listing(kind, id) => (kind.as_str(), Some(id)),
        Subject::Registration(proof) => (proof.as_str(), None),
    };
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        subject_kind: Set(kind.to_owned()),
        listing_id: Set(listing),
        organisation_id: Set(new.organisation.as_uuid()),
        sender_id: Set(new.sender.as_uuid()),
        readers: Set(new.readers.as_str().to_owned()),
        name: Set(new.name.as_str().to_owned()),
        file_type: Set(new.file_type.ending().to_owned()),
        size: Set(new.size),
        digest: Set(new.digest.clone()),
        stored: Set(new.stored),
        sent_at: Set(new.sent_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Removes an attachment, or fails as [`Error::NotFound`]. Its bytes go with the next sweep, if not
/// before.
pub async fn remove(tx: &Tx, id: AttachmentId) -> Result<()> {
    let done = row::Entity::delete_by_id(id.as_uuid()).exec(tx).await?;
    if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Removes everything that belongs to a listing.
pub async fn remove_all(tx: &Tx, kind: Kind, listing: Uuid) -> Result<u64> {
    let all = row::Entity::delete_many()
        .filter(row::Column::SubjectKind.eq(kind.as_str()))
        .filter(row::Column::ListingId.eq(listing));
    Ok(all.exec(tx).await?.rows_affected)
}

/// Which of these names in the folder an attachment has.
pub async fn stored(conn: &impl Conn, names: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(row::Entity::find()
        .select_only()
        .column(row::Column::Stored)
        .filter(row::Column::Stored.is_in(names.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?)
}

impl TryFrom<row::Model> for Attachment {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let subject = match row.listing_id {
            Some(id) => Kind::named(&row.subject_kind).map(|kind| Subject::Listing(kind, id)),
            None => Proof::named(&row.subject_kind).map(Subject::Registration),
        };
        Ok(Self {
            id: AttachmentId::from_uuid(row.id),
            subject: subject.ok_or_else(|| unknown("attachments.subject_kind"))?,
            organisation: OrganisationId::from_uuid(row.organisation_id),
            sender: PersonId::from_uuid(row.sender_id),
            readers: Readers::named(&row.readers).ok_or_else(|| unknown("attachments.readers"))?,
            name: FileName::restore(row.name),
            file_type: FileType::named(&row.file_type)
                .ok_or_else(|| unknown("attachments.file_type"))?,
            size: row.size,
            digest: row.digest,
            stored: row.stored,
            sent_at: row.sent_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "attachments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub subject_kind: String,
        pub listing_id: Option<Uuid>,
        pub organisation_id: Uuid,
        pub sender_id: Uuid,
        pub readers: String,
        pub name: String,
        pub file_type: String,
        pub size: i64,
        pub digest: String,
        pub stored: Uuid,
        pub sent_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
