use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::Stdio,
};

use serde_json::json;

use crate::program::{Place, Server, send};

#[test]
fn a_demo_is_made_once_and_served_as_it_is_afterwards() {
    let place = Place::new();
    let data = place.folder.path().join("market");
    let start = || Server::start(place.command_in(&data, &["demo", "--port", "0"]));
    let server = start();
    let (_, market) = server.get(None, "/api/v1/market").unwrap();
    assert!(market["needs"].as_u64().unwrap() >= 50, "{market}");
    assert!(market["achievements"].as_u64().unwrap() >= 220, "{market}");
    let (status, found) = server.get(None, "/api/v1/search?q=%E7%93%A6%E6%96%AF").unwrap();
    assert!(status == 200 && found["total"].as_u64().unwrap() > 3, "{found}");
    let (status, page) = server.get(None, "/").unwrap();
    assert!(status == 200 && page.as_str().unwrap().contains("最新需求"));
    let (status, docs) = server.get(None, "/api/docs").unwrap();
    assert!(status == 200 && docs.as_str().unwrap().contains("/pairs/{id}/grade"));
    let (status, _) = server.get(None, "/metrics").unwrap();
    assert_eq!(status, 200);
    assert!(server.terminate().success());

    let again = start();
    let (_, same) = again.get(None, "/api/v1/market").unwrap();
    assert_eq!(same, market);
}

#[test]
fn everyone_in_a_new_demo_can_sign_in_and_pairs_wait() {
    let place = Place::new();
    let data = place.folder.path().join("market");
    // Whatever looked at the folder before, it is new until someone is in it.
    place.command_in(&data, &["migrate"]).output().unwrap();
    let mut command = place.command_in(&data, &["demo", "--port", "0"]);
    command.env_remove("KEZHUAN_DATABASE_URL");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.starts_with("Stop with") {
            break;
        }
        lines.push(line);
    }
    let base = lines.iter().find_map(|it| it.split_whitespace().find(|it| it.starts_with("http")));
    let base = base.unwrap().trim_end_matches('/').to_owned();
    let after = lines.iter().skip_while(|it| !it.starts_with("Sign in as")).skip(1);
    let mut roles = Vec::new();
    for line in after.take_while(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let body = json!({ "login": words[0], "password": words[1] });
        let at = ("POST", "/api/v1/sessions");
        let (status, session, _) = send(&base, at, &[], Some(&body)).unwrap();
        assert_eq!(status, 201, "{line}: {session}");
        let bearer = format!("Bearer {}", session["token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        let (_, me, _) = send(&base, ("GET", "/api/v1/me"), &headers, None).unwrap();
        let role = me["role"].as_str().unwrap().to_owned();
        if role == "matchmaker" {
            let (_, queue, _) = send(&base, ("GET", "/api/v1/pairs"), &headers, None).unwrap();
            assert!(queue["counts"]["suggested"].as_u64().unwrap() > 100, "{}", queue["counts"]);
        }
        roles.push(role);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    roles.sort_unstable();
    roles.dedup();
    let all = [
        "auditor",
        "enterprise",
        "lead",
        "matchmaker",
        "research",
        "security_admin",
        "system_admin",
    ];
    assert_eq!(roles, all);
}

#[test]
fn a_demo_that_cannot_be_served_makes_nothing() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = place.folder.path().join("market");
    let output = place.command_in(&data, &["demo", "--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!data.exists(), "no passwords were shown");
}
