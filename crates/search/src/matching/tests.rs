#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the formula by hand counts a handful of things"
)]

use std::{collections::HashMap, sync::Arc};

use domain::listings::Kind;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    Veil,
    index::{self, Opened},
};

mod synonyms;

/// A title and a text.
type Text = (&'static str, &'static str);

const ALL: Depth = Depth { most: 1000, floor: 0.0 };

struct Market {
    _folder: TempDir,
    opened: Opened,
}

impl Market {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let opened = index::create(folder.path(), 1, &Arc::new(Veil::thin())).unwrap();
        Self { _folder: folder, opened }
    }

    /// A market of needs and achievements, spread over several segments.
    fn of(needs: &[Text], achievements: &[Text]) -> Self {
        let mut market = Self::new();
        for (at, (title, text)) in needs.iter().enumerate() {
            market.put(Kind::Need, Shelf::Open, (1000 + at as u128, title, text));
        }
        for (at, (title, text)) in achievements.iter().enumerate() {
            market.put(Kind::Achievement, Shelf::Open, (at as u128, title, text));
            if at % 3 == 2 {
                market.opened.writer.commit(0).unwrap();
            }
        }
        market.opened.writer.commit(1).unwrap();
        market
    }

    fn put(&mut self, of: Kind, on: Shelf, (number, title, text): (u128, &str, &str)) {
        self.opened.writer.put(&entry(of, on, (number, title, text))).unwrap();
    }

    fn rank(&self, title: &str, text: &str) -> Vec<(u128, f32)> {
        let ranked =
            self.opened.reader.rank(&Profile::new(title, text), (ALL, Effort::default())).unwrap();
        ranked.into_iter().map(|(id, score)| (id.as_u128(), score)).collect()
    }
}

fn entry(of: Kind, on: Shelf, (number, title, text): (u128, &str, &str)) -> Entry {
    Entry {
        id: Uuid::from_u128(number),
        kind: of,
        shelf: on,
        title: title.into(),
        summary: String::new(),
        text: text.into(),
        fields: Vec::new(),
        industry: None,
        region: None,
        cooperation: Vec::new(),
        readiness: None,
        published_at: 0,
    }
}

const NEEDS: [Text; 4] = [
    ("铸件气孔率降低技术", "公司目前球墨铸铁件气孔率高达百分之八,急需研发新工艺。"),
    ("红薯贮藏保鲜技术", "公司目前红薯贮藏烂薯率高,急需研发新的贮藏技术。"),
    ("瓦斯抽采钻孔密封", "公司目前瓦斯抽采浓度低,急需研发新的封孔材料。"),
    ("储能电池热管理", "公司目前电池簇温差大,急需研发新的液冷技术。"),
];

const ACHIEVEMENTS: [Text; 7] = [
    ("球墨铸铁件气孔缺陷控制工艺", "通过浇注系统优化降低气孔率。"),
    ("甘薯贮藏窖环境调控", "烂薯率由百分之十五降到百分之四。"),
    ("煤矿瓦斯抽采钻孔封孔材料", "膨胀率高,抽采浓度提高。"),
    ("锂离子电池簇液冷热管理系统", "温差小于三度。"),
    ("丝绸面料数码印花", "色牢度四级。"),
    ("生猪精准饲喂系统", "料肉比下降。"),
    ("公司目前急需研发的新技术", "公司目前急需研发新技术。"),
];

#[test]
fn each_need_finds_what_meets_it() {
    let market = Market::of(&NEEDS, &ACHIEVEMENTS);
    for (at, (title, text)) in NEEDS.iter().enumerate() {
        let ranked = market.rank(title, text);
        assert_eq!(ranked[0].0, at as u128, "{title}: {ranked:?}");
    }
}

#[test]
fn what_every_need_says_counts_little() {
    let market = Market::of(&NEEDS, &ACHIEVEMENTS);
    let (title, text) = NEEDS[0];
    let ranked: HashMap<u128, f32> = market.rank(title, text).into_iter().collect();
    assert!(ranked[&6] < ranked[&0] / 3.0, "boilerplate scores {} of {}", ranked[&6], ranked[&0]);
}

