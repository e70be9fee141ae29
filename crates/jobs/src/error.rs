/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why work after a commit was not done. It stays to be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] search::Error),
    /// There is no index yet.
    #[error(transparent)]
    Rebuilding(#[from] search::Rebuilding),
    /// Another process uses the same index folder.
    #[error("another process uses the index in {0}")]
    FolderInUse(String),
    /// Someone else holds the index open for writing, such as a command that looks at it.
    #[error("something else is using the index")]
    IndexBusy,
    /// A mail was not sent; never with the address it goes to.
    #[error("{0}")]
    Post(String),
    /// A thread died.
    #[error("a thread died: {0}")]
    Thread(String),
}

impl From<tokio::task::JoinError> for Error {
    fn from(err: tokio::task::JoinError) -> Self {
        Self::Thread(err.to_string())
    }
}
