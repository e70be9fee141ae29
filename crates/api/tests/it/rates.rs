use std::net::SocketAddr;

use api::{Limits, Paces};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use domain::rates::Pace;
use serde_json::json;

use crate::world::{Answer, World};

fn paced(paces: Paces) -> Limits {
    Limits { paces, ..Limits::default() }
}

fn reads(a_minute: u32) -> Limits {
    paced(Paces { read: Pace::a_minute(a_minute), ..Paces::default() })
}

/// How many of so many requests are let through.
async fn let_through(world: &World, requests: usize) -> usize {
    let mut good = 0;
    for _ in 0..requests {
        let answer = world.get(&world.enterprise, "/codes").await;
        let limited = answer.status == StatusCode::TOO_MANY_REQUESTS;
        assert!(limited || answer.status == StatusCode::OK, "{}", answer.body);
        good += usize::from(!limited);
    }
    good
}

/// Asks as a visitor from an address.
async fn from(world: &World, address: &str, request: (&str, &str)) -> Answer {
    let (method, path) = request;
    let peer: SocketAddr = address.parse().unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(peer));
    world.send(request.body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn two_replicas_together_let_through_hardly_more_than_the_limit() {
    let mut world = World::new().await;
    let replicas = [world.limited_replica(reads(600)), world.limited_replica(reads(600))];
    let mut good = 0;
    for round in 0..150 {
        // In runs of different lengths, so that neither is ever right by itself.
        for (place, run) in [(0, round % 7), (1, round % 5 + 2)] {
            world.router = replicas[place].clone();
            good += let_through(&world, run).await;
        }
    }
    // A hundredth of the limit is six: the other replica may have been told of five too few.
    assert!((600..=605).contains(&good), "{good}");
    world.clock.advance(TimeDelta::seconds(30));
    let after = let_through(&world, 400).await;
    // Half a minute brings half of it back, less what was too much.
    assert!((895..=905).contains(&(good + after)), "{good}, {after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_counted_one_by_one() {
    let world = World::new().await;
    let replicas = [world.limited_replica(reads(40)), world.limited_replica(reads(40))];
    let ask = |number: usize| {
        let mut request = Request::get("/api/v1/codes").body(Body::empty()).unwrap();
        let peer: SocketAddr = ([192, 0, 2, 1], 1).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = replicas[number % 2].clone();
        tokio::spawn(
            async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status() },
        )
    };
    let asked: Vec<_> = (0..60).map(ask).collect();
    let mut good = 0;
    for answer in asked {
        good += usize::from(answer.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(good, 40, "a small limit is told with every request, and is right to the last one");
}

#[tokio::test]
async fn a_program_that_starts_again_knows_what_was_asked_before() {
    let mut world = World::new().await;
    world.router = world.limited_replica(reads(200));
    assert_eq!(let_through(&world, 250).await, 200);
    world.router = world.limited_replica(reads(200));
    assert!(let_through(&world, 50).await <= 1);
}

#[tokio::test]
async fn what_is_left_is_told_and_when_to_come_back() {
    let mut world = World::new().await;
    world.router = world.limited_replica(reads(3));
    let first = world.get(&world.enterprise, "/codes").await;
    assert_eq!(first.headers["ratelimit"], r#""read";r=2;t=20"#);
    assert_eq!(first.headers["ratelimit-policy"], r#""read";q=3;w=60"#);
    world.get(&world.enterprise, "/codes").await;
    let unknown = world.get(&world.enterprise, "/needs/01890000-0000-7000-8000-000000000000").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.headers["ratelimit"], r#""read";r=0;t=60"#, "refusals say it too");
    let refused = world.get(&world.enterprise, "/codes").await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
    );
    assert_eq!(refused.headers[header::RETRY_AFTER], "20");
    assert_eq!(refused.headers["ratelimit"], r#""read";r=0;t=60"#);
    world.clock.advance(TimeDelta::seconds(20));
    assert_eq!(world.get(&world.enterprise, "/codes").await.status, StatusCode::OK);
    assert_eq!(world.get(&world.enterprise, "/codes").await.status.as_u16(), 429);
}

#[tokio::test]
async fn each_caller_and_each_class_is_counted_apart() {
    let mut world = World::new().await;
    let one = Pace::a_minute(1);
    world.router = world.limited_replica(paced(Paces {
        sign_in: one,
        entry: one,
        search: one,
        write: one,
        read: one,
    }));
    let status =
        async |address: &str, request| from(&world, address, request).await.status.as_u16();
    assert_eq!(status("192.0.2.1:1", ("GET", "/codes")).await, 200);
    assert_eq!(status("192.0.2.1:2", ("GET", "/market")).await, 429, "another port, same visitor");
    assert_eq!(status("[::ffff:192.0.2.1]:1", ("GET", "/codes")).await, 429, "written otherwise");
    assert_eq!(status("192.0.2.2:1", ("GET", "/codes")).await, 200);
    assert_eq!(status("[2001:db8::1]:1", ("GET", "/codes")).await, 200);
    assert_eq!(status("[2001:db8::ffff:1]:1", ("GET", "/codes")).await, 429, "same network");
    assert_eq!(status("[2001:db8:0:1::1]:1", ("GET", "/codes")).await, 200);
    assert_eq!(status("192.0.2.1:1", ("POST", "/sessions")).await, 422);
    assert_eq!(status("192.0.2.1:1", ("POST", "/sessions")).await, 429);
    assert_eq!(status("192.0.2.1:1", ("POST", "/organisations")).await, 422);
    assert_eq!(status("192.0.2.1:1", ("POST", "/organisations")).await, 429);
    assert_eq!(status("192.0.2.1:1", ("GET", "/search?q=x")).await, 200);
    assert_eq!(status("192.0.2.1:1", ("GET", "/search?q=x")).await, 429);
    let own = world.get(&world.enterprise, "/me").await;
    assert_eq!(own.status, StatusCode::OK, "a person is counted apart, wherever they are");
    let made = world.post(&world.enterprise, "/needs", json!({})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(world.post(&world.enterprise, "/needs", json!({})).await.status.as_u16(), 429);
    for _ in 0..5 {
        let alive = Request::get("/healthz").body(Body::empty()).unwrap();
        assert_eq!(world.send(alive).await.status, StatusCode::OK);
    }
}
