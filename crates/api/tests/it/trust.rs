use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Someone, VISITOR, World, need};

const FIND: &str = "/search?q=%E6%B0%94%E5%AD%94";

fn id(someone: &Someone) -> String {
    someone.person.as_ref().unwrap().id.to_string()
}

fn owner(someone: &Someone) -> String {
    format!("/organisations/{}", someone.person.as_ref().unwrap().organisation)
}

async fn decide(world: &World, owner: &str, what: &str) {
    let who = &world.security_admin;
    let seen = world.get(who, owner).await;
    let reason = Some(json!({ "reason": "核查期间暂停" }));
    let at = format!("{owner}/{what}");
    let done = world.edit(who, (Method::POST, &at), &seen.tag(), reason).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
}

async fn total(world: &World, path: &str) -> u64 {
    world.get(&VISITOR, path).await.body["total"].as_u64().unwrap()
}

#[tokio::test]
async fn nothing_of_a_suspended_organisation_is_offered_until_it_is_reinstated() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let need = world.get(&VISITOR, "/needs").await.body["items"][0]["id"].clone();
    let at = format!("/needs/{}", need.as_str().unwrap());
    assert_eq!(total(&world, FIND).await, 2);
    // The indexer does not run from here on.
    decide(&world, &owner(&world.enterprise), "suspend").await;
    for reader in [&VISITOR, &world.research, &world.lead] {
        assert_eq!(world.get(reader, &at).await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.get(reader, "/needs").await.body["items"], json!([]));
    }
    assert_eq!(total(&world, FIND).await, 1);
    assert_eq!(total(&world, "/search?kind=need").await, 0);
    assert_eq!(world.get(&VISITOR, "/market").await.body["needs"], 0);
    let queue = world.get(&world.other_matchmaker, "/pairs").await;
    assert_eq!(queue.body["items"], json!([]));
    assert_eq!(queue.body["counts"]["suggested"], 0);
    assert_eq!(world.get(&world.enterprise, &at).await.status, StatusCode::OK, "its own it reads");
    world.settle().await;
    assert_eq!(total(&world, FIND).await, 1);
    let expired = world.get(&world.matchmaker, "/pairs?state=expired").await;
    assert_eq!(expired.body["items"][0]["id"], pair.as_str(), "{}", expired.body);
    decide(&world, &owner(&world.enterprise), "reinstate").await;
    assert_eq!(world.get(&VISITOR, &at).await.status, StatusCode::OK);
    world.settle().await;
    assert_eq!(total(&world, FIND).await, 2);
    let queue = world.get(&world.other_matchmaker, "/pairs").await;
    assert_eq!(queue.body["items"][0]["id"], pair.as_str());
}

#[tokio::test]
async fn a_matchmaker_takes_down_what_should_not_be_offered_and_says_why() {
    let mut world = World::new().await;
    let id = world.published_need("球墨铸铁件气孔率降低技术").await;
    world.settle().await;
    let hide = format!("/needs/{id}/hide");
    let why = json!({ "reason": "含有他人的商业秘密" });
    assert_eq!(world.post(&world.other_matchmaker, &hide, json!({})).await.pointers(), ["/reason"]);
    for nobody in [&world.enterprise, &world.lead, &world.security_admin] {
        let refused = world.post(nobody, &hide, why.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let done = world.post(&world.other_matchmaker, &hide, why.clone()).await;
    assert_eq!((done.status, &done.body["state"]), (StatusCode::OK, &json!("returned")));
    assert_eq!(total(&world, FIND).await, 0, "before the index knows");
    let at = format!("/needs/{id}");
    assert_eq!(world.get(&VISITOR, &at).await.status, StatusCode::NOT_FOUND);
    let told = world.get(&world.enterprise, "/me/notices").await;
    let notice = &told.body["items"][0];
    assert_eq!((&notice["subject"], &notice["object"]), (&json!("need_hidden"), &json!(id)));
    assert_eq!(notice["reason"], why["reason"]);
    assert_eq!(world.get(&world.research, "/me/notices").await.body["items"], json!([]));
    assert_eq!(world.post(&world.matchmaker, &hide, why).await.code(), "wrong_state");
    // The author changes it, and it is reviewed anew.
    let seen = world.get(&world.enterprise, &at).await;
    let form = Some(need("球墨铸铁件气孔率再降低技术"));
    let edited = world.edit(&world.enterprise, (Method::PUT, &at), &seen.tag(), form).await;
    let submit = format!("{at}/submit");
    let sent = world.edit(&world.enterprise, (Method::POST, &submit), &edited.tag(), None).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    world.review("/needs", &id, "approve").await;
    assert_eq!(world.get(&VISITOR, &at).await.body["title"], "球墨铸铁件气孔率再降低技术");
}

#[tokio::test]
async fn nobody_takes_down_what_is_their_own_organisations() {
    let world = World::new().await;
    let need = world.published_need("球墨铸铁件气孔率降低技术").await;
    let mut insider = world.other_matchmaker.person.clone().unwrap();
    insider.organisation = world.enterprise.person.as_ref().unwrap().organisation;
    world.db.write(async |tx| db::people::save(tx, &mut insider).await).await.unwrap();
    let why = json!({ "reason": "不想要了" });
    let refused = world.post(&world.other_matchmaker, &format!("/needs/{need}/hide"), why).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "own_organisation"));
}

/// A confidential need.
async fn confidential(world: &World) -> String {
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["visibility"] = json!("confidential");
    world.publish_need(form).await
}

async fn name(world: &World, need: &str, people: &[&Someone]) -> crate::world::Answer {
    let people: Vec<String> = people.iter().map(|it| id(it)).collect();
    let at = format!("/needs/{need}/readers");
    let body = Some(json!({ "people": people }));
    world.call(&world.enterprise, (Method::PUT, &at), &[], body).await
}

