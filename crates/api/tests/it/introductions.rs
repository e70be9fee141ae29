use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::{Answer, Someone, VISITOR, World, achievement, need};

/// What only the other side of an agreed introduction reads, of the need and of the achievement.
const OF_NEED: [&str; 4] = ["李伟", "13900001234", "换过两种涂料", "80000000"];
const OF_ACHIEVEMENT: [&str; 2] = ["周岚", "zhou@example.cn"];

fn told(answer: &Answer, secrets: &[&'static str]) -> Vec<&'static str> {
    let text = answer.body.to_string();
    secrets.iter().copied().filter(|it| text.contains(it)).collect()
}

fn yes() -> Value {
    json!({
        "answer": "yes", "cooperation": "合作开发", "missing": "中试条件", "about": "一家铸造厂",
        "contact_exchange": "2026-01",
    })
}

fn no() -> Value {
    json!({ "answer": "no", "reason": "price_or_ip", "note": "要价太高" })
}

/// An accepted pair of these two forms.
async fn accepted(world: &mut World, forms: (Value, Value)) -> String {
    let made = world.post(&world.research, "/achievements", forms.1).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    world.submit(&world.research, "/achievements", &made).await;
    world.review("/achievements", &made.id(), "approve").await;
    world.publish_need(forms.0).await;
    world.settle().await;
    let queue = world.get(&world.matchmaker, "/pairs").await;
    let pair = queue.body["items"][0]["id"].as_str().unwrap().to_owned();
    let me = world.matchmaker.clone();
    world.post(&me, &format!("/pairs/{pair}/take"), json!(null)).await;
    let grade = format!("/pairs/{pair}/grade");
    let graded = world.post(&me, &grade, json!({ "grade": "strong" })).await;
    assert_eq!(graded.body["state"], "accepted");
    pair
}

async fn ask(world: &World, pair: &str) -> Answer {
    world.post(&world.matchmaker, &format!("/pairs/{pair}/introduction"), json!(null)).await
}

/// An introduction that both sides may answer.
async fn asked(world: &mut World) -> String {
    let forms = (need("球墨铸铁件气孔率降低技术"), achievement("球墨铸铁气孔缺陷控制工艺"));
    let pair = accepted(world, forms).await;
    let made = ask(world, &pair).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    format!("/introductions/{}", made.id())
}

async fn answers(world: &World, who: &Someone, at: &str, form: Value) -> Answer {
    world.post(who, &format!("{at}/answer"), form).await
}

#[tokio::test]
async fn both_sides_agree_and_then_see_whom_to_talk_to() {
    let mut world = World::new().await;
    let at = asked(&mut world).await;
    let (plant, school) = (world.enterprise.clone(), world.research.clone());
    let before = world.get(&school, &at).await;
    assert_eq!(
        (&before.body["state"], &before.body["side"]),
        (&json!("asked"), &json!("achievement"))
    );
    assert_eq!(told(&before, &OF_NEED), [""; 0], "{}", before.body);
    assert_eq!(told(&before, &OF_ACHIEVEMENT), OF_ACHIEVEMENT, "one's own side is whole");
    assert!(before.body["need"]["title"].is_string(), "{}", before.body);
    assert_eq!(before.body["consent"]["version"], "2026-01");
    let first = answers(&world, &plant, &at, yes()).await;
    assert_eq!(first.body["state"], "asked", "one yes releases nothing: {}", first.body);
    assert_eq!(told(&world.get(&school, &at).await, &OF_NEED), [""; 0]);
    assert!(world.get(&school, &at).await.body.get("need_answer").is_none());
    let second = answers(&world, &school, &at, yes()).await;
    assert_eq!(second.body["state"], "agreed", "{}", second.body);
    assert_eq!(told(&second, &OF_NEED), OF_NEED);
    assert_eq!(second.body["need"]["view"], "partner");
    assert!(!second.body.to_string().contains("intended_partner"), "that is for staff");
    assert_eq!(second.body["need_answer"]["about"], "一家铸造厂");
    assert_eq!(second.body["need_answer"]["contact_exchange"], "2026-01", "what was agreed to");
    assert_eq!(told(&world.get(&plant, &at).await, &OF_ACHIEVEMENT), OF_ACHIEVEMENT);
    // The listings themselves say the same, and to nobody else.
    let id = second.body["need"]["id"].as_str().unwrap();
    let listing = world.get(&school, &format!("/needs/{id}")).await;
    assert_eq!(told(&listing, &OF_NEED), OF_NEED, "{}", listing.body);
    for stranger in [&VISITOR, &world.competitor().await, &world.lead] {
        let seen = world.get(stranger, &format!("/needs/{id}")).await;
        assert_eq!(told(&seen, &OF_NEED), [""; 0]);
    }
    // Taken back, it is closed from the next request on.
    let back = world.post(&plant, &format!("{at}/withdraw"), json!(null)).await;
    assert_eq!(back.body["state"], "withdrawn", "{}", back.body);
    assert_eq!(told(&back, &OF_ACHIEVEMENT), [""; 0]);
    for path in [&at, &format!("/needs/{id}")] {
        assert_eq!(told(&world.get(&school, path).await, &OF_NEED), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn a_no_is_told_to_the_matchmaker_and_releases_nothing() {
    let mut world = World::new().await;
    let at = asked(&mut world).await;
    let (plant, school) = (world.enterprise.clone(), world.research.clone());
    answers(&world, &school, &at, yes()).await;
    let done = answers(&world, &plant, &at, no()).await;
    assert_eq!(done.body["state"], "declined", "{}", done.body);
    let other = world.get(&school, &at).await;
    assert_eq!(other.body["state"], "declined");
    assert!(!other.body.to_string().contains("要价太高"), "{}", other.body);
    assert_eq!(told(&other, &OF_NEED), [""; 0]);
    let office = world.get(&world.matchmaker, &at).await;
    assert_eq!(office.body["need_answer"]["reason"], "price_or_ip", "{}", office.body);
    assert_eq!(answers(&world, &school, &at, yes()).await.code(), "wrong_state");
}

#[tokio::test]
async fn everyone_else_learns_nothing_of_an_introduction() {
    let mut world = World::new().await;
    let at = asked(&mut world).await;
    let colleague = world.colleague_of(&world.enterprise, "plant.chen").await;
    let institute = world.institute().await;
    for stranger in [
        &world.competitor().await,
        &institute,
        &world.lead,
        &world.system_admin,
        &world.security_admin,
    ] {
        let hidden = world.get(stranger, &at).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{:?}", stranger.person);
        let hidden = answers(&world, stranger, &at, yes()).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{:?}", stranger.person);
    }
    let seen = world.get(&colleague, &at).await;
    assert_eq!(seen.status, StatusCode::OK, "a colleague reads it: {}", seen.body);
    let refused = answers(&world, &colleague, &at, yes()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "and only the author answers");
    let auditor = world.get(&world.auditor, &at).await;
    assert!(auditor.body.get("phrases").is_some_and(|it| *it == json!([])), "{}", auditor.body);
    let full = auditor.body.to_string();
    assert!(!full.contains("气孔") && !full.contains("form"), "{full}");
    for (who, expected) in [
        (&world.enterprise, 1),
        (&colleague, 1),
        (&world.research, 1),
        (&world.matchmaker, 1),
        (&world.auditor, 1),
        (&world.other_matchmaker, 0),
    ] {
        let listed = world.get(who, "/introductions").await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), expected, "{:?}", who.person);
    }
    let listed = world.get(&institute, "/introductions").await;
    assert_eq!(listed.body["items"], json!([]));
}

#[tokio::test]
async fn an_explanation_says_no_word_of_what_is_hidden() {
    let mut world = World::new().await;
    let mut masked = need("球墨铸铁件气孔率降低技术");
    masked["visibility"] = json!("masked");
    let pair = accepted(&mut world, (masked, achievement("球墨铸铁气孔缺陷控制工艺"))).await;
    let made = ask(&world, &pair).await;
    let at = format!("/introductions/{}", made.id());
    let office = world.get(&world.matchmaker, &at).await;
    assert!(!office.body["phrases"].as_array().unwrap().is_empty(), "{}", office.body);
    let school = world.get(&world.research, &at).await;
    assert_eq!(
        (&school.body["need"]["view"], &school.body["phrases"]),
        (&json!("masked"), &json!([]))
    );
    let plant = world.get(&world.enterprise, &at).await;
    assert_eq!(plant.body["phrases"], office.body["phrases"], "the achievement is public");
    let unmasked = world.get(&world.research, &at).await.body["need"].to_string();
    assert!(!unmasked.contains("气孔") && !unmasked.contains("丹河"), "{unmasked}");
}

#[tokio::test]
async fn a_confidential_need_is_put_to_its_owner_first() {
    let mut world = World::new().await;
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["visibility"] = json!("confidential");
    let pair = accepted(&mut world, (form, achievement("球墨铸铁气孔缺陷控制工艺"))).await;
    let at = format!("/introductions/{}", ask(&world, &pair).await.id());
    let (plant, school) = (world.enterprise.clone(), world.research.clone());
    assert_eq!(world.get(&school, &at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(answers(&world, &school, &at, no()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&school, "/introductions").await.body["items"], json!([]));
    let first = answers(&world, &plant, &at, yes()).await;
    let id = first.body["need"]["id"].as_str().unwrap().to_owned();
    let seen = world.get(&school, &at).await;
    assert_eq!((seen.status, &seen.body["need"]["view"]), (StatusCode::OK, &json!("masked")));
    assert_eq!(world.get(&school, "/introductions").await.body["items"][0]["id"], seen.body["id"]);
    let listing = format!("/needs/{id}");
    assert_eq!(world.get(&school, &listing).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&school, "/needs").await.body["items"], json!([]));
    answers(&world, &school, &at, yes()).await;
    let opened = world.get(&school, &listing).await;
    assert_eq!((opened.status, told(&opened, &OF_NEED)), (StatusCode::OK, OF_NEED.to_vec()));
    assert_eq!(world.get(&school, "/needs").await.body["items"][0]["id"], id.as_str());
    let colleague = world.colleague_of(&school, "school.two").await;
    assert_eq!(world.get(&colleague, &listing).await.status, StatusCode::NOT_FOUND);
    world.post(&school, &format!("{at}/withdraw"), json!(null)).await;
    assert_eq!(world.get(&school, &listing).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&school, "/needs").await.body["items"], json!([]));
}

#[tokio::test]
async fn an_introduction_is_asked_for_by_who_accepted_the_pair_and_once_at_a_time() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let path = format!("/pairs/{pair}/introduction");
    let me = world.matchmaker.clone();
    assert_eq!(world.post(&me, &path, json!(null)).await.code(), "held_by_another");
    world.post(&me, &format!("/pairs/{pair}/take"), json!(null)).await;
    assert_eq!(world.post(&me, &path, json!(null)).await.code(), "wrong_state");
    world.post(&me, &format!("/pairs/{pair}/grade"), json!({ "grade": "strong" })).await;
    for (who, expected) in [
        (&world.other_matchmaker, StatusCode::CONFLICT),
        (&world.enterprise, StatusCode::NOT_FOUND),
        (&world.lead, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(world.post(who, &path, json!(null)).await.status, expected);
    }
    let made = ask(&world, &pair).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(ask(&world, &pair).await.code(), "already_exists");
    let at = format!("/introductions/{}", made.id());
    world.clock.advance(TimeDelta::days(14));
    assert_eq!(world.get(&world.enterprise, &at).await.body["state"], "expired");
    let late = answers(&world, &world.enterprise, &at, yes()).await;
    assert_eq!(late.code(), "wrong_state");
    let again = ask(&world, &pair).await;
    assert_eq!(again.status, StatusCode::CREATED, "it can be put to them again: {}", again.body);
    let at = format!("/introductions/{}", again.id());
    let back = world.post(&me, &format!("{at}/withdraw"), json!(null)).await;
    assert_eq!(back.body["state"], "withdrawn", "{}", back.body);
}

#[tokio::test]
async fn a_faulty_answer_is_told_in_full() {
    let mut world = World::new().await;
    let at = asked(&mut world).await;
    let mute = json!({ "answer": "yes", "contact_exchange": "1999-01" });
    let refused = answers(&world, &world.enterprise, &at, mute).await;
    assert_eq!(refused.pointers(), ["/cooperation", "/missing", "/about", "/contact_exchange"]);
    let refused = answers(&world, &world.enterprise, &at, json!({ "answer": "no" })).await;
    assert_eq!(refused.pointers(), ["/reason"]);
}
