use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, VISITOR, World, achievement, need};

async fn write(world: &World, form: Value) -> Answer {
    let made = world.post(&world.matchmaker, "/thesaurus", form).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made
}

/// The titles that a search finds without being relaxed.
async fn found(world: &World, words: &str) -> Vec<String> {
    let found = world.get(&VISITOR, &format!("/search?q={words}&kind=achievement")).await;
    let items = found.body["items"].as_array().unwrap().iter();
    items
        .filter(|_| found.body["relaxed"] == false)
        .map(|it| it["title"].as_str().unwrap().to_owned())
        .collect()
}

const GAS: &str = "%E7%93%A6%E6%96%AF";
const METHANE_FROM_COAL: &str = "%E7%85%A4%E5%B1%82%E6%B0%94";

/// A need that says nothing of what [`offer`] says.
fn gas(title: &str) -> Value {
    let mut form = need(title);
    for field in ["summary", "problem", "goal"] {
        form[field] = json!("矿区瓦斯浓度低，利用率不足，需要成套装置，浓度低于三成时不停。");
    }
    form["tried"] = json!("");
    form["indicators"] = json!([]);
    form["keywords"] = json!(["瓦斯", "利用率", "浓度"]);
    form
}

fn offer(title: &str) -> Value {
    let mut form = achievement(title);
    for field in ["summary", "description"] {
        form[field] = json!("井口集气与增压样机，经管汇进站，已运行两年，性能稳定，噪声小。");
    }
    form["parameters"] = json!([]);
    form["keywords"] = json!(["集气", "增压", "管汇"]);
    form
}

