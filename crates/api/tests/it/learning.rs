use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, achievement};

/// A market with one need, and three achievements for it, the last two of which are alike.
async fn market() -> World {
    let mut world = World::new().await;
    world.published_achievement("球墨铸铁气孔缺陷控制工艺").await;
    for title in ["球墨铸铁件气孔图像识别装置", "球墨铸铁件气孔图像识别系统"]
    {
        let mut form = achievement(title);
        form["summary"] = json!("工业相机与神经网络。");
        form["description"] =
            json!("工业相机拍摄铸件表面，神经网络识别气孔，产线速度每分钟十件，三家工厂试用一年。");
        form["keywords"] = json!(["图像识别", "气孔", "工业相机"]);
        world.publish_achievement(form).await;
    }
    world.published_need("球墨铸铁件气孔率降低技术").await;
    world.settle().await;
    world
}

async fn queue(world: &World) -> Vec<Value> {
    let queue = world.get(&world.matchmaker, "/pairs").await;
    queue.body["items"].as_array().unwrap().clone()
}

fn named<'a>(pairs: &'a [Value], title: &str) -> &'a Value {
    let titled = |it: &&Value| it["achievement"]["title"].as_str().unwrap().contains(title);
    pairs.iter().find(titled).unwrap()
}

fn part(pair: &Value, name: &str) -> f64 {
    pair["explanation"]["parts"][name].as_f64().unwrap()
}

fn score(pair: &Value) -> f64 {
    pair["explanation"]["score"].as_f64().unwrap()
}

async fn grade(world: &World, pair: &Value, verdict: Value) {
    let at = |what: &str| format!("/pairs/{}/{what}", pair["id"].as_str().unwrap());
    world.post(&world.matchmaker, &at("take"), json!(null)).await;
    let graded = world.post(&world.matchmaker, &at("grade"), verdict).await;
    assert_eq!(graded.status, StatusCode::OK, "{}", graded.body);
}

#[tokio::test]
async fn a_verdict_ranks_the_rest_of_the_queue_anew_at_once() {
    let mut world = market().await;
    let before = queue(&world).await;
    assert_eq!(before.len(), 3, "{before:?}");
    assert!(before.iter().all(|it| part(it, "verdicts") == 0.0));
    grade(&world, named(&before, "装置"), json!({ "grade": "strong" })).await;
    let after = queue(&world).await;
    let (alike, other) = (named(&after, "系统"), named(&after, "工艺"));
    assert_eq!(after[0], *alike, "what is like the accepted one comes first");
    assert!(part(alike, "verdicts") > part(other, "verdicts"), "{after:?}");
    for pair in &after {
        let parts = ["title", "text", "requirements", "verdicts"];
        let sum: f64 = parts.iter().map(|it| part(pair, it)).sum();
        assert!((score(pair) - sum).abs() < 1e-4, "{pair}");
    }
    // Whoever matches the need again later comes to the same.
    let need = after[0]["need"]["id"].as_str().unwrap().parse().unwrap();
    let (db, now) = (&world.db, world.clock.now());
    let asked =
        async |tx: &db::Tx| db::jobs::enqueue(tx, db::jobs::Kind::MatchNeed, need, now).await;
    db.write(asked).await.unwrap();
    world.settle().await;
    let later = queue(&world).await;
    for (one, other) in after.iter().zip(&later) {
        assert_eq!(one["id"], other["id"]);
        assert!((score(one) - score(other)).abs() < 1e-3, "{one} {other}");
    }
}

#[tokio::test]
async fn a_declined_pair_pulls_down_what_is_like_it() {
    let world = market().await;
    let before = queue(&world).await;
    let verdict = json!({ "grade": "unrelated", "reason": "outside_field" });
    grade(&world, named(&before, "装置"), verdict).await;
    let after = queue(&world).await;
    assert!(part(named(&after, "系统"), "verdicts") < part(named(&after, "工艺"), "verdicts"));
    assert!(part(named(&after, "系统"), "verdicts") < 0.0);
}
