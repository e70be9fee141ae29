//! Mail that waits to be sent. It is queued in the transaction of its cause, and sent by whichever
//! process claims the job that is queued with it.

use chrono::{DateTime, Utc};
use domain::{Id, contacts::Mail as Address, people::PersonId};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::{Conn, Error, Keys, Result, Tx, error::unknown, jobs, keys::Place};

/// Identifies a [`Mail`].
pub type MailId = Id<Mail>;

/// A mail that waits.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Names this mail.
    pub id: MailId,
    /// What it says, and to whom.
    pub letter: Letter,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When it is no longer worth sending.
    pub give_up_at: DateTime<Utc>,
}

/// What a mail says, and to whom.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What it is about.
    pub kind: Kind,
    /// The person it goes to, if they have an account.
    pub person: Option<PersonId>,
    /// The address it goes to; of [`Kind::ResetAsked`] the sign-in name that was typed.
    pub to: SecretString,
    /// The secret of the link in it; empty if there is none.
    pub secret: SecretString,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Someone asked for a new password. Whether there is such an account is looked up when the mail
    /// is to be sent: who asks must not learn it from how long the answer takes.
    ResetAsked,
    /// A link to set a new password.
    Reset,
    /// The password was changed by such a link.
    PasswordChanged,
    /// A link that confirms an address.
    Confirmation,
    /// Another address was confirmed in the place of this one.
    AddressChanged,
    /// An invitation to an organisation.
    Invitation,
    /// An application was accepted; with a link that confirms the address.
    Accepted,
    /// An application was refused.
    Refused,
}

impl Letter {
    /// To an address that was typed, or is on record.
    pub fn to(kind: Kind, person: Option<PersonId>, address: &Address) -> Self {
        let to = SecretString::from(address.as_str());
        Self { kind, person, to, secret: SecretString::default() }
    }

    /// The same with the secret of a link.
    #[must_use]
    pub fn with(self, secret: SecretString) -> Self {
        Self { secret, ..self }
    }

    /// What leads to a link, if the name is that of an account with an address.
    pub fn reset_asked(login: &str) -> Self {
        let (kind, to) = (Kind::ResetAsked, SecretString::from(login));
        Self { kind, person: None, to, secret: SecretString::default() }
    }
}

/// Queues a mail, and asks for it to be sent.
pub async fn queue(
    tx: &Tx,
    letter: &Letter,
    (queued_at, give_up_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let id = MailId::generate();
    let keys = tx.keys();
    let row = row::ActiveModel {
        id: Set(id.as_uuid()),
        kind: Set(letter.kind.as_str().to_owned()),
        person_id: Set(letter.person.map(PersonId::as_uuid)),
        recipient: Set(keys.seal(&place("recipient", id), letter.to.expose_secret())?),
        secret: Set(keys.seal(&place("secret", id), letter.secret.expose_secret())?),
        queued_at: Set(queued_at),
        give_up_at: Set(give_up_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    jobs::enqueue(tx, jobs::Kind::PostMail, id.as_uuid(), queued_at).await
}

/// The mail of this id, if it still waits.
pub async fn find(conn: &impl Conn, id: Uuid) -> Result<Option<Mail>> {
    let row = row::Entity::find_by_id(id).one(conn).await?;
    row.map(|it| it.open(conn.keys())).transpose()
}

/// Forgets a mail that was sent, or is not to be sent.
pub async fn remove(tx: &Tx, id: MailId) -> Result<()> {
    row::Entity::delete_by_id(id.as_uuid()).exec(tx).await?;
    Ok(())
}

/// Forgets the mails that wait for someone.
pub(crate) async fn remove_all_of(tx: &Tx, person: PersonId) -> Result<()> {
    let all = row::Entity::delete_many().filter(row::Column::PersonId.eq(person.as_uuid()));
    all.exec(tx).await.map_err(Error::from)?;
    Ok(())
}

fn place(column: &str, id: MailId) -> Place {
    Place::new("mails", column, id)
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::ResetAsked,
        Self::Reset,
        Self::PasswordChanged,
        Self::Confirmation,
        Self::AddressChanged,
        Self::Invitation,
        Self::Accepted,
        Self::Refused,
    ];

    /// The name used in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetAsked => "reset_asked",
            Self::Reset => "reset",
            Self::PasswordChanged => "password_changed",
            Self::Confirmation => "confirmation",
            Self::AddressChanged => "address_changed",
            Self::Invitation => "invitation",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }
}

impl row::Model {
    fn open(self, keys: &Keys) -> Result<Mail> {
        let id = MailId::from_uuid(self.id);
        let kind = Kind::ALL.into_iter().find(|it| it.as_str() == self.kind);
        let letter = Letter {
            kind: kind.ok_or_else(|| unknown("mails.kind"))?,
            person: self.person_id.map(PersonId::from_uuid),
            to: keys.open(&place("recipient", id), &self.recipient)?.into(),
            secret: keys.open(&place("secret", id), &self.secret)?.into(),
        };
        Ok(Mail { id, letter, queued_at: self.queued_at, give_up_at: self.give_up_at })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "mails")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub person_id: Option<Uuid>,
        pub recipient: String,
        pub secret: String,
        pub queued_at: ChronoDateTimeUtc,
        pub give_up_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
