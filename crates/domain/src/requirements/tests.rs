use serde_json::{Value, json};

use super::*;
use crate::form;

fn row(name: &str, operator: &str, value: f64, unit: &str) -> Value {
    json!({ "name": name, "operator": operator, "value": value, "unit": unit })
}

fn must(name: &str, operator: &str, value: f64, unit: &str) -> Value {
    let mut row = row(name, operator, value, unit);
    row["must"] = json!(true);
    row
}

fn need(form: &Value) -> NeedForm {
    form::read(form).unwrap()
}

fn achievement(form: &Value) -> AchievementForm {
    form::read(form).unwrap()
}

/// The verdict on one row against one sentence.
fn verdict(indicator: &Value, says: &str) -> Outcome {
    let need = need(&json!({ "indicators": [indicator] }));
    let achievement = achievement(&json!({ "description": says }));
    held(&need, &achievement)[0].verdict
}

#[test]
fn a_requirement_is_met_not_met_or_not_stated() {
    use Outcome::{Met, NotMet, NotStated};
    let strength = || row("抗压强度", "at_least", 80.0, "MPa");
    let pores = || row("气孔率", "at_most", 2.0, "%");
    for (indicator, says, expected) in [
        (strength(), "抗压强度达到90MPa", Met),
        (strength(), "抗压强度0.09GPa", Met),
        (strength(), "混凝土抗压强度85～95MPa", Met),
        (strength(), "抗压强度≥80兆帕", Met),
        (strength(), "抗压强度为70MPa", NotMet),
        (strength(), "抗压强度≥60MPa", NotMet),
        (strength(), "抗压强度70-90MPa", NotStated),
        (strength(), "抗压强度≤100MPa", NotStated),
        (strength(), "抗拉强度90MPa", NotStated),
        (strength(), "强度90MPa", NotStated),
        (strength(), "抗压强度提高90%", NotStated),
        (strength(), "抗压强度高", NotStated),
        (strength(), "目前抗压强度为70MPa", NotStated),
        (strength(), "传统产品抗压强度为70MPa", NotStated),
        (pores(), "气孔率由8%降至1.5%", Met),
        (pores(), "气孔率降到百分之三", NotMet),
        (pores(), "球墨铸铁件气孔率控制在1%以内", Met),
        (row("合格率", "at_least", 95.0, "%"), "不合格率3%", NotStated),
        (row("回收率", "at_least", 90.0, "%"), "铜回收率60%", NotStated),
        (row("锂回收率", "at_least", 90.0, "%"), "锂回收率95%，镍回收率60%", Met),
        (row("处理能力", "at_least", 500.0, "吨/日"), "处理量30吨/小时", Met),
        (row("产量", "at_least", 500.0, "t/d"), "日产400吨", NotMet),
        (row("工作温度", "at_least", 60.0, "℃"), "工作温度≥350K", Met),
        (row("成本", "at_most", 50.0, "元/吨"), "成本为0.04元/kg", Met),
        (row("厚度", "equals", 5.0, "mm"), "厚度0.5cm", Met),
        (row("厚度", "equals", 5.0, "mm"), "厚度8mm", NotMet),
        (row("抗压强度(MPa)", "at_least", 80.0, ""), "抗压强度90MPa", Met),
        (row("效率提高", "at_least", 15.0, "%"), "效率提高15%-20%", Met),
        (row("效率提高", "at_least", 15.0, "%"), "效率提高10%", NotMet),
        (row("效率提高", "at_least", 15.0, "%"), "效率95%", NotStated),
        (row("效率提高", "at_least", 15.0, "%"), "效率降低20%", NotStated),
        (row("白度", "at_least", 80.0, "度"), "白度85度", NotStated),
    ] {
        assert_eq!(verdict(&indicator, says), expected, "{indicator} / {says}");
    }
}

