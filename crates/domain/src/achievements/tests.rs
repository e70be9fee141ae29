use serde_json::json;

use super::*;
use crate::form;

/// An achievement with every field filled in.
fn whole() -> Value {
    json!({
        "title": "水性无机硅酸盐内衬界面剂",
        "summary": "用于铸铁管水泥砂浆内衬。",
        "description": "以锂改性硅酸盐为主剂,在铸铁管内壁形成过渡层,三家管厂试用一年。",
        "advantages": "附着力由 0.6 MPa 提高到 1.4 MPa。",
        "parameters": [
            { "name": "附着力", "operator": "equals", "value": 1.4, "unit": "MPa", "proof": "第三方检测" },
        ],
        "readiness": 7,
        "readiness_evidence": ["test_report", "patent"],
        "category": "applied",
        "nature": "original",
        "level": "domestic_leading",
        "keywords": ["界面剂", "内衬", "铸铁管"],
        "fields": ["405"],
        "industry": "C26",
        "region": "320100",
        "cooperation": ["licence", "try_first"],
        "rights": [{
            "kind": "invention", "number": "ZL202010000001.X", "status": "granted",
            "owner": "江左材料科学研究院", "expires": "2040-05-01",
        }],
        "completed_by": ["江左材料科学研究院"],
        "completers": [{ "name": "周岚", "role": "负责人" }],
        "price": { "form": "royalty", "royalty_percent": 3.5 },
        "trial": { "months": 6, "conditions": "附着力达标", "fee_after": "十万元" },
        "target_users": "管件厂",
        "investment_needed": "喷涂机一台",
        "scale_up": "已在 DN600 线上试过",
        "registration": { "number": "963202600123", "date": "2026-03-15" },
        "contact": { "name": "周岚", "mail": "zhou@example.cn" },
        "visibility": "public",
        "unclassified": true,
    })
}

#[test]
fn what_is_written_reads_back_the_same() {
    let form = form::read::<AchievementForm>(&whole()).unwrap();
    assert_eq!(serde_json::to_value(&form).unwrap(), whole());
    assert!(form.gaps().0.is_empty());
}

#[test]
fn the_schema_names_the_fields_that_are_read() {
    let schema = schemars::schema_for!(AchievementForm);
    let mut described: Vec<&str> =
        schema.get("properties").unwrap().as_object().unwrap().keys().map(String::as_str).collect();
    let whole = whole();
    let mut read: Vec<&str> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    described.sort_unstable();
    read.sort_unstable();
    assert_eq!(described, read);
}

#[test]
fn a_trial_that_is_offered_has_terms() {
    let mut form = form::read::<AchievementForm>(&whole()).unwrap();
    form.trial = None;
    let gaps = form.gaps().0;
    assert_eq!((gaps.len(), gaps[0].pointer.as_str()), (1, "/trial"));
}

#[test]
fn every_bad_field_is_told() {
    let mut form = whole();
    form["parameters"][0]["operator"] = json!("roughly");
    form["rights"][0]["expires"] = json!("2040-13-01");
    form["trial"]["months"] = json!(0);
    form["registration"]["number"] = json!("９６３２０２６００１２");
    form["completers"][0]["age"] = json!(40);
    let faults = form::read::<AchievementForm>(&form).unwrap_err().0;
    let pointers: Vec<&str> = faults.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/parameters/0/operator",
            "/rights/0/expires",
            "/completers/0/age",
            "/trial/months",
            "/registration/number",
        ]
    );
}
