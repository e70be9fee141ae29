use std::sync::Arc;

use domain::listings::Kind;
use tempfile::TempDir;

use super::*;
use crate::{
    Entry, Thesaurus, Veil,
    index::{self, Opened},
};

struct Shop {
    _folder: TempDir,
    opened: Opened,
}

fn entry(number: u128, parts: (&str, &str, &str)) -> Entry {
    Entry {
        id: Uuid::from_u128(number),
        kind: Kind::Achievement,
        shelf: Shelf::Open,
        title: parts.0.into(),
        summary: parts.1.into(),
        text: parts.2.into(),
        fields: vec!["60302".into()],
        industry: Some("C3841".into()),
        region: Some("140581".into()),
        cooperation: vec!["licence".into(), "try_first".into()],
        readiness: Some(6),
        published_at: i64::try_from(number).unwrap(),
    }
}

fn shop(entries: &[Entry]) -> Shop {
    let folder = TempDir::new().unwrap();
    let mut opened = index::create(folder.path(), 1, &Arc::new(Veil::thin())).unwrap();
    for entry in entries {
        opened.writer.put(entry).unwrap();
    }
    opened.writer.commit(1).unwrap();
    Shop { _folder: folder, opened }
}

impl Shop {
    fn ask(&self, question: &Question) -> Vec<u128> {
        let found = self.opened.reader.search(question).unwrap();
        assert!(found.total >= found.hits.len());
        found.hits.into_iter().map(|it| it.id.as_u128()).collect()
    }

    fn find(&self, words: &str) -> Vec<u128> {
        self.ask(&asked(words))
    }
}

fn asked(words: &str) -> Question {
    Question { words: Words::parse(words).unwrap(), limit: 20, ..Question::default() }
}

#[test]
fn the_title_comes_before_the_summary_and_the_summary_before_the_text() {
    let shop = shop(&[
        entry(1, ("别的题目甲", "别的摘要甲", "正文说到锂电池正极材料的制备")),
        entry(2, ("别的题目乙", "摘要说到锂电池正极材料", "别的正文乙")),
        entry(3, ("锂电池正极材料的制备", "别的摘要丙", "别的正文丙")),
        entry(4, ("完全无关的题目", "完全无关的摘要", "完全无关的正文")),
    ]);
    assert_eq!(shop.find("锂电池正极"), [3, 2, 1]);
}

#[test]
fn words_characters_latin_and_numbers_are_all_found() {
    let shop = shop(&[
        entry(1, ("DN600 球墨铸铁管", "", "附着力 1.4 MPa")),
        entry(2, ("5G 煤矿通信", "", "")),
    ]);
    for (words, expected) in [
        ("管", vec![1]),
        ("铸铁", vec![1]),
        ("dn600", vec![1]),
        ("ＤＮ６００", vec![1]),
        ("600", vec![1]),
        ("1.4mpa", vec![1]),
        ("5g", vec![2]),
        ("球墨鑄鐵", vec![1]),
        ("球墨铸铁 附着力", vec![1]),
        ("铸铁 煤矿", vec![]),
        ("𠮷", vec![]),
    ] {
        let mut question = asked(words);
        question.limit = 5;
        let found = shop.opened.reader.search(&question).unwrap();
        let strict: Vec<u128> =
            found.hits.iter().filter(|_| !found.relaxed).map(|it| it.id.as_u128()).collect();
        assert_eq!(strict, expected, "{words}");
    }
}

#[test]
fn a_sentence_finds_what_fits_some_of_it() {
    let shop = shop(&[entry(1, ("铸件气孔缺陷控制", "", "")), entry(2, ("丝绸印花", "", ""))]);
    let found = shop.opened.reader.search(&asked("铸件气孔怎么减少")).unwrap();
    assert_eq!((found.total, found.relaxed, found.hits[0].id.as_u128()), (1, true, 1));
    let found = shop.opened.reader.search(&asked("铸件气孔 球墨")).unwrap();
    assert_eq!((found.total, found.relaxed, found.hits[0].id.as_u128()), (1, true, 1));
}

#[test]
fn words_typed_together_need_not_stand_side_by_side() {
    let shop = shop(&[
        entry(1, ("本煤层钻孔封孔技术", "", "")),
        entry(2, ("抽采钻孔囊袋式带压封孔技术", "", "")),
        entry(3, ("钻孔轨迹测量", "", "")),
    ]);
    assert_eq!(shop.find("钻孔封孔"), [1, 2]);
}

#[test]
fn filters_include_everything_below_a_code() {
    let mut other = entry(2, ("丝绸印花工艺", "", ""));
    other.fields = vec!["403".into()];
    other.industry = Some("C17".into());
    other.region = Some("320500".into());
    other.cooperation = vec!["transfer".into()];
    other.readiness = Some(4);
    other.kind = Kind::Need;
    let shop = shop(&[entry(1, ("储能电池工艺", "", "")), other]);
    let by = |change: fn(&mut Question)| {
        let mut question = asked("工艺");
        change(&mut question);
        shop.ask(&question)
    };
    assert_eq!(by(|_| ()).len(), 2);
    assert_eq!(by(|it| it.filters.field = Some("60".into())), [1]);
    assert_eq!(by(|it| it.filters.field = Some("603".into())), [1]);
    assert_eq!(by(|it| it.filters.field = Some("601".into())), [0_u128; 0]);
    assert_eq!(by(|it| it.filters.industry = Some("C38".into())), [1]);
    assert_eq!(by(|it| it.filters.region = Some("140000".into())), [1]);
    assert_eq!(by(|it| it.filters.region = Some("140500".into())), [1]);
    assert_eq!(by(|it| it.filters.cooperation = Some("try_first".into())), [1]);
    assert_eq!(by(|it| it.filters.readiness = Some(6)), [1]);
    assert_eq!(by(|it| it.filters.readiness = Some(7)), [0_u128; 0]);
    assert_eq!(by(|it| it.kind = Some(Kind::Need)), [2]);
}

