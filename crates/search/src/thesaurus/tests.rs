use domain::form;
use serde_json::json;
use uuid::Uuid;

use super::{changes::Changes, *};

fn group(words: &[&str], broader: &[&str]) -> GroupForm {
    form::read(&json!({ "words": words, "broader": broader })).unwrap()
}

/// What stands in a text, and what could stand there instead.
fn members(groups: &[GroupForm], text: &str, way: Way) -> Vec<(String, Vec<String>)> {
    let thesaurus = Thesaurus::new(groups);
    let members = thesaurus.members(&text::glyphs(text), way).into_iter();
    let owned = |it: Vec<&str>| it.into_iter().map(str::to_owned).collect();
    members.map(|it| (it.word.to_owned(), owned(it.instead))).collect()
}

fn pair(word: &str, instead: &[&str]) -> (String, Vec<String>) {
    (word.to_owned(), instead.iter().map(|it| (*it).to_owned()).collect())
}

#[test]
fn a_word_is_found_where_it_stands_and_leads_to_the_others() {
    let groups = [
        group(&["瓦斯", "煤层气"], &[]),
        group(&["机器学习"], &["人工智能"]),
        group(&["瓦斯"], &["可燃气体"]),
        group(&["物联网", "IoT"], &[]),
        group(&["锂离子电池"], &["储能电池"]),
        group(&["电池"], &["化学电源"]),
    ];
    use Way::{Back, Forth};
    for (text, way, expected) in [
        ("高瓦斯矿井", Forth, vec![pair("瓦斯", &["煤层气", "可燃气体"])]),
        ("煤層氣開發", Forth, vec![pair("煤层气", &["瓦斯"])]),
        ("可燃气体报警", Forth, vec![]),
        ("可燃气体报警", Back, vec![pair("可燃气体", &["瓦斯"])]),
        ("机器学习平台", Forth, vec![pair("机器学习", &["人工智能"])]),
        ("人工智能平台", Forth, vec![]),
        ("人工智能平台", Back, vec![pair("人工智能", &["机器学习"])]),
        ("ＩＯＴ网关", Forth, vec![pair("iot", &["物联网"])]),
        ("riot", Forth, vec![]),
        ("iota", Forth, vec![]),
        (
            "锂离子电池与电池",
            Forth,
            vec![pair("锂离子电池", &["储能电池"]), pair("电池", &["化学电源"])],
        ),
        ("", Forth, vec![]),
        ("与此无关", Forth, vec![]),
    ] {
        assert_eq!(members(&groups, text, way), expected, "{text} {way:?}");
    }
}

#[test]
fn an_empty_thesaurus_leads_nowhere() {
    assert!(Thesaurus::default().members(&text::glyphs("瓦斯"), Way::Forth).is_empty());
    assert!(Thesaurus::new(&[]).is_empty());
}

#[test]
fn what_enters_leaves_and_moves_is_told_with_its_ranks() {
    let [a, b, c, d] = [1, 2, 3, 4].map(Uuid::from_u128);
    let changes = Changes::between(&[a, b, c], &[a, c, d]);
    assert_eq!(changes.entered, [(d, 3)]);
    assert_eq!(changes.left, [(b, 2)]);
    assert_eq!(changes.moved, [(c, 3, 2)]);
    assert_eq!(changes.extent(), (2, 1));
    assert!(Changes::between(&[a, b], &[a, b]).is_empty());
}
