use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::program::{PASSWORD, Place, Server};

fn serve_with(place: &Place, settings: &[(&str, &str)]) -> Server {
    let mut command = place.command(&["serve", "--port", "0"]);
    for (name, value) in settings {
        command.env(name, value);
    }
    Server::start(command)
}

#[test]
fn a_client_that_dawdles_over_its_head_is_sent_away() {
    let place = Place::new();
    let server = serve_with(&place, &[("KEZHUAN_SERVER_HEAD_SECONDS", "1")]);
    let mut slow = TcpStream::connect(server.address()).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n").unwrap();
    let started = Instant::now();
    let mut rest = Vec::new();
    // Closed by the server, with or without a word.
    let _ = slow.read_to_end(&mut rest);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(8), "still open after {took:?}");
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "it was answered");
    assert_eq!(server.get(None, "/healthz").unwrap().0, 200);
}

#[test]
fn beyond_the_cap_connections_are_closed_at_once_and_places_come_back() {
    let place = Place::new();
    let server = serve_with(&place, &[("KEZHUAN_SERVER_CONNECTIONS", "5")]);
    let held: Vec<TcpStream> =
        (0..5).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    thread::sleep(Duration::from_millis(200));
    let mut refused = TcpStream::connect(server.address()).unwrap();
    refused.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = refused.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = Vec::new();
    let _ = refused.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    drop(held);
    let patience = Instant::now();
    while !server.get(None, "/healthz").is_ok_and(|it| it.0 == 200) {
        assert!(patience.elapsed() < Duration::from_secs(5), "no place came back");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_client_that_dawdles_over_its_body_is_told_so() {
    let place = Place::new();
    let server = serve_with(&place, &[("KEZHUAN_SERVER_BODY_SECONDS", "1")]);
    let mut slow = TcpStream::connect(server.address()).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    slow.write_all(format!("{head}Content-Length: 1000\r\n\r\n{{").as_bytes()).unwrap();
    let started = Instant::now();
    let mut answer = String::new();
    let _ = slow.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("slow_body"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(8), "the connection is closed too");
}

#[test]
fn a_client_that_does_not_read_is_sent_away() {
    let place = Place::new();
    let settings = [("KEZHUAN_SERVER_WRITE_SECONDS", "1"), ("KEZHUAN_SERVER_CONNECTIONS", "2")];
    let server = serve_with(&place, &settings);
    server.wait_until_ready();
    let deaf = TcpStream::connect(server.address()).unwrap();
    // Many answers, one after the other, until no buffer on the way holds any more.
    let mut asking = deaf.try_clone().unwrap();
    asking.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let request = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let started = Instant::now();
    while asking.write_all(request.as_bytes()).is_ok() {
        assert!(started.elapsed() < Duration::from_mins(1), "still taken in");
    }
    let patience = Instant::now();
    while !server
        .get(None, "/metrics")
        .unwrap()
        .1
        .as_str()
        .unwrap()
        .contains("kezhuan_connections 1")
    {
        assert!(patience.elapsed() < Duration::from_secs(10), "the deaf one still has its place");
        thread::sleep(Duration::from_millis(100));
    }
    drop(deaf);
}

#[test]
fn one_address_has_so_many_connections() {
    let place = Place::new();
    let server = serve_with(&place, &[("KEZHUAN_SERVER_CONNECTIONS_EACH", "3")]);
    let held: Vec<TcpStream> =
        (0..3).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    thread::sleep(Duration::from_millis(200));
    assert!(server.get(None, "/healthz").is_err(), "a fourth");
    drop(held);
    let patience = Instant::now();
    while !server.get(None, "/healthz").is_ok_and(|it| it.0 == 200) {
        assert!(patience.elapsed() < Duration::from_secs(5), "no place came back");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn browsers_are_told_to_come_by_tls_where_there_is_any() {
    let place = Place::new();
    for (tls, told) in [("no", false), ("proxy", true)] {
        let server = serve_with(&place, &[("KEZHUAN_SERVER_TLS", tls)]);
        let mut client = TcpStream::connect(server.address()).unwrap();
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        client.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        let year = "strict-transport-security: max-age=31536000";
        assert_eq!(answer.contains(year), told, "{answer}");
    }
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let place = Place::new();
    let server = place.serve();
    for head in [
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(20_000)),
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(150)),
    ] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let _ = stream.write_all(head.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert_eq!(server.get(None, "/healthz").unwrap().0, 200);
}

/// Signing in takes long enough to be under way when the program is told to stop.
#[test]
fn told_to_stop_the_program_answers_what_is_under_way() {
    // One at a time, and no more than may wait or try one account at once: none is over or refused
    // before the end is told.
    const CLIENTS: usize = 5;
    let place = Place::new();
    place.people();
    let body = json!({ "login": "plant.li", "password": PASSWORD }).to_string();
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length";
    let request = format!("{head}: {}\r\n\r\n{body}", body.len());
    for _ in 0..3 {
        let server = serve_with(&place, &[("KEZHUAN_PASSWORDS_SLOTS", "1")]);
        server.wait_until_ready();
        let clients: Vec<TcpStream> = (0..CLIENTS)
            .map(|_| {
                let mut client = TcpStream::connect(server.address()).unwrap();
                client.write_all(request.as_bytes()).unwrap();
                client
            })
            .collect();
        wait_until_taken(&server, CLIENTS);
        assert!(server.terminate().success());
        for mut client in clients {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 201"), "cut off: {answer:?}");
        }
    }
}

/// Waits until the program has taken this many connections besides the one that asks.
fn wait_until_taken(server: &Server, connections: usize) {
    let patience = Instant::now();
    let wanted = format!("kezhuan_connections {}", connections + 1);
    while !server.get(None, "/metrics").unwrap().1.as_str().unwrap().contains(&wanted) {
        assert!(patience.elapsed() < Duration::from_secs(5), "connections are not taken");
    }
}

#[test]
fn only_a_proxy_in_the_settings_is_believed_on_where_a_request_comes_from() {
    for (proxies, expected) in [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")] {
        let place = Place::new();
        place.people();
        let server = serve_with(&place, &[("KEZHUAN_SERVER_PROXIES", proxies)]);
        let forged = [("x-forwarded-for", "198.51.100.1, 203.0.113.9")];
        let body = json!({ "login": "plant.li", "password": "another password" });
        let (status, ..) = server.send("POST", "/api/v1/sessions", &forged, Some(&body)).unwrap();
        assert_eq!(status, 401);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let noted = runtime.block_on(async {
            let db = place.database().await;
            let login = domain::people::Login::new("plant.li").unwrap();
            let (person, _) = db::people::find(db.read(), &login).await.unwrap().unwrap();
            let lines = db::audit::of_object(db.read(), person.id.as_uuid()).await.unwrap();
            lines.last().unwrap().origin
        });
        assert_eq!(noted.unwrap().to_string(), expected);
    }
}
