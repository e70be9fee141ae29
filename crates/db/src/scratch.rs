//! Fresh, empty databases for tests, here and in the crates above.
//!
//! `TEST_DATABASE_URL` unset: an SQLite file of its own. Set to a PostgreSQL database: a schema of
//! its own in it; schemas left behind by tests of more than two hours ago are dropped.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement};
use uuid::Uuid;

use crate::{Clock, Db, Result};

/// The address of a database that nobody else uses, with `folder` for its files.
pub async fn address(folder: &Path) -> Result<String> {
    match server() {
        None => Ok(format!("sqlite://{}", folder.join("test.db").display())),
        Some(server) => schema_in(&server).await,
    }
}

/// Whether tests run on PostgreSQL.
pub fn on_postgres() -> bool {
    server().is_some()
}

async fn schema_in(server: &str) -> Result<String> {
    let db = Db::open(server, 1).await?;
    drop_old_ones(&db, Clock::system().now() - TimeDelta::hours(2)).await?;
    let name = format!("{PREFIX}{}", Uuid::now_v7().simple());
    db.read().execute_unprepared(&format!("CREATE SCHEMA {name}")).await?;
    db.close().await?;
    let joint = if server.contains('?') { '&' } else { '?' };
    Ok(format!("{server}{joint}options[search_path]={name}"))
}

const PREFIX: &str = "scratch_";

async fn drop_old_ones(db: &Db, before: DateTime<Utc>) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Named {
        nspname: String,
    }
    let sql = format!("SELECT nspname FROM pg_namespace WHERE nspname LIKE '{PREFIX}%'");
    let all = Statement::from_string(DbBackend::Postgres, sql);
    for Named { nspname } in Named::find_by_statement(all).all(db.read()).await? {
        let id = nspname.strip_prefix(PREFIX).and_then(|it| Uuid::parse_str(it).ok());
        let made = id.and_then(|it| it.get_timestamp()).map(|it| it.to_unix().0);
        if made.and_then(|it| i64::try_from(it).ok()).is_some_and(|it| it < before.timestamp()) {
            db.read().execute_unprepared(&format!("DROP SCHEMA {nspname} CASCADE")).await?;
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "tests run on whichever database they are given")]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|it| !it.is_empty())
}
