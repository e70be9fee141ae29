//! Attempts at proving who one is. Accounts and sources are told by digests: what was typed as a
//! sign-in name may be anything.

use chrono::{DateTime, TimeDelta, Utc};
use domain::attempts::{Rules, Tally};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{ExprTrait as _, OnConflict},
};
use sha2::{Digest as _, Sha256};

use crate::{Conn, Result, Tx};

/// One attempt: at which account, from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The digest of the account's sign-in name, whether there is such an account or not.
    pub account: String,
    /// The digest of the source.
    pub source: String,
}

impl Attempt {
    fn pair(&self) -> String {
        format!("{}/{}", self.account, self.source)
    }

    fn of_source(&self) -> String {
        format!("/{}", self.source)
    }
}

/// Counts an attempt that is about to be made; otherwise says how long to wait.
pub async fn take(
    tx: &Tx,
    attempt: &Attempt,
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<std::result::Result<(), TimeDelta>> {
    let known = known::Entity::find_by_id((attempt.account.clone(), attempt.source.clone()));
    let known = known.one(tx).await?.is_some();
    let mut wait = look(tx, &attempt.of_source()).await?.and_then(|it| it.wait(now));
    if !known && wait.is_none() {
        wait = look(tx, &attempt.account).await?.and_then(|it| it.wait(now));
    }
    if let Some(wait) = wait {
        return Ok(Err(wait));
    }
    let mut tally = hold(tx, (&attempt.pair(), Some(attempt)), now).await?;
    let taken = tally.take(rules, now);
    save(tx, &attempt.pair(), tally).await?;
    Ok(taken)
}

/// Counts that an attempt failed; says whether that locks the account for that source.
pub async fn fail(
    tx: &Tx,
    attempt: &Attempt,
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<bool> {
    let mut pair = hold(tx, (&attempt.pair(), Some(attempt)), now).await?;
    let locks = pair.fail(rules, now);
    save(tx, &attempt.pair(), pair).await?;
    let mut account = hold(tx, (&attempt.account, Some(attempt)), now).await?;
    account.fail_of_account(rules, now);
    save(tx, &attempt.account, account).await?;
    let mut source = hold(tx, (&attempt.of_source(), None), now).await?;
    source.fail_of_source(rules, now);
    save(tx, &attempt.of_source(), source).await?;
    Ok(locks)
}

/// Takes back that an attempt was made: it was neither right nor wrong, or only half of it is over.
pub async fn give_back(tx: &Tx, attempt: &Attempt, now: DateTime<Utc>) -> Result<()> {
    let mut tally = hold(tx, (&attempt.pair(), Some(attempt)), now).await?;
    tally.give_back();
    save(tx, &attempt.pair(), tally).await
}

/// Forgets the failures of an account from a source that came in, and remembers the source.
pub async fn succeed(tx: &Tx, attempt: &Attempt, now: DateTime<Utc>) -> Result<()> {
    row::Entity::delete_by_id(attempt.pair()).exec(tx).await?;
    let row = known::ActiveModel {
        account: Set(attempt.account.clone()),
        source: Set(attempt.source.clone()),
        at: Set(now),
    };
    let key = OnConflict::columns([known::Column::Account, known::Column::Source])
        .update_column(known::Column::At)
        .to_owned();
    known::Entity::insert(row).on_conflict(key).exec_without_returning(tx).await?;
    Ok(())
}

/// What stands for an account here.
pub fn account(login: &str) -> String {
    let digest = Sha256::digest(login.trim().to_lowercase().as_bytes());
    let digits = digest.iter().flat_map(|it| [it >> 4, it & 15]);
    digits.filter_map(|it| char::from_digit(it.into(), 16)).collect()
}

/// Forgets an account that is closed, and from where it was signed in to.
pub async fn forget_account(tx: &Tx, account: &str) -> Result<()> {
    unlock(tx, account).await?;
    let known = known::Entity::delete_many().filter(known::Column::Account.eq(account));
    known.exec(tx).await?;
    Ok(())
}

/// Lifts every lock of an account.
pub async fn unlock(tx: &Tx, account: &str) -> Result<u64> {
    let locks = row::Entity::delete_many().filter(row::Column::Account.eq(account));
    Ok(locks.exec(tx).await?.rows_affected)
}

/// Whether an account is locked for any source.
pub async fn is_locked(conn: &impl Conn, account: &str, now: DateTime<Utc>) -> Result<bool> {
    let locked = row::Entity::find()
        .filter(row::Column::Account.eq(account))
        .filter(row::Column::Until.gt(now));
    Ok(locked.one(conn).await?.is_some())
}

/// When someone last signed in to an account.
pub async fn last_success(conn: &impl Conn, account: &str) -> Result<Option<DateTime<Utc>>> {
    let last = known::Entity::find()
        .filter(known::Column::Account.eq(account))
        .order_by_desc(known::Column::At)
        .one(conn)
        .await?;
    Ok(last.map(|it| it.at))
}

/// Forgets what was counted before a moment, and sources that nobody came in from for half a year
/// before it.
pub async fn forget(tx: &Tx, before: DateTime<Utc>) -> Result<()> {
    row::Entity::delete_many()
        .filter(row::Column::Since.lt(before))
        .filter(row::Column::Until.is_null().or(row::Column::Until.lt(before)))
        .exec(tx)
        .await?;
    let old = before - TimeDelta::days(180);
    known::Entity::delete_many().filter(known::Column::At.lt(old)).exec(tx).await?;
    Ok(())
}

async fn look(conn: &impl Conn, key: &str) -> Result<Option<Tally>> {
    Ok(row::Entity::find_by_id(key.to_owned()).one(conn).await?.map(|it| it.tally()))
}

/// Reads a tally that nobody else changes until the transaction is over; makes it if there is none.
async fn hold(tx: &Tx, (key, of): (&str, Option<&Attempt>), now: DateTime<Utc>) -> Result<Tally> {
    let new = Tally::new(now);
    let row = row::ActiveModel {
        key: Set(key.to_owned()),
        account: Set(of.map(|it| it.account.clone())),
        taken: Set(new.taken),
        since: Set(new.since),
        until: Set(new.until),
    };
    let there = OnConflict::column(row::Column::Key).do_nothing().to_owned();
    row::Entity::insert(row).on_conflict(there).exec_without_returning(tx).await?;
    let row = row::Entity::find_by_id(key.to_owned()).lock_exclusive().one(tx).await?;
    Ok(row.map_or(new, |it| it.tally()))
}

async fn save(tx: &Tx, key: &str, tally: Tally) -> Result<()> {
    let row = row::ActiveModel {
        taken: Set(tally.taken),
        since: Set(tally.since),
        until: Set(tally.until),
        ..row::ActiveModel::default()
    };
    row::Entity::update_many().set(row).filter(row::Column::Key.eq(key)).exec(tx).await?;
    Ok(())
}

impl row::Model {
    const fn tally(&self) -> Tally {
        Tally { taken: self.taken, since: self.since, until: self.until }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub account: Option<String>,
        pub taken: i32,
        pub since: ChronoDateTimeUtc,
        pub until: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod known {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "known_sources")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        pub at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
