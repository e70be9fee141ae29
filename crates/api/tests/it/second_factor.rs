use api::SecondFactor;
use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use domain::people::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::world::{Answer, Someone, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";

/// A device that holds the secret.
struct Device(String);

impl Device {
    fn code(&self, world: &World) -> String {
        let secret = Secret::try_from_base32(&self.0).unwrap();
        let device = Builder::new().with_secret(secret).build().unwrap();
        let now = world.clock.now().timestamp();
        device.generate(u64::try_from(now).unwrap()).to_string()
    }

    /// A code that was not used before.
    fn next(&self, world: &World) -> String {
        world.clock.advance(TimeDelta::seconds(30));
        self.code(world)
    }
}

async fn registered(world: &World) {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
        "consents": crate::world::consents(),
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

async fn sign_in(world: &World, code: Option<&str>) -> Answer {
    let mut credentials = json!({ "login": "yang.chen", "password": PASSWORD });
    if let Some(code) = code {
        credentials["code"] = json!(code);
    }
    world.post(&VISITOR, "/sessions", credentials).await
}

fn someone(session: &Value) -> Someone {
    Someone::with(session["token"].as_str().unwrap_or_else(|| panic!("{session}")))
}

/// Signs in and sets a second factor up; the recovery codes and the session that goes on.
async fn enrolled(world: &World) -> (Device, Vec<String>, Someone) {
    registered(world).await;
    let me = someone(&sign_in(world, None).await.body);
    let begun = world.post(&me, "/me/second-factor", json!({ "password": PASSWORD })).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    let device = Device(begun.body["secret"].as_str().unwrap().to_owned());
    assert!(begun.body["address"].as_str().unwrap().contains(&device.0));
    let code = json!({ "code": device.code(world) });
    let done = world.post(&me, "/me/second-factor/confirm", code).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let codes: Vec<String> = serde_json::from_value(done.body["recovery_codes"].clone()).unwrap();
    (device, codes, someone(&done.body["session"]))
}

#[tokio::test]
async fn a_second_factor_counts_when_it_is_confirmed_and_the_session_is_a_new_one() {
    let world = World::new().await;
    registered(&world).await;
    let (me, other) = (sign_in(&world, None).await, sign_in(&world, None).await);
    let (me, other) = (someone(&me.body), someone(&other.body));
    let wrong = world.post(&me, "/me/second-factor", json!({ "password": "wrong" })).await;
    assert_eq!(wrong.pointers(), ["/password"]);
    let early = world.post(&me, "/me/second-factor/confirm", json!({ "code": "123456" })).await;
    assert_eq!(early.code(), "wrong_state");
    let begun = world.post(&me, "/me/second-factor", json!({ "password": PASSWORD })).await;
    let device = Device(begun.body["secret"].as_str().unwrap().to_owned());
    assert_eq!(sign_in(&world, None).await.body["stage"], "whole", "it does not count yet");
    let wrong = world.post(&me, "/me/second-factor/confirm", json!({ "code": "000000" })).await;
    assert_eq!(wrong.pointers(), ["/code"]);
    let code = json!({ "code": device.code(&world) });
    let done = world.post(&me, "/me/second-factor/confirm", code).await;
    assert_eq!(done.body["recovery_codes"].as_array().unwrap().len(), 10, "{}", done.body);
    for ended in [&me, &other] {
        assert_eq!(world.get(ended, "/me").await.status, StatusCode::UNAUTHORIZED);
    }
    let me = someone(&done.body["session"]);
    let factor = world.get(&me, "/me/second-factor").await;
    assert_eq!(factor.body["recovery_codes"], 10);
    assert!(factor.body["since"].is_string() && factor.body["demanded"] == false);
}

#[tokio::test]
async fn the_password_alone_opens_nothing() {
    let world = World::new().await;
    let (device, _, _) = enrolled(&world).await;
    let half = sign_in(&world, None).await;
    assert_eq!((half.status, &half.body["stage"]), (StatusCode::CREATED, &json!("code")));
    assert!(half.body.get("person").is_none(), "{}", half.body);
    let me = someone(&half.body);
    for path in ["/me", "/needs", "/market", "/tokens", "/sessions", "/me/second-factor"] {
        let refused = world.get(&me, path).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "code_required"));
    }
    let code = json!({ "code": device.next(&world) });
    let whole = world.post(&me, "/sessions/current/code", code).await;
    assert_eq!((whole.status, &whole.body["stage"]), (StatusCode::CREATED, &json!("whole")));
    assert_eq!(world.get(&me, "/me").await.status, StatusCode::UNAUTHORIZED, "the half is gone");
    let me = someone(&whole.body);
    assert_eq!(world.get(&me, "/me").await.body["login"], "yang.chen");
    let again = json!({ "code": device.next(&world) });
    assert_eq!(world.post(&me, "/sessions/current/code", again).await.code(), "wrong_state");
}

