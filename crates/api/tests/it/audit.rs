use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use db::audit::{Line, Outcome, Part, Search};
use http_body_util::BodyExt as _;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{HERE, Someone, VISITOR, World, begun, need};

/// The newest lines first.
async fn lines(world: &World, search: Search) -> Vec<Line> {
    let found = db::audit::list(world.db.read(), &search, Part::Before(None), 1000).await.unwrap();
    found.into_iter().map(|it| it.line).collect()
}

async fn actions(world: &World) -> Vec<String> {
    lines(world, Search::default()).await.into_iter().map(|it| it.action).collect()
}

fn id(who: &Someone) -> domain::people::PersonId {
    who.person.as_ref().unwrap().id
}

/// What an answer says that is no JSON.
async fn text(world: &World, who: &Someone, path: &str) -> (StatusCode, String) {
    let request = begun(who, Method::GET, path).body(Body::empty()).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_auditor_finds_exports_and_verifies_and_nobody_else_may() {
    let world = World::new().await;
    world.published_need("球墨铸铁件气孔率降低技术").await;
    let all = world.get(&world.auditor, "/audit?limit=2").await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.body);
    assert_eq!(all.body["items"][0]["action"], "needs.review:published");
    assert_eq!(all.body["items"][0]["origin"], json!("192.0.2.1"));
    assert_eq!(all.body["items"][0]["actor"], json!(id(&world.matchmaker)));
    let changes = &all.body["items"][0]["detail"]["changes"];
    assert_eq!(changes["state"], json!(["submitted", "published"]), "{changes}");
    assert_eq!(changes["edition"], json!([null, 1]));
    let next = format!("/audit?limit=2&cursor={}", all.body["next"].as_str().unwrap());
    let next = world.get(&world.auditor, &next).await;
    let newest = all.body["items"][0]["seq"].as_i64().unwrap();
    assert_eq!(next.body["items"][0]["seq"], newest - 2);
    let theirs = format!("/audit?actor={}&action=needs.create&outcome=done", id(&world.enterprise));
    let theirs = world.get(&world.auditor, &theirs).await;
    assert_eq!(theirs.body["items"].as_array().unwrap().len(), 1, "{}", theirs.body);
    for empty in ["from=2026-01-03", "to=2026-01-01", "request_id=x", "outcome=failed"] {
        let none = world.get(&world.auditor, &format!("/audit?{empty}")).await;
        assert_eq!(none.body["items"], json!([]), "{empty}");
    }
    let (status, csv) = text(&world, &world.auditor, "/audit/export?format=csv").await;
    assert_eq!(status, StatusCode::OK);
    assert!(csv.starts_with("seq,at,actor,origin,action,"), "{csv}");
    assert!(csv.contains("\"needs.review:published\""), "{csv}");
    assert!(actions(&world).await.contains(&"audit.export".to_owned()), "an export is on record");
    let (_, json) = text(&world, &world.auditor, "/audit/export?action=needs.create").await;
    let told: Vec<Value> = json.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!((told.len(), &told[0]["action"]), (1, &json!("needs.create")));
    let verdict = world.get(&world.auditor, "/audit/verification").await;
    assert!(verdict.body.get("broken").is_none(), "{}", verdict.body);
    let (seq, hash) = (&told[0]["seq"], told[0]["hash"].as_str().unwrap());
    let anchored = format!("/audit/verification?seq={seq}&hash={hash}");
    assert_eq!(world.get(&world.auditor, &anchored).await.body["anchored"], true);
    for (path, who) in
        ["/audit", "/audit/export", "/audit/verification"].into_iter().flat_map(|it| {
            [
                &VISITOR,
                &world.enterprise,
                &world.matchmaker,
                &world.system_admin,
                &world.security_admin,
            ]
            .map(|who| (it, who))
        })
    {
        let refused = world.get(who, path).await;
        let expected = if who.person.is_none() { 401 } else { 403 };
        assert_eq!(refused.status.as_u16(), expected, "{path}");
    }
    world.db.read().execute_unprepared("DELETE FROM audit WHERE seq = 2").await.unwrap();
    let broken = world.get(&world.auditor, "/audit/verification").await;
    assert_eq!(broken.body["broken"], "line 2 is missing", "{}", broken.body);
}

