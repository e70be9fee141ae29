use domain::{form, thesaurus::GroupForm};
use serde_json::json;

use super::*;
use crate::thesaurus::{Thesaurus, Way};

const WANTED: [Text; 4] = [
    ("瓦斯抽采利用技术", "公司目前急需研发新的技术。"),
    ("红薯贮藏保鲜技术", "公司目前急需研发新的技术。"),
    ("机器学习质检技术", "公司目前急需研发新的技术。"),
    ("人工智能排产技术", "公司目前急需研发新的技术。"),
];

const OFFERED: [Text; 6] = [
    ("煤层气地面开发装置", "井场集气。"),
    ("瓦斯浓度监测仪", "井下监测。"),
    ("甘薯脱毒种苗繁育", "组培快繁。"),
    ("人工智能缺陷识别系统", "产线上线。"),
    ("机器学习预测软件", "轴承寿命。"),
    ("丝绸面料数码印花", "色牢度四级。"),
];

fn thesaurus(groups: &[(&[&str], &[&str])]) -> Thesaurus {
    let read = |(words, broader): &(&[&str], &[&str])| {
        form::read::<GroupForm>(&json!({ "words": words, "broader": broader })).unwrap()
    };
    Thesaurus::new(&groups.iter().map(read).collect::<Vec<_>>())
}

fn trade() -> Thesaurus {
    thesaurus(&[
        (&["瓦斯", "煤层气", "甲烷"], &[]),
        (&["红薯", "甘薯", "地瓜"], &[]),
        (&["机器学习"], &["人工智能"]),
    ])
}

fn rank(market: &Market, need: Text, thesaurus: &Thesaurus) -> HashMap<u128, f32> {
    let profile = Profile::new(need.0, need.1).with(thesaurus, Way::Forth);
    let ranked = market.opened.reader.rank(&profile, (ALL, Effort::default())).unwrap();
    ranked.into_iter().map(|(id, score)| (id.as_u128(), score)).collect()
}

#[test]
fn a_need_finds_what_is_called_otherwise_and_without_the_thesaurus_does_not() {
    let market = Market::of(&WANTED, &OFFERED);
    for (need, found) in [(WANTED[0], 0), (WANTED[1], 2)] {
        let without = rank(&market, need, &Thesaurus::default());
        let with = rank(&market, need, &trade());
        let before = without.get(&found).copied().unwrap_or(0.0);
        assert!(with[&found] > before + 0.1, "{need:?}: {before} before, {} now", with[&found]);
        let unrelated = with.get(&5).copied().unwrap_or(0.0);
        assert_eq!(unrelated, without.get(&5).copied().unwrap_or(0.0), "{need:?}");
    }
}

#[test]
fn one_way_does_not_go_back() {
    let market = Market::of(&WANTED, &OFFERED);
    let [narrow, broad] = [WANTED[2], WANTED[3]];
    let none = Thesaurus::default();
    assert!(rank(&market, narrow, &trade()).contains_key(&3));
    assert!(!rank(&market, narrow, &none).contains_key(&3));
    assert_eq!(rank(&market, broad, &trade()), rank(&market, broad, &none));
}

#[test]
fn what_the_need_says_itself_is_not_raised_and_no_score_falls() {
    let market = Market::of(&WANTED, &OFFERED);
    let says_both = ("瓦斯与煤层气与甲烷抽采技术", "");
    let none = Thesaurus::default();
    assert_eq!(rank(&market, says_both, &trade()), rank(&market, says_both, &none));
    for need in WANTED {
        let (before, now) = (rank(&market, need, &none), rank(&market, need, &trade()));
        for (id, score) in before {
            assert!(now[&id] >= score, "{need:?} {id}: {score} before, {} now", now[&id]);
        }
    }
}

#[test]
fn saying_it_is_worth_more_than_saying_what_leads_to_it() {
    let market = Market::of(&WANTED, &OFFERED);
    let said = rank(&market, ("煤层气开发", ""), &trade());
    let led = rank(&market, ("瓦斯开发", ""), &trade());
    assert!(led[&0] < said[&0], "{} is not below {}", led[&0], said[&0]);
}

#[test]
fn a_phrase_that_the_thesaurus_led_to_says_so_and_shares_add_up() {
    let market = Market::of(&WANTED, &OFFERED);
    let profile = Profile::new(WANTED[0].0, WANTED[0].1).with(&trade(), Way::Forth);
    let suggestions = market.opened.reader.suggest(&profile, ALL).unwrap();
    let of = |id: u128| suggestions.iter().find(|it| it.achievement.as_u128() == id).unwrap();
    let phrases = |id| {
        let phrases = of(id).explanation.phrases.iter();
        phrases.map(|it| (it.text.as_str(), it.through.as_deref())).collect::<Vec<_>>()
    };
    assert!(phrases(0).contains(&("煤层气", Some("瓦斯"))), "{:?}", phrases(0));
    assert!(phrases(1).contains(&("瓦斯", None)), "{:?}", phrases(1));
    for suggestion in &suggestions {
        let it = &suggestion.explanation;
        assert!((it.parts.title + it.parts.text - it.score).abs() < 1e-5, "{it:?}");
        assert!(it.phrases.iter().map(|it| it.share).sum::<f64>() <= 1.0 + 1e-9, "{it:?}");
    }
}

#[test]
fn an_achievement_touches_the_needs_that_the_thesaurus_leads_to_it() {
    let market = Market::of(&WANTED, &OFFERED);
    let breadth = Breadth { always: 9, most: 9, floor: 0.0 };
    for (title, need) in [("煤层气", 1000), ("人工智能", 1002)] {
        let achievement = Profile::new(title, "");
        let touched = |profile: &Profile| {
            let touched = market.opened.reader.touched(profile, breadth).unwrap();
            touched.iter().any(|it| it.as_u128() == need)
        };
        assert!(!touched(&achievement), "{title}: without the thesaurus");
        assert!(touched(&achievement.with(&trade(), Way::Back)), "{title}: with it");
    }
}

#[test]
fn however_much_the_thesaurus_knows_what_is_added_is_bounded() {
    let words: Vec<String> = (0..2000).map(|it| format!("零件{it}")).collect();
    let groups: Vec<GroupForm> =
        words.chunks(20).map(|it| form::read(&json!({ "words": it })).unwrap()).collect();
    let everything: Vec<&str> = words.iter().step_by(20).map(String::as_str).collect();
    let profile = Profile::new("", &everything.join("，"));
    let profile = profile.with(&Thesaurus::new(&groups), Way::Forth);
    assert!((1..=400).contains(&profile.added.terms.len()), "{}", profile.added.terms.len());
}
