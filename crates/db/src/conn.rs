//! What queries run on: a connection that knows the keys.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use crate::Keys;

/// Something to read with: [`crate::Db::read`], or a [`crate::Tx`].
pub trait Conn: ConnectionTrait {
    /// The keys that open what is sealed.
    fn keys(&self) -> &Keys;
}

/// Reads outside any transaction.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) pool: DatabaseConnection,
    pub(crate) keys: Keys,
}

impl Conn for Reader {
    fn keys(&self) -> &Keys {
        &self.keys
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.pool.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.pool.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.pool.query_all_raw(statement).await
    }
}
