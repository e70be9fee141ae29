//! The words around a number that say what it means.

use super::letters::{Letter, begins, ends};

/// How a text compares, before it is known with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    AtLeast,
    AtMost,
    Equals,
    Reaches,
    Within,
}

const MORE: &[&str] = &["超过", "大于", "高于", "多于", "优于", "突破"];
const LESS: &[&str] = &["低于", "小于", "少于", "短于"];
const NOT: &[&str] = &["不", "不得", "不能", "不应", "不可", "不会", "不要", "未", "不宜"];

/// Words before a number; a longer one stands before a shorter one that it ends with.
const BEFORE: &[(&str, Compared)] = &[
    ("大于等于", Compared::AtLeast),
    ("大于或等于", Compared::AtLeast),
    ("小于等于", Compared::AtMost),
    ("小于或等于", Compared::AtMost),
    ("不低于", Compared::AtLeast),
    ("至少", Compared::AtLeast),
    ("至少为", Compared::AtLeast),
    ("至多", Compared::AtMost),
    ("最多", Compared::AtMost),
    (">=", Compared::AtLeast),
    ("=>", Compared::AtLeast),
    ("<=", Compared::AtMost),
    ("=<", Compared::AtMost),
    ("≥", Compared::AtLeast),
    (">", Compared::AtLeast),
    ("≤", Compared::AtMost),
    ("<", Compared::AtMost),
    ("≈", Compared::Equals),
    ("=", Compared::Equals),
    ("±", Compared::Within),
    ("不足", Compared::AtMost),
    ("控制在", Compared::AtMost),
    ("控制到", Compared::AtMost),
    ("限制在", Compared::AtMost),
    ("降低到", Compared::AtMost),
    ("降低至", Compared::AtMost),
    ("下降到", Compared::AtMost),
    ("下降至", Compared::AtMost),
    ("减少到", Compared::AtMost),
    ("减少至", Compared::AtMost),
    ("缩短到", Compared::AtMost),
    ("缩短至", Compared::AtMost),
    ("减小到", Compared::AtMost),
    ("减小至", Compared::AtMost),
    ("压缩到", Compared::AtMost),
    ("压缩至", Compared::AtMost),
    ("降为", Compared::AtMost),
    ("降到", Compared::AtMost),
    ("降至", Compared::AtMost),
    ("提高到", Compared::AtLeast),
    ("提高至", Compared::AtLeast),
    ("提升到", Compared::AtLeast),
    ("提升至", Compared::AtLeast),
    ("增加到", Compared::AtLeast),
    ("增加至", Compared::AtLeast),
    ("延长到", Compared::AtLeast),
    ("延长至", Compared::AtLeast),
    ("增至", Compared::AtLeast),
    ("升至", Compared::AtLeast),
    ("稳定在", Compared::Reaches),
    ("保持在", Compared::Reaches),
    ("达到了", Compared::Reaches),
    ("达到", Compared::Reaches),
    ("可达到", Compared::Reaches),
    ("高达", Compared::Reaches),
    ("可达", Compared::Reaches),
    ("达", Compared::Reaches),
];

/// Words after an amount.
const AFTER: &[(&str, Compared)] = &[
    ("及以上", Compared::AtLeast),
    ("或以上", Compared::AtLeast),
    ("以上", Compared::AtLeast),
    ("及以下", Compared::AtMost),
    ("或以下", Compared::AtMost),
    ("以下", Compared::AtMost),
    ("以内", Compared::AtMost),
    ("之内", Compared::AtMost),
];

/// What stands between a name, a comparison and a number, and means nothing here.
const BESIDE: &[&str] = &[
    "大约", "大概", "左右", "约为", "约", "近", "为", "是", ":", "了", "在", "仅", "只", "均",
    "都", "到", "有",
];

/// Words that make an amount a change, before the number or before the name.
const RISES: &[&str] = &[
    "提高", "提升", "增加", "增长", "增大", "升高", "上升", "增强", "延长", "提产", "提效", "扩大",
];
const FALLS: &[&str] =
    &["降低", "减少", "下降", "缩短", "节约", "节省", "减轻", "减小", "削减", "压缩", "缩减"];
