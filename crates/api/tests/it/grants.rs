use std::sync::Arc;

use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::{Answer, Someone, World};

fn id(someone: &Someone) -> String {
    someone.person.as_ref().unwrap().id.to_string()
}

async fn ask(world: &World, asker: &Someone, person: &Someone, role: &str) -> Answer {
    let form = json!({ "person": id(person), "role": role, "reason": "岗位调整" });
    world.post(asker, "/grants", form).await
}

async fn confirm(world: &World, who: &Someone, grant: &Answer) -> Answer {
    world.post(who, &format!("/grants/{}/confirm", grant.id()), json!(null)).await
}

#[tokio::test]
async fn an_account_of_the_office_has_no_rights_before_its_role_is_granted() {
    let world = World::new().await;
    let organisation = world.matchmaker.person.as_ref().unwrap().organisation;
    let account = |role: &str, login: &str| {
        json!({
            "organisation": organisation, "role": role, "login": login,
            "password": "很长很长很长很长很长的密码", "name": "新人", "reason": "新到岗",
        })
    };
    let (who, security) = (&world.system_admin, &world.security_admin);
    for role in ["matchmaker", "lead", "system_admin", "security_admin", "auditor"] {
        let login = format!("new.{role}");
        let made = world.post(who, "/people", account(role, &login)).await;
        assert_eq!((made.status, &made.body["role"]), (StatusCode::CREATED, &json!("unassigned")));
        let waiting = format!("/grants?state=asked&person={}", made.id());
        let waiting = world.get(security, &waiting).await;
        assert_eq!(waiting.body["items"][0]["to"], role, "{}", waiting.body);
        let at = format!("/grants/{}/confirm", waiting.body["items"][0]["id"].as_str().unwrap());
        let own = world.post(who, &at, json!(null)).await;
        assert_eq!(own.code(), "another_person", "who makes accounts gives no rights");
        let done = world.post(security, &at, json!(null)).await;
        assert_eq!(done.body["state"], "granted", "{}", done.body);
        let people = world.get(security, "/people").await;
        assert_eq!(people.body["items"][0]["role"], role);
    }
    let mut mute = account("lead", "office.mute");
    mute.as_object_mut().unwrap().remove("reason");
    assert_eq!(world.post(who, "/people", mute).await.pointers(), ["/reason"]);
    let twice = world.post(who, "/people", account("lead", "office.lead")).await;
    assert_eq!((twice.code(), twice.pointers()), ("already_exists", vec!["/login"]));
    let mut nowhere = account("matchmaker", "office.lost");
    nowhere["organisation"] = json!("01890000-0000-7000-8000-000000000000");
    assert_eq!(world.post(who, "/people", nowhere).await.pointers(), ["/organisation"]);
    let listed = world.get(who, "/people?limit=100").await;
    assert!(!listed.body.to_string().contains("argon2"), "no hash leaves the store");
}

#[tokio::test]
async fn a_role_of_the_office_is_given_and_taken_by_one_security_administrator() {
    let mut world = World::new().await;
    let pair = world.suggested_pair().await;
    let taken = world.post(&world.matchmaker, &format!("/pairs/{pair}/take"), json!(null)).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
    let done = ask(&world, &world.security_admin, &world.matchmaker, "lead").await;
    assert_eq!((done.status, &done.body["state"]), (StatusCode::CREATED, &json!("granted")));
    // From the next request on, sessions and tokens have ended, and what was taken is free.
    let ended = world.get(&world.matchmaker, "/me").await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    let queue = world.get(&world.other_matchmaker, "/pairs").await;
    assert_eq!(queue.body["items"][0]["id"], pair.as_str());
    let person = world.matchmaker.person.as_ref().unwrap().id;
    assert_eq!(db::people::get(world.db.read(), person).await.unwrap().role.as_str(), "lead");
    let same = ask(&world, &world.security_admin, &world.matchmaker, "lead").await;
    assert_eq!(same.code(), "wrong_state");
    let log = db::audit::of_object(world.db.read(), person.as_uuid()).await.unwrap();
    let actions: Vec<&str> = log.iter().map(|it| it.action.as_str()).collect();
    assert_eq!(actions, ["grants.ask:asked", "grants.ask:granted"]);
}