/// The formula, written down a second time without an index.
fn by_hand(need: Text, market: (&[Text], &[Text])) -> Vec<(u128, f64)> {
    let counts = |text: &str| {
        let mut counts: HashMap<String, f64> = HashMap::new();
        for term in text::grams(&text::glyphs(text)) {
            *counts.entry(term.text).or_default() += 1.0;
        }
        counts
    };
    let has = |list: &[Text], term: &str| {
        let has = |(title, text): &&Text| {
            counts(title).contains_key(term) || counts(text).contains_key(term)
        };
        list.iter().filter(has).count() as f64
    };
    let rarity =
        |list: &[Text], term: &str| ((list.len() as f64 + 2.0) / (has(list, term) + 1.0)).ln();
    let (needs, achievements) = market;
    let (in_title, in_text) = (counts(need.0), counts(need.1));
    let mut weights: HashMap<&String, f64> = HashMap::new();
    for term in in_title.keys().chain(in_text.keys()) {
        let title = in_title.get(term).copied().unwrap_or(0.0);
        let text = in_text.get(term).copied().unwrap_or(0.0);
        let weight =
            (3.0 * title + text.ln_1p()) * rarity(needs, term) * rarity(achievements, term);
        weights.insert(term, weight);
    }
    let length = weights.values().map(|it| it * it).sum::<f64>().sqrt();
    let lengths: Vec<f64> = achievements
        .iter()
        .map(|(title, text)| {
            counts(title).values().sum::<f64>() + counts(text).values().sum::<f64>() / 3.0
        })
        .collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    let mut scores = Vec::new();
    for (at, (title, text)) in achievements.iter().enumerate() {
        let (title, text) = (counts(title), counts(text));
        let mut score = 0.0;
        for (term, weight) in &weights {
            let title = title.get(*term).copied().unwrap_or(0.0);
            let f = title + text.get(*term).copied().unwrap_or(0.0) / 3.0;
            score += weight * f * 1.6 / (f + 0.6 * (0.25 + 0.75 * lengths[at] / mean));
        }
        scores.push((at as u128, score / length));
    }
    scores.retain(|it| it.1 > 0.0);
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores
}

#[test]
fn scores_follow_the_formula_to_the_fourth_place() {
    let market = Market::of(&NEEDS, &ACHIEVEMENTS);
    for need in NEEDS {
        let found = market.rank(need.0, need.1);
        let expected = by_hand(need, (&NEEDS, &ACHIEVEMENTS));
        assert_eq!(found.len(), expected.len());
        for ((id, score), (id_by_hand, score_by_hand)) in found.into_iter().zip(expected) {
            assert_eq!(id, id_by_hand);
            assert!((f64::from(score) - score_by_hand).abs() < 1e-4, "{score} {score_by_hand}");
        }
    }
}

#[test]
fn an_explanation_adds_up_and_speaks_in_phrases() {
    let market = Market::of(&NEEDS, &ACHIEVEMENTS);
    let (title, text) = NEEDS[2];
    let suggestions = market.opened.reader.suggest(&Profile::new(title, text), ALL).unwrap();
    for Suggestion { explanation: it, .. } in &suggestions {
        assert_eq!(it.matcher, MATCHER);
        let parts = it.parts;
        assert!((parts.title + parts.text - it.score).abs() < 1e-4, "{it:?}");
        assert!((parts.listed + parts.rest - it.score).abs() < 1e-4, "{it:?}");
        assert!(it.phrases.iter().map(|it| it.share).sum::<f64>() <= 1.0 + 1e-6);
        assert!(it.terms.windows(2).all(|it| it[0].weight >= it[1].weight));
    }
    let best = &suggestions[0].explanation;
    assert_eq!(best.phrases[0].text, "瓦斯抽采钻孔", "{:?}", best.phrases);
}

#[test]
fn the_floor_keeps_the_tail_out() {
    let market = Market::of(&NEEDS, &ACHIEVEMENTS);
    let profile = Profile::new(NEEDS[0].0, NEEDS[0].1);
    let few = market
        .opened
        .reader
        .rank(&profile, (Depth { most: 20, floor: 0.5 }, Effort::default()))
        .unwrap();
    let least = few.iter().map(|it| it.1).fold(f32::INFINITY, f32::min);
    assert!(least >= few[0].1 * 0.5 && few.len() < ACHIEVEMENTS.len(), "{few:?}");
    let two = market
        .opened
        .reader
        .rank(&profile, (Depth { most: 2, floor: 0.0 }, Effort::default()))
        .unwrap();
    assert_eq!(two.len(), 2);
}

#[test]
fn hidden_text_is_matched_but_changes_no_weight() {
    let mut market = Market::of(&NEEDS, &ACHIEVEMENTS);
    let before = market.rank(NEEDS[0].0, NEEDS[0].1);
    let hidden = (500, "球墨铸铁件气孔率降低技术", "气孔率降到百分之一。");
    market.put(Kind::Achievement, Shelf::Closed, hidden);
    for at in 0..5 {
        let hidden = (600 + at, "铸件气孔率降低技术", "气孔率");
        market.put(Kind::Need, Shelf::Closed, hidden);
    }
    market.opened.writer.commit(2).unwrap();
    let after = market.rank(NEEDS[0].0, NEEDS[0].1);
    assert_eq!(after[0].0, 500, "the hidden achievement is found for a need");
    assert_eq!(after[1..], before[..], "and nobody else's score has moved");
}

