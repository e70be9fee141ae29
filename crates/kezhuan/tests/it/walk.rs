use std::{fs, path::Path, process::Command};

use crate::{left_out, program::Place};

/// The walk in the README, command by command, on a server of its own.
#[test]
fn the_walk_in_the_readme_works_as_it_stands() {
    for tool in ["curl", "jq", "bash"] {
        if Command::new(tool).arg("--version").output().is_err() {
            left_out::say(&format!("the walk in the README: there is no {tool} here."));
            return;
        }
    }
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let blocks: Vec<&str> = readme.split("```sh walk\n").skip(1).collect();
    let walk: Vec<&str> = blocks.iter().map(|it| it.split("```").next().unwrap()).collect();
    assert!(walk.len() >= 5, "the README lost its walk");

    let place = Place::new();
    let server = place.serve();
    server.wait_until_ready();
    let program = Path::new(env!("CARGO_BIN_EXE_kezhuan")).parent().unwrap();
    let mut script = Command::new("bash");
    for (name, value) in place.command(&[]).get_envs() {
        if let Some(value) = value {
            script.env(name, value);
        }
    }
    let output = script
        .current_dir(place.folder.path())
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", program.display()))
        .env("KEZHUAN_DATA_FOLDER", place.folder.path())
        .arg("-c")
        .arg(format!("set -euo pipefail\nKZ={}\n{}", server.base, walk.join("\n")))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let beside = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{beside}");
    for part in ["\"wrong_check_digit\"", "suggested", "accepted"] {
        assert!(said.contains(part), "{part} in {said}\n{beside}");
    }
}
