//! Rates that leave their time to the first word of their name.

use super::Unit;

/// Names of rates that leave the time to the first word: 日产 500 吨.
const RATES: &[(&str, f64)] = &[
    ("小时", 3600.0),
    ("时", 3600.0),
    ("天", 86_400.0),
    ("日", 86_400.0),
    ("月", 2_629_800.0),
    ("年", 31_557_600.0),
];
/// What such a rate is a rate of, and what it is called.
const OUTPUTS: &[(&str, &str)] = &[
    ("产能", "产量"),
    ("产量", "产量"),
    ("产", "产量"),
    ("生产能力", "产量"),
    ("生产", "产量"),
    ("处理能力", "处理量"),
    ("处理量", "处理量"),
    ("处理", "处理量"),
    ("加工能力", "加工量"),
    ("加工", "加工量"),
    ("发电量", "发电量"),
    ("发电", "发电量"),
    ("消耗", "消耗量"),
    ("用水", "用水量"),
];
/// 日产 500 吨 is a rate of output.
pub(super) fn as_rate(name: String, unit: Unit) -> (String, Unit) {
    for (word, seconds) in RATES {
        let Some(rest) = name.strip_prefix(word) else { continue };
        if let Some((_, called)) = OUTPUTS.iter().find(|(it, _)| *it == rest) {
            return ((*called).to_owned(), unit.per_seconds(*seconds));
        }
    }
    (name, unit)
}
