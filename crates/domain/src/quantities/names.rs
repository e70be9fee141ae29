//! What a quantity is called: the few words before it.

use super::letters::{Letter, fold};

/// The longest name, in characters.
const LONGEST: usize = 16;

/// Words before which a name cannot begin, each with what may not stand before or after it for it to
/// be such a word.
const CUTS: &[(&str, &str, &str)] = &[
    ("的", "目", ""),
    ("使得", "", ""),
    ("使", "", "用"),
    ("将", "", ""),
    ("把", "", ""),
    ("其中", "", ""),
    ("其", "尤", "他"),
    ("和", "饱中共缓", ""),
    ("与", "参", "度"),
    ("及", "普涉触", "时"),
    ("并", "合", "网联发购行"),
    ("且", "", ""),
    ("或", "", ""),
    ("要求", "", ""),
    ("需要", "", ""),
    ("需", "必急", "求氧量"),
    ("实现", "", ""),
    ("满足", "", ""),
    ("保证", "", ""),
    ("确保", "", ""),
    ("具有", "", ""),
    ("具备", "", ""),
    ("能够", "", ""),
    ("可以", "", ""),
    ("希望", "", ""),
    ("目标", "", ""),
    ("指标", "", ""),
    ("预期", "", ""),
    ("其余", "", ""),
    ("在", "潜存所内", "线用制"),
    ("后", "", "处续"),
    ("本项目", "", ""),
    ("我公司", "", ""),
    ("公司", "", ""),
    ("企业", "", ""),
    ("由", "自", ""),
    ("从", "", ""),
    ("对", "", "比"),
    ("让", "", ""),
    ("达到", "", ""),
    ("达", "", ""),
    ("经", "", "济纱"),
    ("目前", "", ""),
    ("现有", "", ""),
    ("当前", "", ""),
    ("原有", "", ""),
    ("原来", "", ""),
];

/// What a name ends with and does not need, each with what may not stand before it.
const TAILS: &[(&str, &str)] = &[
    ("数值", ""),
    ("的", "目"),
    ("值", "产热峰阈价增总净"),
    ("要求", ""),
    ("指标", ""),
    ("标准", ""),
    ("范围", ""),
    ("必须", ""),
    ("能够", ""),
    ("可以", ""),
    ("一般", ""),
    ("通常", ""),
    ("平均", ""),
    ("同时", ""),
    ("应", "反效感响供适"),
    ("需", "必急"),
    ("可", "认许"),
    ("能", "性功产节热电动势技智效"),
    ("均", "平"),
    ("都", "成首"),
    ("仅", ""),
    ("只", ""),
    ("已", ""),
];
/// What a name begins with and does not need.
const HEADS: &[&str] = &[
    "要求", "同时", "力争", "预计", "争取", "最终", "整体", "总体", "产品", "该", "各", "每",
    "最大", "最高", "最小", "最低", "平均", "综合",
];
/// Words that part what is compared from what it is compared with.
const AGAINST: &[(&str, &str)] = &[
    ("与传统", ""),
    ("较", "高低大小"),
    ("相比", ""),
    ("比", "表热重例容电强能功率值色"),
    ("相对", "湿密误"),
];

/// The name that ends just before `end`, and where it begins; not before `floor`.
pub(crate) fn before(letters: &[Letter], floor: usize, end: usize) -> (String, usize) {
    let (mut at, mut floor) = (end, floor);
    let mut kept: Vec<(char, usize)> = Vec::new();
    while let Some(letter) = at.checked_sub(1).and_then(|it| letters.get(it)) {
        let it = letter.it;
        if it == ')' {
            let Some(opened) = opening(letters, at - 1) else { break };
            // What was read within the brackets does not end the name: 抗压强度(28d)≥80MPa.
            if opened < floor {
                floor = 0;
            }
            at = opened;
            continue;
        }
        let space = it == ' ' && kept.len() < 8 && latin_beside(letters, at - 1);
        if at <= floor || kept.len() >= LONGEST || !(space || is_word(it)) {
            break;
        }
        at -= 1;
        if !space {
            kept.push((it, at));
        }
    }
    kept.reverse();
    cut(&kept, end)
}

/// A name as names are compared.
pub(crate) fn normal(raw: &str) -> String {
    let letters = fold(raw);
    let mut kept = String::new();
    let mut depth = 0_i32;
    for it in letters.iter().map(|it| it.it) {
        match it {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            it if depth <= 0 && is_word(it) => kept.extend(it.to_lowercase()),
            _ => {}
        }
    }
    trimmed(&kept).to_owned()
}

/// Cuts a run of words back to the name it ends with.
fn cut(kept: &[(char, usize)], end: usize) -> (String, usize) {
    let text: String = kept.iter().map(|it| it.0).collect();
    // 效率较传统工艺提高: the name stands before.
    let against = AGAINST.iter().filter_map(|(word, not_after)| {
        let at = text.find(word).filter(|it| *it >= 6)?;
        let rest = text.get(at + word.len()..)?;
        (!rest.is_empty() && !rest.starts_with(|it| not_after.contains(it))).then_some(at)
    });
    let text = text.get(..against.min().unwrap_or(text.len())).unwrap_or_default();
    let from = CUTS.iter().filter_map(|it| last_cut(text, it)).max().unwrap_or(0);
    let name = text.get(from..).unwrap_or_default();
    let short = trimmed(name);
    let from = from + name.find(short).unwrap_or(0);
    let begun = text.get(..from).map_or(0, |it| it.chars().count());
    let start = kept.get(begun).map_or(end, |it| it.1);
    (short.to_lowercase(), if short.is_empty() { end } else { start })
}

/// Where the last such word ends in a text, if something comes after it.
fn last_cut(text: &str, (word, not_before, not_after): &(&str, &str, &str)) -> Option<usize> {
    let fits = |at: &usize| {
        let before = text.get(..*at).and_then(|it| it.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|it| it.chars().next());
        !before.is_some_and(|it| not_before.contains(it))
            && after.is_some_and(|it| !not_after.contains(it))
    };
    text.rmatch_indices(word).map(|it| it.0).find(fits).map(|it| it + word.len())
}

fn trimmed(name: &str) -> &str {
    let mut name = name;
    for _ in 0..6 {
        let head = HEADS.iter().find_map(|it| name.strip_prefix(it));
        let tail = || {
            TAILS.iter().find_map(|(it, not_before)| {
                let rest = name.strip_suffix(it)?;
                let kept = rest.chars().next_back().is_none_or(|it| not_before.contains(it));
                (!kept).then_some(rest)
            })
        };
        match head.or_else(tail) {
            Some(shorter) => name = shorter,
            None => break,
        }
    }
    name
}

/// Where the bracket that closes at `at` was opened, at most twelve characters before.
fn opening(letters: &[Letter], at: usize) -> Option<usize> {
    let least = at.saturating_sub(12);
    (least..at).rev().find(|it| letters.get(*it).is_some_and(|it| it.it == '('))
}

fn latin_beside(letters: &[Letter], at: usize) -> bool {
    let latin = |at: usize| letters.get(at).is_some_and(|it| it.it.is_ascii_alphabetic());
    latin(at + 1) || at.checked_sub(1).is_some_and(latin)
}

fn is_word(it: char) -> bool {
    it.is_ascii_alphabetic()
        || matches!(it, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | 'α'..='ω' | 'Φ')
}