#[tokio::test]
async fn an_administrator_is_made_by_two_others() {
    let world = World::new().await;
    let (security, system) = (&world.security_admin, &world.system_admin);
    let asked = ask(&world, security, &world.lead, "auditor").await;
    assert_eq!((&asked.body["state"], &asked.body["takes_two"]), (&json!("asked"), &json!(true)));
    let unchanged = world.get(&world.lead, "/me").await;
    assert_eq!(unchanged.body["role"], "lead", "nothing happens before the second person");
    assert_eq!(confirm(&world, security, &asked).await.code(), "another_person");
    for nobody in [&world.auditor, &world.matchmaker, &world.lead] {
        let refused = confirm(&world, nobody, &asked).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "forbidden"));
    }
    let done = confirm(&world, system, &asked).await;
    assert_eq!(
        (&done.body["state"], &done.body["decided_by"]),
        (&json!("granted"), &json!(id(system)))
    );
    assert_eq!(confirm(&world, system, &asked).await.code(), "wrong_state");
    let own = ask(&world, security, security, "system_admin").await;
    assert_eq!((own.status, own.code()), (StatusCode::FORBIDDEN, "another_person"));
    // Whom it concerns does not confirm it either.
    let second = world.colleague_of(system, "sys.two").await;
    let concerning = ask(&world, security, system, "unassigned").await;
    assert_eq!(confirm(&world, system, &concerning).await.code(), "another_person");
    assert_eq!(confirm(&world, &second, &concerning).await.body["state"], "granted");
    for stranger in [&world.matchmaker, &world.enterprise] {
        assert_eq!(world.get(stranger, "/grants").await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_request_is_refused_taken_back_or_lapses() {
    let world = World::new().await;
    let (security, system) = (&world.security_admin, &world.system_admin);
    let why = json!({ "reason": "人选不合适" });
    for (who, expected) in [(system, "refused"), (security, "withdrawn")] {
        let asked = ask(&world, security, &world.lead, "auditor").await;
        let at = format!("/grants/{}/refuse", asked.id());
        assert_eq!(world.post(who, &at, json!({})).await.pointers(), ["/reason"]);
        let done = world.post(who, &at, why.clone()).await;
        assert_eq!(
            (&done.body["state"], &done.body["refusal"]),
            (&json!(expected), &why["reason"])
        );
        assert_eq!(confirm(&world, system, &asked).await.code(), "wrong_state");
    }
    let asked = ask(&world, security, &world.lead, "auditor").await;
    let listed = async |state: &str| {
        let page = world.get(&world.auditor, &format!("/grants?state={state}")).await;
        page.body["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("asked").await, listed("lapsed").await), (1, 0));
    world.clock.advance(TimeDelta::days(7));
    assert_eq!((listed("asked").await, listed("lapsed").await), (0, 1));
    assert_eq!(confirm(&world, system, &asked).await.code(), "wrong_state");
    let read = world.get(system, &format!("/grants/{}", asked.id())).await;
    assert_eq!(read.body["state"], "lapsed");
}

#[tokio::test]
async fn the_last_administrator_of_a_kind_stays() {
    let world = World::new().await;
    let second = world.colleague_of(&world.system_admin, "sys.two").await;
    let disable = |who: &Someone| format!("/people/{}/disable", id(who));
    for last in [&world.security_admin, &world.auditor] {
        let refused = world.post(&world.system_admin, &disable(last), json!(null)).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "last_administrator"));
        assert_eq!(world.get(last, "/me").await.status, StatusCode::OK);
    }
    let asked = ask(&world, &world.security_admin, &world.auditor, "unassigned").await;
    let refused = confirm(&world, &world.system_admin, &asked).await;
    assert_eq!(refused.code(), "last_administrator");
    let one = world.post(&second, &disable(&world.system_admin), json!(null)).await;
    assert_eq!(one.status, StatusCode::NO_CONTENT, "{}", one.body);
    let asked = ask(&world, &world.security_admin, &second, "unassigned").await;
    let third = world.colleague_of(&world.security_admin, "sec.two").await;
    assert_eq!(confirm(&world, &third, &asked).await.code(), "last_administrator");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_last_administrators_who_are_removed_at_once_one_stays() {
    let world = World::new().await;
    let second = world.colleague_of(&world.auditor, "aud.two").await;
    let world = Arc::new(world);
    for round in 0..5 {
        let both = [world.auditor.clone(), second.clone()].map(|it| {
            let (world, at) = (Arc::clone(&world), format!("/people/{}/disable", id(&it)));
            tokio::spawn(async move { world.post(&world.system_admin, &at, json!(null)).await })
        });
        let mut stayed = Vec::new();
        for (answer, who) in both.into_iter().zip([&world.auditor, &second]) {
            let answer: Answer = answer.await.unwrap();
            let left = db::people::get(world.db.read(), who.person.as_ref().unwrap().id);
            if left.await.unwrap().state.as_str() == "active" {
                assert_eq!(answer.code(), "last_administrator", "{}", answer.body);
                stayed.push(who);
            }
        }
        assert_eq!(stayed.len(), 1, "round {round}");
        for who in [&world.auditor, &second] {
            let enable = format!("/people/{}/enable", id(who));
            world.post(&world.system_admin, &enable, Value::Null).await;
        }
    }
}
