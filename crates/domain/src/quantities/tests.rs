use proptest::prelude::*;

use super::*;

mod none;
mod phrases;
mod trades;

/// What the tests write behind a number: factor to the base unit, offset, dimension. A second
/// writing, by hand, of what `units` says.
const UNITS: &[(&str, f64, f64, &str)] = &[
    ("", 1.0, 0.0, ""),
    ("MPa", 1e6, 0.0, "m-1·kg·s-2"),
    ("Pa", 1.0, 0.0, "m-1·kg·s-2"),
    ("Pa·s", 1.0, 0.0, "m-1·kg·s-1"),
    ("%", 0.01, 0.0, "%"),
    ("℃", 1.0, 273.15, "K"),
    ("K", 1.0, 0.0, "K"),
    ("mm", 1e-3, 0.0, "m"),
    ("μm", 1e-6, 0.0, "m"),
    ("nm", 1e-9, 0.0, "m"),
    ("m", 1.0, 0.0, "m"),
    ("km", 1e3, 0.0, "m"),
    ("m2", 1.0, 0.0, "m2"),
    ("亩", 666.666_666_666_666_6, 0.0, "m2"),
    ("m3", 1.0, 0.0, "m3"),
    ("L", 1e-3, 0.0, "m3"),
    ("mL", 1e-6, 0.0, "m3"),
    ("kg", 1.0, 0.0, "kg"),
    ("g", 1e-3, 0.0, "kg"),
    ("mg", 1e-6, 0.0, "kg"),
    ("t", 1e3, 0.0, "kg"),
    ("s", 1.0, 0.0, "s"),
    ("ms", 1e-3, 0.0, "s"),
    ("min", 60.0, 0.0, "s"),
    ("h", 3600.0, 0.0, "s"),
    ("d", 86_400.0, 0.0, "s"),
    ("month", 2_629_800.0, 0.0, "s"),
    ("a", 31_557_600.0, 0.0, "s"),
    ("t/d", 1e3 / 86_400.0, 0.0, "kg·s-1"),
    ("t/h", 1e3 / 3600.0, 0.0, "kg·s-1"),
    ("t/a", 1e3 / 31_557_600.0, 0.0, "kg·s-1"),
    ("m3/h", 1.0 / 3600.0, 0.0, "m3·s-1"),
    ("m3/min", 1.0 / 60.0, 0.0, "m3·s-1"),
    ("m3/d", 1.0 / 86_400.0, 0.0, "m3·s-1"),
    ("m/s", 1.0, 0.0, "m·s-1"),
    ("m/min", 1.0 / 60.0, 0.0, "m·s-1"),
    ("km/h", 1.0 / 3.6, 0.0, "m·s-1"),
    ("mm/min", 1e-3 / 60.0, 0.0, "m·s-1"),
    ("mg/L", 1e-3, 0.0, "m-3·kg"),
    ("mg/m3", 1e-6, 0.0, "m-3·kg"),
    ("kg/m3", 1.0, 0.0, "m-3·kg"),
    ("g/cm3", 1e3, 0.0, "m-3·kg"),
    ("g/L", 1.0, 0.0, "m-3·kg"),
    ("kg/亩", 0.0015, 0.0, "m-2·kg"),
    ("g/m2", 1e-3, 0.0, "m-2·kg"),
    ("mg/kg", 1e-6, 0.0, "%"),
    ("m3/t", 1e-3, 0.0, "m3·kg-1"),
    ("kN", 1e3, 0.0, "m·kg·s-2"),
    ("N", 1.0, 0.0, "m·kg·s-2"),
    ("N·m", 1.0, 0.0, "m2·kg·s-2"),
    ("J", 1.0, 0.0, "m2·kg·s-2"),
    ("kWh", 3.6e6, 0.0, "m2·kg·s-2"),
    ("kWh/t", 3.6e3, 0.0, "m2·s-2"),
    ("Wh/kg", 3600.0, 0.0, "m2·s-2"),
    ("kcal/kg", 4186.8, 0.0, "m2·s-2"),
    ("W", 1.0, 0.0, "m2·kg·s-3"),
    ("kW", 1e3, 0.0, "m2·kg·s-3"),
    ("MW", 1e6, 0.0, "m2·kg·s-3"),
    ("W/(m·K)", 1.0, 0.0, "m·kg·s-3·K-1"),
    ("W/(m2·K)", 1.0, 0.0, "kg·s-3·K-1"),
    ("J/cm2", 1e4, 0.0, "kg·s-2"),
    ("V", 1.0, 0.0, "m2·kg·s-3·A-1"),
    ("kV", 1e3, 0.0, "m2·kg·s-3·A-1"),
    ("A", 1.0, 0.0, "A"),
    ("mAh/g", 3600.0, 0.0, "kg-1·s·A"),
    ("Ah", 3600.0, 0.0, "s·A"),
    ("Ω", 1.0, 0.0, "m2·kg·s-3·A-2"),
    ("Hz", 1.0, 0.0, "s-1"),
    ("yuan", 1.0, 0.0, "yuan"),
    ("yuan/t", 1e-3, 0.0, "kg-1·yuan"),
    ("yuan/m2", 1.0, 0.0, "m-2·yuan"),
    ("yuan/a", 1.0 / 31_557_600.0, 0.0, "s-1·yuan"),
    ("bit/s", 1.0, 0.0, "s-1·bit"),
    ("B", 8.0, 0.0, "bit"),
    ("dtex", 1e-7, 0.0, "m-1·kg"),
    ("N/m", 1.0, 0.0, "kg·s-2"),
    ("°", 1.0, 0.0, "°"),
    ("mol/L", 1e3, 0.0, "mol·m-3"),
    ("转/s", 1.0, 0.0, "转·s-1"),
    ("转/min", 1.0 / 60.0, 0.0, "转·s-1"),
    ("帧/s", 1.0, 0.0, "帧·s-1"),
    ("次/s", 1.0, 0.0, "次·s-1"),
    ("次/min", 1.0 / 60.0, 0.0, "次·s-1"),
    ("件/h", 1.0 / 3600.0, 0.0, "件·s-1"),
    ("台/a", 1.0 / 31_557_600.0, 0.0, "台·s-1"),
    ("cfu/g", 1e3, 0.0, "cfu·kg-1"),
    ("yuan/头", 1.0, 0.0, "头-1·yuan"),
    ("lm/W", 1.0, 0.0, "lm·m-2·kg-1·s3"),
    ("ΔK", 1.0, 0.0, "K"),
];

