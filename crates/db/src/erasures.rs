//! Closing an account for good: what led to the person is removed, what others rely on stays under
//! an id that leads to nobody.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use domain::{
    achievements::AchievementForm,
    needs::NeedForm,
    people::{Login, Person, PersonId, State},
    text::Line,
};
use sea_orm::ConnectionTrait as _;

use crate::{
    Db, Result, Tx, answers, attempts, error::corrupt, identities, keys::random, links, listings,
    mail_addresses, mails, oidc_flows, passwords, people, second_factors, tokens,
};

/// What a closed account is called.
const NOBODY: &str = "已注销用户";

/// Closes an account that was read as `person`, or fails as [`crate::Error::Stale`]. Tells from how
/// many listings the person was removed as the contact.
///
/// Listings, reviews and grades stay, and so do the lines of the log: they name an id. Consents stay
/// as evidence.
pub async fn person(tx: &Tx, person: &Person) -> Result<u64> {
    let contact = person.name.as_str();
    let organisation = person.organisation;
    let changed = listings::forget_contact::<NeedForm>(tx, organisation, contact).await?
        + listings::forget_contact::<AchievementForm>(tx, organisation, contact).await?;
    let_in_no_more(tx, person).await?;
    forget_mail(tx, person.id).await?;
    // What colleagues were answered may name the person as a contact.
    answers::forget_all_of(tx, organisation).await?;
    let mut nobody = person.clone();
    nobody.name = Line::new(NOBODY).map_err(corrupt("people.name"))?;
    nobody.login = Login::new(&format!("closed-{}", nobody.id.as_uuid().simple()))
        .map_err(corrupt("people.login"))?;
    nobody.state = State::Disabled;
    people::save(tx, &mut nobody).await?;
    people::set_login(tx, nobody.id, &nobody.login).await?;
    people::replace_hash(tx, nobody.id, &no_password()?).await?;
    passwords::forget(tx, nobody.id, 0).await?;
    Ok(changed)
}

/// Forgets whatever a person could come in by, but the password.
async fn let_in_no_more(tx: &Tx, person: &Person) -> Result<()> {
    tokens::remove_all(tx, person.id, None).await?;
    second_factors::remove(tx, person.id).await?;
    identities::remove_all(tx, person.id).await?;
    oidc_flows::remove_all(tx, person.id).await?;
    attempts::forget_account(tx, &attempts::account(person.login.as_str())).await
}

/// Forgets a person's address, and what was sent or is to be sent there.
async fn forget_mail(tx: &Tx, person: PersonId) -> Result<()> {
    mail_addresses::remove(tx, person).await?;
    mails::remove_all_of(tx, person).await?;
    links::remove_all(tx, person, links::Purpose::Reset).await?;
    links::remove_all(tx, person, links::Purpose::Mail).await
}

/// A hash that no password has.
fn no_password() -> Result<String> {
    let (mut salt, mut hash) = ([0_u8; 16], [0_u8; 32]);
    random(&mut salt)?;
    random(&mut hash)?;
    let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash));
    Ok(format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}"))
}

impl Db {
    /// Writes back the log of an SQLite database and empties it, so that nothing that was removed
    /// is left in it; tells whether that could be done now. PostgreSQL does it in its own time.
    pub async fn settle(&self) -> Result<bool> {
        if self.file().is_none() {
            return Ok(true);
        }
        let _turn = self.turn().await;
        let checkpoint = sea_orm::Statement::from_string(
            self.read().get_database_backend(),
            "PRAGMA wal_checkpoint(TRUNCATE)",
        );
        let row = self.read().query_one_raw(checkpoint).await?;
        let busy = row.map(|it| it.try_get::<i32>("", "busy")).transpose()?;
        Ok(busy == Some(0))
    }
}
