use db::{Error, outbox};
use domain::{listings::Kind, people::Role};
use uuid::Uuid;

use crate::store::{Store, now};

async fn push(store: &Store, subject: Uuid) {
    store.db.write(async |tx| outbox::push(tx, Kind::Need, &[subject], now()).await).await.unwrap();
}

async fn subjects_after(store: &Store, position: i64) -> Vec<Uuid> {
    outbox::sequence(&store.db).await.unwrap();
    let events = outbox::after(store.db.read(), position, 100).await.unwrap();
    events.into_iter().map(|it| it.subject).collect()
}

#[tokio::test]
async fn events_come_in_order_without_gaps() {
    let store = Store::new().await;
    let subjects: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    for subject in &subjects {
        push(&store, *subject).await;
    }
    assert_eq!(subjects_after(&store, 0).await, subjects);
    assert_eq!(subjects_after(&store, 3).await, subjects[3..]);
    assert_eq!(outbox::sequence(&store.db).await.unwrap(), 5);
}

#[tokio::test]
async fn an_event_that_began_earlier_and_committed_later_is_not_passed_over() {
    if !db::scratch::on_postgres() {
        // SQLite has one writer at a time: transactions commit in the order they began.
        return;
    }
    let store = Store::new().await;
    let (early, late) = (Uuid::now_v7(), Uuid::now_v7());
    let (pushed, was_pushed) = tokio::sync::oneshot::channel();
    let (go, may_commit) = tokio::sync::oneshot::channel::<()>();
    let slow = store.db.clone();
    let slow = tokio::spawn(async move {
        slow.write(async |tx| {
            outbox::push(tx, Kind::Need, &[early], now()).await?;
            pushed.send(()).unwrap();
            may_commit.await.unwrap();
            Ok::<_, Error>(())
        })
        .await
    });
    was_pushed.await.unwrap();
    push(&store, late).await;

    // A reader comes while the earlier transaction is still open.
    assert_eq!(subjects_after(&store, 0).await, [late]);
    let seen = outbox::last(store.db.read()).await.unwrap();
    let by_id = ids_after(&store, Uuid::nil()).await;
    go.send(()).unwrap();
    slow.await.unwrap().unwrap();

    assert_eq!(subjects_after(&store, seen).await, [early], "places are given after the commit");
    // The control: a reader that goes by ids has passed over it for good.
    let last_id = by_id.last().unwrap().0;
    assert!(!ids_after(&store, last_id).await.iter().any(|it| it.1 == early));
}

/// What a naive reader does: everything whose id is greater than the last it saw.
async fn ids_after(store: &Store, id: Uuid) -> Vec<(Uuid, Uuid)> {
    use sea_orm::ConnectionTrait as _;
    let statement = sea_orm::Statement::from_sql_and_values(
        sea_orm::DbBackend::Postgres,
        "SELECT id, subject FROM outbox WHERE id > $1 ORDER BY id",
        [id.into()],
    );
    let rows = store.db.read().query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|it| (it.try_get("", "id").unwrap(), it.try_get("", "subject").unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_and_sequencers_lose_and_double_nothing() {
    let store = std::sync::Arc::new(Store::new().await);
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..25 {
                    push(&store, Uuid::now_v7()).await;
                    outbox::sequence(&store.db).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    outbox::sequence(&store.db).await.unwrap();
    let events = outbox::after(store.db.read(), 0, 1000).await.unwrap();
    let positions: Vec<i64> = events.iter().map(|it| it.position).collect();
    assert_eq!(positions, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn positions_go_on_after_old_events_are_forgotten() {
    let store = Store::new().await;
    push(&store, Uuid::now_v7()).await;
    outbox::sequence(&store.db).await.unwrap();
    let later = now() + chrono::TimeDelta::days(8);
    let gone = store.db.write(async |tx| outbox::forget(tx, later).await).await.unwrap();
    assert_eq!((gone, outbox::oldest(store.db.read()).await.unwrap()), (1, None));
    push(&store, Uuid::now_v7()).await;
    assert_eq!(outbox::sequence(&store.db).await.unwrap(), 2);
    assert_eq!(outbox::oldest(store.db.read()).await.unwrap(), Some(2));
}

#[tokio::test]
async fn what_was_hidden_is_known_before_any_index_has_read_it() {
    let store = Store::new().await;
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let mut need = store.draft(&author).await;
    need.publish(now());
    let id = need.id.as_uuid();
    store
        .db
        .write(async |tx| {
            db::listings::save(tx, &mut need).await?;
            outbox::push(tx, Kind::Need, &[id], now()).await
        })
        .await
        .unwrap();
    assert!(outbox::hidden_since(store.db.read(), 0).await.unwrap().is_empty());
    need.act(domain::listings::Action::Withdraw, now()).unwrap();
    store
        .db
        .write(async |tx| {
            db::listings::save(tx, &mut need).await?;
            outbox::push(tx, Kind::Need, &[id], now()).await
        })
        .await
        .unwrap();
    assert_eq!(outbox::hidden_since(store.db.read(), 0).await.unwrap(), [id]);
    let end = outbox::sequence(&store.db).await.unwrap();
    assert!(outbox::hidden_since(store.db.read(), end).await.unwrap().is_empty());
}
