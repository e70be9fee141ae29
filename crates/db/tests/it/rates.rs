use std::sync::Arc;

use chrono::TimeDelta;
use db::rates;

use crate::store::{Store, now};

#[tokio::test]
async fn a_bucket_is_moved_from_now_on_or_from_where_it_stands() {
    let store = Store::new().await;
    let tell = async |seconds, later| {
        let (span, now) = (TimeDelta::seconds(seconds), now() + TimeDelta::seconds(later));
        let told = store.db.write(async |tx| rates::tell(tx, "a", span, now).await).await.unwrap();
        told - self::now()
    };
    assert_eq!(tell(10, 0).await, TimeDelta::seconds(10));
    assert_eq!(tell(5, 3).await, TimeDelta::seconds(15));
    assert_eq!(tell(5, 100).await, TimeDelta::seconds(105));
    let forget = async |later| {
        let now = now() + TimeDelta::seconds(later);
        store.db.write(async |tx| rates::forget(tx, now).await).await.unwrap()
    };
    assert_eq!(forget(105).await, 0);
    assert_eq!(forget(106).await, 1);
    assert_eq!(tell(1, 0).await, TimeDelta::seconds(1), "what is forgotten was full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_tell_at_once_everyone_counts() {
    let store = Arc::new(Store::new().await);
    let telling: Vec<_> = (0..40)
        .map(|_| {
            let store = Arc::clone(&store);
            let span = TimeDelta::milliseconds(7);
            let tell = async move |tx: &db::Tx| rates::tell(tx, "a", span, now()).await;
            tokio::spawn(async move { store.db.write(tell).await.unwrap() })
        })
        .collect();
    let mut furthest = now();
    for told in telling {
        furthest = furthest.max(told.await.unwrap());
    }
    assert_eq!(furthest - now(), TimeDelta::milliseconds(280));
}
