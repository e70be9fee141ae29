use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use db::{
    Error,
    jobs::{self, Kind},
};
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
