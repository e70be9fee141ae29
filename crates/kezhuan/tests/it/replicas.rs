use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    left_out,
    program::{Place, RESEARCH, Server},
};

/// How soon a replica must know what another one did.
const SOON: Duration = Duration::from_secs(5);

/// Two programs on one PostgreSQL, each with an index of its own.
#[test]
fn two_replicas_serve_one_market_and_either_may_die() {
    if !db::scratch::on_postgres() {
        left_out::say("two replicas on one PostgreSQL.");
        return;
    }
    let place = Place::new();
    place.people();
    let folders = ["one", "other"].map(|it| place.folder.path().join(it));
    let start =
        |at: usize| Server::start(place.command_in(&folders[at], &["serve", "--port", "0"]));
    let (one, other) = (start(0), start(1));
    one.wait_until_ready();
    other.wait_until_ready();

    let rows = place.folder.path().join("rows.jsonl");
    let row =
        json!({ "id": "a", "title": "球墨铸铁气孔缺陷控制工艺", "body": "气孔率由 7% 降到 1.5%" });
    std::fs::write(&rows, row.to_string()).unwrap();
    let rows = rows.to_str().unwrap();
    let by = ["--by", "office.feng", "--organisation", RESEARCH, "--publish"];
    place.ok(&[&["import", "achievements", rows][..], &by].concat());
    for server in [&one, &other] {
        wait_for(|| found(server) == 1);
    }
    let row = json!({ "id": "n", "title": "球墨铸铁件气孔率降低技术", "body": "每月报废四十吨" });
    std::fs::write(rows, row.to_string()).unwrap();
    place.ok(&[&["import", "needs", rows][..], &by].concat());
    let token = one.sign_in("office.feng");
    for server in [&one, &other] {
        wait_for(|| found(server) == 2);
        // A session of one replica holds on the other.
        wait_for(|| {
            server.get(Some(&token), "/api/v1/pairs").unwrap().1["counts"]["suggested"] == 1
        });
    }

    one.kill();
    let row = json!({ "id": "n2", "title": "铸铁件气孔率在线检测", "body": "气孔率要当班知道" });
    std::fs::write(rows, row.to_string()).unwrap();
    place.ok(&[&["import", "needs", rows][..], &by].concat());
    wait_for(|| found(&other) == 3);
    wait_for(|| other.get(Some(&token), "/api/v1/pairs").unwrap().1["counts"]["suggested"] == 2);

    let back = start(0);
    back.wait_until_ready();
    wait_for(|| found(&back) == 3);
    place.ok(&["audit", "verify"]);
}

fn found(server: &Server) -> u64 {
    let (status, body) = server.get(None, "/api/v1/search?q=%E6%B0%94%E5%AD%94").unwrap();
    assert_eq!(status, 200, "{body}");
    body["total"].as_u64().unwrap()
}

fn wait_for(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < SOON, "not within {SOON:?}");
        thread::sleep(Duration::from_millis(50));
    }
}