#[tokio::test]
async fn what_staff_write_is_used_by_search_and_matching_and_undone_when_removed() {
    let mut world = World::new().await;
    let wanted = world.publish_need(gas("瓦斯利用成套装置")).await;
    let offered = world.publish_achievement(offer("煤层气集输设备")).await;
    world.settle().await;
    assert!(found(&world, GAS).await.is_empty(), "before");
    let pairs = async |world: &World| {
        let queue = world.get(&world.matchmaker, &format!("/pairs?need={wanted}")).await;
        queue.body["items"].as_array().unwrap().len()
    };
    assert_eq!(pairs(&world).await, 0, "before: of {offered}");
    let made = write(&world, json!({ "words": ["瓦斯", "煤层气"], "note": "同一种气体" })).await;
    world.settle().await;
    assert_eq!(found(&world, GAS).await, ["煤层气集输设备"]);
    assert_eq!(found(&world, METHANE_FROM_COAL).await, ["煤层气集输设备"]);
    assert_eq!(pairs(&world).await, 1);
    let queue = world.get(&world.matchmaker, &format!("/pairs?need={wanted}")).await;
    let pair = world
        .get(
            &world.matchmaker,
            &format!("/pairs/{}", queue.body["items"][0]["id"].as_str().unwrap()),
        )
        .await;
    let phrases = pair.body["pair"]["explanation"]["phrases"].as_array().unwrap();
    let told = phrases.iter().any(|it| it["text"] == "煤层气" && it["through"] == "瓦斯");
    assert!(told, "{phrases:?}");
    let at = format!("/thesaurus/{}", made.id());
    let gone = (Method::DELETE, at.as_str());
    let gone = world.edit(&world.matchmaker, gone, &made.tag(), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    world.settle().await;
    assert!(found(&world, GAS).await.is_empty(), "afterwards");
    assert_eq!(world.get(&world.matchmaker, &at).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_narrower_word_finds_the_broader_and_not_back() {
    let mut world = World::new().await;
    world.publish_achievement(offer("煤层气集输设备")).await;
    world.publish_achievement(offer("瓦斯监测设备")).await;
    write(&world, json!({ "words": ["瓦斯"], "broader": ["煤层气"] })).await;
    world.settle().await;
    assert_eq!(found(&world, GAS).await, ["瓦斯监测设备", "煤层气集输设备"]);
    assert_eq!(found(&world, METHANE_FROM_COAL).await, ["煤层气集输设备"]);
}

#[tokio::test]
async fn a_word_stands_in_one_group_that_goes_both_ways_and_all_faults_are_told() {
    let world = World::new().await;
    let first = write(&world, json!({ "words": ["瓦斯", "煤层气"] })).await;
    let again = json!({ "words": ["甲烷", "ＣＢＭ", "煤层气", "瓦斯"] });
    let refused = world.post(&world.matchmaker, "/thesaurus", again).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.pointers(), ["/words/2", "/words/3"]);
    assert_eq!(refused.body["errors"][0]["code"], "in_another_group");
    assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains(&first.id()));
    write(&world, json!({ "words": ["瓦斯"], "broader": ["可燃气体"] })).await;
    let bad = json!({ "words": ["气", "IoT", "iot"], "broader": ["IOT"], "colour": 1 });
    let bad = world.post(&world.matchmaker, "/thesaurus", bad).await;
    assert_eq!(bad.pointers(), ["/words/0", "/broader/0", "/colour"]);
    let with = world.get(&world.matchmaker, &format!("/thesaurus?word={GAS}")).await;
    assert_eq!(with.body["items"].as_array().unwrap().len(), 2);
    let page = world.get(&world.matchmaker, "/thesaurus?limit=1").await;
    let next = page.body["next"].as_str().unwrap();
    let page = world.get(&world.matchmaker, &format!("/thesaurus?limit=1&cursor={next}")).await;
    assert_eq!(page.body["items"][0]["id"], json!(first.id()));
    assert!(page.body["next"].is_null());
}

#[tokio::test]
async fn a_group_is_changed_in_the_version_that_was_read_and_every_change_is_on_record() {
    let world = World::new().await;
    let made = write(&world, json!({ "words": ["瓦斯", "煤层气"] })).await;
    let at = format!("/thesaurus/{}", made.id());
    let put = (Method::PUT, at.as_str());
    let form = Some(json!({ "words": ["瓦斯", "煤层气", "甲烷"] }));
    let changed = world.edit(&world.lead, put.clone(), &made.tag(), form.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let stale = world.edit(&world.matchmaker, put, &made.tag(), form).await;
    assert_eq!((stale.status, stale.code()), (StatusCode::PRECONDITION_FAILED, "stale"));
    let seen = world.get(&world.auditor, &at).await;
    assert_eq!(seen.body["words"], json!(["瓦斯", "煤层气", "甲烷"]));
    assert_eq!(seen.body["changed_by"], json!(world.lead.person.as_ref().unwrap().id));
    let log = world.get(&world.auditor, &format!("/audit?object={}", made.id())).await;
    let lines = log.body["items"].as_array().unwrap().iter();
    let actions: Vec<&str> = lines.map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["thesaurus.edit:change", "thesaurus.edit:create"]);
}

#[tokio::test]
async fn a_preview_tells_what_would_change_and_saves_nothing() {
    let mut world = World::new().await;
    let wanted = world.publish_need(gas("瓦斯利用成套装置")).await;
    let unrelated = world.publish_need(need("球墨铸铁件气孔率降低技术")).await;
    let offered = world.publish_achievement(offer("煤层气集输设备")).await;
    world.settle().await;
    let asked = json!({ "group": { "words": ["瓦斯", "煤层气"] } });
    let seen = world.post(&world.matchmaker, "/thesaurus/preview", asked.clone()).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!((&seen.body["needs"], &seen.body["examined"]), (&json!(1), &json!(1)));
    let affected = seen.body["affected"].as_array().unwrap();
    assert_eq!(affected.len(), 1, "{affected:?} without {unrelated}");
    assert_eq!(affected[0]["id"], json!(wanted));
    assert_eq!(affected[0]["title"], "瓦斯利用成套装置");
    let entered = json!([{ "id": offered, "title": "煤层气集输设备", "after": 1 }]);
    assert_eq!(affected[0]["entered"], entered);
    assert!(found(&world, GAS).await.is_empty(), "nothing was saved");
    let all = world.get(&world.matchmaker, "/thesaurus").await;
    assert_eq!(all.body["items"], json!([]));
    let made = write(&world, asked["group"].clone()).await;
    world.settle().await;
    let gone = json!({ "replaces": made.id() });
    let seen = world.post(&world.matchmaker, "/thesaurus/preview", gone).await;
    assert_eq!(seen.body["affected"][0]["left"][0]["id"], json!(offered));
    let nothing = world.post(&world.matchmaker, "/thesaurus/preview", json!({})).await;
    assert_eq!(nothing.pointers(), ["/group"]);
}

#[tokio::test]
async fn a_preview_names_nothing_that_its_reader_may_not_read() {
    let mut world = World::new().await;
    for (visibility, title) in [
        ("confidential", "瓦斯利用保密装置"),
        ("masked", "瓦斯利用脱敏装置"),
        ("public", "瓦斯利用公开装置"),
    ] {
        let mut form = gas(title);
        form["visibility"] = json!(visibility);
        world.publish_need(form).await;
    }
    let mut hidden = offer("煤层气保密设备");
    hidden["visibility"] = json!("confidential");
    world.publish_achievement(hidden).await;
    world.publish_achievement(offer("煤层气集输设备")).await;
    world.settle().await;
    let asked = json!({ "group": { "words": ["瓦斯", "煤层气"] } });
    for (who, titles) in [(&world.matchmaker, 2), (&world.other_matchmaker, 2), (&world.lead, 1)] {
        let seen = world.post(who, "/thesaurus/preview", asked.clone()).await;
        let affected = seen.body["affected"].as_array().unwrap();
        assert_eq!(affected.len(), titles, "{affected:?}");
        assert_eq!(seen.body["needs"], json!(titles), "what is hidden is not counted");
        assert!(!seen.body.to_string().contains("保密"), "{}", seen.body);
        assert!(affected.iter().all(|it| it["entered"][0]["after"] == 1), "{affected:?}");
    }
}
