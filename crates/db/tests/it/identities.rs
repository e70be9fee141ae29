use chrono::TimeDelta;
use db::{
    Error,
    identities::{self, Identity, IdentityId},
    oidc_flows::{self, Flow, Way},
};
use domain::people::{PersonId, Role};

use crate::store::{Store, now};

fn flow(person: Option<PersonId>) -> Flow {
    let way = Way { state: "state".into(), browser: "browser".into(), person };
    let expires_at = now() + TimeDelta::minutes(10);
    Flow { way, nonce: "nonce".into(), verifier: "verifier".into(), expires_at }
}

async fn begun(store: &Store, flow: &Flow) {
    store.db.write(async |tx| oidc_flows::insert(tx, flow).await).await.unwrap();
}

#[tokio::test]
async fn a_flow_is_taken_once_in_time_and_by_whom_it_was_begun() {
    let store = Store::new().await;
    let person = store.member("91110000802100433B", Role::Enterprise).await.id;
    let flow = flow(Some(person));
    begun(&store, &flow).await;
    let take = async |way: Way, at| {
        store.db.write(async |tx| oidc_flows::take(tx, &way, at).await).await.unwrap()
    };
    let way = flow.way.clone();
    assert_eq!(take(Way { browser: "other".into(), ..way.clone() }, now()).await, None);
    assert_eq!(take(Way { state: "other".into(), ..way.clone() }, now()).await, None);
    assert_eq!(take(Way { person: None, ..way.clone() }, now()).await, None);
    let nobody = Some(PersonId::generate());
    assert_eq!(take(Way { person: nobody, ..way.clone() }, now()).await, None);
    assert_eq!(take(way.clone(), flow.expires_at).await, None);
    let just_in_time = flow.expires_at - TimeDelta::milliseconds(1);
    assert_eq!(take(way.clone(), just_in_time).await, Some(flow));
    assert_eq!(take(way, now()).await, None);
}

#[tokio::test]
async fn of_many_who_come_back_one_way_at_once_one_is_let_through() {
    let store = Store::new().await;
    let flow = flow(None);
    begun(&store, &flow).await;
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (db, way) = (store.db.clone(), flow.way.clone());
        takers.spawn(async move {
            db.write(async |tx| oidc_flows::take(tx, &way, now()).await).await.unwrap()
        });
    }
    let taken = takers.join_all().await;
    assert_eq!(taken.iter().filter(|it| it.is_some()).count(), 1);
}

#[tokio::test]
async fn flows_that_nobody_came_back_from_are_forgotten() {
    let store = Store::new().await;
    begun(&store, &flow(None)).await;
    let forget =
        async |at| store.db.write(async |tx| oidc_flows::forget(tx, at).await).await.unwrap();
    assert_eq!(forget(now()).await, 0);
    assert_eq!(forget(now() + TimeDelta::minutes(11)).await, 1);
}

#[tokio::test]
async fn an_identity_is_one_persons_and_goes_with_the_account() {
    let store = Store::new().await;
    let li = store.member("91110000802100433B", Role::Enterprise).await;
    let zhou = store.member("12100000400009821G", Role::Research).await;
    let link = async |person: PersonId, subject: &str| {
        let (id, issuer) = (IdentityId::generate(), "https://id.example".to_owned());
        let digest = identities::digest(&issuer, subject);
        let new = Identity { id, person, issuer, linked_at: now(), used_at: None };
        store.db.write(async |tx| identities::insert(tx, &new, &digest).await).await.map(|()| id)
    };
    let id = link(li.id, "one").await.unwrap();
    assert!(matches!(link(zhou.id, "one").await, Err(Error::Taken(_))));
    assert!(matches!(link(li.id, "two").await, Err(Error::Taken(_))));
    let digest = identities::digest("https://id.example", "one");
    let found = identities::find(store.db.read(), &digest).await.unwrap().unwrap();
    assert_eq!((found.id, found.person), (id, li.id));
    let elsewhere = identities::digest("https://other.example", "one");
    assert_eq!(identities::find(store.db.read(), &elsewhere).await.unwrap(), None);
    let others = store.db.write(async |tx| identities::remove(tx, zhou.id, id).await).await;
    assert!(matches!(others, Err(Error::NotFound)));

    begun(&store, &flow(Some(li.id))).await;
    store.db.write(async |tx| db::erasures::person(tx, &li).await).await.unwrap();
    assert_eq!(identities::list(store.db.read(), li.id).await.unwrap(), []);
    let gone = flow(Some(li.id)).way;
    let left = store.db.write(async |tx| oidc_flows::take(tx, &gone, now()).await).await.unwrap();
    assert_eq!(left, None);
}
