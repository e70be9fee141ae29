use std::{
    fmt::Write as _,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::program::{ENTERPRISE, Place, need, texts};

/// What the keys are, by their ids.
fn keys(place: &Place) -> Vec<Value> {
    let listed = place.ok(&["keys", "list", "--format", "json"]);
    serde_json::from_str(&listed).unwrap()
}

/// Imports needs that nobody may read without the keys.
fn import_needs(place: &Place, count: u32) {
    let path = place.folder.path().join("needs.jsonl");
    let mut rows = String::new();
    for at in 0..count {
        let mut row = need(&format!("球墨铸铁件气孔率降低技术之{at}"));
        row["id"] = json!(format!("n{at}"));
        row["visibility"] = json!("confidential");
        writeln!(rows, "{row}").unwrap();
    }
    std::fs::write(&path, rows).unwrap();
    let by = ["--by", "office.feng", "--organisation", ENTERPRISE, "--publish"];
    place.ok(&[&["import", "needs", path.to_str().unwrap()][..], &by].concat());
}

#[test]
fn a_rotation_that_was_killed_goes_on_while_the_server_serves() {
    let place = Place::new();
    place.people();
    import_needs(&place, 400);
    let server = place.serve();
    server.wait_until_ready();
    let plant = server.sign_in("plant.li");
    let bearer = format!("Bearer {}", plant.0);
    let headers = [("authorization", bearer.as_str())];

    let mut rotation = place.command(&["keys", "rotate"]);
    let mut rotation = rotation.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while keys(&place).len() < 2 && started.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(5));
    }
    rotation.kill().unwrap();
    rotation.wait().unwrap();

    // The server is told nothing, and reads and writes under whatever key there is.
    let made = server.send("POST", "/api/v1/needs", &headers, Some(&need("孔封材料低温固化")));
    let (status, body, _) = made.unwrap();
    assert_eq!(status, 201, "{body}");
    let old = keys(&place).into_iter().find(|it| it["active"] == false).unwrap();
    let id = old["id"].as_str().unwrap().to_owned();
    let refused = place.run(&["keys", "retire", &id]);
    if old["fields"] != 0 {
        assert!(!refused.status.success(), "{:?}", texts(&refused));
        assert!(texts(&refused).1.contains("in use"), "{:?}", texts(&refused));
        place.ok(&["keys", "reseal"]);
        place.ok(&["keys", "retire", &id]);
    }
    let left = keys(&place);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0]["fields"].as_u64().unwrap() > 400, "{left:?}");
    let at = format!("/api/v1/needs/{}", body["id"].as_str().unwrap());
    let (status, body) = server.get(Some(&plant), &at).unwrap();
    assert_eq!((status, &body["form"]["contact"]["phone"]), (200, &json!("13900001234")), "{body}");
    let (status, body) = server.get(Some(&plant), "/api/v1/needs?limit=100").unwrap();
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_database_is_not_served_without_its_keys() {
    let place = Place::new();
    place.people();
    let file = place.folder.path().join("keys.toml");
    let away = place.folder.path().join("away.toml");
    std::fs::rename(&file, &away).unwrap();
    for command in [&["serve", "--port", "0"][..], &["user", "list"]] {
        let refused = place.run(command);
        assert!(!refused.status.success(), "{command:?}");
        let (_, said) = texts(&refused);
        assert!(said.contains("keys.file") && said.contains("keys.toml"), "{said}");
    }
    assert!(!file.exists(), "a new key would open nothing");
    let checked = place.run(&["check"]);
    assert_eq!(checked.status.code(), Some(3), "{:?}", texts(&checked));
    std::fs::rename(&away, &file).unwrap();
    assert!(place.ok(&["user", "list"]).contains("plant.li"));
}
