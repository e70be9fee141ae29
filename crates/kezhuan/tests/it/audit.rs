use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::program::{Place, need, texts};

fn sql(place: &Place, statement: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = place.database().await;
        db.read().execute_unprepared(statement).await.unwrap();
    });
}

fn verified(place: &Place) -> (Option<i32>, Value) {
    let output = place.run(&["audit", "verify", "--format", "json"]);
    let (out, err) = texts(&output);
    let told = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (output.status.code(), told)
}

#[test]
fn the_log_is_verified_and_anchored_and_tampering_is_found() {
    let place = Place::new();
    place.people();
    let (code, told) = verified(&place);
    assert_eq!((code, &told["broken"]), (Some(0), &Value::Null), "{told}");
    assert_eq!(told["anchors"], 0);
    assert!(place.ok(&["audit", "anchor"]).contains("is anchored"));
    let (_, told) = verified(&place);
    assert_eq!(told["anchors"], 1, "{told}");
    let checked = texts(&place.run(&["check"])).0;
    assert!(checked.contains("note anchors: are beside the data"), "{checked}");
    assert!(checked.contains("ok   audit log: anchored"), "{checked}");

    sql(&place, "UPDATE audit SET outcome = 'denied' WHERE seq = 2");
    let (code, told) = verified(&place);
    assert_eq!(code, Some(3));
    assert!(told["broken"].as_str().unwrap().starts_with("line 2 was altered"), "{told}");
}

#[test]
fn the_log_is_exported_and_not_purged_early() {
    let place = Place::new();
    place.people();
    let csv = place.folder.path().join("log.csv");
    place.ok(&["audit", "export", "--format", "csv", "--out", csv.to_str().unwrap()]);
    let csv = std::fs::read_to_string(csv).unwrap();
    assert!(csv.contains("\"command:user:add\""), "{csv}");
    assert!(csv.contains("\"command:audit:export\""), "an export is on record: {csv}");
    let lines = place.ok(&["audit", "export", "--from", "2026-01-01"]);
    assert!(lines.lines().count() > 3 && lines.lines().all(|it| it.starts_with('{')), "{lines}");
    assert_eq!(place.ok(&["audit", "export", "--to", "2025-12-31"]), "");
    let early = place.run(&["audit", "purge", "--before", "2026-01-01"]);
    assert!(!early.status.success() && texts(&early).1.contains("400 days"), "{early:?}");
}

#[test]
fn a_log_that_lost_its_end_disagrees_with_the_anchor() {
    let place = Place::new();
    place.people();
    place.ok(&["audit", "anchor"]);
    sql(
        &place,
        "UPDATE audit_chain SET head = 1, \
                 head_hash = (SELECT hash FROM audit WHERE seq = 1)",
    );
    sql(&place, "DELETE FROM audit WHERE seq > 1");
    let (code, told) = verified(&place);
    assert_eq!(code, Some(3));
    assert!(told["broken"].as_str().unwrap().starts_with("an anchor disagrees"), "{told}");
    let again = place.run(&["audit", "anchor"]);
    assert!(!again.status.success(), "it is not anchored anew: {again:?}");
    let checked = place.run(&["check"]);
    assert_eq!(checked.status.code(), Some(3), "{}", texts(&checked).0);
}

#[test]
fn the_server_anchors_the_log_by_itself() {
    let place = Place::new();
    place.people();
    let elsewhere = place.folder.path().join("elsewhere");
    let mut command = place.command(&["serve", "--port", "0"]);
    command.env("KEZHUAN_AUDIT_ANCHORS", &elsewhere);
    let server = crate::program::Server::start(command);
    server.wait_until_ready();
    let li = server.sign_in("plant.li");
    let bearer = format!("Bearer {}", li.0);
    let made = server
        .send("POST", "/api/v1/needs", &[("authorization", &bearer)], Some(&need("铸件")))
        .unwrap();
    assert_eq!(made.0, 201, "{}", made.1);
    assert!(server.terminate().success());
    let anchors = std::fs::read_to_string(elsewhere.join("audit-anchors.jsonl")).unwrap();
    let anchor: Value = serde_json::from_str(anchors.lines().next().unwrap()).unwrap();
    assert!(anchor["seq"].as_i64() > Some(0) && anchors.lines().count() == 1, "{anchors}");
    assert_eq!(verified(&place).1["broken"], json!(null));
}