/// Writes a quantity as the tables below write it, if it is what they say.
fn agrees(found: &Quantity, written: &str) -> bool {
    let mut parts = written.split(' ');
    let mut part = || parts.next().unwrap_or_default();
    let (name, sign, value, unit) = (part(), part(), part(), part());
    let unit_known = UNITS.iter().find(|it| it.0 == unit);
    let (factor, offset, dimension) =
        unit_known.map_or((1.0, 0.0, unit.to_owned()), |it| (it.1, it.2, it.3.to_owned()));
    let base = |it: &str| it.parse::<f64>().unwrap() * factor + offset;
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-12);
    let (kind, sign) = match (sign.strip_prefix('↑'), sign.strip_prefix('↓')) {
        (Some(rest), _) => (Change::Rise, rest),
        (_, Some(rest)) => (Change::Fall, rest),
        _ => (Change::Level, sign),
    };
    let bound = match (sign, found.amount.bound) {
        ("≥", Bound::AtLeast(it))
        | ("≤", Bound::AtMost(it))
        | ("=", Bound::Equals(it))
        | ("→", Bound::Reaches(it)) => near(it, base(value)),
        ("~", Bound::Between(low, high)) => {
            let (from, to) = value.split_once("..").unwrap();
            near(low, base(from)) && near(high, base(to))
        }
        _ => false,
    };
    let name = if name == "-" { "" } else { name };
    bound
        && found.name == name
        && found.amount.kind == kind
        && found.amount.dimension.to_string() == dimension
}