#[test]
fn a_range_of_temperature_is_covered_and_another_is_kept_within() {
    use Outcome::{Met, NotMet, NotStated};
    let between = |name: &str, low: f64, high: f64, unit: &str| json!({ "name": name, "operator": "between", "value": low, "upper": high, "unit": unit });
    let warm = || between("工作温度", -20.0, 60.0, "℃");
    assert_eq!(verdict(&warm(), "工作温度-40℃~85℃"), Met);
    assert_eq!(verdict(&warm(), "工作温度0℃~50℃"), NotMet);
    assert_eq!(verdict(&warm(), "工作温度25℃"), NotStated);
    let grain = || between("粒径", 10.0, 20.0, "μm");
    assert_eq!(verdict(&grain(), "粒径12-15微米"), Met);
    assert_eq!(verdict(&grain(), "粒径50μm"), NotMet);
    assert_eq!(verdict(&grain(), "粒径15-30μm"), NotStated);
}

#[test]
fn a_table_is_read_on_both_sides_and_has_the_say() {
    let need = need(&json!({
        "indicators": [must("抗压强度", "at_least", 80.0, "MPa")],
        "goal": "抗压强度≥60MPa，吸水率≤6%。",
    }));
    let achievement = achievement(&json!({
        "parameters": [row("抗压强度", "equals", 70.0, "MPa")],
        "description": "抗压强度可达120MPa，吸水率5%。",
    }));
    let held = held(&need, &achievement);
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!((held[0].verdict, held[0].must), (Outcome::NotMet, true));
    assert_eq!(held[0].wanted, "抗压强度 ≥ 80 MPa");
    assert_eq!(held[0].stated.as_deref(), Some("抗压强度 = 70 MPa"));
    assert_eq!((held[1].verdict, held[1].must), (Outcome::Met, false));
    assert_eq!(held[1].wanted, "吸水率≤6%");
    assert!(contradicted(&held));
}

#[test]
fn what_a_problem_tells_is_no_wish_unless_it_asks() {
    let wanted = |problem: &str| Wanted::of(&need(&json!({ "problem": problem }))).0.len();
    assert_eq!(wanted("球墨铸铁件气孔率超过8%，每月报废四十吨。"), 0);
    assert_eq!(wanted("目前能耗为12kWh/t，导致成本增加20%。"), 0);
    assert_eq!(wanted("气孔率高达8%以上。"), 0);
    assert_eq!(wanted("要求气孔率不超过2%。"), 1);
    assert_eq!(wanted("希望将铸件合格率提高到95%以上。"), 1);
}

#[test]
fn what_is_for_the_few_is_not_read() {
    let form = json!({
        "tried": "要求抗压强度≥80MPa。",
        "intended_partner": "要求抗压强度≥80MPa",
        "goal": "降低成本",
    });
    assert_eq!(Wanted::of(&need(&form)), Wanted::default());
}

#[test]
fn the_score_moves_a_little_and_only_by_what_is_stated() {
    let of = |verdict, must| Requirement {
        name: "a".into(),
        wanted: "a".into(),
        must,
        verdict,
        stated: None,
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    near(factor(&[]), 1.0);
    near(factor(&[of(Outcome::NotStated, true)]), 1.0);
    near(factor(&[of(Outcome::Met, true)]), 1.05);
    near(factor(&[of(Outcome::NotMet, false)]), 1.0);
    near(factor(&[of(Outcome::NotMet, true), of(Outcome::Met, false)]), 1.0 + 0.025 - 0.1);
    near(factor(&[of(Outcome::NotMet, true), of(Outcome::Met, true)]), 1.0 + 0.025 - 0.05);
}

#[test]
fn thirty_rows_against_a_long_text_are_held_in_one_pass() {
    let rows: Vec<Value> =
        (0..30).map(|it| row(&format!("指标甲{it}"), "at_least", 1.0, "%")).collect();
    let text: String = "抗压强度80MPa，".repeat(500).chars().take(5000).collect();
    let need = need(&json!({ "indicators": rows }));
    assert_eq!(held(&need, &achievement(&json!({ "description": text }))).len(), 30);
}
