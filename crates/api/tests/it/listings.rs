use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{VISITOR, World, need};

#[tokio::test]
async fn a_draft_keeps_whatever_was_written_and_tells_what_it_lacks() {
    let world = World::new().await;
    let draft = world.post(&world.enterprise, "/needs", json!({ "title": "铸" })).await;
    assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.body);
    let at = format!("/needs/{}/submit", draft.id());
    let refused = world.edit(&world.enterprise, (Method::POST, &at), &draft.tag(), None).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
    assert_eq!(
        refused.pointers(),
        [
            "/title",
            "/problem",
            "/keywords",
            "/fields",
            "/cooperation",
            "/kind",
            "/contact/name",
            "/unclassified"
        ]
    );
}

#[tokio::test]
async fn every_published_edition_is_kept() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{id}");
    let mine = world.get(&world.enterprise, &at).await;
    let mut second = need("球墨铸铁件气孔率降低技术");
    second["goal"] = json!("气孔率不高于 1%");
    let edited = world.edit(&world.enterprise, (Method::PUT, &at), &mine.tag(), Some(second)).await;
    assert_eq!(edited.body["form"]["goal"], "气孔率不高于 2%", "readers see the first edition");
    assert_eq!(edited.body["revision"]["form"]["goal"], "气孔率不高于 1%");
    let seen = world.get(&VISITOR, &at).await;
    assert!(seen.body.get("revision").is_none(), "{}", seen.body);
    world.submit(&world.enterprise, "/needs", &edited).await;
    world.review("/needs", &id, "approve").await;
    let editions = world.get(&VISITOR, &format!("{at}/editions")).await;
    let goals: Vec<&str> = editions.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["form"]["goal"].as_str().unwrap())
        .collect();
    assert_eq!(goals, ["气孔率不高于 1%", "气孔率不高于 2%"]);
}

#[tokio::test]
async fn a_listing_is_paused_resumed_withdrawn_and_reopened() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let steps = [
        ("pause", StatusCode::OK, "paused"),
        ("pause", StatusCode::CONFLICT, "wrong_state"),
        ("resume", StatusCode::OK, "published"),
        ("renew", StatusCode::OK, "published"),
        ("withdraw", StatusCode::OK, "withdrawn"),
        ("resume", StatusCode::CONFLICT, "wrong_state"),
        ("reopen", StatusCode::OK, "draft"),
    ];
    for (step, status, expected) in steps {
        let done = world.post(&world.enterprise, &format!("/needs/{id}/{step}"), json!(null)).await;
        assert_eq!(done.status, status, "{step}: {}", done.body);
        let told = if status == StatusCode::OK { &done.body["state"] } else { &done.body["code"] };
        assert_eq!(told, expected, "{step}");
    }
    let gone = world.get(&VISITOR, &format!("/needs/{id}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_submission_is_taken_back_or_rejected_and_what_is_published_ends() {
    let world = World::new().await;
    let who = &world.enterprise;
    let sent = world.submitted_need(need("球墨铸铁件气孔率降低技术")).await;
    let at = format!("/needs/{}", sent.id());
    let retract = format!("{at}/retract");
    let back = world.edit(who, (Method::POST, &retract), &sent.tag(), None).await;
    assert_eq!((back.status, &back.body["state"]), (StatusCode::OK, &json!("draft")));
    world.submit(who, "/needs", &back).await;
    let rejected = world.review("/needs", &sent.id(), "reject").await;
    assert_eq!(rejected.body["state"], "rejected", "{}", rejected.body);

    let at = format!("/needs/{}", world.published_need("球墨铸铁件气孔缺陷检测").await);
    let seen = world.get(who, &at).await;
    let form = Some(need("球墨铸铁件气孔缺陷在线检测"));
    let edited = world.edit(who, (Method::PUT, &at), &seen.tag(), form).await;
    assert!(edited.body.get("revision").is_some(), "{}", edited.body);
    let revision = format!("{at}/revision");
    let dropped = world.edit(who, (Method::DELETE, &revision), &edited.tag(), None).await;
    assert_eq!(dropped.status, StatusCode::OK, "{}", dropped.body);
    assert!(dropped.body.get("revision").is_none(), "{}", dropped.body);
    let closed = world.post(who, &format!("{at}/close"), json!(null)).await;
    assert_eq!((closed.status, &closed.body["state"]), (StatusCode::OK, &json!("closed")));
}

#[tokio::test]
async fn only_a_draft_that_was_never_published_can_be_deleted() {
    let world = World::new().await;
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{}", draft.id());
    let done = world.edit(&world.enterprise, (Method::DELETE, &at), &draft.tag(), None).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    let gone = world.get(&world.enterprise, &at).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);

    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    let at = format!("/needs/{id}");
    let seen = world.get(&world.enterprise, &at).await;
    let kept = world.edit(&world.enterprise, (Method::DELETE, &at), &seen.tag(), None).await;
    assert_eq!((kept.status, kept.code()), (StatusCode::CONFLICT, "wrong_state"));
}

