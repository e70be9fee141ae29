use std::process::Command;

use serde_json::Value;

use crate::program::{OFFICE, Place, texts};

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::new();
    let commands =
        ["serve", "demo", "migrate", "import", "evaluate", "reindex", "openapi", "user", "check"];
    for command in commands {
        let help = place.ok(&[command, "--help"]);
        assert!(help.contains("Examples:") && help.contains("kezhuan "), "{command}: {help}");
    }
}

#[test]
fn what_the_program_keeps_is_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let data = place.folder.path().join("data");
    assert!(place.command_in(&data, &["migrate"]).output().unwrap().status.success());
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
}

#[test]
fn help_begins_with_what_the_program_is() {
    let help = Place::new().ok(&["--help"]);
    assert!(help.starts_with("科转: a marketplace"), "{help}");
}

#[test]
fn a_wrong_command_line_is_told_from_a_failure() {
    let place = Place::new();
    assert_eq!(place.run(&["serve", "--colour"]).status.code(), Some(2));
    assert_eq!(place.run(&["--config", "/nowhere/at/all.toml", "migrate"]).status.code(), Some(1));
}

#[test]
fn the_schema_is_made_once_and_its_steps_are_told() {
    let place = Place::new();
    let pending: Value =
        serde_json::from_str(&place.ok(&["migrate", "--pending", "--format", "json"])).unwrap();
    assert!(pending["pending"].as_array().unwrap().len() >= 4, "{pending}");
    let made: Value = serde_json::from_str(&place.ok(&["migrate", "--format", "json"])).unwrap();
    assert_eq!(made["made"], pending["pending"]);
    assert!(place.ok(&["migrate"]).contains("up to date"));
}

#[test]
fn a_server_that_may_not_migrate_says_what_to_do() {
    let place = Place::new();
    let output =
        place.command(&["serve"]).env("KEZHUAN_DATABASE_MIGRATE", "false").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("kezhuan migrate"), "{output:?}");
}

#[test]
fn an_old_program_refuses_a_newer_schema() {
    use sea_orm::ConnectionTrait as _;
    let place = Place::new();
    place.ok(&["migrate"]);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = place.database().await;
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
        db.read().execute_unprepared(newer).await.unwrap();
    });
    for command in [&["serve"][..], &["migrate"], &["user", "list"]] {
        let output = place.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(texts(&output).1.contains("m9999_later"), "{output:?}");
    }
    let checked = place.run(&["check"]);
    assert_eq!(checked.status.code(), Some(3));
    assert!(texts(&checked).0.contains("BAD  schema"), "{checked:?}");
}

