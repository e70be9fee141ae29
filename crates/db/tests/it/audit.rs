use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use db::{
    Db, Error, Keys,
    audit::{self, Broken, Line, Place},
};
use domain::people::{PersonId, Role};
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::store::{Store, colleague, now};

/// A line in which every column has a value of its own.
pub(crate) fn line(count: i64, at: DateTime<Utc>) -> Line {
    let outcome = audit::Outcome::ALL[usize::try_from(count).unwrap() % 3];
    Line {
        actor: Some(PersonId::generate()),
        origin: Some(format!("192.0.2.{}", count % 256).parse().unwrap()),
        object: Some((format!("kind {count}"), Uuid::now_v7())),
        outcome,
        reason: Some(format!("reason {count}")),
        request_id: format!("request {count}"),
        detail: json!({ "count": count }),
        ..Line::new(at, format!("tests.write:{count}"))
    }
}

/// Appends lines, a second apart, each in a transaction of its own.
pub(crate) async fn write(db: &Db, counts: std::ops::Range<i64>, begin: DateTime<Utc>) {
    for count in counts {
        let line = line(count, begin + TimeDelta::seconds(count));
        db.write(async |tx| audit::append(tx, line).await).await.unwrap();
    }
}

async fn verified(db: &Db, anchors: &[Place]) -> audit::Verdict {
    audit::verify(db.read(), anchors).await.unwrap()
}

#[derive(FromQueryResult)]
struct Number {
    seq: i64,
}

async fn numbers(db: &Db) -> Vec<i64> {
    let backend = db.read().get_database_backend();
    let all = Statement::from_string(backend, "SELECT seq FROM audit ORDER BY seq");
    let rows = Number::find_by_statement(all).all(db.read()).await.unwrap();
    rows.into_iter().map(|it| it.seq).collect()
}