#[tokio::test]
async fn a_colleague_takes_over_from_an_author_who_left() {
    let world = World::new().await;
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let colleague = world.colleague_of(&world.enterprise, "plant.chen").await;
    let at = format!("/needs/{}", draft.id());
    let seen = world.get(&colleague, &at).await;
    assert_eq!(seen.status, StatusCode::OK, "colleagues read each other's drafts");
    let body = Some(need("另外一个题目的铸件技术"));
    let refused = world.edit(&colleague, (Method::PUT, &at), &seen.tag(), body.clone()).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "forbidden"));
    let adopted = world.post(&colleague, &format!("{at}/adopt"), json!(null)).await;
    assert_eq!(adopted.status, StatusCode::OK, "{}", adopted.body);
    let edited = world.edit(&colleague, (Method::PUT, &at), &adopted.tag(), body).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.body);
}

#[tokio::test]
async fn lists_come_in_pages_and_a_foreign_cursor_is_refused() {
    let world = World::new().await;
    for _ in 0..5 {
        world.need_draft("球墨铸铁件气孔率降低技术").await;
    }
    let mut seen = Vec::new();
    let mut path = "/needs?limit=2".to_owned();
    loop {
        let page = world.get(&world.enterprise, &path).await;
        let items = page.body["items"].as_array().unwrap().clone();
        seen.extend(items.into_iter().map(|it| it["id"].clone()));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/needs?limit=2&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    let distinct: std::collections::HashSet<_> = seen.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), 5);
    let refused = world.get(&world.enterprise, "/needs?cursor=abc&limit=0&colour=red").await;
    assert_eq!(refused.pointers(), ["/limit", "/cursor", "/colour"]);
}

#[tokio::test]
async fn a_matchmaker_of_the_same_organisation_does_not_review() {
    let world = World::new().await;
    let sent = world.submitted_need(need("球墨铸铁件气孔率降低技术")).await;
    let plant = world.enterprise.person.as_ref().unwrap().organisation;
    let mut insider = world.other_matchmaker.person.clone().unwrap();
    insider.organisation = plant;
    world.db.write(async |tx| db::people::save(tx, &mut insider).await).await.unwrap();
    let at = format!("/needs/{}", sent.id());
    let seen = world.get(&world.other_matchmaker, &at).await;
    let rubric = json!({ "advantage": 3, "clarity": 4, "cooperation": 4, "completeness": 5 });
    let review = json!({ "decision": "approve", "rubric": rubric, "reasons": "同意" });
    let review_at = format!("{at}/review");
    let at = (Method::POST, review_at.as_str());
    let refused = world.edit(&world.other_matchmaker, at, &seen.tag(), Some(review)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "own_organisation"));
    let waiting = world.get(&world.other_matchmaker, "/submissions").await;
    assert_eq!(waiting.body["items"], json!([]), "and it is not offered");
}
