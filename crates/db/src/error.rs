use sea_orm::{DbErr, SqlErr};

use crate::keys::KeyId;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row.
    #[error("no such row")]
    NotFound,
    /// The row changed since it was read.
    #[error("the row changed since it was read")]
    Stale,
    /// A unique key is already taken.
    #[error("a unique key is already taken: {0}")]
    Taken(String),
    /// A stored value that the domain does not know.
    #[error("a stored value is not valid: {0}")]
    Corrupt(String),
    /// The schema was made by a newer version of the program.
    #[error("the database has step `{0}`, which this version of the program does not know")]
    Ahead(String),
    /// Something is sealed under a key that is not there.
    #[error("the key {0} is not there: without it what is sealed cannot be read")]
    NoKey(String),
    /// A key is still needed.
    #[error("the key {0} is in use")]
    KeyInUse(KeyId),
    /// The file of the keys cannot be read or written.
    #[error("the keys cannot be used: {0}")]
    KeyFile(String),
    /// Anything else the driver says.
    #[error("the database failed: {0}")]
    Driver(#[source] DbErr),
}

impl From<DbErr> for Error {
    fn from(err: DbErr) -> Self {
        match err.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(detail)) => Self::Taken(detail),
            _ => Self::Driver(err),
        }
    }
}

impl Error {
    /// Whether the key of this column is the one that is taken. PostgreSQL names the constraint,
    /// SQLite the column: both are named alike here.
    pub fn is_taken(&self, column: &str) -> bool {
        matches!(self, Self::Taken(detail) if detail.contains(column))
    }

    /// Whether the database cannot be reached, or has no connection to spare.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Driver(DbErr::Conn(_) | DbErr::ConnectionAcquire(_)))
    }
}

/// Makes the error of a stored value that the domain refuses; the refusal tells no text.
pub(crate) fn corrupt<E: std::fmt::Debug>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |err| Error::Corrupt(format!("{what}: {err:?}"))
}

/// A stored name that the domain does not know.
pub(crate) fn unknown(what: &str) -> Error {
    Error::Corrupt(what.to_owned())
}
