use serde_json::json;

use super::*;
use crate::form;

/// What is read of a form: nothing if it is good, or every fault with its place.
fn told(form: &Value) -> Vec<(String, Fault)> {
    match form::read::<GroupForm>(form) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.into_iter().map(|it| (it.pointer, it.fault)).collect(),
    }
}

#[test]
fn a_word_is_cleaned_and_measured() {
    for (raw, read) in [
        ("瓦斯", Ok("瓦斯")),
        ("  煤层气\u{200b} ", Ok("煤层气")),
        ("ＩｏＴ", Ok("IoT")),
        ("machine\n  learning", Ok("machine learning")),
        ("C", Ok("C")),
        ("5G", Ok("5G")),
        ("气", Err(Fault::TooShort { min: 2, actual: 1 })),
        ("气。", Err(Fault::TooShort { min: 2, actual: 1 })),
        ("+++", Err(Fault::TooShort { min: 1, actual: 0 })),
        ("", Err(Fault::TooShort { min: 1, actual: 0 })),
        (&"锂".repeat(20), Ok(&*"锂".repeat(20))),
        (&"锂".repeat(21), Err(Fault::TooLong { max: 20, actual: 21 })),
    ] {
        let word = Word::new(raw);
        assert_eq!(word.as_ref().map(Word::as_str).map_err(Clone::clone), read, "{raw}");
    }
}

#[test]
fn words_are_equal_whatever_their_width_and_case() {
    for (one, other, equal) in [
        ("IoT", "ｉｏｔ", true),
        ("IOT", "iot", true),
        ("甲烷", "甲烷", true),
        ("甲烷", "乙烷", false),
        ("Ⅲ型", "III型", true),
    ] {
        assert_eq!(Word::new(one) == Word::new(other), equal, "{one} {other}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let broken = json!({
        "words": ["瓦斯", "气", 3],
        "broader": ["ＩｏＴ", "iot", "x".repeat(21)],
        "note": "长".repeat(201),
        "colour": "red",
    });
    let pointers: Vec<String> = told(&broken).into_iter().map(|it| it.0).collect();
    assert_eq!(pointers, ["/words/1", "/words/2", "/broader/2", "/note", "/colour"]);
}

#[test]
fn a_group_has_two_to_twenty_words_and_none_twice() {
    let many = |count: usize| (0..count).map(|it| format!("词{it}")).collect::<Vec<_>>();
    let few = |min, actual| Fault::TooFew { min, actual };
    for (form, faults) in [
        (json!({ "words": ["瓦斯", "煤层气"] }), vec![]),
        (json!({ "words": ["机器学习"], "broader": ["人工智能"] }), vec![]),
        (json!({ "words": many(20) }), vec![]),
        (json!({ "words": many(1), "broader": many(20)[1..] }), vec![]),
        (json!({}), vec![("/words", few(2, 0))]),
        (json!({ "words": ["瓦斯"] }), vec![("/words", few(2, 1))]),
        (json!({ "broader": ["人工智能", "算法"] }), vec![("/words", few(1, 0))]),
        (json!({ "words": many(21) }), vec![("/words", Fault::TooMany { max: 20, actual: 21 })]),
        (
            json!({ "words": many(4), "broader": many(21)[4..] }),
            vec![("/broader", Fault::TooMany { max: 16, actual: 17 })],
        ),
        (json!({ "words": ["IoT", "ＩＯＴ"] }), vec![("/words/1", Fault::Repeated)]),
        (
            json!({ "words": ["瓦斯"], "broader": ["煤层气", "瓦斯"] }),
            vec![("/broader/1", Fault::Repeated)],
        ),
    ] {
        let faults: Vec<_> = faults.into_iter().map(|(at, it)| (at.to_owned(), it)).collect();
        assert_eq!(told(&form), faults, "{form}");
    }
}

#[test]
fn groups_that_say_the_same_are_told_apart_from_those_that_do_not() {
    let group = |words: &[&str], broader: &[&str]| {
        form::read::<GroupForm>(&json!({ "words": words, "broader": broader })).unwrap()
    };
    let both = group(&["甘薯", "红薯"], &[]);
    assert!(both.says_what(&group(&["红薯", "甘薯"], &[])));
    assert!(!both.says_what(&group(&["红薯", "甘薯", "地瓜"], &[])));
    assert!(!both.says_what(&group(&["红薯"], &["甘薯"])));
    assert!(both.goes_both_ways() && !group(&["红薯"], &["甘薯"]).goes_both_ways());
}

#[test]
fn the_schema_names_the_fields_that_are_read() {
    let schema = schemars::schema_for!(GroupForm);
    let named: Vec<&String> =
        schema.get("properties").unwrap().as_object().unwrap().keys().collect();
    let whole = json!({ "words": ["瓦斯"], "broader": ["煤层气"], "note": "矿山" });
    form::read::<GroupForm>(&whole).unwrap();
    assert_eq!(named, whole.as_object().unwrap().keys().collect::<Vec<_>>());
}
