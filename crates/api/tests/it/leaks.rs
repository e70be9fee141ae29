use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, World, need};

/// A need whose public text tells who wrote it, in a world where its author drafted it.
async fn telling_draft(world: &World) -> Answer {
    let mut form = need("丹河铸造气孔率降低技术");
    form["problem"] = json!(
        "现有球墨铸铁件气孔率高，需要降到百分之二以下，请李伟联系，电话139-0000-1234，曾与晋东理工大学合作。"
    );
    let made = world.post(&world.enterprise, "/needs", form).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made
}

async fn submit(world: &World, draft: &Answer, query: &str) -> Answer {
    let at = format!("/needs/{}/submit{query}", draft.id());
    world.edit(&world.enterprise, (Method::POST, &at), &draft.tag(), None).await
}

#[tokio::test]
async fn the_author_is_shown_what_gives_them_away_before_it_is_published() {
    let world = World::new().await;
    let draft = telling_draft(&world).await;
    let at = format!("/needs/{}/leaks", draft.id());
    let leaks = world.get(&world.enterprise, &at).await;
    let told = |it: &Value| (it["kind"].clone(), it["certain"].clone(), it["text"].clone());
    let told: Vec<_> = leaks.body["items"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(
        told,
        [
            (json!("own_person"), json!(false), json!("李伟")),
            (json!("phone"), json!(true), json!("139-0000-1234")),
            (json!("organisation"), json!(false), json!("晋东理工大学")),
            (json!("own_name"), json!(true), json!("丹河铸造")),
        ]
    );
    let refused = submit(&world, &draft, "").await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::UNPROCESSABLE_ENTITY, "revealing"),
        "{}",
        refused.body
    );
    assert_eq!(refused.pointers(), ["/problem", "/title"]);
    let now = world.get(&world.enterprise, &format!("/needs/{}", draft.id())).await;
    assert_eq!(now.body["state"], "draft", "nothing has happened");
}

#[tokio::test]
async fn one_click_masks_what_is_certain_and_then_it_can_be_submitted() {
    let world = World::new().await;
    let draft = telling_draft(&world).await;
    let at = format!("/needs/{}/mask", draft.id());
    let at = (Method::POST, at.as_str());
    let masked = world.edit(&world.enterprise, at.clone(), &draft.tag(), Some(json!({}))).await;
    assert_eq!(masked.status, StatusCode::OK, "{}", masked.body);
    assert_eq!(masked.body["form"]["title"], "本企业气孔率降低技术");
    let problem = masked.body["form"]["problem"].as_str().unwrap();
    assert!(problem.contains("电话（联系方式略）") && problem.contains("李伟"), "{problem}");
    let chosen = json!({ "texts": ["李伟", "晋东理工大学"] });
    let masked = world.edit(&world.enterprise, at, &masked.tag(), Some(chosen)).await;
    let problem = masked.body["form"]["problem"].as_str().unwrap();
    assert!(problem.contains("请某人联系") && problem.contains("曾与某单位合作"), "{problem}");
    assert_eq!(masked.body["form"]["contact"]["name"], "李伟", "whom to talk to is not public");
    let sent = submit(&world, &masked, "").await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
}

#[tokio::test]
async fn publishing_it_anyway_is_possible_and_recorded() {
    let world = World::new().await;
    let draft = telling_draft(&world).await;
    let odd = submit(&world, &draft, "?leaks=yes").await;
    assert_eq!((odd.status, odd.pointers()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/leaks"]));
    let sent = submit(&world, &draft, "?leaks=keep").await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    let id = draft.id().parse().unwrap();
    let log = db::audit::of_object(world.db.read(), id).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!(last.detail["kept_leaks"], json!(["phone", "own_name"]));
    let text = last.detail.to_string();
    assert!(!text.contains("139") && !text.contains("丹河"), "kinds, not texts");
}

#[tokio::test]
async fn what_is_not_shown_to_everyone_may_say_who_wrote_it() {
    let world = World::new().await;
    for visibility in ["masked", "confidential"] {
        let mut form = need("丹河铸造气孔率降低技术");
        form["visibility"] = json!(visibility);
        let draft = world.post(&world.enterprise, "/needs", form).await;
        let sent = submit(&world, &draft, "").await;
        assert_eq!(sent.status, StatusCode::OK, "{visibility}: {}", sent.body);
    }
}

#[tokio::test]
async fn a_reviewer_sees_what_a_submission_gives_away_and_strangers_do_not() {
    let world = World::new().await;
    let draft = telling_draft(&world).await;
    let at = format!("/needs/{}/leaks", draft.id());
    let hidden = world.get(&world.matchmaker, &at).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    submit(&world, &draft, "?leaks=keep").await;
    let seen = world.get(&world.matchmaker, &at).await;
    assert_eq!(seen.body["items"].as_array().map(Vec::len), Some(4), "{}", seen.body);
    let rival = world.competitor().await;
    assert_eq!(world.get(&rival, &at).await.status, StatusCode::NOT_FOUND);
}
