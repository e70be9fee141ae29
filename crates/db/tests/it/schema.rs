use std::sync::Arc;

use db::{Db, Error, Keys, Schema};
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;
use tokio::sync::Barrier;

use crate::store::Store;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_start_at_once_migrate_once() {
    for _ in 0..5 {
        let folder = TempDir::new().unwrap();
        let address = db::scratch::address(folder.path()).await.unwrap();
        let barrier = Arc::new(Barrier::new(4));
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let (address, barrier) = (address.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    let db = Db::open(&address, 3, Keys::passing().unwrap()).await.unwrap();
                    barrier.wait().await;
                    db.migrate().await.unwrap().len()
                })
            })
            .collect();
        let mut made = Vec::new();
        for start in starts {
            made.push(start.await.unwrap());
        }
        made.sort_unstable();
        assert_eq!(made[..3], [0, 0, 0], "one of them makes every step");
        assert!(made[3] >= 4);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let store = Store::new().await;
    assert_eq!(store.db.schema().await.unwrap(), Schema::Current);
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    store.db.read().execute_unprepared(newer).await.unwrap();
    assert_eq!(store.db.schema().await.unwrap(), Schema::Ahead("m9999_later".into()));
    let refused = store.db.migrate().await;
    assert!(matches!(&refused, Err(Error::Ahead(step)) if step == "m9999_later"), "{refused:?}");
}

#[tokio::test]
async fn sqlite_is_set_to_keep_what_it_acknowledges() {
    if db::scratch::on_postgres() {
        return;
    }
    let store = Store::new().await;
    for (pragma, column, expected) in [
        ("journal_mode", "journal_mode", "wal"),
        ("synchronous", "synchronous", "2"),
        ("foreign_keys", "foreign_keys", "1"),
        ("busy_timeout", "timeout", "10000"),
        ("secure_delete", "secure_delete", "1"),
    ] {
        let sql = format!("SELECT CAST({column} AS TEXT) AS it FROM pragma_{pragma}");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let row = store.db.read().query_one_raw(statement).await.unwrap().unwrap();
        let found: String = row.try_get("", "it").unwrap();
        assert_eq!(found, expected, "{pragma}");
    }
}

#[tokio::test]
async fn what_refers_to_nothing_is_refused() {
    let store = Store::new().await;
    let author = store.member("91110000802100433B", domain::people::Role::Enterprise).await;
    let mut stranger = author.clone();
    stranger.organisation = domain::organisations::OrganisationId::generate();
    let orphan = crate::store::new_draft(&stranger);
    let refused = store.db.write(async |tx| db::listings::insert(tx, &orphan).await).await;
    assert!(matches!(refused, Err(Error::Driver(_))), "{refused:?}");
}
