use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::program::{OFFICE, Place, RESEARCH, texts};

fn file(place: &Place, name: &str, content: &str) -> String {
    let path: PathBuf = place.folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn summary(place: &Place, args: &[&str]) -> (Option<i32>, Value) {
    let output = place.run(&[args, &["--format", "json"]].concat());
    let told = texts(&output);
    let value = serde_json::from_str(&told.0).unwrap_or_else(|_| panic!("{told:?}"));
    (output.status.code(), value)
}

#[test]
fn good_rows_are_taken_bad_ones_told_and_nothing_is_doubled() {
    let place = Place::new();
    place.people();
    let rows = concat!(
        "{\"id\": \"a\", \"title\": \"球墨铸铁气孔缺陷控制\", \"body\": \"气孔率由 7% 降到 1.5%\"}\n",
        "{\"id\": \"b\", \"title\": \"甘薯贮藏环境调控\", \"body\": \"烂薯率 4%\", \"readiness\": 7}\n",
        "{\"id\": \"c\", \"title\": \"坏的一行\", \"readiness\": 70, \"colour\": 1}\n",
        "{\"id\": \"a\", \"title\": \"同一个编号又来一次\"}\n",
        "oops\n",
    );
    let path = file(&place, "rows.jsonl", rows);
    let args = [
        "import",
        "achievements",
        &path,
        "--by",
        "office.feng",
        "--organisation",
        RESEARCH,
        "--publish",
    ];
    let dry = summary(&place, &[&args[..], &["--dry-run"]].concat());
    assert_eq!(
        (dry.0, &dry.1["new"], dry.1["bad"].as_array().unwrap().len()),
        (Some(3), &json!(0), 3)
    );
    let (code, first) = summary(&place, &args);
    assert_eq!((code, &first["new"]), (Some(3), &json!(2)), "{first}");
    let lines: Vec<&Value> =
        first["bad"].as_array().unwrap().iter().map(|it| &it["line"]).collect();
    assert_eq!(lines, [&json!(3), &json!(4), &json!(5)]);
    assert_eq!(first["bad"][0]["reasons"].as_array().unwrap().len(), 2, "{first}");
    let (_, again) = summary(&place, &args);
    assert_eq!((&again["new"], &again["unchanged"]), (&json!(0), &json!(2)), "{again}");

    let changed = rows.replace("烂薯率 4%", "烂薯率 3%");
    let path = file(&place, "rows.jsonl", &changed);
    let (_, third) = summary(
        &place,
        &args.map(|it| if it.ends_with("rows.jsonl") { path.as_str() } else { it }),
    );
    assert_eq!((&third["changed"], &third["unchanged"]), (&json!(1), &json!(1)), "{third}");

    let server = place.serve();
    server.wait_until_ready();
    let (_, market) = server.get(None, "/api/v1/market").unwrap();
    assert_eq!(market["achievements"], 2);
    let (_, found) = server.get(None, "/api/v1/search?q=%E7%83%82%E8%96%AF%E7%8E%87").unwrap();
    let id = found["items"][0]["id"].as_str().unwrap();
    let (_, editions) = server.get(None, &format!("/api/v1/achievements/{id}/editions")).unwrap();
    assert_eq!(editions["items"].as_array().unwrap().len(), 2, "both editions are kept");
}

#[test]
fn a_spreadsheet_in_gb18030_makes_drafts_for_its_own_organisation() {
    let place = Place::new();
    place.people();
    let text = "编号,题目\n";
    let csv = "id,title,problem,keywords,readiness\nn1,红薯贮藏烂薯率偏高,窖温波动大,红薯；贮藏;烂薯,6\nn2,短,,,\n";
    let bytes = encoding_rs::GB18030.encode(csv).0.into_owned();
    let path = place.folder.path().join("needs.csv");
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let (code, done) = summary(&place, &["import", "needs", path, "--by", "plant.li"]);
    assert_eq!((code, &done["new"]), (Some(0), &json!(2)), "{done}");
    let server = place.serve();
    let token = server.sign_in("plant.li");
    let (_, list) = server.get(Some(&token), "/api/v1/needs?state=draft").unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
    let other = file(&place, "other.csv", text);
    let (_, none) = summary(&place, &["import", "needs", &other, "--by", "plant.li"]);
    assert_eq!(none["rows"], 0);
}

#[test]
fn who_may_not_import_is_told_why() {
    let place = Place::new();
    place.people();
    let path = file(&place, "rows.jsonl", "{\"title\": \"甘薯贮藏环境调控\"}\n");
    for (args, part) in [
        (&["--by", "nobody"][..], "nobody signs in as nobody"),
        (&["--by", "plant.li", "--publish"], "only a matchmaker or the lead"),
        (&["--by", "plant.li", "--organisation", OFFICE], "their own organisation only"),
    ] {
        let refused = place.run(&[&["import", "needs", &path][..], args].concat());
        assert_eq!(refused.status.code(), Some(1));
        assert!(texts(&refused).1.contains(part), "{part}: {refused:?}");
    }
    let unknown =
        ["import", "needs", &path, "--by", "office.feng", "--organisation", "9144030071526726XG"];
    let (code, told) = summary(&place, &unknown);
    assert_eq!(code, Some(3), "{told}");
    assert!(told["bad"][0]["reasons"][0].as_str().unwrap().contains("give its name"), "{told}");
}

#[test]
fn drafts_are_published_by_importing_them_again() {
    let place = Place::new();
    place.people();
    let path = file(&place, "rows.jsonl", "{\"id\": \"a\", \"title\": \"甘薯贮藏环境调控\"}\n");
    let args = ["import", "achievements", &path, "--by", "office.feng"];
    let args = [&args[..], &["--organisation", RESEARCH]].concat();
    let (_, drafts) = summary(&place, &args);
    assert_eq!(drafts["new"], 1, "{drafts}");
    let publish = [&args[..], &["--publish"]].concat();
    let (_, published) = summary(&place, &publish);
    assert_eq!((&published["changed"], &published["unchanged"]), (&json!(1), &json!(0)));
    let (_, again) = summary(&place, &publish);
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(0), &json!(1)));
    let server = place.serve();
    assert_eq!(server.get(None, "/api/v1/market").unwrap().1["achievements"], 1);
}

