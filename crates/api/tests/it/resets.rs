use api::{Limits, Paces};
use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use db::scratch;
use domain::rates::Pace;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{Someone, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";
const NEW: &str = "丹河水边的新密码很长很长";
const MAIL: &str = "yang.chen@canary.example.cn";

/// Someone who registered with a mail address and confirmed it.
pub(crate) async fn known(world: &World) -> Someone {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
        "mail": MAIL,
        "consents": crate::world::consents(),
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    confirm(world).await;
    let session = sign_in(world, PASSWORD).await;
    Someone::with_token(session["token"].as_str().unwrap())
}

async fn confirm(world: &World) {
    let token = json!({ "token": world.last_link().await });
    let done = world.post(&VISITOR, "/mail-confirmations", token).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
}

async fn sign_in(world: &World, password: &str) -> Value {
    let credentials = json!({ "login": "yang.chen", "password": password });
    world.post(&VISITOR, "/sessions", credentials).await.body
}

async fn ask(world: &World, login: &str) {
    let asked = world.post(&VISITOR, "/password-resets", json!({ "login": login })).await;
    assert_eq!((asked.status, &asked.body), (StatusCode::ACCEPTED, &Value::Null));
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_mailed_link_and_ends_everything() {
    let world = World::new().await;
    let who = known(&world).await;
    let token = world.post(&who, "/tokens", json!({ "name": "夜间导入" })).await;
    let program = Someone::with_token(token.body["secret"].as_str().unwrap());
    ask(&world, "Yang.Chen").await;
    let letters = world.letters().await;
    assert_eq!(letters.last().unwrap().to, MAIL);
    let token = world.last_link().await;
    let weak = json!({ "token": token, "password": "某某铸业" });
    let weak = world.post(&VISITOR, "/password-resets/use", weak).await;
    let codes: Vec<_> =
        weak.body["errors"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["too_short", "guessable"], "all faults, and the link still serves");
    let used = json!({ "token": token, "password": PASSWORD });
    let used = world.post(&VISITOR, "/password-resets/use", used).await;
    assert_eq!(used.body["errors"][0]["code"], "used_before", "{}", used.body);
    let good = json!({ "token": token, "password": NEW });
    let done = world.post(&VISITOR, "/password-resets/use", good.clone()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert!(done.headers.get("set-cookie").is_none(), "nobody is signed in by it");
    for ended in [&who, &program] {
        assert_eq!(world.get(ended, "/me").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(sign_in(&world, PASSWORD).await["code"], "wrong_credentials");
    assert_eq!(sign_in(&world, NEW).await["stage"], "whole");
    let again = world.post(&VISITOR, "/password-resets/use", good).await;
    assert_eq!((again.status, again.code()), (StatusCode::GONE, "link_ended"));
    let told = world.letters().await;
    assert!(told.last().unwrap().text.contains("密码刚刚"), "its owner is told: {told:?}");
}

#[tokio::test]
async fn of_twenty_who_use_a_link_at_once_one_sets_the_password() {
    let world = World::new().await;
    known(&world).await;
    ask(&world, "yang.chen").await;
    let token = world.last_link().await;
    let uses = (0..20).map(|it| {
        let body = json!({ "token": token, "password": format!("第{it}个丹河水边的新密码很长") });
        let world = &world;
        async move { world.post(&VISITOR, "/password-resets/use", body).await }
    });
    let answers = join_all(uses).await;
    let done = answers.iter().filter(|it| it.status == StatusCode::NO_CONTENT).count();
    let ended = answers.iter().filter(|it| it.code() == "link_ended").count();
    let busy = answers.iter().filter(|it| it.code() == "too_many_requests").count();
    assert_eq!((done, ended + busy), (1, 19), "{answers:?}");
    assert!(ended > 0, "some came as far as the link");
}

#[tokio::test]
async fn a_link_ends_after_half_an_hour_and_with_any_new_password() {
    let world = World::new().await;
    let who = known(&world).await;
    ask(&world, "yang.chen").await;
    let late = world.last_link().await;
    world.clock.advance(TimeDelta::minutes(29));
    ask(&world, "yang.chen").await;
    let fresh = world.last_link().await;
    assert_ne!(late, fresh);
    world.clock.advance(TimeDelta::minutes(1));
    let use_one = async |token: &str| {
        let body = json!({ "token": token, "password": NEW });
        world.post(&VISITOR, "/password-resets/use", body).await.status
    };
    assert_eq!(use_one(&late).await, StatusCode::GONE);
    let change = json!({ "old": PASSWORD, "new": "羊头山上的另一个好密码啊" });
    let who = match world.get(&who, "/me").await.status {
        StatusCode::OK => who,
        _ => Someone::with_token(sign_in(&world, PASSWORD).await["token"].as_str().unwrap()),
    };
    let changed = world.call(&who, (Method::PUT, "/me/password"), &[], Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(use_one(&fresh).await, StatusCode::GONE);
    for wrong in ["", "kzl_", "kzl_wrong"] {
        assert_eq!(use_one(wrong).await, StatusCode::GONE);
    }
}

/// What is done for a request is the same, to the statement, whether there is such an account: it is
/// looked up by whoever sends the mail.
#[tokio::test]
async fn whether_there_is_an_account_cannot_be_told_from_asking_for_a_link() {
    let world = World::new().await;
    known(&world).await;
    let before = world.letters().await.len();
    let mut told = Vec::new();
    for login in ["yang.chen", "nobody.here", "plant.li", "太行山"] {
        let asked = world.post(&VISITOR, "/password-resets", json!({ "login": login })).await;
        let lines = db::audit::Search {
            action: Some("passwords.reset:asked".into()),
            ..Default::default()
        };
        let part = db::audit::Part::Before(None);
        let line = db::audit::list(world.db.read(), &lines, part, 1).await.unwrap().remove(0).line;
        let jobs = db::jobs::count(world.db.read(), &[db::jobs::Kind::PostMail]).await.unwrap();
        told.push((asked.status, asked.body, line.object, line.detail, jobs));
    }
    let jobs: Vec<u64> = told.iter().map(|it| it.4).collect();
    assert_eq!(jobs, [1, 2, 3, 4], "each leaves the same behind");
    assert!(told.iter().all(|it| (it.0, &it.2) == (StatusCode::ACCEPTED, &None)), "{told:?}");
    let after = world.letters().await;
    assert_eq!(after.len(), before + 1, "but only one has an account with an address");
}

#[tokio::test]
async fn a_link_does_not_stand_for_the_second_factor() {
    let world = World::new().await;
    let who = known(&world).await;
    let me = world.get(&who, "/me").await.id().parse().unwrap();
    let person = domain::people::PersonId::from_uuid(me);
    world
        .db
        .write(async |tx| {
            let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
            db::second_factors::begin(tx, person, secret).await?;
            db::second_factors::confirm(tx, (person, secret), (0, world.clock.now())).await
        })
        .await
        .unwrap();
    ask(&world, "yang.chen").await;
    let good = json!({ "token": world.last_link().await, "password": NEW });
    let done = world.post(&VISITOR, "/password-resets/use", good).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert_eq!(sign_in(&world, NEW).await["stage"], "code");
}

#[tokio::test]
async fn a_disabled_account_gets_no_link_and_one_it_has_is_of_no_use() {
    let world = World::new().await;
    let who = known(&world).await;
    ask(&world, "yang.chen").await;
    let token = world.last_link().await;
    let id = world.get(&who, "/me").await.id();
    let at = format!("/people/{id}/disable");
    world.call(&world.system_admin, (Method::POST, &at), &[], None).await;
    let sent = world.letters().await.len();
    ask(&world, "yang.chen").await;
    assert_eq!(world.letters().await.len(), sent);
    let body = json!({ "token": token, "password": NEW });
    let refused = world.post(&VISITOR, "/password-resets/use", body).await;
    assert_eq!(refused.status, StatusCode::GONE);
}

#[tokio::test]
async fn neither_links_nor_addresses_are_in_the_log_or_readable_in_the_database() {
    let world = World::new().await;
    known(&world).await;
    ask(&world, "yang.chen").await;
    let token = world.last_link().await;
    ask(&world, "yang.chen").await;
    let kept = scratch::kept(&world.db).await.unwrap();
    assert!(scratch::holds(&kept, "某某铸业"), "the search looks where it should");
    assert!(!scratch::holds(&kept, MAIL) && !scratch::holds(&kept, &token));
    let log = world.get(&world.auditor, "/audit?limit=100").await;
    let text = log.body.to_string();
    assert!(text.contains("passwords.reset:offered"), "{text}");
    assert!(!text.contains("canary") && !text.contains("kzl_"), "{text}");
}

#[tokio::test]
async fn another_address_counts_once_it_is_confirmed_and_the_old_one_is_told() {
    const OTHER: &str = "chen@new.example.cn";
    let world = World::new().await;
    let who = known(&world).await;
    let put =
        async |body: Value| world.call(&who, (Method::PUT, "/me/mail"), &[], Some(body)).await;
    let wrong = put(json!({ "mail": OTHER, "password": "not the password" })).await;
    assert_eq!(wrong.pointers(), ["/password"], "a session left open is not enough");
    let asked = put(json!({ "mail": OTHER, "password": PASSWORD })).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    assert_eq!(world.get(&who, "/me/mail").await.body["mail"], MAIL, "not yet");
    ask(&world, "yang.chen").await;
    let letters = world.letters().await;
    let [.., asked, reset] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!((asked.to.as_str(), reset.to.as_str()), (OTHER, MAIL));
    let confirm = json!({ "token": asked.link() });
    let done = world.post(&VISITOR, "/mail-confirmations", confirm.clone()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert_eq!(world.post(&VISITOR, "/mail-confirmations", confirm).await.code(), "link_ended");
    assert_eq!(world.get(&who, "/me/mail").await.body["mail"], OTHER);
    let told = world.letters().await;
    let told = told.last().unwrap();
    assert!(told.to == MAIL && told.text.contains("邮箱已更换"), "{told:?}");
    let old = json!({ "token": reset.link(), "password": NEW });
    let old = world.post(&VISITOR, "/password-resets/use", old).await;
    assert_eq!(old.code(), "link_ended", "what was sent to the old address serves no more");
    let gone = put(json!({ "mail": null, "password": PASSWORD })).await;
    assert_eq!(gone.status, StatusCode::ACCEPTED);
    assert_eq!(world.get(&who, "/me/mail").await.body["mail"], Value::Null);
}

#[tokio::test]
async fn nobody_fills_a_mailbox_with_links_to_confirm_it() {
    let world = World::new().await;
    let who = known(&world).await;
    let mut codes = Vec::new();
    for at in 0..4 {
        let body = json!({ "mail": format!("a{at}@example.cn"), "password": PASSWORD });
        let asked = world.call(&who, (Method::PUT, "/me/mail"), &[], Some(body)).await;
        codes.push(asked.code().to_owned());
    }
    assert_eq!(codes, ["", "", "", "limit_reached"]);
}

#[tokio::test]
async fn what_visitors_may_send_by_mail_is_counted_with_registrations() {
    let mut world = World::new().await;
    let paces = Paces { entry: Pace::a_minute(2), ..Paces::default() };
    world.router = world.limited_replica(Limits { paces, ..Limits::default() });
    ask(&world, "yang.chen").await;
    let token = json!({ "token": "kzl_x" });
    let second = world.post(&VISITOR, "/mail-confirmations", token.clone()).await;
    assert_eq!(second.code(), "link_ended", "{}", second.body);
    for path in ["/password-resets", "/mail-confirmations", "/invitations/accept", "/applications"]
    {
        let refused = world.post(&VISITOR, path, token.clone()).await;
        assert_eq!(refused.code(), "too_many_requests", "{path}");
    }
}