#[test]
fn without_words_the_newest_come_first_and_pages_follow_each_other() {
    let entries: Vec<Entry> = (1..=7).map(|it| entry(it, ("储能电池工艺", "", ""))).collect();
    let shop = shop(&entries);
    let page = |offset| shop.ask(&Question { limit: 3, offset, ..Question::default() });
    assert_eq!([page(0), page(3), page(6)].concat(), [7, 6, 5, 4, 3, 2, 1]);
    let counted = shop.opened.reader.search(&Question { limit: 3, ..Question::default() }).unwrap();
    assert_eq!(counted.total, 7);
}

#[test]
fn masked_entries_are_found_by_filters_alone_and_closed_ones_not_at_all() {
    let masked = Entry { shelf: Shelf::Masked, ..entry(1, ("球墨铸铁气孔", "", "")) };
    let closed = Entry { shelf: Shelf::Closed, ..entry(2, ("球墨铸铁气孔", "", "")) };
    let shop = shop(&[masked, closed]);
    assert!(shop.find("铸铁").is_empty());
    assert_eq!(shop.ask(&Question { limit: 9, ..Question::default() }), [1]);
    let mut by_level = Question { limit: 9, ..Question::default() };
    by_level.filters.readiness = Some(1);
    assert!(shop.ask(&by_level).is_empty(), "the level of a masked entry is not told");
}

#[test]
fn what_may_no_longer_be_seen_is_neither_found_nor_counted() {
    let shop = shop(&[entry(1, ("储能电池", "", "")), entry(2, ("储能电池", "", ""))]);
    let mut question = asked("储能");
    question.without = vec![Uuid::from_u128(1)];
    let found = shop.opened.reader.search(&question).unwrap();
    assert_eq!((found.total, found.hits[0].id.as_u128()), (1, 2));
}

#[test]
fn nothing_a_person_types_is_a_command() {
    let shop = shop(&[entry(1, ("储能电池", "", ""))]);
    let nested = "(".repeat(250);
    for odd in [
        "title:储能",
        "储能 AND NOT 电池",
        "*",
        "储能*",
        "\"储能\"~9",
        "[* TO *]",
        "id:1 OR 1",
        nested.as_str(),
        "NOT NOT NOT",
        "+-",
        "\\",
    ] {
        let question =
            Question { words: Words::parse(odd).unwrap(), limit: 5, ..Question::default() };
        shop.opened.reader.search(&question).unwrap();
    }
    assert_eq!(Words::parse("*").unwrap(), None);
    assert_eq!(Words::parse(&"字".repeat(257)), Err(Fault::TooLong { max: 256, actual: 257 }));
    let many = "a 1 ".repeat(20);
    assert_eq!(Words::parse(&many), Err(Fault::TooMany { max: 32, actual: 40 }));
}

#[test]
fn what_is_called_otherwise_is_found_after_what_is_called_so() {
    let shop = shop(&[
        entry(1, ("煤层气抽采装置", "", "")),
        entry(2, ("瓦斯抽采装置", "", "")),
        entry(3, ("丝绸印花装置", "", "")),
        entry(4, ("机器学习装置", "", "")),
        entry(5, ("人工智能装置", "", "")),
        entry(6, ("煤层气 物联网", "", "")),
    ]);
    let group = |words: &[&str], broader: &[&str]| {
        domain::form::read(&serde_json::json!({ "words": words, "broader": broader })).unwrap()
    };
    let groups = [
        group(&["瓦斯", "煤层气"], &[]),
        group(&["物联网", "IoT"], &[]),
        group(&["机器学习"], &["人工智能"]),
    ];
    let thesaurus = Thesaurus::new(&groups);
    for (words, without, with) in [
        ("瓦斯抽采", vec![2], vec![2, 1]),
        ("煤层气抽采", vec![1], vec![1, 2]),
        ("机器学习装置", vec![4], vec![4, 5]),
        ("人工智能装置", vec![5], vec![5]),
        ("瓦斯 iot", vec![], vec![6]),
        ("丝绸", vec![3], vec![3]),
    ] {
        let strict = |question: &Question| {
            let found = shop.opened.reader.search(question).unwrap();
            let hits = found.hits.iter().filter(|_| !found.relaxed);
            hits.map(|it| it.id.as_u128()).collect::<Vec<_>>()
        };
        let mut question = asked(words);
        assert_eq!(strict(&question), without, "{words} without");
        question.words = question.words.map(|it| it.with(&thesaurus));
        assert_eq!(strict(&question), with, "{words} with");
    }
}

#[test]
fn however_many_synonyms_there_are_what_is_looked_for_is_bounded() {
    let words: Vec<String> = (0..20).map(|it| format!("零件{it}")).collect();
    let thesaurus =
        Thesaurus::new(&[domain::form::read(&serde_json::json!({ "words": words })).unwrap()]);
    let typed = "零件1 零件2 零件3 零件4 零件5 零件6 零件7 零件8";
    let words = Words::parse(typed).unwrap().unwrap().with(&thesaurus);
    let characters = words.instead.iter().flatten().flat_map(Piece::terms).count();
    assert!((1..=1024).contains(&characters), "{characters}");
}