#[tokio::test]
async fn everyone_reads_what_they_did_themselves_and_no_more() {
    let world = World::new().await;
    world.published_need("球墨铸铁件气孔率降低技术").await;
    let own = world.get(&world.matchmaker, "/me/audit").await;
    let mine = own.body["items"].as_array().unwrap();
    assert_eq!(mine[0]["action"], "needs.review:published", "{}", own.body);
    for elses in ["seq", "hash", "actor"] {
        assert!(mine[0].get(elses).is_none(), "{elses} would tell what others did: {}", own.body);
    }
    assert_eq!(world.get(&world.research, "/me/audit").await.body["items"], json!([]));
    let hidden = world.need_of(json!({ "visibility": "confidential" })).await;
    world.get(&world.research, &format!("/needs/{hidden}")).await;
    let none = world.get(&world.research, "/me/audit").await;
    assert_eq!(none.body["items"], json!([]), "that it was denied would tell that it is there");
    assert_eq!(world.get(&VISITOR, "/me/audit").await.status, StatusCode::UNAUTHORIZED);
    let elses = format!("/me/audit?actor={}", id(&world.enterprise));
    assert_eq!(world.get(&world.matchmaker, &elses).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn whoever_is_denied_is_on_record_once_a_minute() {
    let world = World::new().await;
    let confidential = world.need_of(json!({ "visibility": "confidential" })).await;
    let hidden = format!("/needs/{confidential}");
    let denied = async || {
        lines(&world, Search { outcome: Some(Outcome::Denied), ..Search::default() }).await
    };
    for _ in 0..3 {
        assert_eq!(world.get(&world.research, &hidden).await.status, StatusCode::NOT_FOUND);
    }
    let noted = denied().await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(
        (noted[0].action.as_str(), noted[0].reason.as_deref()),
        ("needs.read", Some("hidden"))
    );
    assert_eq!(noted[0].actor, Some(id(&world.research)));
    assert_eq!(noted[0].origin, Some(HERE.0.into()));
    assert_eq!(noted[0].object, Some(("need".to_owned(), confidential.parse().unwrap())));
    world.clock.advance(chrono::TimeDelta::seconds(60));
    world.get(&world.research, &hidden).await;
    assert_eq!(denied().await.len(), 2, "a minute later it is noted again");
    assert_eq!(world.get(&world.lead, "/people").await.status, StatusCode::FORBIDDEN);
    assert_eq!(denied().await[0].reason.as_deref(), Some("forbidden"));
    let forged = [("authorization", "Bearer kz_of_nobody")];
    let unknown = world.call(&VISITOR, (Method::GET, "/me"), &forged, None).await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(denied().await[0].action, "authenticate");
    let before = denied().await.len();
    world.get(&VISITOR, "/me").await;
    assert_eq!(denied().await.len(), before, "to be told to sign in is no denial");
    // What does not exist is noted as well: it must not take less time than what is hidden.
    world.get(&VISITOR, "/needs/01890000-0000-7000-8000-000000000000").await;
    assert_eq!(denied().await[0].reason.as_deref(), Some("absent"));
}

#[tokio::test]
async fn who_reads_what_is_confidential_is_on_record_before_it_is_shown() {
    let world = World::new().await;
    let confidential = world.need_of(json!({ "visibility": "confidential" })).await;
    let open = world.published_need("铸件表面缺陷在线检测").await;
    let read = async |what: &str| {
        let all = actions(&world).await;
        all.iter().filter(|it| it.ends_with(what)).count()
    };
    let (one, other) = (format!("/needs/{confidential}"), format!("/needs/{open}"));
    let (before, contacts) = (read(":confidential").await, read(":contact").await);
    let seen = world.get(&world.matchmaker, &one).await;
    assert_eq!(seen.body["view"], "full");
    assert_eq!(read(":confidential").await, before + 1);
    let known = [("if-none-match", seen.tag())];
    let known: Vec<_> = known.iter().map(|(name, tag)| (*name, tag.as_str())).collect();
    let unchanged = world.call(&world.matchmaker, (Method::GET, &one), &known, None).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
    let head = world.call(&world.matchmaker, (Method::HEAD, &one), &[], None).await;
    assert_eq!(head.status, StatusCode::OK);
    world.get(&world.matchmaker, &format!("{one}/editions")).await;
    world.get(&world.matchmaker, "/needs").await;
    assert_eq!(read(":confidential").await, before + 5);
    world.get(&world.enterprise, &one).await;
    world.get(&world.enterprise, "/needs").await;
    world.get(&world.auditor, &one).await;
    assert_eq!(read(":confidential").await, before + 5, "neither its author nor metadata count");
    world.get(&world.matchmaker, &other).await;
    assert_eq!(read(":contact").await, contacts + 1, "whom to contact is on record, too");
    world.get(&world.other_matchmaker, &other).await;
    assert_eq!(read(":contact").await, contacts + 1);
    // The next line cannot be written: there is one of its number.
    let sql = "UPDATE audit_chain SET head = head - 1";
    world.db.read().execute_unprepared(sql).await.unwrap();
    let refused = world.get(&world.matchmaker, &one).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!refused.body.to_string().contains("气孔"), "{}", refused.body);
    assert_eq!(world.get(&world.lead, "/people").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.get(&world.matchmaker, "/codes/grade").await.status, StatusCode::OK);
}

impl World {
    /// A published need with something different in it.
    async fn need_of(&self, different: Value) -> String {
        let mut form = need("球墨铸铁件气孔率降低技术");
        let fields = form.as_object_mut().unwrap();
        fields.extend(different.as_object().unwrap().clone());
        self.publish_need(form).await
    }
}