fn faults<'a>(table: &[&'a str]) -> Vec<(&'a str, Vec<Quantity>)> {
    let wrong = |row: &&'a str| {
        let (phrase, expected) = row.split_once(" => ").unwrap();
        let found = read(phrase);
        let expected: Vec<&str> = expected.split("; ").collect();
        let same = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(found, written)| agrees(found, written));
        (!same).then_some((*row, found))
    };
    table.iter().filter_map(wrong).collect()
}

#[test]
fn quantities_are_read_as_people_mean_them() {
    let wrong = faults(phrases::READ).into_iter().chain(faults(trades::READ));
    let told: Vec<String> = wrong.map(|(row, found)| format!("{row}\n    {found:?}")).collect();
    assert!(told.is_empty(), "{} wrong\n{}", told.len(), told.join("\n"));
}

#[test]
fn what_is_no_quantity_is_not_read() {
    let wrong: Vec<String> = none::NOT_READ
        .iter()
        .map(|it| (it, read(it)))
        .filter(|it| !it.1.is_empty())
        .map(|(phrase, found)| format!("{phrase}\n    {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_tables_hold_what_was_promised() {
    let mut all: Vec<&str> = phrases::READ.iter().chain(trades::READ).copied().collect();
    all.extend(none::NOT_READ);
    let written = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), written, "a phrase stands twice");
    assert!(written >= 300, "{written}");
    assert!(none::NOT_READ.len() >= 80, "{}", none::NOT_READ.len());
}

#[test]
fn what_is_so_far_is_told_from_what_is_wanted() {
    let so_far = |text: &str| -> Vec<bool> { read(text).iter().map(|it| it.so_far).collect() };
    assert_eq!(so_far("目前气孔率8%，目标气孔率≤2%"), [true, false]);
    assert_eq!(so_far("气孔率由8%降至2%"), [true, false]);
    assert_eq!(so_far("传统工艺的回收率为60%"), [true]);
    assert_eq!(so_far("效率比传统工艺提高15%"), [false]);
    assert_eq!(so_far("现有设备能耗为12kWh/t"), [true]);
}

#[test]
fn a_second_number_has_the_name_of_the_first() {
    let read = read("气孔率由8%降至2%以下");
    assert_eq!(read[1].name, "气孔率");
    assert_eq!(read[1].amount.bound, Bound::AtMost(0.02));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        for it in read(&text) {
            prop_assert!(text.get(it.range).is_some());
        }
    }

    #[test]
    fn ranges_are_whole_characters_in_order(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "抗压强度", "≥", "80", " MPa", "，", "℃", "-40", "~", "万", "亿", "吨", "/日", "㎡", "２０２１",
                "年", "由", "降至", "5%", "百分之", "三十五", "×10", "⁴", "^-", "e", "3", ".", "±", "不低于", "以上",
                "提高", "(", ")", "φ", "Ra", "kg/m³", "约", "至", "W/(m·K)", "🦀", "GB/T", "0", "-", "日产",
            ]),
            0..60,
        )
    ) {
        let text = pieces.concat();
        let mut last = 0;
        for it in read(&text) {
            prop_assert!(text.get(it.range.clone()).is_some(), "{text} {it:?}");
            prop_assert!(it.range.start < it.range.end && it.range.end > last);
            last = it.range.end;
        }
    }
}

/// Looking at a character more often in a longer text would show here: so many characters of one
/// kind that time in proportion to their square were minutes.
#[test]
fn long_texts_take_time_in_proportion() {
    for piece in [
        "1",
        "(",
        "1-",
        "万",
        "5%",
        "抗压强度",
        "由",
        " ",
        "1,111",
        "m/",
        "约",
        "提高",
        "1×10^",
        "不",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        read(&text);
        read(&format!("{text}5%"));
    }
}
