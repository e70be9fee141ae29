use db::{Error, Page, Tx, thesaurus};
use domain::{
    form,
    people::Role,
    thesaurus::{Group, GroupForm, GroupId, Word},
};
use serde_json::json;

use crate::store::{Store, now};

fn group(words: &[&str], broader: &[&str]) -> Group {
    let form = form::read::<GroupForm>(&json!({ "words": words, "broader": broader })).unwrap();
    Group::new(GroupId::generate(), form, None, now())
}

async fn insert(store: &Store, groups: &[Group]) -> db::Result<()> {
    store
        .db
        .write(async |tx: &Tx| {
            thesaurus::revise(tx).await?;
            thesaurus::insert_all(tx, groups).await
        })
        .await
}

#[tokio::test]
async fn groups_come_back_as_they_were_stored_and_every_change_counts_the_revision_up() {
    let store = Store::new().await;
    let someone = store.member("91110000802100433B", Role::Enterprise).await;
    assert_eq!(thesaurus::revision(store.db.read()).await.unwrap(), 0);
    let (mut gas, learning) = (group(&["瓦斯", "煤层气"], &[]), group(&["机器学习"], &["AI"]));
    insert(&store, &[gas.clone(), learning.clone()]).await.unwrap();
    assert_eq!(thesaurus::revision(store.db.read()).await.unwrap(), 1);
    assert_eq!(thesaurus::all(store.db.read()).await.unwrap(), [gas.clone(), learning.clone()]);
    assert_eq!(thesaurus::count(store.db.read()).await.unwrap(), 2);
    let page = Page { after: None, limit: 10 };
    let word = Word::new("ａｉ").unwrap();
    let with = thesaurus::list(store.db.read(), Some(&word), page).await.unwrap();
    assert_eq!(with, [learning]);
    let stale = gas.clone();
    gas.change(group(&["瓦斯", "甲烷"], &[]).form, someone.id, now());
    let save = async |changed: &mut Group| {
        let saved = store.db.write(async |tx| {
            thesaurus::revise(tx).await?;
            thesaurus::save(tx, changed).await
        });
        saved.await
    };
    save(&mut gas).await.unwrap();
    assert!(matches!(save(&mut stale.clone()).await, Err(Error::Stale)));
    assert_eq!(
        thesaurus::revision(store.db.read()).await.unwrap(),
        2,
        "what fails changes nothing"
    );
    assert_eq!(thesaurus::get(store.db.read(), gas.id).await.unwrap(), gas);
    let old = Word::new("煤层气").unwrap();
    assert_eq!(thesaurus::list(store.db.read(), Some(&old), page).await.unwrap(), []);
    let gone = store.db.write(async |tx| thesaurus::remove(tx, &gas).await).await;
    gone.unwrap();
    let lost = thesaurus::get(store.db.read(), gas.id).await;
    assert!(matches!(lost, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_word_stands_in_one_group_that_goes_both_ways_also_when_two_write_at_once() {
    let store = Store::new().await;
    let first = group(&["瓦斯", "煤层气"], &[]);
    insert(&store, std::slice::from_ref(&first)).await.unwrap();
    insert(&store, &[group(&["瓦斯"], &["可燃气体"]), group(&["煤矿气"], &["瓦斯"])])
        .await
        .unwrap();
    let twice = insert(&store, &[group(&["甲烷", "瓦斯"], &[])]).await;
    assert!(twice.is_err_and(|it| it.is_taken("mutual")));
    let asked = ["甲烷", "瓦斯"].map(|it| Word::new(it).unwrap());
    let found = thesaurus::mutual(store.db.read(), &asked, None).await.unwrap();
    assert_eq!(found, [("瓦斯".to_owned(), first.id)]);
    let but = thesaurus::mutual(store.db.read(), &asked, Some(first.id)).await.unwrap();
    assert_eq!(but, []);
}