#[test]
fn check_tells_every_fault_at_once() {
    let place = Place::new();
    let good = place.run(&["check", "--format", "json"]);
    let findings: Value = serde_json::from_slice(&good.stdout).unwrap();
    let levels: Vec<&str> =
        findings.as_array().unwrap().iter().map(|it| it["level"].as_str().unwrap()).collect();
    assert!(!levels.contains(&"bad"), "{findings}");
    assert!(!place.folder.path().join("kezhuan.db").exists(), "it only looks");
    assert_eq!(good.status.code(), Some(0));

    let broken = place
        .command(&["check"])
        .env("KEZHUAN_SERVER_LISTEN", "nowhere")
        .env("KEZHUAN_MATCHING_MOST", "-1")
        .env("KEZHUAN_COLOUR_RED", "1")
        .output()
        .unwrap();
    assert_eq!(broken.status.code(), Some(3));
    let told = texts(&broken).0;
    for part in ["server.listen", "matching.most", "KEZHUAN_COLOUR_RED"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = place
        .command(&["check"])
        .env("KEZHUAN_SERVER_LISTEN", taken.local_addr().unwrap().to_string())
        .output()
        .unwrap();
    assert!(texts(&busy).0.contains("BAD  address"), "{busy:?}");
}

#[test]
fn what_stands_open_is_told_with_how_to_close_it() {
    let place = Place::new();
    place.people();
    let open = place
        .command(&["check", "--security", "--format", "json"])
        .env("KEZHUAN_SERVER_LISTEN", "0.0.0.0:0")
        .env("KEZHUAN_SERVER_METRICS", "everyone")
        .env("KEZHUAN_SERVER_PROXIES", "0.0.0.0/0")
        .env("KEZHUAN_SESSIONS_COOKIES", "plain_everywhere")
        .env("KEZHUAN_KEYS_SEAL_CONFIDENTIAL", "false")
        .output()
        .unwrap();
    assert_eq!(open.status.code(), Some(3));
    let told: Value = serde_json::from_str(&texts(&open).0).unwrap();
    let bad = |what: &str, part: &str| {
        told.as_array().unwrap().iter().any(|it| {
            it["what"] == what
                && it["level"] == "bad"
                && it["detail"].as_str().unwrap().contains(part)
        })
    };
    for (what, part) in [
        ("TLS", "server.tls"),
        ("proxies", "name yours alone"),
        ("metrics", "loopback"),
        ("rate limits", "sign_in, entry, search, write, read"),
        ("uploads", "uploads.clamav"),
        ("second factor", "signin.second_factor"),
        ("cookies", "sessions.cookies"),
        ("confidential listings", "keys.seal_confidential"),
        ("administrators", "--role auditor"),
        ("administrators", "--role security_admin"),
    ] {
        assert!(bad(what, part), "{what}: {told}");
    }
    let known = place
        .command(&["serve", "--port", "0"])
        .env("KEZHUAN_DATABASE_URL", "postgres://kezhuan:kezhuan@127.0.0.1:1/kezhuan")
        .output()
        .unwrap();
    assert_eq!(known.status.code(), Some(1));
    assert!(texts(&known).1.contains("everybody tries first"), "{known:?}");
}

#[test]
fn accounts_are_made_listed_and_switched() {
    let place = Place::new();
    let add = |login: &str, role: &str, number: &str| {
        place.run(&[
            "user",
            "add",
            login,
            "--name",
            "冯雪梅",
            "--role",
            role,
            "--organisation",
            number,
            "--organisation-name",
            "转化中心",
            "--organisation-kind",
            "transfer_agency",
        ])
    };
    let made = add("office.feng", "matchmaker", OFFICE);
    assert!(texts(&made).0.contains("Password, shown once: "), "{made:?}");
    for (login, role, number, part) in [
        ("office.feng", "matchmaker", OFFICE, "exists already"),
        ("1x", "matchmaker", OFFICE, "LOGIN"),
        ("office.xu", "wizard", OFFICE, "--role is one of"),
        ("office.xu", "matchmaker", "11320000MB151840XK", "check character should be J"),
    ] {
        let refused = add(login, role, number);
        assert_eq!(refused.status.code(), Some(1));
        assert!(texts(&refused).1.contains(part), "{part}: {refused:?}");
    }
    place.ok(&["user", "disable", "office.feng"]);
    let list: Value =
        serde_json::from_str(&place.ok(&["user", "list", "--format", "json"])).unwrap();
    assert_eq!(list[0]["state"], "disabled", "{list}");
    place.ok(&["user", "enable", "office.feng"]);
    let nobody = place.run(&["user", "password", "office.nobody"]);
    assert!(texts(&nobody).1.contains("nobody signs in as"), "{nobody:?}");
}

#[test]
fn the_description_of_the_api_is_printed() {
    let place = Place::new();
    let document: Value = serde_json::from_str(&place.ok(&["openapi"])).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let file = place.folder.path().join("openapi.json");
    place.ok(&["openapi", "--out", file.to_str().unwrap()]);
    let written: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(written, document);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let place = Place::new();
    let server = place.serve();
    for command in [&["serve", "--port", "0"][..], &["reindex"]] {
        let second = place.run(command);
        assert_eq!(second.status.code(), Some(1), "{command:?}");
        assert!(texts(&second).1.contains("another kezhuan"), "{second:?}");
    }
    let checked = place.run(&["check"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(server.terminate().success());
    let made = place.ok(&["reindex"]);
    assert!(made.contains("made anew"), "{made}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_kezhuan");
    let piped = format!("{program} openapi | head -1");
    let output = Command::new("sh").arg("-c").arg(piped).output().unwrap();
    assert!(output.status.success() && !texts(&output).1.contains("panicked"), "{output:?}");
    drop(place);
}
