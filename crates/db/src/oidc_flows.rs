//! Those who are on their way to another provider and back. Any replica may see them come back.

use chrono::{DateTime, Utc};
use domain::people::PersonId;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::{Conn as _, Result, Tx, keys::Place};

/// What has to fit when somebody comes back. Secrets stand here as digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What the provider hands back.
    pub state: String,
    /// What the browser keeps meanwhile.
    pub browser: String,
    /// Whose account is to be linked; nobody's if somebody is to be signed in.
    pub person: Option<PersonId>,
}

/// Somebody on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// What has to fit.
    pub way: Way,
    /// The digest of what must stand in the provider's word.
    pub nonce: String,
    /// What the provider demands with the code.
    pub verifier: String,
    /// Until when they may come back.
    pub expires_at: DateTime<Utc>,
}

/// Whoever has the verifier can use a code that was overheard: it is sealed.
fn place(state: &str) -> Place {
    Place::new("oidc_flows", "verifier", state)
}

/// Stores somebody on their way.
pub async fn insert(tx: &Tx, new: &Flow) -> Result<()> {
    let row = row::ActiveModel {
        state_hash: Set(new.way.state.clone()),
        browser_hash: Set(new.way.browser.clone()),
        nonce_hash: Set(new.nonce.clone()),
        verifier: Set(tx.keys().seal(&place(&new.way.state), &new.verifier)?),
        person_id: Set(new.way.person.map(PersonId::as_uuid)),
        expires_at: Set(new.expires_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes out whoever comes back this way in time. Of several at once one gets it; a second time there
/// is nothing.
pub async fn take(tx: &Tx, way: &Way, now: DateTime<Utc>) -> Result<Option<Flow>> {
    let Some(row) = row::Entity::find_by_id(way.state.clone()).one(tx).await? else {
        return Ok(None);
    };
    let person = row.person_id.map(PersonId::from_uuid);
    if row.browser_hash != way.browser || person != way.person || row.expires_at <= now {
        return Ok(None);
    }
    let taken = row::Entity::delete_by_id(way.state.clone()).exec(tx).await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    Ok(Some(Flow {
        way: way.clone(),
        nonce: row.nonce_hash,
        verifier: tx.keys().open(&place(&way.state), &row.verifier)?,
        expires_at: row.expires_at,
    }))
}

/// Forgets those who did not come back by a moment.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let late = row::Entity::delete_many().filter(row::Column::ExpiresAt.lt(before));
    Ok(late.exec(tx).await?.rows_affected)
}

/// Forgets those who were to link a person's account.
pub(crate) async fn remove_all(tx: &Tx, person: PersonId) -> Result<()> {
    let all = row::Entity::delete_many();
    all.filter(row::Column::PersonId.eq(person.as_uuid())).exec(tx).await?;
    Ok(())
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "oidc_flows")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub state_hash: String,
        pub browser_hash: String,
        pub nonce_hash: String,
        pub verifier: String,
        pub person_id: Option<Uuid>,
        pub expires_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
