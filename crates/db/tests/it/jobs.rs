use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use db::{
    Error,
    jobs::{self, Kind, Priority},
};
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use crate::store::{Store, now};

async fn enqueue(store: &Store, subject: Uuid) {
    let job = async |tx: &db::Tx| jobs::enqueue(tx, Kind::MatchNeed, subject, now()).await;
    store.db.write(job).await.unwrap();
}

#[tokio::test]
async fn asking_twice_makes_one_job() {
    let store = Store::new().await;
    let subject = Uuid::now_v7();
    enqueue(&store, subject).await;
    enqueue(&store, subject).await;
    assert_eq!(jobs::count(store.db.read(), &[Kind::MatchNeed]).await.unwrap(), 1);
    let claims = jobs::claim(&store.db, Uuid::now_v7(), 10, now()).await.unwrap();
    assert_eq!(claims.len(), 1);
    assert!(jobs::claim(&store.db, Uuid::now_v7(), 10, now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn asking_while_it_runs_makes_it_run_again() {
    let store = Store::new().await;
    let (subject, worker) = (Uuid::now_v7(), Uuid::now_v7());
    enqueue(&store, subject).await;
    let claim = jobs::claim(&store.db, worker, 10, now()).await.unwrap()[0];
    enqueue(&store, subject).await;
    store.db.write(async |tx| jobs::finish(tx, &claim).await).await.unwrap();
    let again = jobs::claim(&store.db, worker, 10, now()).await.unwrap();
    assert_eq!(again.len(), 1);
    store.db.write(async |tx| jobs::finish(tx, &again[0]).await).await.unwrap();
    assert_eq!(jobs::count(store.db.read(), &[Kind::MatchNeed]).await.unwrap(), 0);
}

#[tokio::test]
async fn who_lost_the_claim_cannot_commit_its_effect() {
    let store = Store::new().await;
    let subject = Uuid::now_v7();
    enqueue(&store, subject).await;
    let slow = jobs::claim(&store.db, Uuid::now_v7(), 10, now()).await.unwrap()[0];
    let later = now() + TimeDelta::minutes(3);
    let quick = jobs::claim(&store.db, Uuid::now_v7(), 10, later).await.unwrap()[0];
    store.db.write(async |tx| jobs::finish(tx, &quick).await).await.unwrap();
    let late = store
        .db
        .write(async |tx| {
            jobs::enqueue(tx, Kind::Sweep, subject, now()).await?;
            jobs::finish(tx, &slow).await
        })
        .await;
    assert!(matches!(late, Err(Error::Stale)), "{late:?}");
    assert_eq!(jobs::count(store.db.read(), &[Kind::Sweep]).await.unwrap(), 0, "undone");
}

#[tokio::test]
async fn a_job_that_fails_comes_back_later_each_time() {
    let store = Store::new().await;
    let worker = Uuid::now_v7();
    enqueue(&store, Uuid::now_v7()).await;
    let mut time = now();
    let mut waits = Vec::new();
    for _ in 0..4 {
        let claim = jobs::claim(&store.db, worker, 1, time).await.unwrap()[0];
        store.db.write(async |tx| jobs::fail(tx, &claim, "no", time).await).await.unwrap();
        let mut wait = 0;
        while jobs::claim(&store.db, worker, 1, time).await.unwrap().is_empty() {
            time += TimeDelta::seconds(1);
            wait += 1;
        }
        waits.push(wait);
        time += TimeDelta::minutes(3);
    }
    assert_eq!(waits, [1, 2, 4, 8]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_two_workers_get_the_same_job() {
    let store = Arc::new(Store::new().await);
    for _ in 0..60 {
        enqueue(&store, Uuid::now_v7()).await;
    }
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let worker = Uuid::now_v7();
                let mut got = Vec::new();
                for _ in 0..30 {
                    let claims = jobs::claim(&store.db, worker, 2, now()).await.unwrap();
                    got.extend(claims.into_iter().map(|it| it.subject));
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 60);
}

async fn enqueue_in_bulk(store: &Store, subjects: &[Uuid]) {
    let bulk = (Priority::Bulk, now());
    let job = async |tx: &db::Tx| jobs::enqueue_all(tx, Kind::MatchNeed, subjects, bulk).await;
    store.db.write(job).await.unwrap();
}

#[tokio::test]
async fn what_one_publication_asks_for_comes_before_what_was_asked_for_in_bulk() {
    let store = Store::new().await;
    let many: Vec<Uuid> = (0..50).map(|_| Uuid::now_v7()).collect();
    enqueue_in_bulk(&store, &many).await;
    let fresh = Uuid::now_v7();
    enqueue(&store, fresh).await;
    // One of the many is asked for directly too, and once more in bulk: it stays direct.
    enqueue(&store, many[49]).await;
    enqueue_in_bulk(&store, &many[40..]).await;
    let claims = jobs::claim(&store.db, Uuid::now_v7(), 4, now()).await.unwrap();
    let mut first: Vec<Uuid> = claims[..2].iter().map(|it| it.subject).collect();
    first.sort_unstable();
    assert_eq!(first, [many[49], fresh]);
    assert!(claims[..2].iter().all(|it| it.priority == Priority::Direct));
    let rest: Vec<Uuid> = claims[2..].iter().map(|it| it.subject).collect();
    assert_eq!(rest, many[..2], "in the order they were asked for in");
}

#[tokio::test]
async fn asking_again_for_later_puts_nothing_off_but_the_match_of_everything() {
    let store = Store::new().await;
    let later = now() + TimeDelta::seconds(2);
    for (kind, expected) in [(Kind::Sweep, 1), (Kind::MatchAll, 0)] {
        for when in [now(), later] {
            let job = async |tx: &db::Tx| jobs::enqueue(tx, kind, Uuid::nil(), when).await;
            store.db.write(job).await.unwrap();
        }
        let due = jobs::claim(&store.db, Uuid::now_v7(), 10, now()).await.unwrap();
        assert_eq!(due.len(), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn jobs_of_a_newer_version_are_left_to_it() {
    let store = Store::new().await;
    let job = async |tx: &db::Tx| jobs::enqueue(tx, Kind::Sweep, Uuid::nil(), now()).await;
    store.db.write(job).await.unwrap();
    let newer = "UPDATE jobs SET kind = 'of_tomorrow'";
    store.db.read().execute_unprepared(newer).await.unwrap();
    let subject = Uuid::now_v7();
    enqueue(&store, subject).await;
    let claims = jobs::claim(&store.db, Uuid::now_v7(), 10, now()).await.unwrap();
    assert_eq!(claims.iter().map(|it| it.subject).collect::<Vec<_>>(), [subject]);
}
