use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{VISITOR, World, need};

#[tokio::test]
async fn an_edit_needs_the_tag_of_what_was_read() {
    let world = World::new().await;
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{}", draft.id());
    let put = (Method::PUT, at.as_str());
    let body = Some(need("另外一个题目的铸件技术"));
    let who = &world.enterprise;
    let missing = world.call(who, put.clone(), &[], body.clone()).await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::PRECONDITION_REQUIRED, "precondition_required")
    );
    let any = world.edit(who, put.clone(), "*", body.clone()).await;
    assert_eq!(any.status, StatusCode::PRECONDITION_REQUIRED);
    let first = world.edit(who, put.clone(), &draft.tag(), body.clone()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let stale = world.edit(who, put.clone(), &draft.tag(), body.clone()).await;
    assert_eq!((stale.status, stale.code()), (StatusCode::PRECONDITION_FAILED, "stale"));
    let weak = world.edit(who, put, &format!("W/{}", first.tag()), body).await;
    assert_eq!(weak.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_editors_of_one_version_exactly_one_succeeds() {
    let world = Arc::new(World::new().await);
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let (at, tag) = (format!("/needs/{}", draft.id()), draft.tag());
    let editors: Vec<_> = (0..30)
        .map(|number| {
            let (world, at, tag) = (Arc::clone(&world), at.clone(), tag.clone());
            tokio::spawn(async move {
                let body = Some(need(&format!("球墨铸铁件气孔率降低技术{number}")));
                world.edit(&world.enterprise, (Method::PUT, &at), &tag, body).await.status
            })
        })
        .collect();
    let mut done = 0;
    for editor in editors {
        match editor.await.unwrap() {
            StatusCode::OK => done += 1,
            StatusCode::PRECONDITION_FAILED => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(done, 1);
}

#[tokio::test]
async fn what_was_not_changed_is_not_sent_again() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{id}");
    let seen = world.get(&VISITOR, &at).await;
    let headers = [("if-none-match", seen.tag())];
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, tag)| (*name, tag.as_str())).collect();
    let again = world.call(&VISITOR, (Method::GET, &at), &headers, None).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    world.post(&world.enterprise, &format!("{at}/renew"), json!(null)).await;
    let changed = world.call(&VISITOR, (Method::GET, &at), &headers, None).await;
    assert_eq!(changed.status, StatusCode::OK);
}

#[tokio::test]
async fn readers_who_see_different_things_have_different_tags() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{id}");
    let readers =
        [&VISITOR, &world.enterprise, &world.matchmaker, &world.other_matchmaker, &world.auditor];
    let mut tags = Vec::new();
    for reader in readers {
        tags.push(world.get(reader, &at).await.tag());
    }
    let distinct: std::collections::HashSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    let foreign = world
        .edit(&world.enterprise, (Method::PUT, &at), &tags[0], Some(need("另外一个题目的铸件技术")))
        .await;
    assert_eq!(foreign.status, StatusCode::PRECONDITION_FAILED);
}
