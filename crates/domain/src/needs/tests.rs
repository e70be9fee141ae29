use serde_json::json;

use super::*;
use crate::form;

/// A need with every field filled in.
fn whole() -> Value {
    json!({
        "title": "球墨铸铁管内壁涂层附着力提升",
        "summary": "冬季运输后内衬脱落。",
        "problem": "DN600 球墨铸铁管水泥砂浆内衬在冬季运输后脱落,月均返工一百二十根。",
        "indicators": [
            { "name": "附着力", "operator": "at_least", "value": 1.0, "unit": "MPa", "must": true },
            { "name": "厚度", "operator": "between", "value": 3.0, "upper": 5.5, "unit": "mm", "must": false },
        ],
        "goal": "脱落率低于千分之一。",
        "tried": "换过两种砂。",
        "keywords": ["球墨铸铁", "内衬", "附着力"],
        "fields": ["401", "40203"],
        "industry": "C33",
        "region": "140581",
        "kind": "process_improvement",
        "urgency": "pressing",
        "cooperation": ["joint", "try_first"],
        "readiness": 6,
        "investment": { "form": "range", "low_fen": 30_000_000, "high_fen": 80_000_000 },
        "time_limit": { "from": "2026-12-01", "to": "2027-12-31" },
        "partner_wanted": { "kinds": ["university"], "region": "140000", "text": "有中试线" },
        "intended_partner": "晋东理工大学",
        "ip_ownership": "shared",
        "contact": { "name": "李伟", "phone": "0356-5550123", "mail": "liwei@example.cn" },
        "visibility": "masked",
        "unclassified": true,
    })
}

#[test]
fn what_is_written_reads_back_the_same() {
    let form = form::read::<NeedForm>(&whole()).unwrap();
    assert_eq!(serde_json::to_value(&form).unwrap(), whole());
    assert!(form.gaps().0.is_empty());
    let empty = serde_json::to_value(NeedForm::default()).unwrap();
    assert_eq!(form::read::<NeedForm>(&empty).unwrap(), NeedForm::default());
}

#[test]
fn the_schema_names_the_fields_that_are_read() {
    let schema = schemars::schema_for!(NeedForm);
    let mut described: Vec<&str> =
        schema.get("properties").unwrap().as_object().unwrap().keys().map(String::as_str).collect();
    let whole = whole();
    let mut read: Vec<&str> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    described.sort_unstable();
    read.sort_unstable();
    assert_eq!(described, read);
    for (field, _) in NeedForm::AUDIENCES {
        assert!(read.contains(field), "{field}");
    }
}

#[test]
fn every_bad_field_is_told() {
    let mut form = whole();
    form["title"] = json!("铸".repeat(61));
    form["problem"] = json!(7);
    form["keywords"] = json!(["一", "二", "三", "四", "五", "六"]);
    form["fields"] = json!(["999"]);
    form["readiness"] = json!(0);
    form["investment"] = json!({ "form": "fixed", "low_fen": -5 });
    form["time_limit"] = json!({ "from": "2027-01-01", "to": "2026-01-01" });
    form["contact"]["phone"] = json!("12");
    form["visibility"] = json!("secret");
    form["colour"] = json!("red");
    let faults = form::read::<NeedForm>(&form).unwrap_err().0;
    let pointers: Vec<&str> = faults.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/title",
            "/problem",
            "/keywords",
            "/fields/0",
            "/readiness",
            "/investment/low_fen",
            "/time_limit/to",
            "/contact/phone",
            "/visibility",
            "/colour",
        ]
    );
}

#[test]
fn what_is_for_the_few_is_not_searched_or_matched() {
    let text = form::read::<NeedForm>(&whole()).unwrap().text();
    assert!(text.contains("脱落率") && text.contains("附着力MPa"));
    for hidden in ["换过两种砂", "晋东理工大学", "李伟", "5550123"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[test]
fn a_change_that_bears_on_matching_is_material() {
    let form = form::read::<NeedForm>(&whole()).unwrap();
    let same = NeedForm { tried: Text::new("又换了一种").unwrap(), ..form.clone() };
    assert_eq!(form.matter(), same.matter());
    let other = NeedForm { goal: Text::new("脱落率为零").unwrap(), ..form.clone() };
    assert_ne!(form.matter(), other.matter());
}
