use std::sync::Arc;

use chrono::TimeDelta;
use db::answers::{self, Key, Known};
use serde_json::json;
use uuid::Uuid;

use crate::store::{Store, now};

fn key(body: &str) -> Key {
    Key {
        person: Uuid::nil(),
        key: "k-1".into(),
        operation: "needs.create".into(),
        fingerprint: body.into(),
    }
}

#[tokio::test]
async fn an_answer_is_found_by_the_same_request_and_by_no_other() {
    let store = Store::new().await;
    let look_up = async |key: &Key| {
        store.db.write(async |tx| answers::look_up(tx, key, now()).await).await.unwrap()
    };
    let first = key("a");
    assert_eq!(look_up(&first).await, Known::Nothing);
    store
        .db
        .write(async |tx| answers::remember(tx, &first, json!({ "id": 1 })).await)
        .await
        .unwrap();
    assert_eq!(look_up(&first).await, Known::Answer(json!({ "id": 1 })));
    assert_eq!(look_up(&key("b")).await, Known::Other);
    assert_eq!(look_up(&Key { operation: "other".into(), ..key("a") }).await, Known::Other);
    assert_eq!(look_up(&Key { person: Uuid::now_v7(), ..key("a") }).await, Known::Nothing);
    let gone = async |tx: &db::Tx| answers::forget(tx, now() + TimeDelta::days(1)).await;
    assert_eq!(store.db.write(gone).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_requests_at_once_one_does_the_work() {
    let store = Arc::new(Store::new().await);
    let requests: Vec<_> = (0..20)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let known = async |tx: &db::Tx| {
                    let known = answers::look_up(tx, &key("a"), now()).await?;
                    if known == Known::Nothing {
                        tokio::task::yield_now().await;
                        answers::remember(tx, &key("a"), json!(number)).await?;
                    }
                    Ok::<_, db::Error>(known)
                };
                store.db.write(known).await.unwrap()
            })
        })
        .collect();
    let mut all = Vec::new();
    for request in requests {
        all.push(request.await.unwrap());
    }
    assert_eq!(all.iter().filter(|it| **it == Known::Nothing).count(), 1);
    let answers: Vec<&Known> = all.iter().filter(|it| **it != Known::Nothing).collect();
    assert!(answers.windows(2).all(|it| it[0] == it[1]), "{answers:?}");
    assert!(matches!(answers[0], Known::Answer(serde_json::Value::Number(_))));
}
