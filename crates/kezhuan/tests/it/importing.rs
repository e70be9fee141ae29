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
