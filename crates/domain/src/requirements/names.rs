//! When two names mean the same quantity.

use crate::quantities::Change;

/// How alike two names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same, or in one group below.
    Same,
    /// One says more exactly what the other says: 混凝土抗压强度, 抗压强度.
    Alike,
    /// Different, or not surely the same.
    None,
}

/// Names of one quantity. 强度 is in none: it may be any.
const GROUPS: &[&[&str]] = &[
    &["抗拉强度", "拉伸强度"],
    &["抗压强度", "压缩强度"],
    &["抗折强度", "抗弯强度", "弯曲强度"],
    &["屈服强度", "屈服点"],
    &["延伸率", "伸长率", "断后伸长率"],
    &["粗糙度ra", "表面粗糙度ra", "粗糙度", "表面粗糙度", "ra"],
    &["ph", "酸碱度"],
    &["导热系数", "热导率", "导热率"],
    &["能量密度", "比能量"],
    &["循环寿命", "循环次数"],
    &["使用寿命", "寿命"],
    &["工作温度", "使用温度"],
    &["噪声", "噪音"],
    &["含水率", "水分", "含水量", "水份"],
    &["合格率", "良品率", "产品合格率"],
    &["废品率", "不合格率", "不良率"],
    &["准确率", "正确率"],
    &["处理量", "处理能力"],
    &["产量", "产能", "生产能力"],
    &["响应时间", "反应时间"],
    &["粒径", "粒度"],
    &["化学需氧量", "cod"],
    &["电耗", "耗电量"],
    &["水耗", "用水量", "耗水量"],
    &["能耗", "能源消耗"],
];

/// What turns a name into that of another quantity when it stands before it.
const TURNS: &[&str] = &[
    "不", "非", "未", "无", "初", "残", "剩", "峰", "抗", "单", "总", "净", "反", "逆", "相对",
    "额定", "破坏",
];

/// Names that say nothing of what is measured.
const EMPTY: &[&str] = &[
    "技术",
    "产品",
    "项目",
    "系统",
    "设备",
    "企业",
    "公司",
    "其中",
    "目前",
    "工艺",
    "材料",
    "投资",
    "资金",
    "总投资",
    "拟投入资金",
    "占地",
    "员工",
    "注册资本",
    "左右",
    "以上",
    "以下",
];

/// Quantities of which less is better, so that 达到 means at most.
const LESS: &[&str] = &[
    "粗糙度",
    "误差",
    "偏差",
    "公差",
    "噪声",
    "噪音",
    "能耗",
    "电耗",
    "水耗",
    "煤耗",
    "成本",
    "损耗",
    "损失率",
    "气孔率",
    "废品率",
    "不良率",
    "漏检率",
    "误报率",
    "泄漏率",
    "排放",
    "浓度",
    "灰分",
    "含水率",
    "吸水率",
    "缩水率",
    "周期",
    "响应时间",
    "杂质",
    "ra",
    "cod",
    "精度",
    "故障率",
    "死亡率",
    "费用",
    "造价",
    "工期",
];

const RISES: &[&str] =
    &["提高", "提升", "增加", "增长", "提高率", "提升率", "提高幅度", "增幅", "增加率"];
const FALLS: &[&str] = &[
    "降低",
    "减少",
    "下降",
    "缩短",
    "节约",
    "节省",
    "降低率",
    "降低幅度",
    "降幅",
    "减少率",
    "下降率",
];

/// How alike two names are. The shorter must be what the longer ends with, have three characters
/// or more, and lack two or more, none of which turns it into something else: 铜回收率 is not 回收率,
/// 不合格率 is not 合格率, and 强度 may be any.
pub(super) fn likeness(one: &str, other: &str) -> Likeness {
    if one.is_empty() || other.is_empty() {
        return Likeness::None;
    }
    let group = |name: &str| GROUPS.iter().position(|it| it.contains(&name));
    if one == other || group(one).is_some_and(|it| group(other) == Some(it)) {
        return Likeness::Same;
    }
    let spelled = |name: &str| {
        let mut all: Vec<String> = vec![name.to_owned()];
        if let Some(group) = group(name).and_then(|it| GROUPS.get(it)) {
            all.extend(group.iter().map(|it| (*it).to_owned()));
        }
        all
    };
    let extends = |long: &str, short: &str| {
        let Some(more) = long.strip_suffix(short) else { return false };
        short.chars().count() >= 3
            && more.chars().count() >= 2
            && !TURNS.iter().any(|it| more.ends_with(it))
    };
    let (ones, others) = (spelled(one), spelled(other));
    let alike =
        others.iter().any(|it| extends(one, it)) || ones.iter().any(|it| extends(other, it));
    if alike { Likeness::Alike } else { Likeness::None }
}

/// Whether a name says what is measured.
pub(super) fn says(name: &str) -> bool {
    (name.chars().count() >= 2 || name == "ph") && !EMPTY.contains(&name)
}

/// Whether less of it is better.
pub(super) fn less_is_better(name: &str) -> bool {
    LESS.iter().any(|it| name.ends_with(it))
}

/// What changes, and how, in a name such as 效率提高率 or 降低能耗.
pub(super) fn changing(name: &str) -> (String, Change) {
    for (words, kind) in [(RISES, Change::Rise), (FALLS, Change::Fall)] {
        let rest = words.iter().filter_map(|it| name.strip_suffix(it)).min_by_key(|it| it.len());
        let rest = rest.or_else(|| words.iter().find_map(|it| name.strip_prefix(it)));
        if let Some(rest) = rest.filter(|it| it.chars().count() >= 2) {
            return (rest.to_owned(), kind);
        }
    }
    (name.to_owned(), Change::Level)
}

/// The unit in a name such as 抗压强度(MPa).
pub(super) fn unit_in_brackets(name: &str) -> &str {
    let opened = name.rfind(['(', '（']);
    let inside =
        opened.and_then(|it| name.get(it..)).map(|it| it.trim_matches(['(', '（', ')', '）']));
    inside.filter(|_| name.ends_with([')', '）'])).unwrap_or_default()
}