#[test]
fn an_achievement_touches_the_needs_it_may_meet() {
    let market = Market::of(&NEEDS, &ACHIEVEMENTS);
    for (at, (title, text)) in ACHIEVEMENTS.iter().take(4).enumerate() {
        let entry = entry(Kind::Achievement, Shelf::Open, (7, title, text));
        let touched = market
            .opened
            .reader
            .touched(&Profile::from(&entry), Breadth { always: 2, most: 2, floor: 1.0 })
            .unwrap();
        assert_eq!(touched[0].as_u128(), 1000 + at as u128, "{title}");
    }
    assert_eq!(market.opened.reader.needs().unwrap().len(), 4);
}

#[test]
fn odd_needs_and_empty_markets_do_no_harm() {
    let empty = Market::new();
    assert!(empty.rank("铸件气孔率", "").is_empty());
    let market = Market::of(&[], &ACHIEVEMENTS);
    assert_eq!(market.rank("瓦斯抽采", "")[0].0, 2, "without any need to compare with");
    let long = "瓦斯抽采".repeat(2000);
    for (title, text) in
        [("", ""), ("铸", ""), ("12 34", "0.5"), ("!!!", "???"), ("铸件", long.as_str())]
    {
        let ranked = market.rank(title, text);
        assert!(ranked.iter().all(|it| it.1.is_finite() && it.1 > 0.0), "{title}");
    }
}

#[test]
fn equal_listings_come_in_the_order_of_their_ids() {
    let same = [("铸件气孔率降低", "同一段文字"); 10];
    let market = Market::of(&NEEDS, &same);
    let ids: Vec<u128> = market.rank("铸件气孔率", "").into_iter().map(|it| it.0).collect();
    assert_eq!(ids, (0..10).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_text_can_be_a_need(title in any::<String>(), text in any::<String>()) {
        let market = Market::of(&NEEDS, &ACHIEVEMENTS[..3]);
        let suggestions = market.opened.reader.suggest(&Profile::new(&title, &text), ALL).unwrap();
        for it in suggestions {
            prop_assert!(it.explanation.score.is_finite());
        }
    }
}

/// A market of many like achievements: `how_many` of them, every fifth about something else.
fn crowded(how_many: u128) -> Market {
    let mut market = Market::new();
    for (at, (title, text)) in NEEDS.iter().enumerate() {
        market.put(Kind::Need, Shelf::Open, (10_000 + at as u128, title, text));
    }
    for number in 0..how_many {
        let (title, text) = ACHIEVEMENTS[number as usize % ACHIEVEMENTS.len()];
        let shelf = if number % 7 == 0 { Shelf::Closed } else { Shelf::Open };
        let text = format!("{text}{}", "设备".repeat(number as usize % 5));
        market.put(Kind::Achievement, shelf, (number, title, &text));
        if number % 40 == 39 {
            market.opened.writer.commit(0).unwrap();
        }
    }
    market.opened.writer.commit(1).unwrap();
    market
}

#[test]
fn the_second_stage_gives_candidates_the_score_that_one_stage_gives_them() {
    let market = crowded(160);
    let rank = |most, effort| {
        let depth = Depth { most, floor: 0.0 };
        let profile = Profile::new(NEEDS[0].0, NEEDS[0].1);
        market.opened.reader.rank(&profile, (depth, effort)).unwrap()
    };
    let exact: HashMap<Uuid, f32> = rank(1000, Effort::EXACT).into_iter().collect();
    for postings in [1, 100, 500] {
        let staged = rank(10, Effort { postings, candidates: 60 });
        assert_eq!(staged.len(), 10);
        for (id, score) in staged {
            assert!((score - exact[&id]).abs() < 1e-5, "{score} {}", exact[&id]);
        }
    }
    let all = rank(1000, Effort { postings: 1, candidates: 1000 });
    assert!(
        all.len() <= exact.len() && all.len() > 10,
        "the first term alone decides who comes in"
    );
}

#[test]
fn of_equal_listings_the_first_ids_are_kept_wherever_they_stand() {
    let mut market = Market::new();
    for number in (0..500).rev() {
        market.put(Kind::Achievement, Shelf::Open, (number, "矿井瓦斯监测", ""));
        if number % 100 == 0 {
            market.opened.writer.commit(0).unwrap();
        }
    }
    market.opened.writer.commit(1).unwrap();
    let profile = Profile::new("瓦斯监测", "");
    let depth = Depth { most: 3, floor: 0.0 };
    for effort in [Effort::EXACT, Effort { postings: 1, candidates: 4 }] {
        let best = market.opened.reader.rank(&profile, (depth, effort)).unwrap();
        let numbers: Vec<u128> = best.iter().map(|it| it.0.as_u128()).collect();
        assert_eq!(numbers, [0, 1, 2]);
    }
}
