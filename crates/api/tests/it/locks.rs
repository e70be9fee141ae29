use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::world::{Answer, VISITOR, World};

const PASSWORD: &str = "羊头山上羊头山下的铸管厂";
const HOME: &str = "192.0.2.1";

async fn registered(world: &World) {
    let registration = json!({
        "organisation": { "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" },
        "account": { "login": "yang.chen", "password": PASSWORD, "name": "陈工" },
        "consents": crate::world::consents(),
    });
    let made = world.post(&VISITOR, "/organisations", registration).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

async fn sign_in(world: &World, from: &str, login: &str, password: &str) -> Answer {
    let credentials = json!({ "login": login, "password": password });
    let mut request = Request::post("/api/v1/sessions")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(credentials.to_string()))
        .unwrap();
    let peer = SocketAddr::new(from.parse().unwrap(), 4321);
    request.extensions_mut().insert(ConnectInfo(peer));
    world.send(request).await
}

fn seconds(answer: &Answer) -> u64 {
    answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn five_failures_lock_an_account_for_that_source_alone_whether_it_exists_or_not() {
    let world = World::new().await;
    registered(&world).await;
    for login in ["yang.chen", "yang.nobody"] {
        for _ in 0..5 {
            assert_eq!(sign_in(&world, HOME, login, "wrong").await.code(), "wrong_credentials");
        }
        let locked = sign_in(&world, HOME, login, PASSWORD).await;
        assert_eq!(
            (locked.status, locked.code()),
            (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts")
        );
        assert_eq!(seconds(&locked), 900);
        let written_otherwise = sign_in(&world, HOME, &login.to_uppercase(), PASSWORD).await;
        assert_eq!(written_otherwise.code(), "too_many_attempts");
    }
    let elsewhere = sign_in(&world, "192.0.2.2", "yang.chen", PASSWORD).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "nobody locks anybody else out");
    world.clock.advance(TimeDelta::minutes(15));
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_source() {
    let world = World::new().await;
    registered(&world).await;
    for number in 0..5 {
        sign_in(&world, &format!("2001:db8::{number}"), "yang.chen", "wrong").await;
    }
    let locked = sign_in(&world, "2001:db8::beef:1", "yang.chen", PASSWORD).await;
    assert_eq!(locked.code(), "too_many_attempts");
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_than_five_are_looked_at() {
    let world = World::new().await;
    registered(&world).await;
    let guess = |number: usize| {
        let world = &world;
        let guess = if number == 29 { PASSWORD.to_owned() } else { format!("guess {number}") };
        async move { sign_in(world, HOME, "yang.chen", &guess).await }
    };
    let answers = join_all((0..30).map(guess)).await;
    let looked_at = answers.iter().filter(|it| it.code() != "too_many_attempts").count();
    assert_eq!(looked_at, 5);
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.code(), "too_many_attempts");
}

#[tokio::test]
async fn a_lock_holds_on_every_replica() {
    let mut world = World::new().await;
    registered(&world).await;
    for _ in 0..5 {
        sign_in(&world, HOME, "yang.chen", "wrong").await;
    }
    world.router = world.replica();
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.code(), "too_many_attempts");
}

/// Strangers from everywhere try one account. Whoever has come in before from where they are comes
/// in again; another has to wait, and never longer than a lock lasts.
#[tokio::test]
async fn strangers_cannot_lock_out_an_owner_who_has_come_in_before() {
    let world = World::new().await;
    registered(&world).await;
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.status, StatusCode::CREATED);
    for number in 0..60 {
        sign_in(&world, &format!("198.51.100.{number}"), "yang.chen", "wrong").await;
    }
    let stranger = sign_in(&world, "203.0.113.9", "yang.chen", "wrong").await;
    assert_eq!(stranger.code(), "too_many_attempts", "one guess after another is slowed down");
    assert!(seconds(&stranger) <= 900);
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_source_that_tries_many_accounts_has_to_wait_with_all_of_them() {
    let world = World::new().await;
    registered(&world).await;
    for number in 0..50 {
        let refused = sign_in(&world, "203.0.113.9", &format!("user{number}"), "wrong").await;
        assert_eq!(refused.code(), "wrong_credentials", "{number}");
    }
    let sprayed = sign_in(&world, "203.0.113.9", "yang.chen", PASSWORD).await;
    assert_eq!(sprayed.code(), "too_many_attempts");
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn success_forgets_failures_and_a_lock_can_be_lifted() {
    let world = World::new().await;
    registered(&world).await;
    for _ in 0..3 {
        for _ in 0..4 {
            sign_in(&world, HOME, "yang.chen", "wrong").await;
        }
        assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.status, StatusCode::CREATED);
    }
    for _ in 0..5 {
        sign_in(&world, HOME, "yang.chen", "wrong").await;
    }
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.code(), "too_many_attempts");
    let account = api::attempts::account("yang.chen");
    let now = world.clock.now();
    assert!(db::attempts::is_locked(world.db.read(), &account, now).await.unwrap());
    world.db.write(async |tx| db::attempts::unlock(tx, &account).await).await.unwrap();
    assert_eq!(sign_in(&world, HOME, "yang.chen", PASSWORD).await.status, StatusCode::CREATED);
}

