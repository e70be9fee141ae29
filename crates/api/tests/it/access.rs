use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Someone, VISITOR, World, need};

/// Every text in an answer that only some may read.
const SECRETS: [&str; 5] = ["李伟", "13900001234", "换过两种涂料", "晋东理工大学", "80000000"];

fn told(body: &Value) -> Vec<&'static str> {
    let text = body.to_string();
    SECRETS.into_iter().filter(|it| text.contains(it)).collect()
}

#[tokio::test]
async fn each_reader_of_a_published_need_sees_their_part() {
    let world = World::new().await;
    let at = format!("/needs/{}", world.published_need("球墨铸铁件气孔率降低技术").await);
    let rival = world.competitor().await;
    let everyone_sees = ["气孔率高达百分之八", "高平市丹河铸造有限公司"];
    for reader in [&VISITOR, &rival, &world.research, &world.lead] {
        let seen = world.get(reader, &at).await;
        assert_eq!((seen.status, &seen.body["view"]), (StatusCode::OK, &json!("public")));
        assert_eq!(told(&seen.body), [""; 0], "{:?}", reader.person);
        assert_eq!(seen.body["investment_band"], "from50_wan", "{}", seen.body);
        let text = seen.body.to_string();
        assert!(everyone_sees.iter().all(|it| text.contains(it)));
    }
    let staff = world.get(&world.other_matchmaker, &at).await;
    assert_eq!(told(&staff.body), ["换过两种涂料", "晋东理工大学", "80000000"]);
    let responsible = world.get(&world.matchmaker, &at).await;
    assert_eq!(told(&responsible.body), SECRETS);
    let owner = world.get(&world.enterprise, &at).await;
    assert_eq!(told(&owner.body), SECRETS);
    for administrator in [&world.system_admin, &world.security_admin] {
        let hidden = world.get(administrator, &at).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    }
    let auditor = world.get(&world.auditor, &at).await;
    assert_eq!(auditor.body["view"], "metadata");
    assert!(auditor.body.get("title").is_none() && auditor.body.get("form").is_none());
}

