use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::{VISITOR, World};

fn registration() -> serde_json::Value {
    json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "consents": crate::world::consents(),
        "account": { "login": "yang.chen", "password": "羊头山上羊头山下的铸管厂", "name": "陈工" },
    })
}

#[tokio::test]
async fn a_number_and_a_sign_in_name_are_registered_once() {
    let world = World::new().await;
    let first = world.post(&VISITOR, "/organisations", registration()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let again = world.post(&VISITOR, "/organisations", registration()).await;
    assert_eq!((again.status, again.code()), (StatusCode::CONFLICT, "already_exists"));
    assert_eq!(again.pointers(), ["/organisation/number"]);
    let mut other = registration();
    other["organisation"]["number"] = json!("91350100M000100Y43");
    let refused = world.post(&VISITOR, "/organisations", other).await;
    assert_eq!(refused.pointers(), ["/account/login"], "{}", refused.body);
}

#[tokio::test]
async fn every_fault_of_a_registration_is_told_at_once() {
    let world = World::new().await;
    let body = json!({
        "organisation": { "number": "1", "name": "x", "kind": "guild", "colour": "red" },
        "account": { "login": "1", "password": "short" },
    });
    let refused = world.post(&VISITOR, "/organisations", body).await;
    assert_eq!(
        refused.pointers(),
        [
            "/organisation/number",
            "/organisation/name",
            "/organisation/kind",
            "/organisation/colour",
            "/account/login",
            "/account/name",
            "/consents",
            "/account/password",
        ]
    );
    let mut office = registration();
    office["organisation"]["kind"] = json!("government");
    let refused = world.post(&VISITOR, "/organisations", office).await;
    assert_eq!(refused.pointers(), ["/organisation/kind"], "the office registers those");
}

#[tokio::test]
async fn standing_is_decided_by_the_security_administrator() {
    let world = World::new().await;
    let made = world.post(&VISITOR, "/organisations", registration()).await;
    let at = format!("/organisations/{}", made.id());
    let hidden = world.get(&VISITOR, &at).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND, "nobody vouches for it yet");
    let refuse = format!("{at}/refuse");
    let who = &world.security_admin;
    let seen = world.get(who, &at).await;
    let mute = world.edit(who, (Method::POST, &refuse), &seen.tag(), Some(json!({}))).await;
    assert_eq!(mute.pointers(), ["/reason"]);
    let reason = Some(json!({ "reason": "执照看不清" }));
    let refused = world.edit(who, (Method::POST, &refuse), &seen.tag(), reason).await;
    assert_eq!(refused.body["state"], "refused", "{}", refused.body);
    let verify = format!("{at}/verify");
    let stale = world.edit(who, (Method::POST, &verify), &seen.tag(), Some(json!({}))).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let verified = world.edit(who, (Method::POST, &verify), &refused.tag(), Some(json!({}))).await;
    assert_eq!(verified.body["state"], "verified");
    assert_eq!(world.get(&VISITOR, &at).await.status, StatusCode::OK);
    let listed = world.get(who, "/organisations?state=verified").await;
    assert!(listed.body["items"].as_array().unwrap().iter().any(|it| it["id"] == made.body["id"]));
    let odd = world.get(who, "/organisations?state=great").await;
    assert_eq!(odd.pointers(), ["/state"]);
}

#[tokio::test]
async fn a_new_name_must_be_verified_anew() {
    let world = World::new().await;
    let me = &world.enterprise;
    let id = me.person.as_ref().unwrap().organisation;
    let need = world.published_need("球墨铸铁件气孔率再降低技术").await;
    let at = format!("/organisations/{id}");
    let seen = world.get(me, &at).await;
    let profile =
        json!({ "number": "91110000802100433B", "name": "换了名字的公司", "kind": "enterprise" });
    let edited = world.edit(me, (Method::PUT, &at), &seen.tag(), Some(profile)).await;
    assert_eq!(edited.body["state"], "registered", "{}", edited.body);
    let published = world.get(&VISITOR, &format!("/needs/{need}")).await;
    assert_eq!(published.body["organisation"]["name"], "高平市丹河铸造有限公司");
    let draft = world.need_draft("球墨铸铁件气孔率降低技术").await;
    let submit = format!("/needs/{}/submit", draft.id());
    let refused = world.edit(me, (Method::POST, &submit), &draft.tag(), None).await;
    assert_eq!(refused.code(), "organisation_not_verified");
}

#[tokio::test]
async fn what_was_submitted_is_not_approved_while_its_owner_is_not_verified() {
    let world = World::new().await;
    let sent = world.submitted_need(crate::world::need("球墨铸铁件气孔率降低技术")).await;
    let owner =
        format!("/organisations/{}", world.enterprise.person.as_ref().unwrap().organisation);
    let who = &world.security_admin;
    let seen = world.get(who, &owner).await;
    let reason = Some(json!({ "reason": "执照已经吊销" }));
    let suspend = format!("{owner}/suspend");
    let suspended = world.edit(who, (Method::POST, &suspend), &seen.tag(), reason).await;
    assert_eq!(suspended.body["state"], "suspended", "{}", suspended.body);
    let at = format!("/needs/{}", sent.id());
    let waiting = world.get(&world.matchmaker, &at).await;
    let rubric = json!({ "advantage": 3, "clarity": 4, "cooperation": 4, "completeness": 5 });
    let review = json!({ "decision": "approve", "rubric": rubric, "reasons": "同意" });
    let at = format!("{at}/review");
    let at = (Method::POST, at.as_str());
    let refused = world.edit(&world.matchmaker, at, &waiting.tag(), Some(review)).await;
    assert_eq!(refused.code(), "organisation_suspended", "{}", refused.body);
}

#[tokio::test]
async fn insiders_and_others_have_different_tags_of_an_organisation() {
    let world = World::new().await;
    let at = format!("/organisations/{}", world.enterprise.person.as_ref().unwrap().organisation);
    let (inside, outside) =
        (world.get(&world.enterprise, &at).await, world.get(&VISITOR, &at).await);
    assert_ne!(inside.tag(), outside.tag());
}