/// A session left open is no place to guess the password.
#[tokio::test]
async fn guesses_in_a_session_count_like_any_other() {
    let world = World::new().await;
    registered(&world).await;
    let session = sign_in(&world, HOME, "yang.chen", PASSWORD).await;
    let me = crate::world::Someone::with(session.body["token"].as_str().unwrap());
    for number in 0..6 {
        let body = json!({ "old": "wrong", "new": "另一个很长很长很长的新密码" });
        let at = (axum::http::Method::PUT, "/me/password");
        let refused = world.call(&me, at, &[], Some(body)).await;
        let expected = if number < 5 { "invalid" } else { "too_many_attempts" };
        assert_eq!(refused.code(), expected, "{number}");
    }
}

/// What can be told from the time of an answer: the two cases take turns, and their medians are
/// said. What is asserted is what makes them alike: a hash is computed in both.
#[tokio::test]
async fn an_account_that_does_not_exist_takes_as_long() {
    let world = World::new().await;
    registered(&world).await;
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..40_u8 {
        for (at, login) in ["yang.chen", "yang.nobody"].into_iter().enumerate() {
            let from = format!("10.{number}.{at}.1");
            let started = Instant::now();
            let refused = sign_in(&world, &from, login, "wrong").await;
            times[at].push(started.elapsed());
            world.clock.advance(TimeDelta::minutes(16));
            assert_eq!(refused.code(), "wrong_credentials");
        }
    }
    let [known, unknown] = times.map(|mut it| {
        it.sort_unstable();
        it[it.len() / 2]
    });
    println!("medians: {known:?} with an account, {unknown:?} without");
    let hash = Duration::from_millis(3);
    assert!(known > hash && unknown > hash, "{known:?} {unknown:?}: no hash was computed");
}

/// Two hundred sign-ins at once: they are let in or told to wait, the pool is bounded, and what
/// others ask is answered meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sign_ins_at_once_leave_others_alone() {
    let world = World::new().await;
    registered(&world).await;
    let many = async {
        let one = |number: usize| {
            let from = format!("10.1.{}.{}", number / 200, number % 200);
            let world = &world;
            async move { sign_in(world, &from, "yang.chen", PASSWORD).await }
        };
        join_all((0..200).map(one)).await
    };
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let started = Instant::now();
            let request = Request::get("/healthz").body(Body::empty()).unwrap();
            assert_eq!(world.send(request).await.status, StatusCode::OK);
            slowest = slowest.max(started.elapsed());
            tokio::task::yield_now().await;
        }
        slowest
    };
    let (answers, slowest) = tokio::join!(many, others);
    let count = |status| answers.iter().filter(|it| it.status == status).count();
    let (made, wait) = (count(StatusCode::CREATED), count(StatusCode::TOO_MANY_REQUESTS));
    println!("{made} let in, {wait} told to wait; others waited {slowest:?} at the most");
    assert_eq!(made + wait, 200);
    assert!(made >= 16, "the pool has sixteen places: {made}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
