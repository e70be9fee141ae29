use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{Answer, Someone, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";
const MAIL: &str = "new.colleague@example.cn";

fn account(login: &str) -> Value {
    json!({ "login": login, "password": PASSWORD, "name": "陈工" })
}

async fn accept(world: &World, token: &str, login: &str) -> Answer {
    let consents = crate::world::consents();
    let body = json!({ "token": token, "account": account(login), "consents": consents });
    world.post(&VISITOR, "/invitations/accept", body).await
}

async fn invited(world: &World, who: &Someone) -> (Answer, String) {
    let made = world.post(who, "/invitations", json!({ "mail": MAIL })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let letters = world.letters().await;
    assert_eq!(letters.last().unwrap().to, MAIL);
    (made, world.last_link().await)
}

#[tokio::test]
async fn a_colleague_who_is_invited_joins_in_the_same_role_with_a_confirmed_address() {
    let world = World::new().await;
    for (who, role, login) in
        [(&world.enterprise, "enterprise", "new.one"), (&world.research, "research", "new.two")]
    {
        let (made, token) = invited(&world, who).await;
        assert_eq!(made.body["role"], role);
        let letters = world.letters().await;
        assert!(!letters.last().unwrap().text.contains("有限公司"), "it names nobody");
        let done = accept(&world, &token, login).await;
        assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
        let ours = who.person.as_ref().unwrap().organisation;
        assert_eq!(done.body["role"], role);
        assert_eq!(done.body["organisation"], json!(ours));
        let sign_in = json!({ "login": login, "password": PASSWORD });
        let session = world.post(&VISITOR, "/sessions", sign_in).await;
        let new = Someone::with_token(session.body["token"].as_str().unwrap());
        assert_eq!(world.get(&new, "/me/mail").await.body["mail"], MAIL);
        assert_eq!(world.get(&new, "/me/consents").await.body[0]["purpose"], "account_keeping");
        let listed = world.get(who, "/invitations").await;
        assert_eq!(listed.body["items"], json!([]), "an accepted one is gone");
    }
}

#[tokio::test]
async fn an_invitation_serves_once_and_for_seven_days() {
    let world = World::new().await;
    let (_, token) = invited(&world, &world.enterprise).await;
    let logins: Vec<String> = (0..20).map(|it| format!("new.{it}")).collect();
    let answers = join_all(logins.iter().map(|login| accept(&world, &token, login))).await;
    let made = answers.iter().filter(|it| it.status == StatusCode::CREATED).count();
    let ended = answers.iter().filter(|it| it.code() == "link_ended").count();
    assert!(made == 1 && ended > 0, "{answers:?}");
    let (_, token) = invited(&world, &world.enterprise).await;
    world.clock.advance(TimeDelta::days(7));
    assert_eq!(accept(&world, &token, "too.late").await.code(), "link_ended");
    assert_eq!(world.get(&world.enterprise, "/invitations").await.body["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_told_and_the_invitation_stays() {
    let world = World::new().await;
    let (_, token) = invited(&world, &world.enterprise).await;
    let bad = json!({ "token": token, "account": { "login": "1", "password": "x", "name": "" } });
    let bad = world.post(&VISITOR, "/invitations/accept", bad).await;
    let told = bad.pointers();
    for pointer in ["/account/login", "/account/password", "/account/name", "/consents"] {
        assert!(told.contains(&pointer), "{pointer} in {told:?}");
    }
    let body = json!({
        "token": token, "consents": crate::world::consents(),
        "account": { "login": "new.one", "password": "高平市丹河铸造有限公司2026", "name": "陈工" },
    });
    let named = world.post(&VISITOR, "/invitations/accept", body).await;
    assert_eq!(named.body["errors"][0]["code"], "guessable", "{}", named.body);
    let taken = accept(&world, &token, "school.zhou").await;
    assert_eq!((taken.code(), taken.pointers()), ("already_exists", vec!["/account/login"]));
    assert_eq!(accept(&world, &token, "new.one").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn members_of_verified_organisations_invite_to_their_own_and_the_office_to_any() {
    let world = World::new().await;
    let (_, newcomer) = world.newcomer().await;
    let refused = world.post(&newcomer, "/invitations", json!({ "mail": MAIL })).await;
    assert_eq!(refused.code(), "organisation_not_verified");
    let theirs = world.research.person.as_ref().unwrap().organisation;
    let absent = "01890000-0000-7000-8000-000000000000";
    for organisation in [json!(theirs), json!(absent)] {
        let body = json!({ "mail": MAIL, "organisation": organisation });
        let refused = world.post(&world.enterprise, "/invitations", body).await;
        assert_eq!(refused.code(), "forbidden", "whether it exists is not told");
    }
    let body = json!({ "mail": MAIL, "organisation": absent });
    let odd = world.post(&world.system_admin, "/invitations", body).await;
    assert_eq!(odd.pointers(), ["/organisation"]);
    let body = json!({ "mail": MAIL, "organisation": theirs });
    let made = world.post(&world.system_admin, "/invitations", body).await;
    assert_eq!(made.body["role"], "research", "{}", made.body);
    let (office, _) = invited(&world, &world.system_admin).await;
    assert_eq!(office.body["role"], "unassigned", "roles of the office are granted");
    for who in [&world.matchmaker, &world.security_admin, &world.auditor, &world.lead] {
        let refused = world.post(who, "/invitations", json!({ "mail": MAIL })).await;
        assert_eq!(refused.code(), "forbidden");
    }
}

#[tokio::test]
async fn an_invitation_is_seen_and_taken_back_by_its_own() {
    let world = World::new().await;
    let (made, token) = invited(&world, &world.enterprise).await;
    let at = format!("/invitations/{}", made.id());
    let at = (Method::DELETE, at.as_str());
    let strange = world.call(&world.research, at.clone(), &[], None).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&world.research, "/invitations").await.body["items"], json!([]));
    let listed = world.get(&world.system_admin, "/invitations").await;
    assert_eq!(listed.body["items"][0]["id"], made.body["id"]);
    let colleague = world.colleague_of(&world.enterprise, "plant.qiao").await;
    let gone = world.call(&colleague, at, &[], None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    assert_eq!(accept(&world, &token, "new.one").await.code(), "link_ended");
}

#[tokio::test]
async fn nobody_joins_an_organisation_that_was_suspended_since() {
    let world = World::new().await;
    let (_, token) = invited(&world, &world.enterprise).await;
    let ours = world.enterprise.person.as_ref().unwrap().organisation;
    let seen = world.get(&world.security_admin, &format!("/organisations/{ours}")).await;
    let at = format!("/organisations/{ours}/suspend");
    let why = Some(json!({ "reason": "证照不符" }));
    let at = (Method::POST, at.as_str());
    world.edit(&world.security_admin, at, &seen.tag(), why).await;
    assert_eq!(accept(&world, &token, "new.one").await.code(), "link_ended");
}
