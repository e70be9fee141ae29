use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use db::scratch;
use serde_json::{Value, json};

use crate::world::{Answer, Someone, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";
const MAIL: &str = "applicant@canary.example.cn";
const OURS: &str = "91110000802100433B";
/// Nobody here has it.
const NOBODYS: &str = "9144030071526726XG";

fn application(number: &str, login: &str) -> Value {
    json!({
        "organisation": number,
        "account": { "login": login, "password": PASSWORD, "name": "锑烯铼" },
        "mail": MAIL, "words": "我是铸造车间的工程师",
        "consents": crate::world::consents(),
    })
}

async fn applied(world: &World, login: &str) -> String {
    let sent = world.post(&VISITOR, "/applications", application(OURS, login)).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.body);
    let listed = world.get(&world.enterprise, "/applications").await;
    listed.body["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn answer(world: &World, who: &Someone, id: &str, how: &str) -> Answer {
    let at = format!("/applications/{id}/{how}");
    world.call(who, (Method::POST, &at), &[], None).await
}

#[tokio::test]
async fn who_applies_joins_when_a_member_says_yes_and_is_told_by_mail() {
    let world = World::new().await;
    let id = applied(&world, "new.one").await;
    let listed = world.get(&world.enterprise, "/applications").await;
    assert_eq!(listed.body["items"][0]["words"], "我是铸造车间的工程师");
    assert!(!listed.body.to_string().contains("argon2"));
    let sign_in = json!({ "login": "new.one", "password": PASSWORD });
    let early = world.post(&VISITOR, "/sessions", sign_in.clone()).await;
    assert_eq!(early.code(), "wrong_credentials", "there is no account yet");
    let done = answer(&world, &world.enterprise, &id, "accept").await;
    assert_eq!((done.status, &done.body["role"]), (StatusCode::OK, &json!("enterprise")));
    let session = world.post(&VISITOR, "/sessions", sign_in).await;
    let new = Someone::with_token(session.body["token"].as_str().unwrap());
    assert_eq!(world.get(&new, "/me/consents").await.body[0]["purpose"], "account_keeping");
    assert_eq!(world.get(&new, "/me/mail").await.body["mail"], Value::Null, "not confirmed yet");
    let letters = world.letters().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.to, MAIL);
    world.post(&VISITOR, "/mail-confirmations", json!({ "token": letter.link() })).await;
    assert_eq!(world.get(&new, "/me/mail").await.body["mail"], MAIL);
    assert_eq!(answer(&world, &world.enterprise, &id, "accept").await.status, 404);
}

#[tokio::test]
async fn who_is_refused_is_told_and_leaves_nothing_behind() {
    let world = World::new().await;
    let id = applied(&world, "new.one").await;
    let kept = scratch::kept(&world.db).await.unwrap();
    assert!(!scratch::holds(&kept, MAIL) && !scratch::holds(&kept, "锑烯铼"), "it is sealed");
    let done = answer(&world, &world.enterprise, &id, "refuse").await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    let letters = world.letters().await;
    assert!(letters[0].to == MAIL && letters[0].text.contains("未获通过"), "{letters:?}");
    let listed = world.get(&world.enterprise, "/applications").await;
    assert_eq!(listed.body["items"], json!([]));
    assert_eq!(answer(&world, &world.enterprise, &id, "accept").await.status, 404);
}

#[tokio::test]
async fn whether_an_organisation_is_registered_cannot_be_told_from_applying() {
    let world = World::new().await;
    let mut told = Vec::new();
    for (number, login) in [(OURS, "new.one"), (NOBODYS, "new.two")] {
        let sent = world.post(&VISITOR, "/applications", application(number, login)).await;
        let jobs = db::jobs::count(world.db.read(), &[db::jobs::Kind::PostMail]).await.unwrap();
        let of = domain::organisations::Number::new(number).unwrap();
        let page = (db::Page { after: None, limit: 9 }, world.clock.now());
        let stored = db::applications::list(world.db.read(), &of, page).await.unwrap().len();
        told.push((sent.status, sent.body, jobs, stored));
    }
    assert_eq!(told[0], told[1], "the same is done, so that it takes as long");
    assert_eq!(told[0].3, 1);
    let listed = world.get(&world.enterprise, "/applications").await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_members_of_that_organisation_see_and_answer_an_application() {
    let world = World::new().await;
    let id = applied(&world, "new.one").await;
    assert_eq!(world.get(&world.research, "/applications").await.body["items"], json!([]));
    for how in ["accept", "refuse"] {
        let strange = answer(&world, &world.research, &id, how).await;
        assert_eq!(strange.status, StatusCode::NOT_FOUND);
        for who in [&world.matchmaker, &world.system_admin, &world.auditor] {
            assert_eq!(answer(&world, who, &id, how).await.status, StatusCode::FORBIDDEN);
        }
    }
    assert_eq!(answer(&world, &world.enterprise, &id, "accept").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_application_that_nobody_answers_is_forgotten_after_thirty_days() {
    let mut world = World::new().await;
    let id = applied(&world, "new.one").await;
    world.clock.advance(TimeDelta::days(30));
    assert_eq!(world.get(&world.enterprise, "/applications").await.body["items"], json!([]));
    assert_eq!(answer(&world, &world.enterprise, &id, "accept").await.status, 404);
    let early = domain::applications::ApplicationId::from_uuid(id.parse().unwrap());
    let then = world.clock.now() - TimeDelta::days(1);
    assert!(db::applications::get(world.db.read(), early, then).await.is_ok(), "it is there still");
    world.settle().await;
    assert!(db::applications::get(world.db.read(), early, then).await.is_err(), "and swept");
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_application_is_told() {
    let world = World::new().await;
    let body =
        json!({ "organisation": "123", "account": { "login": "x", "password": "y" }, "mail": "z" });
    let refused = world.post(&VISITOR, "/applications", body).await;
    let told = refused.pointers();
    for pointer in [
        "/organisation",
        "/account/login",
        "/account/password",
        "/account/name",
        "/mail",
        "/consents",
    ] {
        assert!(told.contains(&pointer), "{pointer} in {told:?}");
    }
    let taken = world.post(&VISITOR, "/applications", application(NOBODYS, "plant.li")).await;
    assert_eq!((taken.code(), taken.pointers()), ("already_exists", vec!["/account/login"]));
}