#[tokio::test]
async fn colleagues_read_a_confidential_need_when_its_author_names_them() {
    let world = World::new().await;
    let need = confidential(&world).await;
    let at = format!("/needs/{need}");
    let one = world.colleague_of(&world.enterprise, "plant.chen").await;
    let other = world.colleague_of(&world.enterprise, "plant.ma").await;
    let known = world.get(&world.enterprise, "/colleagues").await;
    assert_eq!(known.body["items"].as_array().unwrap().len(), 3, "{}", known.body);
    let listed = async |who: &Someone| world.get(who, "/needs").await.body["items"].clone();
    assert_eq!(
        (world.get(&one, &at).await.status, listed(&one).await),
        (StatusCode::NOT_FOUND, json!([]))
    );
    let named = name(&world, &need, &[&one]).await;
    assert_eq!(named.body["people"][0]["id"], id(&one), "{}", named.body);
    let seen = world.get(&one, &at).await;
    assert_eq!((seen.status, &seen.body["view"]), (StatusCode::OK, &json!("full")));
    assert_eq!(listed(&one).await[0]["id"], need.as_str());
    assert_eq!(world.get(&other, &at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&other, &format!("{at}/readers")).await.status, StatusCode::NOT_FOUND);
    let refused = world.get(&one, &format!("{at}/readers")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "who reads does not name others");
    let strangers = name(&world, &need, &[&one, &world.research, &world.matchmaker]).await;
    assert_eq!(strangers.pointers(), ["/people/1", "/people/2"]);
    // Whoever leaves the organisation reads no longer, though their name still stands there.
    let mut leaver = one.person.clone().unwrap();
    leaver.organisation = world.research.person.as_ref().unwrap().organisation;
    world.db.write(async |tx| db::people::save(tx, &mut leaver).await).await.unwrap();
    assert_eq!(
        (world.get(&one, &at).await.status, listed(&one).await),
        (StatusCode::NOT_FOUND, json!([]))
    );
    name(&world, &need, &[&other]).await;
    assert_eq!(world.get(&other, &at).await.status, StatusCode::OK);
    name(&world, &need, &[]).await;
    assert_eq!(world.get(&other, &at).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_confidential_need_outlives_the_account_of_its_author_and_of_its_matchmaker() {
    let world = World::new().await;
    let need = confidential(&world).await;
    let at = format!("/needs/{need}");
    let heir = world.colleague_of(&world.enterprise, "plant.chen").await;
    let give = |who: &Someone| json!({ "person": id(who) });
    let reassign = format!("{at}/reassign");
    let early = world.post(&world.security_admin, &reassign, give(&heir)).await;
    assert_eq!(early.code(), "wrong_state", "its author is there");
    let entrust = format!("{at}/matchmaker");
    let early = world.post(&world.lead, &entrust, give(&world.other_matchmaker)).await;
    assert_eq!(early.code(), "wrong_state", "its matchmaker is there");
    for gone in [&world.enterprise, &world.matchmaker] {
        let disable = format!("/people/{}/disable", id(gone));
        world.post(&world.system_admin, &disable, Value::Null).await;
    }
    for nobody in [&world.lead, &world.other_matchmaker, &heir] {
        let refused = world.post(nobody, &reassign, give(&heir)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let outside = world.post(&world.security_admin, &reassign, give(&world.research)).await;
    assert_eq!(outside.pointers(), ["/person"]);
    let done = world.post(&world.security_admin, &reassign, give(&heir)).await;
    assert_eq!(
        (done.status, &done.body),
        (StatusCode::NO_CONTENT, &Value::Null),
        "it reads nothing"
    );
    assert_eq!(world.get(&heir, &at).await.body["view"], "full");
    assert_eq!(world.get(&world.security_admin, &at).await.status, StatusCode::NOT_FOUND);
    let wrong = world.post(&world.lead, &entrust, give(&world.auditor)).await;
    assert_eq!(wrong.pointers(), ["/person"]);
    assert_eq!(world.get(&world.other_matchmaker, &at).await.status, StatusCode::NOT_FOUND);
    let done = world.post(&world.lead, &entrust, give(&world.other_matchmaker)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert_eq!(world.get(&world.other_matchmaker, &at).await.body["view"], "full");
    assert_eq!(world.get(&world.lead, &at).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_taken_pair_is_released_when_its_need_becomes_confidential() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let other = world.other_matchmaker.clone();
    let taken = world.post(&other, &format!("/pairs/{pair}/take"), json!(null)).await;
    assert_eq!(taken.body["state"], "taken");
    let id = taken.body["need"]["id"].as_str().unwrap();
    let at = format!("/needs/{id}");
    let seen = world.get(&world.enterprise, &at).await;
    let mut form = need("球墨铸铁件气孔率降低技术");
    form["visibility"] = json!("confidential");
    let edited = world.edit(&world.enterprise, (Method::PUT, &at), &seen.tag(), Some(form)).await;
    let submit = format!("{at}/submit");
    world.edit(&world.enterprise, (Method::POST, &submit), &edited.tag(), None).await;
    world.review("/needs", id, "approve").await;
    // At once, before any job ran.
    let queue = world.get(&world.matchmaker, "/pairs").await;
    assert_eq!(queue.body["items"][0]["id"], pair.as_str(), "{}", queue.body);
    assert_eq!(queue.body["items"][0]["state"], "suggested");
    let hidden = world.get(&other, &format!("/pairs/{pair}")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let mine = world.get(&other, "/pairs?mine=true").await;
    assert_eq!(mine.body["items"], json!([]));
}