#[tokio::test]
async fn a_masked_need_shows_its_field_and_region_only() {
    let mut world = World::new().await;
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["visibility"] = json!("masked");
    let id = world.publish_need(form).await;
    world.settle().await;
    let seen = world.get(&VISITOR, &format!("/needs/{id}")).await;
    assert_eq!(seen.body["view"], "masked");
    assert_eq!(seen.body["form"], json!({ "fields": ["401"], "region": "140581" }));
    let text = seen.body.to_string();
    for hidden in ["气孔", "铸", "C33", "丹河", "try_first"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    let editions = world.get(&VISITOR, &format!("/needs/{id}/editions")).await;
    assert_eq!(editions.status, StatusCode::FORBIDDEN);
    let found = world.get(&VISITOR, "/search?q=%E6%B0%94%E5%AD%94").await;
    assert_eq!(found.body["total"], 0, "its words are not searched");
    let listed = world.get(&VISITOR, "/search?field=401").await;
    assert_eq!(listed.body["total"], 1, "its field is");
}

#[tokio::test]
async fn a_confidential_need_is_nowhere_for_those_it_is_not_meant_for() {
    let mut world = World::new().await;
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["visibility"] = json!("confidential");
    let id = world.publish_need(form).await;
    world.published_achievement("球墨铸铁气孔缺陷控制工艺").await;
    world.settle().await;
    let colleague = world.colleague_of(&world.enterprise, "plant.chen").await;
    let at = format!("/needs/{id}");
    let absent = "/needs/01890000-0000-7000-8000-000000000000";
    for reader in [&VISITOR, &world.research, &world.other_matchmaker, &world.lead, &colleague] {
        let hidden = world.get(reader, &at).await;
        let nothing = world.get(reader, absent).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{:?}", reader.person);
        assert_eq!(without_request(hidden.body), without_request(nothing.body));
        let list = world.get(reader, "/needs").await;
        assert_eq!(list.body["items"], json!([]));
        assert_eq!(searched(&world, reader).await, 1, "only the achievement");
    }
    // The pair exists, and only the responsible matchmaker knows.
    let queue = world.get(&world.other_matchmaker, "/pairs").await;
    assert_eq!((&queue.body["items"], &queue.body["counts"]["suggested"]), (&json!([]), &json!(0)));
    let queue = world.get(&world.matchmaker, "/pairs").await;
    assert_eq!(queue.body["counts"]["suggested"], 1);
    let pair = queue.body["items"][0]["id"].as_str().unwrap();
    let take = format!("/pairs/{pair}/take");
    let hidden = world.post(&world.other_matchmaker, &take, json!(null)).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

async fn searched(world: &World, reader: &Someone) -> u64 {
    let found = world.get(reader, "/search?q=%E6%B0%94%E5%AD%94").await;
    found.body["total"].as_u64().unwrap()
}

fn without_request(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[tokio::test]
async fn roles_that_are_not_meant_for_it_are_refused() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let take = format!("/pairs/{pair}/take");
    let post = Method::POST;
    let cases: [(&Someone, (&Method, &str), StatusCode); 12] = [
        (&VISITOR, (&post, "/needs"), StatusCode::UNAUTHORIZED),
        (&world.research, (&post, "/needs"), StatusCode::FORBIDDEN),
        (&world.matchmaker, (&post, "/needs"), StatusCode::FORBIDDEN),
        (&world.enterprise, (&post, "/achievements"), StatusCode::FORBIDDEN),
        (&VISITOR, (&post, &take), StatusCode::UNAUTHORIZED),
        (&world.enterprise, (&post, &take), StatusCode::NOT_FOUND),
        (&world.system_admin, (&post, &take), StatusCode::NOT_FOUND),
        (&world.enterprise, (&Method::GET, "/pairs"), StatusCode::FORBIDDEN),
        (&world.enterprise, (&Method::GET, "/submissions"), StatusCode::FORBIDDEN),
        (&world.security_admin, (&post, "/people"), StatusCode::FORBIDDEN),
        (&world.auditor, (&Method::GET, "/people"), StatusCode::FORBIDDEN),
        (&world.system_admin, (&Method::GET, "/search?q=a"), StatusCode::FORBIDDEN),
    ];
    for (who, (method, path), expected) in cases {
        let body = (*method == post).then(|| need("球墨铸铁件气孔率降低技术"));
        let answer = world.call(who, (method.clone(), path), &[], body).await;
        assert_eq!(answer.status, expected, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn what_is_withdrawn_is_gone_from_search_before_the_index_knows() {
    let mut world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    world.settle().await;
    let find = "/search?q=%E6%B0%94%E5%AD%94";
    assert_eq!(world.get(&VISITOR, find).await.body["total"], 1);
    // The indexer does not run from here on.
    world.post(&world.enterprise, &format!("/needs/{id}/withdraw"), json!(null)).await;
    let found = world.get(&VISITOR, find).await;
    assert_eq!((&found.body["total"], &found.body["items"]), (&json!(0), &json!([])));
    let all = world.get(&VISITOR, "/search").await;
    assert_eq!(all.body["total"], 0);
}

#[tokio::test]
async fn rights_change_with_the_next_request() {
    let world = World::new().await;
    let me = world.enterprise.person.clone().unwrap();
    let disable = format!("/people/{}/disable", me.id);
    let done = world.post(&world.system_admin, &disable, json!(null)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    let refused = world.get(&world.enterprise, "/me").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, "sign_in_required"));
    let own = format!("/people/{}/disable", world.system_admin.person.as_ref().unwrap().id);
    let own = world.post(&world.system_admin, &own, json!(null)).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "nobody locks themselves out");
}
