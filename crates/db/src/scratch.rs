//! Fresh, empty databases for tests, here and in the crates above.
//!
//! `TEST_DATABASE_URL` unset: an SQLite file of its own. Set to a PostgreSQL database: a schema of
//! its own in it; schemas left behind by tests of more than two hours ago are dropped.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement};
use uuid::Uuid;

use crate::{Clock, Db, Keys, Result, error::corrupt};

/// The address of a database that nobody else uses, with `folder` for its files.
pub async fn address(folder: &Path) -> Result<String> {
    match server() {
        None => Ok(format!("sqlite://{}", folder.join("test.db").display())),
        Some(server) => schema_in(&server).await,
    }
}

/// Everything that the database keeps, as it is kept: the files of SQLite, or every column of every
/// table of PostgreSQL.
pub async fn kept(db: &Db) -> Result<Vec<u8>> {
    let Some(file) = db.file() else { return columns(db).await };
    let mut bytes = std::fs::read(file).map_err(corrupt("a scratch file"))?;
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    bytes.extend(std::fs::read(log).unwrap_or_default());
    Ok(bytes)
}

async fn columns(db: &Db) -> Result<Vec<u8>> {
    #[derive(FromQueryResult)]
    struct Text {
        text: String,
    }
    let names = "SELECT table_name::text AS text FROM information_schema.tables \
                 WHERE table_schema = current_schema()";
    let names = Statement::from_string(DbBackend::Postgres, names);
    let mut bytes = Vec::new();
    for Text { text: table } in Text::find_by_statement(names).all(db.read()).await? {
        let rows = format!("SELECT to_jsonb(it)::text AS text FROM \"{table}\" AS it");
        let rows = Statement::from_string(DbBackend::Postgres, rows);
        for row in Text::find_by_statement(rows).all(db.read()).await? {
            bytes.extend(row.text.into_bytes());
        }
    }
    Ok(bytes)
}

/// Whether a text stands somewhere, written in one of the ways in which text is kept.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    let wide = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect();
    let escaped = text.encode_utf16().fold(String::new(), |all, it| format!("{all}\\u{it:04x}"));
    let plain = text.as_bytes();
    // Where a text begins within a group of three bytes changes its base64, but not its middle.
    let middle = |skip: usize| {
        let whole = plain.get(skip..)?;
        let whole = whole.get(..whole.len() / 3 * 3)?;
        Some(STANDARD_NO_PAD.encode(whole).into_bytes())
    };
    let mut ways: Vec<Vec<u8>> = vec![plain.to_vec(), escaped.into_bytes()];
    ways.extend([wide(u16::to_le_bytes), wide(u16::to_be_bytes)]);
    ways.extend((0..3).filter_map(middle));
    let urls: Vec<Vec<u8>> = ways.iter().map(|it| for_urls(it)).collect();
    ways.extend(urls);
    ways.iter().any(|way| bytes.windows(way.len()).any(|it| it == way.as_slice()))
}

fn for_urls(base64: &[u8]) -> Vec<u8> {
    let letter = |it: &u8| match it {
        b'+' => b'-',
        b'/' => b'_',
        it => *it,
    };
    base64.iter().map(letter).collect()
}

/// Whether tests run on PostgreSQL.
pub fn on_postgres() -> bool {
    server().is_some()
}

async fn schema_in(server: &str) -> Result<String> {
    let db = Db::open(server, 1, Keys::passing()?).await?;
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
