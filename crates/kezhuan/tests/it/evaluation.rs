use std::{fs, process::Command};

use serde_json::Value;

use crate::{
    left_out,
    program::{Place, texts},
};

const NEEDS: [(&str, &str, &str); 3] = [
    ("n1", "铸件气孔率降低技术", "球墨铸铁件气孔率高达百分之八"),
    ("n2", "红薯贮藏保鲜技术", "窖藏烂薯率高"),
    ("n3", "瓦斯抽采钻孔密封", "抽采浓度低"),
];
const ACHIEVEMENTS: [(&str, &str, &str); 4] = [
    ("a1", "球墨 铸铁 气孔 缺陷 控制", ""),
    ("a2", "甘薯 贮藏 环境 调控", ""),
    ("a3", "瓦斯 抽采 钻孔 封孔 材料", ""),
    ("a4", "丝绸 数码 印花", ""),
];
const GRADES: &str = "n1\ta1\t3\nn1\ta4\t0\nn2\ta2\t2\nn2\ta3\t0\nn3\ta1\t1\nn3\ta3\t3\n";

fn written(place: &Place, name: &str, rows: &[(&str, &str, &str)]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(id, title, body)| {
            serde_json::json!({ "id": id, "title": title, "body": body }).to_string()
        })
        .collect();
    let path = place.folder.path().join(name);
    fs::write(&path, rows.join("\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_run_is_written_and_held_against_grades() {
    let place = Place::new();
    let path = |name: &str| place.folder.path().join(name).to_str().unwrap().to_owned();
    let (needs, achievements) = (written(&place, "n", &NEEDS), written(&place, "a", &ACHIEVEMENTS));
    fs::write(path("q"), GRADES).unwrap();
    let args = [
        "evaluate",
        "--needs",
        &needs,
        "--achievements",
        &achievements,
        "--run",
        &path("run"),
        "--qrels",
        &path("q"),
        "--format",
        "json",
    ];
    let told: Value = serde_json::from_str(&place.ok(&args)).unwrap();
    let figures = &told["figures"];
    for name in ["judged_ndcg10", "full_ndcg10", "recall20", "mrr"] {
        assert_eq!(figures[name], 1.0, "{name} of {figures}");
    }
    let run = fs::read_to_string(path("run")).unwrap();
    let first: Vec<&str> = run.lines().next().unwrap().split('\t').collect();
    assert_eq!(first[..2], ["n1", "a1"]);
    assert!(first[2].parse::<f64>().unwrap() > 0.0);
    let numbered = "{\"id\": 7, \"title\": \"铸件气孔率降低技术\", \"body\": \"气孔\"}";
    fs::write(path("n"), numbered).unwrap();
    place.ok(&args);
    assert!(fs::read_to_string(path("run")).unwrap().starts_with("7\ta1\t"));
    fs::write(path("q"), "n1\ta1\t9\n").unwrap();
    let refused = place.run(&args);
    assert_eq!(refused.status.code(), Some(1));
    assert!(texts(&refused).1.contains("line 1: a grade is 0 to 3"), "{refused:?}");
}

/// The figures by another program, on real pairs, where both are there: set `MATCHING_BENCH` to a
/// folder with needs.jsonl, achievements.jsonl, qrels.tsv and score.py.
#[test]
fn another_program_comes_to_the_same_figures() {
    let Some(bench) = bench() else {
        left_out::say("the figures on graded real pairs. Set MATCHING_BENCH to their folder.");
        return;
    };
    let place = Place::new();
    let path = |name: &str| format!("{bench}/{name}");
    let run = place.folder.path().join("run").to_str().unwrap().to_owned();
    let args = [
        "evaluate",
        "--needs",
        &path("needs.jsonl"),
        "--achievements",
        &path("achievements.jsonl"),
        "--run",
        &run,
        "--qrels",
        &path("qrels.tsv"),
        "--format",
        "json",
    ];
    let ours: Value = serde_json::from_str(&place.ok(&args)).unwrap();
    let output =
        Command::new("python3").args([&path("score.py"), &path("qrels.tsv"), &run]).output();
    let theirs: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    for (name, least) in [
        ("judged_ndcg10", 0.72),
        ("full_ndcg10", 0.26),
        ("recall20", 0.44),
        ("recall50", 0.5),
        ("mrr", 0.3),
    ] {
        let ours = ours["figures"][name].as_f64().unwrap();
        let theirs = theirs[name].as_f64().unwrap();
        assert!((ours - theirs).abs() < 1e-4, "{name}: {ours} and {theirs}");
        assert!(ours >= least, "{name}: {ours}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the pairs are not part of the project")]
fn bench() -> Option<String> {
    std::env::var("MATCHING_BENCH").ok().filter(|it| !it.is_empty())
}
