use std::{path::PathBuf, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait as _,
    sqlx::{
        error::DatabaseError,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::sync::{Mutex, MutexGuard, Notify};
use uuid::Uuid;

use crate::{Error, Keys, Reader, Result, Tx};

/// A pool of connections to the store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    reader: Reader,
    /// SQLite has one writer at a time: here they queue in order, instead of each trying again
    /// and again.
    turn: Option<Arc<Mutex<()>>>,
    committed: Arc<Notify>,
    /// The file of an SQLite database.
    file: Option<PathBuf>,
}

/// A part of a list that is ordered by id, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The last id of the page before.
    pub after: Option<Uuid>,
    /// The most entries.
    pub limit: u64,
}

/// Connects; patiently, since SQLite does not wait its turn when several programs that start at
/// once make one new file a WAL database, but says that it is locked.
async fn connect(options: ConnectOptions) -> Result<DatabaseConnection> {
    const TRIES: u32 = 100;
    for _ in 1..TRIES {
        match Database::connect(options.clone()).await {
            Err(err) if is_locked(&err) => tokio::time::sleep(Duration::from_millis(50)).await,
            done => return Ok(done?),
        }
    }
    Ok(Database::connect(options).await?)
}

fn is_locked(err: &DbErr) -> bool {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = err else { return false };
    let RuntimeErr::SqlxError(cause) = cause else { return false };
    let code = cause.as_database_error().and_then(DatabaseError::code);
    // SQLITE_BUSY, and the same while another recovers the log of a program that was killed.
    code.is_some_and(|it| ["5", "261"].contains(&it.as_ref()))
}

impl Db {
    /// Connects to `sqlite://FILE` (made if it does not exist) or `postgres://…`; `keys` seal and
    /// open what must not be readable in its files.
    pub async fn open(url: &str, connections: u32, keys: Keys) -> Result<Self> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_secs(5))
            .sqlx_logging(false)
            .set_application_name("kezhuan");
        if url.starts_with("sqlite:") {
            options.test_before_acquire(false);
        } else {
            options.statement_timeout(Duration::from_mins(1));
        }
        options.map_sqlx_sqlite_opts(|it| {
            // FULL: with NORMAL, what was acknowledged is lost at a power cut.
            it.create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(10))
                .foreign_keys(true)
                // What is deleted is overwritten.
                .pragma("secure_delete", "on")
                .pragma("cache_size", "-32000")
                .pragma("temp_store", "memory")
        });
        let pool = connect(options).await?;
        let is_sqlite = pool.get_database_backend() == DbBackend::Sqlite;
        let file = url.strip_prefix("sqlite://").and_then(|it| it.split('?').next());
        Ok(Self {
            reader: Reader { pool, keys },
            turn: is_sqlite.then(Arc::default),
            committed: Arc::default(),
            file: file.map(PathBuf::from),
        })
    }

    /// Reads outside any transaction.
    pub const fn read(&self) -> &Reader {
        &self.reader
    }

    /// The keys that seal and open what must not be readable in the database's files.
    pub const fn keys(&self) -> &Keys {
        &self.reader.keys
    }

    /// Runs `work` in one write transaction: committed if it returns `Ok`, undone otherwise, also
    /// when the future is dropped.
    ///
    /// SQLite takes its write lock at the start (`BEGIN IMMEDIATE`), so that two writers queue
    /// instead of failing.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&Tx) -> Result<T, E>,
    {
        let turn = self.turn().await;
        let tx = Tx::new(self.begin().await?, self.keys().clone());
        let done = work(&tx).await?;
        tx.commit().await?;
        drop(turn);
        self.committed.notify_waiters();
        Ok(done)
    }

    /// Waits until this process commits something. Other processes' commits are not noticed.
    pub async fn committed(&self) {
        self.committed.notified().await;
    }

    /// What kind of database it is, for people.
    pub fn kind(&self) -> &'static str {
        if self.turn.is_some() { "SQLite" } else { "PostgreSQL" }
    }

    /// The settings of the database by which acknowledged changes could be lost at a power cut.
    pub async fn durability(&self) -> Result<Vec<String>> {
        let mut lax = Vec::new();
        if self.turn.is_some() {
            // This program sets what SQLite needs on every connection.
            return Ok(lax);
        }
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            let sql = format!("SELECT current_setting('{name}') AS it");
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            let row = self.reader.query_one_raw(statement).await?;
            let value = row.map(|it| it.try_get::<String>("", "it")).transpose()?;
            if value.as_deref() == Some("off") {
                lax.push(format!("{name} is off"));
            }
        }
        Ok(lax)
    }

    /// Closes every connection.
    pub async fn close(self) -> Result<()> {
        Ok(self.reader.pool.close().await?)
    }

    /// Waits for this process's turn to write to SQLite.
    pub(crate) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }

    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        // A key that another program made active seals from the next transaction on.
        self.keys().refresh()?;
        Ok(self.reader.pool.begin_with_options(options).await?)
    }

    pub(crate) const fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }
}