#[test]
fn a_listing_that_cannot_be_changed_is_told_and_the_rest_goes_on() {
    let place = Place::new();
    place.people();
    let row = |id: &str, title: &str| json!({ "id": id, "title": title }).to_string();
    let path = file(&place, "a.jsonl", &row("a", "甘薯贮藏环境调控"));
    let by = ["--by", "office.feng", "--organisation", RESEARCH, "--publish"];
    summary(&place, &[&["import", "achievements", &path][..], &by].concat());
    let server = place.serve();
    let school = server.sign_in("school.zhou");
    let (_, list) = server.get(Some(&school), "/api/v1/achievements").unwrap();
    let id = list["items"][0]["id"].as_str().unwrap();
    let bearer = format!("Bearer {}", school.0);
    for step in ["adopt", "close"] {
        let path = format!("/api/v1/achievements/{id}/{step}");
        let done = server.send("POST", &path, &[("authorization", &bearer)], None).unwrap();
        assert_eq!(done.0, 200, "{}", done.1);
    }
    let rows = [row("a", "甘薯贮藏环境再调控"), "oops".into(), row("b", "猪粪快速腐熟菌剂")];
    let path = file(&place, "b.jsonl", &rows.join("\n"));
    let (code, told) = summary(&place, &[&["import", "achievements", &path][..], &by].concat());
    assert_eq!((code, &told["new"], &told["changed"]), (Some(3), &json!(1), &json!(0)), "{told}");
    let lines: Vec<&Value> = told["bad"].as_array().unwrap().iter().map(|it| &it["line"]).collect();
    assert_eq!(lines, [&json!(1), &json!(2)]);
    assert!(told["bad"][0]["reasons"][0].as_str().unwrap().contains("is closed"), "{told}");
}

#[test]
fn a_dry_run_finds_what_the_run_would() {
    let place = Place::new();
    place.people();
    let row = |id: &str, organisation: &str, name: &str| {
        json!({ "id": id, "title": "甘薯贮藏环境调控", "organisation": organisation,
            "organisation_name": name })
        .to_string()
    };
    let rows = [
        json!({ "id": "a", "title": "甘薯贮藏环境调控" }).to_string(),
        // The same organisation by its number, and by what the command says.
        row("a", RESEARCH, ""),
        row("b", "9144030071526726XG", ""),
        row("c", "9144030071526726XG", "某某公司"),
        row("c", "9144030071526726XG", "某某公司"),
        row("d", "9144030071526726XX", "某某公司"),
    ];
    let path = file(&place, "rows.jsonl", &rows.join("\n"));
    let args = ["import", "achievements", &path, "--by", "office.feng", "--organisation", RESEARCH];
    let (_, dry) = summary(&place, &[&args[..], &["--dry-run"]].concat());
    let (_, real) = summary(&place, &args);
    assert_eq!(dry["bad"], real["bad"]);
    let lines: Vec<&Value> = real["bad"].as_array().unwrap().iter().map(|it| &it["line"]).collect();
    assert_eq!(lines, [&json!(2), &json!(3), &json!(5), &json!(6)], "{real}");
    assert_eq!((&dry["new"], &real["new"]), (&json!(0), &json!(2)));
}

#[test]
fn a_refused_row_registers_nobody() {
    let place = Place::new();
    place.people();
    let row = json!({ "title": "甘薯贮藏环境调控", "organisation": "9144030071526726XG",
        "organisation_name": "某某公司" });
    let path = file(&place, "rows.jsonl", &row.to_string());
    let (code, told) = summary(&place, &["import", "needs", &path, "--by", "plant.li"]);
    assert_eq!(code, Some(3), "{told}");
    let server = place.serve();
    assert_eq!(server.get(None, "/api/v1/market").unwrap().1["organisations"], 3);
}

#[test]
fn ten_thousand_rows_are_taken_in_and_not_doubled() {
    let place = Place::new();
    place.people();
    let row = |at: usize| {
        json!({ "id": at.to_string(), "title": format!("球墨铸铁气孔缺陷控制第 {at} 号") })
            .to_string()
    };
    let rows: Vec<String> = (0..10_000).map(row).collect();
    let path = file(&place, "rows.jsonl", &rows.join("\n"));
    let by = ["--by", "office.feng", "--organisation", RESEARCH, "--publish"];
    let args = [&["import", "achievements", &path][..], &by].concat();
    assert_eq!(summary(&place, &args).1["new"], 10_000);
    assert_eq!(summary(&place, &args).1["unchanged"], 10_000);
}
