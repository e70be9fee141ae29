use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{VISITOR, World, need};

/// The main job, from two registrations to a graded pair, over HTTP alone.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, to be read from beginning to end")]
async fn from_registration_to_a_graded_pair() {
    let mut world = World::new().await;

    // An enterprise registers, signs in, and writes a need before anyone has verified it.
    let registration = json!({
        "organisation": {
            "number": "9144030071526726XG", "name": "高平市羊头山铸业有限公司", "kind": "enterprise",
        },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂", "name": "陈工" },
    });
    let registered = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{}", registered.body);
    assert_eq!(registered.body["state"], "registered");
    let credentials = json!({ "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂" });
    let session = world.post(&VISITOR, "/sessions", credentials).await;
    assert_eq!(session.status, StatusCode::CREATED, "{}", session.body);
    let token = session.body["token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let me = [("authorization", bearer.as_str())];
    let draft = need("球墨铸铁件气孔率降低技术");
    let draft = world.call(&VISITOR, (Method::POST, "/needs"), &me, Some(draft)).await;
    assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.body);
    assert_eq!(draft.body["number"], "GPN-20260102-001");

    // It cannot submit until the office has verified it.
    let id = draft.id();
    let submit = format!("/needs/{id}/submit");
    let tagged = [me[0], ("if-match", &draft.tag())];
    let early = world.call(&VISITOR, (Method::POST, &submit), &tagged, None).await;
    assert_eq!((early.status, early.code()), (StatusCode::FORBIDDEN, "organisation_not_verified"));
    let organisation = registered.id();
    let verify = format!("/organisations/{organisation}/verify");
    let seen = world.get(&world.security_admin, &format!("/organisations/{organisation}")).await;
    let verified = world
        .edit(&world.security_admin, (Method::POST, &verify), &seen.tag(), Some(json!({})))
        .await;
    assert_eq!(verified.body["state"], "verified", "{}", verified.body);
    let sent = world.call(&VISITOR, (Method::POST, &submit), &tagged, None).await;
    assert_eq!(sent.body["state"], "submitted", "{}", sent.body);

    // A matchmaker finds it, sends it back, and approves it when it is better.
    let waiting = world.get(&world.matchmaker, "/submissions?kind=need").await;
    assert_eq!(waiting.body["items"][0]["id"], id.as_str(), "{}", waiting.body);
    let returned = world.review("/needs", &id, "return").await;
    assert_eq!(returned.body["state"], "returned");
    let reviews = format!("/needs/{id}/reviews");
    let told = world.call(&VISITOR, (Method::GET, &reviews), &me, None).await;
    assert_eq!(told.body["items"][0]["reasons"], "已阅，见评分");
    assert!(told.body["items"][0].get("rubric").is_none(), "scores are for staff");
    let at = format!("/needs/{id}");
    let mine = world.call(&VISITOR, (Method::GET, &at), &me, None).await;
    let better = need("球墨铸铁件气孔率由 8% 降至 2% 的工艺");
    let tagged = [me[0], ("if-match", &mine.tag())];
    let edited = world.call(&VISITOR, (Method::PUT, &at), &tagged, Some(better)).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.body);
    let tagged = [me[0], ("if-match", &edited.tag())];
    world.call(&VISITOR, (Method::POST, &submit), &tagged, None).await;
    let published = world.review("/needs", &id, "approve").await;
    assert_eq!(published.body["state"], "published");

    // A university publishes an achievement; the pair appears by itself, and everyone finds both.
    let achievement = world.published_achievement("球墨铸铁气孔缺陷控制工艺").await;
    world.settle().await;
    let found = world.get(&VISITOR, "/search?q=%E6%B0%94%E5%AD%94").await;
    assert_eq!(found.body["total"], 2, "{}", found.body);
    let queue = world.get(&world.matchmaker, "/pairs").await;
    let pair = &queue.body["items"][0];
    assert_eq!(pair["need"]["id"], id.as_str());
    assert_eq!(pair["achievement"]["id"], achievement.as_str());
    assert_eq!(queue.body["counts"]["suggested"], 1);
    let phrases = pair["explanation"]["phrases"].as_array().unwrap();
    let text: String = phrases.iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert!(text.contains("气孔"), "{text}");

    // The matchmaker takes it, reads both sides, and grades it.
    let pair = pair["id"].as_str().unwrap().to_owned();
    let taken = world.post(&world.matchmaker, &format!("/pairs/{pair}/take"), json!(null)).await;
    assert_eq!(taken.body["state"], "taken", "{}", taken.body);
    let detail = world.get(&world.matchmaker, &format!("/pairs/{pair}")).await;
    assert!(detail.body["need"]["form"]["problem"].as_str().unwrap().contains("百分之八"));
    let graded = world
        .post(&world.matchmaker, &format!("/pairs/{pair}/grade"), json!({ "grade": "strong" }))
        .await;
    assert_eq!(graded.body["state"], "accepted", "{}", graded.body);
    let market = world.get(&VISITOR, "/market").await;
    assert_eq!(market.body["accepted_pairs"], 1, "{}", market.body);

    // All of it is on record.
    let pair = pair.parse().unwrap();
    let log = db::audit::of_object(world.db.read(), pair).await.unwrap();
    let actions: Vec<&str> = log.iter().map(|it| it.action.as_str()).collect();
    assert_eq!(actions, ["pairs.work:taken", "pairs.work:accepted"]);
}
