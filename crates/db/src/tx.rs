use std::sync::{Mutex, PoisonError};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use crate::{Conn, Keys, Result, audit};

/// An open write transaction, with the lines of the audit log that it will leave.
///
/// They are written as its last act: who appends to the chain holds its end, and everyone else
/// waits for it.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    lines: Mutex<Vec<audit::Line>>,
    keys: Keys,
}

impl Tx {
    pub(crate) const fn new(inner: DatabaseTransaction, keys: Keys) -> Self {
        Self { inner, lines: Mutex::new(Vec::new()), keys }
    }

    /// Keeps lines until the commit.
    pub(crate) fn keep(&self, lines: Vec<audit::Line>) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).extend(lines);
    }

    /// Writes the lines, and commits.
    pub(crate) async fn commit(self) -> Result<()> {
        let lines = {
            let mut kept = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *kept)
        };
        audit::chain(&self, lines).await?;
        Ok(self.inner.commit().await?)
    }
}

impl Conn for Tx {
    fn keys(&self) -> &Keys {
        &self.keys
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
