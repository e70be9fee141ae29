use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_take_a_pair_at_once_exactly_one_gets_it() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let world = Arc::new(world);
    let path = format!("/pairs/{pair}/take");
    let takers: Vec<_> = (0..20)
        .map(|number| {
            let (world, path) = (Arc::clone(&world), path.clone());
            tokio::spawn(async move {
                let login = format!("office.m{number}");
                let me = world.colleague_of(&world.matchmaker, &login).await;
                world.post(&me, &path, json!(null)).await
            })
        })
        .collect();
    let mut won = 0;
    for taker in takers {
        let answer = taker.await.unwrap();
        match answer.status {
            StatusCode::OK => won += 1,
            StatusCode::CONFLICT => {
                assert!(["held_by_another", "conflict"].contains(&answer.code()), "{answer:?}");
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_pair_is_worked_on_by_who_took_it() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let (one, other) = (world.matchmaker.clone(), world.other_matchmaker.clone());
    let at = |what: &str| format!("/pairs/{pair}/{what}");
    let early = world.post(&one, &at("grade"), json!({ "grade": "strong" })).await;
    assert_eq!(early.code(), "wrong_state", "take it first");
    world.post(&one, &at("take"), json!(null)).await;
    let again = world.post(&one, &at("take"), json!(null)).await;
    assert_eq!((again.status, &again.body["mine"]), (StatusCode::OK, &json!(true)));
    for (what, body) in [
        ("take", json!(null)),
        ("release", json!(null)),
        ("grade", json!({ "grade": "strong" })),
        ("defer", json!({ "until": "2026-02-01" })),
    ] {
        let refused = world.post(&other, &at(what), body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::CONFLICT, "held_by_another"),
            "{what}"
        );
    }
    let released = world.post(&one, &at("release"), json!(null)).await;
    assert_eq!(released.body["state"], "suggested");
    let taken = world.post(&other, &at("take"), json!(null)).await;
    assert_eq!(taken.body["state"], "taken");
}

#[tokio::test]
async fn what_was_done_to_a_pair_is_told_to_matchmakers() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let me = world.matchmaker.clone();
    for what in ["take", "release", "take"] {
        world.post(&me, &format!("/pairs/{pair}/{what}"), json!(null)).await;
    }
    world.post(&me, &format!("/pairs/{pair}/grade"), json!({ "grade": "strong" })).await;
    let log = format!("/pairs/{pair}/log");
    let told = world.get(&world.other_matchmaker, &log).await;
    let items = told.body["items"].as_array().unwrap();
    let steps: Vec<&str> = items.iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert_eq!(steps, ["taken", "suggested", "taken", "accepted"]);
    let person = me.person.as_ref().unwrap().id;
    assert!(items.iter().all(|it| it["by"] == json!(person)), "{}", told.body);
    for stranger in [&world.enterprise, &world.auditor] {
        assert_eq!(world.get(stranger, &log).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_bad_grade_has_a_reason_and_the_queue_keeps_count() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let me = world.matchmaker.clone();
    let at = |what: &str| format!("/pairs/{pair}/{what}");
    world.post(&me, &at("take"), json!(null)).await;
    let refused = world.post(&me, &at("grade"), json!({ "grade": "weak", "note": 5 })).await;
    assert_eq!(refused.pointers(), ["/reason", "/note"]);
    let unknown = world.post(&me, &at("grade"), json!({ "grade": "weak", "reason": "bah" })).await;
    assert_eq!(unknown.pointers(), ["/reason"]);
    let mine = world.get(&me, "/pairs?mine=true").await;
    assert_eq!(mine.body["items"].as_array().unwrap().len(), 1);
    let verdict = json!({ "grade": "weak", "reason": "price_or_ip", "note": "要价太高" });
    let graded = world.post(&me, &at("grade"), verdict).await;
    assert_eq!(graded.body["verdict"]["reason"], "price_or_ip", "{}", graded.body);
    let queue = world.get(&me, "/pairs").await;
    assert_eq!(queue.body["items"], json!([]));
    assert_eq!(queue.body["counts"]["declined"], 1);
    let declined = world.get(&me, "/pairs?state=declined,accepted").await;
    assert_eq!(declined.body["items"][0]["id"], pair.as_str());
}

#[tokio::test]
async fn a_pair_put_off_comes_back_on_its_day() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let me = world.matchmaker.clone();
    world.post(&me, &format!("/pairs/{pair}/take"), json!(null)).await;
    let defer = format!("/pairs/{pair}/defer");
    for wrong in ["2026-01-02", "2020-01-01", "2028-01-01", "2026-02-30"] {
        let refused = world.post(&me, &defer, json!({ "until": wrong })).await;
        assert_eq!(refused.pointers(), ["/until"], "{wrong}: {}", refused.body);
    }
    let done = world.post(&me, &defer, json!({ "until": "2026-01-05" })).await;
    assert_eq!(
        (&done.body["state"], &done.body["deferred_until"]),
        (&json!("deferred"), &json!("2026-01-05"))
    );
    world.clock.advance(chrono::TimeDelta::days(3));
    world.settle().await;
    let queue = world.get(&me, "/pairs").await;
    assert_eq!(queue.body["items"][0]["id"], pair.as_str());
}

#[tokio::test]
async fn the_queue_is_filtered_ordered_and_paged() {
    let mut world = World::new().await;
    for title in ["球墨铸铁件气孔率降低技术", "球墨铸铁件气孔缺陷检测", "铸铁件气孔率在线检测装置"]
    {
        world.published_need(title).await;
    }
    let achievement = world.published_achievement("球墨铸铁气孔缺陷控制工艺").await;
    world.settle().await;
    let me = world.matchmaker.clone();
    let scores = |body: &serde_json::Value| -> Vec<f64> {
        let items = body["items"].as_array().unwrap().clone();
        items.iter().map(|it| it["explanation"]["score"].as_f64().unwrap()).collect()
    };
    let all = world.get(&me, "/pairs").await;
    let all_scores = scores(&all.body);
    assert_eq!(all_scores.len(), 3, "{}", all.body);
    assert!(all_scores.windows(2).all(|it| it[0] >= it[1]));
    let first = world.get(&me, "/pairs?limit=2").await;
    let next = first.body["next"].as_str().unwrap();
    let second = world.get(&me, &format!("/pairs?limit=2&cursor={next}")).await;
    assert_eq!([scores(&first.body), scores(&second.body)].concat(), all_scores);
    assert_eq!(first.body["counts"]["suggested"], 3);
    assert!(second.body.get("counts").is_none(), "counted once, not with each page");
    let ids = |body: &serde_json::Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().clone();
        items.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest = ids(&world.get(&me, "/pairs?order=newest").await.body);
    let mut oldest = ids(&world.get(&me, "/pairs?order=oldest").await.body);
    for (order, whole) in [("newest", &newest), ("oldest", &oldest)] {
        let first = world.get(&me, &format!("/pairs?order={order}&limit=2")).await;
        let next = first.body["next"].as_str().unwrap();
        let second = format!("/pairs?order={order}&limit=2&cursor={next}");
        let second = world.get(&me, &second).await;
        assert_eq!(&[ids(&first.body), ids(&second.body)].concat(), whole, "{order}");
    }
    oldest.reverse();
    assert_eq!((newest.len(), &newest), (3, &oldest));
    let of_one = world.get(&me, &format!("/pairs?achievement={achievement}")).await;
    assert_eq!(of_one.body["items"].as_array().unwrap().len(), 3);
    let need = all.body["items"][0]["need"]["id"].as_str().unwrap();
    let of_need = world.get(&me, &format!("/pairs?need={need}")).await;
    assert_eq!(of_need.body["items"].as_array().unwrap().len(), 1);
    let best = world.get(&me, &format!("/pairs?least_score={}", all_scores[0])).await;
    assert_eq!(best.body["items"].as_array().unwrap().len(), 1);
    let plant = world.enterprise.person.as_ref().unwrap().organisation;
    let by_plant = world.get(&me, &format!("/pairs?organisation={plant}")).await;
    assert_eq!(by_plant.body["items"].as_array().unwrap().len(), 3);
    let office = me.person.as_ref().unwrap().organisation;
    let by_office = world.get(&me, &format!("/pairs?organisation={office}")).await;
    assert_eq!(by_office.body["items"], json!([]));
    let refused =
        world.get(&me, "/pairs?state=great&order=x&least_score=high&need=1&mine=maybe").await;
    assert_eq!(refused.pointers(), ["/mine", "/state", "/need", "/least_score", "/order"]);
}

#[tokio::test]
async fn who_graded_a_pair_still_finds_it_when_a_side_is_closed() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    // Whoever reviewed the listings is responsible for them, and sees them anyway.
    let (me, stranger) = (world.other_matchmaker.clone(), world.matchmaker.clone());
    let stranger = world.colleague_of(&stranger, "office.wei").await;
    world.post(&me, &format!("/pairs/{pair}/take"), json!(null)).await;
    world.post(&me, &format!("/pairs/{pair}/grade"), json!({ "grade": "strong" })).await;
    let detail = world.get(&me, &format!("/pairs/{pair}")).await;
    let need = detail.body["need"]["id"].as_str().unwrap().to_owned();
    let closed = world.post(&world.enterprise, &format!("/needs/{need}/close"), json!(null)).await;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.body);
    world.settle().await;
    let queue = world.get(&me, "/pairs?state=accepted").await;
    assert_eq!(queue.body["items"][0]["id"], pair.as_str());
    assert_eq!(queue.body["counts"]["accepted"], 1);
    let detail = world.get(&me, &format!("/pairs/{pair}")).await;
    assert_eq!(detail.status, StatusCode::OK, "{}", detail.body);
    assert!(detail.body["need"].get("form").is_none(), "its text is no longer shown");
    let queue = world.get(&stranger, "/pairs?state=accepted").await;
    assert_eq!(queue.body["items"], json!([]));
    let detail = world.get(&stranger, &format!("/pairs/{pair}")).await;
    assert_eq!(detail.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_grades_a_pair_of_their_own_organisation() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let mut insider = world.other_matchmaker.person.clone().unwrap();
    insider.organisation = world.research.person.as_ref().unwrap().organisation;
    world.db.write(async |tx| db::people::save(tx, &mut insider).await).await.unwrap();
    let take = format!("/pairs/{pair}/take");
    let refused = world.post(&world.other_matchmaker, &take, json!(null)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "own_organisation"));
}

#[tokio::test]
async fn what_someone_holds_goes_back_to_the_queue_when_they_are_disabled() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let take = format!("/pairs/{pair}/take");
    world.post(&world.matchmaker, &take, json!(null)).await;
    let disable = format!("/people/{}/disable", world.matchmaker.person.as_ref().unwrap().id);
    let done = world.post(&world.system_admin, &disable, json!(null)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    let taken = world.post(&world.other_matchmaker, &take, json!(null)).await;
    assert_eq!((taken.status, &taken.body["state"]), (StatusCode::OK, &json!("taken")));
    let log = db::audit::of_object(world.db.read(), pair.parse().unwrap()).await.unwrap();
    let actions: Vec<_> = log.iter().map(|it| it.action.as_str()).collect();
    assert_eq!(actions, ["pairs.work:taken", "people.switch:released", "pairs.work:taken"]);
}