#[tokio::test]
async fn the_chain_has_one_line_after_another_whoever_writes() {
    const WRITERS: i64 = 8;
    const LINES: i64 = 25;
    let folder = TempDir::new().unwrap();
    let address = db::scratch::address(folder.path()).await.unwrap();
    let open = async || Db::open(&address, 8, Keys::passing().unwrap()).await.unwrap();
    let handles = [open().await, open().await];
    handles[0].migrate().await.unwrap();
    let gate = Arc::new(tokio::sync::Barrier::new(usize::try_from(WRITERS).unwrap()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, gate) = (handles[usize::from(writer % 2 == 0)].clone(), Arc::clone(&gate));
            tokio::spawn(async move {
                gate.wait().await;
                write(&db, writer * LINES..(writer + 1) * LINES, now()).await;
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let all: Vec<i64> = (1..=WRITERS * LINES).collect();
    assert_eq!(numbers(&handles[0]).await, all);
    let verdict = verified(&handles[0], &[]).await;
    assert_eq!((verdict.broken, verdict.head.seq), (None, WRITERS * LINES));
    assert_eq!(audit::head(handles[1].read()).await.unwrap(), verdict.head);
}

#[tokio::test]
async fn a_failed_effect_leaves_no_line_and_a_failed_line_no_effect() {
    let store = Store::new().await;
    let somebody = store.member("91110000802100433B", Role::Enterprise).await;
    let db = &store.db;
    write(db, 0..3, now()).await;
    let failed = db.write(async |tx| {
        audit::append(tx, line(3, now())).await?;
        Err::<(), Error>(Error::Stale)
    });
    failed.await.unwrap_err();
    assert_eq!(audit::count(db.read()).await.unwrap(), 3);
    // The number that the next line would have is taken: it cannot be written.
    let forged = "UPDATE audit SET seq = 4 WHERE seq = 2";
    db.read().execute_unprepared(forged).await.unwrap();
    let person = colleague(somebody.organisation, Role::Enterprise);
    let failed = db.write(async |tx| {
        db::people::insert(tx, &person, "hash").await?;
        audit::append(tx, line(3, now())).await
    });
    assert!(matches!(failed.await, Err(Error::Corrupt(_))));
    let left = db::people::get(db.read(), person.id).await;
    assert!(matches!(left, Err(Error::NotFound)), "{left:?}");
}

#[tokio::test]
async fn a_line_reads_back_as_it_was_written() {
    let Store { db, .. } = &Store::new().await;
    let mut written = line(1, now());
    written.detail = json!({ "b": 1.5, "a": ["é", null, 1e300], "": {} });
    let object = written.object.clone().unwrap().1;
    db.write(async |tx| audit::append(tx, written.clone()).await).await.unwrap();
    assert_eq!(audit::of_object(db.read(), object).await.unwrap(), [written]);
    assert_eq!(verified(db, &[]).await.broken, None);
}

#[tokio::test]
async fn lines_are_found_by_everything_that_tells_them_apart() {
    use audit::{Part, Search};
    let Store { db, .. } = &Store::new().await;
    write(db, 0..12, now()).await;
    let find = async |asked: Search| {
        let lines = audit::list(db.read(), &asked, Part::After(0), 100).await.unwrap();
        lines.into_iter().map(|it| it.seq).collect::<Vec<_>>()
    };
    let all = audit::list(db.read(), &Search::default(), Part::Before(Some(9)), 3).await.unwrap();
    assert_eq!(all.iter().map(|it| it.seq).collect::<Vec<_>>(), [8, 7, 6], "the newest first");
    let line = &all[0].line;
    let one = |asked| async { assert_eq!(find(asked).await, [8]) };
    one(Search { actor: line.actor, ..Search::default() }).await;
    one(Search { action: Some("tests.write:7".into()), ..Search::default() }).await;
    one(Search { object: line.object.as_ref().map(|it| it.1), ..Search::default() }).await;
    one(Search { request_id: Some("request 7".into()), ..Search::default() }).await;
    let until = Some(line.at + TimeDelta::seconds(1));
    one(Search { from: Some(line.at), until, ..Search::default() }).await;
    let denied = Search { outcome: Some(audit::Outcome::Denied), ..Search::default() };
    assert_eq!(find(denied).await, [2, 5, 8, 11]);
    let row = |name: &str| Search { action: Some(name.into()), ..Search::default() };
    assert_eq!(find(row("tests.write")).await.len(), 12, "a row with whatever it came to");
    assert_eq!(find(row("tests")).await, [0; 0], "half a name is none");
}

#[tokio::test]
async fn a_log_that_was_written_anew_is_found_by_an_anchor() {
    let Store { db, .. } = &Store::new().await;
    write(db, 0..20, now()).await;
    let anchors = [audit::head(db.read()).await.unwrap()];
    assert_eq!(verified(db, &anchors).await.anchors, 1);
    let sql = "UPDATE audit_chain SET head = 10, \
               head_hash = (SELECT hash FROM audit WHERE seq = 10); \
               DELETE FROM audit WHERE seq > 10";
    db.read().execute_unprepared(sql).await.unwrap();
    assert_eq!(verified(db, &anchors).await.broken, Some(Broken::Anchor(20)));
    write(db, 10..30, now()).await;
    let unanchored = verified(db, &[]).await;
    assert_eq!(unanchored.broken, None, "without an anchor nobody could tell");
    assert_eq!(verified(db, &anchors).await.broken, Some(Broken::Anchor(20)));
}

#[tokio::test]
async fn what_was_kept_long_enough_goes_and_the_rest_can_still_be_verified() {
    let Store { db, .. } = &Store::new().await;
    write(db, 0..10, now() - TimeDelta::days(500)).await;
    write(db, 10..20, now() - TimeDelta::days(300)).await;
    write(db, 20..30, now() - TimeDelta::days(100)).await;
    let fifth = audit::place(db.read(), 5).await.unwrap().unwrap();
    let tenth = audit::place(db.read(), 10).await.unwrap().unwrap();
    let purge = async |days| {
        let before = now() - TimeDelta::days(days);
        db.write(async |tx| audit::purge(tx, before, now()).await).await.unwrap()
    };
    assert_eq!(purge(400).await, 10);
    assert_eq!(purge(400).await, 0, "there is nothing left to purge");
    assert_eq!(numbers(db).await, (11..=31).collect::<Vec<_>>(), "and the purge has a line");
    let verdict = verified(db, &[fifth, tenth]).await;
    assert_eq!((verdict.broken, verdict.floor), (None, tenth));
    assert_eq!(purge(1).await, 10, "what is younger than half a year stays");
    assert_eq!(verified(db, &[]).await.broken, None);
    let wrong = Place { hash: fifth.hash, ..verified(db, &[]).await.floor };
    assert_eq!(verified(db, &[wrong]).await.broken, Some(Broken::Anchor(wrong.seq)));
}
