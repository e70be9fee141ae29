use serde_json::{Value, json};

use super::*;
use crate::form;

fn agreement(aspect: Aspect, need: &Value, achievement: &Value) -> Agreement {
    let (need, achievement) = (form::read(need).unwrap(), form::read(achievement).unwrap());
    all(&need, &achievement).into_iter().find(|it| it.aspect == aspect).unwrap().agreement
}

#[test]
fn every_aspect_fits_is_unclear_or_contradicts() {
    use Agreement::{Contradicts, Fits, Unclear};
    use Aspect::{Budget, Cooperation, Field, Readiness, Region};
    let money = |fen: i64| json!({ "investment": { "form": "fixed", "low_fen": fen } });
    let price = |fen: i64| json!({ "price": { "form": "fixed", "low_fen": fen } });
    for (aspect, need, achievement, expected) in [
        (Field, json!({ "fields": ["603"] }), json!({ "fields": ["60302"] }), Fits),
        (Field, json!({ "fields": ["60301"] }), json!({ "fields": ["60302"] }), Fits),
        (Field, json!({ "fields": ["60"] }), json!({ "fields": ["60302"] }), Fits),
        (Field, json!({ "fields": ["601"] }), json!({ "fields": ["603"] }), Unclear),
        (Field, json!({ "fields": ["10"] }), json!({ "fields": ["603"] }), Contradicts),
        (Field, json!({}), json!({ "fields": ["603"] }), Unclear),
        (Readiness, json!({ "readiness": 6 }), json!({ "readiness": 6 }), Fits),
        (Readiness, json!({ "readiness": 6 }), json!({ "readiness": 5 }), Contradicts),
        (Readiness, json!({}), json!({ "readiness": 5 }), Unclear),
        (Region, json!({ "region": "140581" }), json!({ "region": "140100" }), Fits),
        (Region, json!({ "region": "140581" }), json!({ "region": "110000" }), Unclear),
        (
            Region,
            json!({ "region": "140581", "partner_wanted": { "region": "140000" } }),
            json!({ "region": "110000" }),
            Contradicts,
        ),
        (
            Region,
            json!({ "partner_wanted": { "region": "110000" } }),
            json!({ "region": "110108" }),
            Fits,
        ),
        (
            Cooperation,
            json!({ "cooperation": ["joint"] }),
            json!({ "cooperation": ["joint"] }),
            Fits,
        ),
        (
            Cooperation,
            json!({ "cooperation": ["joint"] }),
            json!({ "cooperation": ["transfer"] }),
            Contradicts,
        ),
        (
            Cooperation,
            json!({ "cooperation": ["other"] }),
            json!({ "cooperation": ["transfer"] }),
            Unclear,
        ),
        (Budget, money(60_000_000), price(20_000_000), Fits),
        (Budget, money(20_000_000), price(60_000_000), Contradicts),
        (Budget, money(20_000_000), price(40_000_000), Unclear),
        (Budget, json!({}), price(40_000_000), Unclear),
        (Budget, json!({ "investment": { "form": "negotiable" } }), price(40_000_000), Unclear),
        (Budget, money(20_000_000), json!({ "price": { "form": "negotiable" } }), Unclear),
    ] {
        let told = format!("{aspect:?} {need} {achievement}");
        assert_eq!(agreement(aspect, &need, &achievement), expected, "{told}");
    }
}

/// Two needs in one band are explained alike, whatever the price: else a price that moves would
/// feel its way to the amount.
#[test]
fn the_budget_tells_no_more_than_its_band() {
    let need = |fen: i64| -> NeedForm {
        form::read(&json!({ "investment": { "form": "range", "low_fen": 1, "high_fen": fen } }))
            .unwrap()
    };
    for price in (1_000_000..700_000_000).step_by(3_000_000) {
        let achievement: AchievementForm =
            form::read(&json!({ "price": { "form": "fixed", "low_fen": price } })).unwrap();
        let (low, high) = (need(10_000_001), need(49_999_999));
        assert_eq!(all(&low, &achievement), all(&high, &achievement), "{price}");
        assert_eq!(missing(&low, &achievement, &[]), missing(&high, &achievement, &[]));
    }
}

#[test]
fn what_is_missing_is_told_of_each_side() {
    let need: NeedForm =
        form::read(&json!({ "fields": ["60"], "cooperation": ["joint"] })).unwrap();
    let achievement: AchievementForm =
        form::read(&json!({ "fields": ["60"], "readiness": 5, "region": "140000" })).unwrap();
    let requirement = Requirement {
        name: "抗压强度".into(),
        wanted: "抗压强度 ≥ 80 MPa".into(),
        must: true,
        verdict: Outcome::NotStated,
        stated: None,
    };
    let told: Vec<(Side, Lack)> =
        missing(&need, &achievement, &[requirement]).iter().map(|it| (it.side, it.what)).collect();
    assert_eq!(
        told,
        [
            (Side::Achievement, Lack::Requirement),
            (Side::Need, Lack::Readiness),
            (Side::Achievement, Lack::Cooperation),
            (Side::Need, Lack::Investment),
            (Side::Achievement, Lack::Price),
        ]
    );
}