/// Those that may stand before what changes, as in 降低能耗 30%; others are part of names (提升机).
const LEADING: &[(&str, bool)] = &[
    ("提高", true),
    ("增加", true),
    ("降低", false),
    ("减少", false),
    ("缩短", false),
    ("节约", false),
    ("节省", false),
];
/// Changes that name what changes.
const NAMED: &[(&str, bool, &str)] = &[
    ("增产", true, "产量"),
    ("增收", true, "收入"),
    ("增效", true, "效益"),
    ("节能", false, "能耗"),
    ("节电", false, "电耗"),
    ("节水", false, "水耗"),
    ("节煤", false, "煤耗"),
    ("减排", false, "排放"),
    ("减重", false, "重量"),
    ("降耗", false, "能耗"),
];

/// Words of a clause that tells how things are so far, or elsewhere.
const SO_FAR: &[&str] = &[
    "目前",
    "现有",
    "当前",
    "现阶段",
    "原有",
    "原来",
    "传统",
    "常规",
    "现行",
    "国内外",
    "国内",
    "国外",
    "行业平均",
    "以往",
    "过去",
    "同类",
];
/// Words after which what is said of the others is a measure, not a state.
const AGAINST: &[&str] = &["比", "较", "优于", "相对", "替代", "突破", "领先"];

/// The comparison that ends just before `end`, and where it begins.
pub(crate) fn before(letters: &[Letter], end: usize) -> Option<(Compared, usize)> {
    for (words, yes, no) in
        [(MORE, Compared::AtLeast, Compared::AtMost), (LESS, Compared::AtMost, Compared::AtLeast)]
    {
        let Some(from) = words.iter().find_map(|it| ends(letters, end, it)) else { continue };
        let negated = NOT.iter().filter_map(|it| ends(letters, from, it)).min();
        return Some(negated.map_or((yes, from), |at| (no, at)));
    }
    let found = BEFORE.iter().filter_map(|(word, it)| Some((*it, ends(letters, end, word)?)));
    found.min_by_key(|(_, from)| *from)
}

/// The comparison that begins at `at`, and where it ends.
pub(crate) fn after(letters: &[Letter], at: usize) -> Option<(Compared, usize)> {
    let found = AFTER.iter().find(|(word, _)| begins(letters, at, word));
    found.map(|(word, it)| (*it, at + word.chars().count()))
}

/// Where a word of no account that ends just before `end` begins.
pub(crate) fn beside(letters: &[Letter], end: usize) -> Option<usize> {
    BESIDE.iter().find_map(|it| ends(letters, end, it))
}

/// The change that ends just before `end`: whether it rises, what it names, where it begins.
pub(crate) fn change(letters: &[Letter], end: usize) -> Option<(bool, &'static str, usize)> {
    let named = NAMED.iter().find_map(|it| Some((it.1, it.2, ends(letters, end, it.0)?)));
    let falls = || FALLS.iter().find_map(|it| Some((false, "", ends(letters, end, it)?)));
    let rises = || RISES.iter().find_map(|it| Some((true, "", ends(letters, end, it)?)));
    named.or_else(rises).or_else(falls)
}

/// The change that a name begins with, as in 提高效率 15%: whether it rises, and the rest.
pub(crate) fn leading_change(name: &str) -> Option<(bool, &str)> {
    let found = LEADING.iter().find_map(|(it, rises)| Some((*rises, name.strip_prefix(it)?)));
    found.filter(|(_, rest)| rest.chars().count() >= 2)
}

/// Whether a clause tells how things are so far.
pub(crate) fn so_far(clause: &str) -> bool {
    let told = SO_FAR.iter().filter_map(|it| clause.find(it)).min();
    let against = AGAINST.iter().filter_map(|it| clause.find(it)).min();
    told.is_some_and(|told| against.is_none_or(|against| against > told + 24))
}
