use axum::http::StatusCode;
use serde_json::json;

use crate::world::{VISITOR, World, achievement, need};

#[tokio::test]
async fn hits_show_where_the_words_are_without_markup() {
    let mut world = World::new().await;
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["summary"] = json!("<script>alert(1)</script> 气孔率高");
    world.publish_need(form).await;
    world.settle().await;
    let found = world.get(&VISITOR, "/search?q=%E6%B0%94%E5%AD%94%E7%8E%87").await;
    let hit = &found.body["items"][0];
    assert_eq!(
        hit["marked_title"],
        json!([
            { "text": "球墨铸铁件", "hit": false },
            { "text": "气孔率", "hit": true },
            { "text": "降低技术", "hit": false },
        ])
    );
    let snippet = hit["snippet"].as_array().unwrap();
    assert!(snippet.iter().any(|it| it["hit"] == true), "{snippet:?}");
    assert!(snippet[0]["text"].as_str().unwrap().starts_with("<script>"), "{snippet:?}");
}

#[tokio::test]
async fn filters_narrow_and_pages_follow() {
    let mut world = World::new().await;
    for number in 0..5 {
        world.published_need(&format!("球墨铸铁件气孔率降低技术{number}")).await;
    }
    let mut other = achievement("球墨铸铁气孔缺陷控制工艺");
    other["fields"] = json!(["60302"]);
    let made = world.post(&world.research, "/achievements", other).await;
    world.submit(&world.research, "/achievements", &made).await;
    world.review("/achievements", &made.id(), "approve").await;
    world.settle().await;
    let total = async |query: &str| {
        let found = world.get(&VISITOR, &format!("/search?{query}")).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        found.body["total"].as_u64().unwrap()
    };
    let q = "q=%E6%B0%94%E5%AD%94";
    assert_eq!(total(q).await, 6);
    assert_eq!(total(&format!("{q}&kind=achievement")).await, 1);
    assert_eq!(total(&format!("{q}&field=60")).await, 1);
    assert_eq!(total(&format!("{q}&region=140000")).await, 6);
    assert_eq!(total(&format!("{q}&region=140500")).await, 5);
    assert_eq!(total(&format!("{q}&industry=C")).await, 5);
    assert_eq!(total(&format!("{q}&readiness=7")).await, 1);
    assert_eq!(total(&format!("{q}&cooperation=try_first")).await, 5);
    let mut ids = std::collections::HashSet::new();
    let mut path = format!("/search?{q}&limit=4&order=newest");
    loop {
        let page = world.get(&VISITOR, &path).await;
        for item in page.body["items"].as_array().unwrap() {
            assert!(ids.insert(item["id"].to_string()), "twice: {item}");
        }
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/search?{q}&limit=4&order=newest&cursor={next}");
    }
    assert_eq!(ids.len(), 6);
    let page = world.get(&VISITOR, &format!("/search?{q}&limit=4")).await;
    let next = page.body["next"].as_str().unwrap();
    let other = world.get(&VISITOR, &format!("/search?q=a&limit=4&cursor={next}")).await;
    assert_eq!(other.pointers(), ["/cursor"], "a cursor of another question");
}

#[tokio::test]
async fn while_the_index_is_made_search_says_so_and_details_work() {
    let world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    world.engine.withdraw();
    world.engine.note(search::Rebuilding { done: 3, total: 10 });
    let refused = world.get(&VISITOR, "/search?q=a").await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "search_rebuilding")
    );
    assert!(refused.headers.contains_key("retry-after"));
    let detail = world.get(&VISITOR, &format!("/needs/{id}")).await;
    assert_eq!(detail.status, StatusCode::OK);
    let request = axum::http::Request::get("/readyz").body(axum::body::Body::empty()).unwrap();
    let ready = world.send(request).await;
    assert_eq!(ready.body["search"], json!({ "status": "rebuilding", "done": 3, "total": 10 }));
}

#[tokio::test]
async fn nothing_a_person_types_breaks_the_search() {
    let world = World::new().await;
    for odd in
        ["(((((((((", "NOT+NOT+NOT", "title:*", "%22%22", "%5C", "%00", "%F0%9F%98%80", "a+OR+b"]
    {
        let found = world.get(&VISITOR, &format!("/search?q={odd}")).await;
        assert_eq!(found.status, StatusCode::OK, "{odd}: {}", found.body);
    }
}