#[tokio::test]
async fn half_a_sign_in_waits_five_minutes() {
    let world = World::new().await;
    let (device, _, _) = enrolled(&world).await;
    let me = someone(&sign_in(&world, None).await.body);
    world.clock.advance(TimeDelta::minutes(5));
    let code = json!({ "code": device.code(&world) });
    let late = world.post(&me, "/sessions/current/code", code).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_serves_once_however_often_it_is_sent_at_once() {
    let world = World::new().await;
    let (device, recovery, _) = enrolled(&world).await;
    for code in [device.next(&world), recovery[0].clone()] {
        let answers = join_all((0..20).map(|_| sign_in(&world, Some(&code)))).await;
        let let_in = answers.iter().filter(|it| it.status == StatusCode::CREATED).count();
        assert_eq!(let_in, 1, "{:?}", answers.iter().map(Answer::code).collect::<Vec<_>>());
        world.clock.advance(TimeDelta::minutes(16));
    }
    let code = device.next(&world);
    assert_eq!(sign_in(&world, Some(&code)).await.status, StatusCode::CREATED);
    let again = sign_in(&world, Some(&code)).await;
    assert_eq!((again.status, again.code()), (StatusCode::UNAUTHORIZED, "wrong_code"));
}

#[tokio::test]
async fn wrong_codes_count_and_the_right_password_does_not_wipe_them_out() {
    let world = World::new().await;
    let (device, _, _) = enrolled(&world).await;
    for number in 0..5 {
        let half = sign_in(&world, None).await;
        assert_eq!(half.body["stage"], "code", "{number}");
        let wrong = json!({ "code": "000000" });
        let refused = world.post(&someone(&half.body), "/sessions/current/code", wrong).await;
        assert_eq!(refused.code(), "wrong_code", "{number}");
    }
    let code = device.next(&world);
    assert_eq!(sign_in(&world, Some(&code)).await.code(), "too_many_attempts");
}

#[tokio::test]
async fn recovery_codes_serve_once_each_and_are_made_anew() {
    let world = World::new().await;
    let (_, old, me) = enrolled(&world).await;
    assert_eq!(sign_in(&world, Some(&old[0].to_uppercase())).await.status, StatusCode::CREATED);
    assert_eq!(sign_in(&world, Some(&old[0])).await.code(), "wrong_code");
    assert_eq!(world.get(&me, "/me/second-factor").await.body["recovery_codes"], 9);
    let renewed = json!({ "password": PASSWORD });
    let renewed = world.post(&me, "/me/second-factor/recovery-codes", renewed).await;
    let new: Vec<String> = serde_json::from_value(renewed.body["recovery_codes"].clone()).unwrap();
    assert_eq!(sign_in(&world, Some(&old[1])).await.code(), "wrong_code");
    assert_eq!(sign_in(&world, Some(&new[1])).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn where_it_is_demanded_nothing_can_be_done_before_it_is_set_up() {
    let mut world = World::new().await;
    registered(&world).await;
    world.router = world.replica_by(|it| it.second_factor = SecondFactor::Everyone);
    let session = sign_in(&world, None).await;
    assert_eq!(session.body["stage"], "enrolment", "{}", session.body);
    let me = someone(&session.body);
    let refused = world.get(&me, "/needs").await;
    assert_eq!(refused.code(), "second_factor_required");
    let begun = world.post(&me, "/me/second-factor", json!({ "password": PASSWORD })).await;
    let device = Device(begun.body["secret"].as_str().unwrap().to_owned());
    let code = json!({ "code": device.code(&world) });
    let done = world.post(&me, "/me/second-factor/confirm", code).await;
    assert_eq!(done.body["session"]["stage"], "whole");
    let me = someone(&done.body["session"]);
    assert_eq!(world.get(&me, "/needs").await.status, StatusCode::OK);
    let disable = json!({ "password": PASSWORD });
    let refused = world.post(&me, "/me/second-factor/disable", disable).await;
    assert_eq!(refused.code(), "second_factor_required");
    for role in Role::ALL {
        assert_eq!(SecondFactor::Staff.is_demanded_of(role), role.is_staff());
        assert!(!SecondFactor::Optional.is_demanded_of(role));
    }
}

#[tokio::test]
async fn it_is_taken_away_with_the_password_or_by_the_system_administrator() {
    let world = World::new().await;
    let (_, _, me) = enrolled(&world).await;
    let person = world.get(&me, "/me").await.id();
    let reset = format!("/people/{person}/second-factor/reset");
    for (who, status) in [
        (&world.security_admin, StatusCode::FORBIDDEN),
        (&me, StatusCode::FORBIDDEN),
        (&world.system_admin, StatusCode::NO_CONTENT),
    ] {
        let answer = world.call(who, (Method::POST, &reset), &[], None).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert_eq!(world.get(&me, "/me").await.status, StatusCode::UNAUTHORIZED);
    let session = sign_in(&world, None).await;
    assert_eq!(session.body["stage"], "whole");
    let own = world.system_admin.person.as_ref().unwrap().id;
    let own = format!("/people/{own}/second-factor/reset");
    let refused = world.call(&world.system_admin, (Method::POST, &own), &[], None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "never one's own");
    let me = someone(&session.body);
    let begun = world.post(&me, "/me/second-factor", json!({ "password": PASSWORD })).await;
    let device = Device(begun.body["secret"].as_str().unwrap().to_owned());
    let code = json!({ "code": device.next(&world) });
    let done = world.post(&me, "/me/second-factor/confirm", code).await;
    let me = someone(&done.body["session"]);
    let gone = world.post(&me, "/me/second-factor/disable", json!({ "password": PASSWORD })).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(&world, None).await.body["stage"], "whole");
}
