use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, achievement as whole_achievement, need as whole_need};

/// An achievement that says so of the pores it leaves.
fn achievement(title: &str, pores: f64) -> Value {
    let mut form = whole_achievement(title);
    form["description"] =
        json!("通过浇注系统优化与瞬时孕育降低球墨铸铁件气孔缺陷，三家铸造厂试用一年。");
    form["parameters"] =
        json!([{ "name": "气孔率", "operator": "equals", "value": pores, "unit": "%" }]);
    form
}

#[tokio::test]
async fn a_pair_tells_what_is_met_what_fits_and_what_is_missing() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let detail = world.get(&world.matchmaker, &format!("/pairs/{pair}")).await;
    let explanation = &detail.body["pair"]["explanation"];
    let requirement = &explanation["requirements"][0];
    assert_eq!(
        (&requirement["name"], &requirement["verdict"], &requirement["must"]),
        (&json!("气孔率"), &json!("met"), &json!(true)),
        "{explanation}"
    );
    assert_eq!(requirement["wanted"], "气孔率 ≤ 2 %");
    assert_eq!(requirement["stated"], "气孔率 = 1.5 %");
    let fits: Vec<(&str, &str)> = explanation["fits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["aspect"].as_str().unwrap(), it["agreement"].as_str().unwrap()))
        .collect();
    assert_eq!(
        fits,
        [
            ("field", "fits"),
            ("readiness", "fits"),
            ("region", "fits"),
            ("cooperation", "contradicts"),
            ("budget", "unclear"),
        ]
    );
    assert_eq!(explanation["missing"], json!([{ "side": "achievement", "what": "price" }]));
    let parts = &explanation["parts"];
    let part = |name: &str| parts[name].as_f64().unwrap();
    let sum = part("title") + part("text") + part("requirements");
    assert!((sum - explanation["score"].as_f64().unwrap()).abs() < 1e-4, "{explanation}");
    assert!(part("requirements") > 0.0);
}

#[tokio::test]
async fn the_queue_leaves_out_what_contradicts_a_must() {
    let mut world = World::new().await;
    world.published_need("球墨铸铁件气孔率降低技术").await;
    let good = world.publish_achievement(achievement("球墨铸铁气孔缺陷控制工艺", 1.5)).await;
    let bad = world.publish_achievement(achievement("球墨铸铁气孔缺陷控制方法", 3.0)).await;
    world.settle().await;
    let me = world.matchmaker.clone();
    let sides = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().clone();
        let mut ids: Vec<String> =
            items.iter().map(|it| it["achievement"]["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut both = vec![good.clone(), bad];
    both.sort();
    assert_eq!(sides(&world.get(&me, "/pairs").await.body), both);
    let filtered = world.get(&me, "/pairs?requirements=not_contradicted").await;
    assert_eq!(sides(&filtered.body), [good]);
    let refused = world.get(&me, "/pairs?requirements=all").await;
    assert_eq!(
        (refused.status, refused.pointers()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["/requirements"])
    );
}

/// Two markets that differ by the amount alone, within one band, give the same explanation; one in
/// another band gives another: the control.
#[tokio::test]
async fn an_explanation_tells_no_more_of_the_budget_than_its_band() {
    let mut told = Vec::new();
    for fen in [51_000_000, 99_000_000, 5_000_000] {
        let mut world = World::new().await;
        let mut need = whole_need("球墨铸铁件气孔率降低技术");
        need["investment"] = json!({ "form": "fixed", "low_fen": fen });
        world.publish_need(need).await;
        let mut offer = achievement("球墨铸铁气孔缺陷控制工艺", 1.5);
        offer["price"] = json!({ "form": "fixed", "low_fen": 75_000_000 });
        world.publish_achievement(offer).await;
        world.settle().await;
        let queue = world.get(&world.matchmaker, "/pairs").await;
        let explanation = queue.body["items"][0]["explanation"].clone();
        assert!(!explanation.to_string().contains(&fen.to_string()), "{explanation}");
        told.push(explanation);
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0]["fits"][4], told[2]["fits"][4]);
}

#[tokio::test]
async fn what_may_no_longer_be_read_is_not_told_by_the_explanation() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let me = world.other_matchmaker.clone();
    world.post(&me, &format!("/pairs/{pair}/take"), json!(null)).await;
    world.post(&me, &format!("/pairs/{pair}/grade"), json!({ "grade": "strong" })).await;
    let path = format!("/pairs/{pair}");
    let before = world.get(&me, &path).await;
    let whole = &before.body["pair"]["explanation"];
    assert!(whole.to_string().contains("气孔率"), "the control: {whole}");
    assert!(!before.body["places"].as_array().unwrap().is_empty());
    let need = before.body["need"]["id"].as_str().unwrap().to_owned();
    world.post(&world.enterprise, &format!("/needs/{need}/close"), json!(null)).await;
    world.settle().await;
    let after = world.get(&me, &path).await;
    assert_eq!(after.status, StatusCode::OK, "{}", after.body);
    let queue = world.get(&me, "/pairs?state=accepted").await;
    for explanation in [&after.body["pair"]["explanation"], &queue.body["items"][0]["explanation"]]
    {
        for name in ["phrases", "terms", "requirements", "fits", "missing"] {
            assert_eq!(explanation[name], json!([]), "{name}");
        }
    }
    assert_eq!(after.body["places"], json!([]));
}

#[tokio::test]
async fn phrases_are_told_where_they_stand_in_the_texts_that_are_shown() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let detail = world.get(&world.matchmaker, &format!("/pairs/{pair}")).await;
    let places = detail.body["places"].as_array().unwrap();
    assert!(!places.is_empty());
    let mut found = 0;
    for phrase in places {
        for side in ["need", "achievement"] {
            for place in phrase[side].as_array().unwrap() {
                let field = place["field"].as_str().unwrap();
                let text = detail.body[side]["form"][field].as_str().unwrap();
                let (from, to) = (place["from"].as_u64().unwrap(), place["to"].as_u64().unwrap());
                let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
                let piece: String = text.chars().skip(from).take(to - from).collect();
                assert_eq!(piece.to_lowercase(), phrase["text"].as_str().unwrap());
                found += 1;
            }
        }
    }
    assert!(found >= 4, "{places:?}");
}
