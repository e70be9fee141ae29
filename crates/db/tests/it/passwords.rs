use db::passwords::{self, By, New};
use domain::people::Role;

use crate::store::{Store, now};

#[tokio::test]
async fn only_the_last_passwords_are_kept_and_who_set_the_present_one() {
    let store = Store::new().await;
    let person = store.member("91110000802100433B", Role::Enterprise).await;
    let first = passwords::get(store.db.read(), person.id).await.unwrap();
    assert_eq!((first.set_at, first.must_change), (None, false));
    for (hash, by) in [("b", By::Another), ("c", By::Owner), ("d", By::Another)] {
        let new = New { hash, at: now(), by, keep: 2 };
        store.db.write(async |tx| passwords::set(tx, person.id, new).await).await.unwrap();
        let standing = passwords::get(store.db.read(), person.id).await.unwrap();
        assert_eq!((standing.set_at, standing.must_change), (Some(now()), by == By::Another));
    }
    let earlier = passwords::earlier(store.db.read(), person.id, 9).await.unwrap();
    assert_eq!(earlier, ["c", "b"]);
    let found = db::people::find(store.db.read(), &person.login).await.unwrap();
    assert_eq!(found.map(|(_, hash)| hash).as_deref(), Some("d"));
    let new = New { hash: "e", at: now(), by: By::Owner, keep: 0 };
    store.db.write(async |tx| passwords::set(tx, person.id, new).await).await.unwrap();
    assert!(passwords::earlier(store.db.read(), person.id, 9).await.unwrap().is_empty());
}
