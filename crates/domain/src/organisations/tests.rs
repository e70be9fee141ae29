use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::form;

const TRUE_NUMBERS: [&str; 4] =
    ["11320000MB151840XJ", "91110000802100433B", "9144030071526726XG", "12100000400009821G"];

#[test]
fn true_numbers_pass_and_their_neighbours_do_not() {
    for number in TRUE_NUMBERS {
        assert_eq!(Number::new(number).unwrap().as_str(), number);
        for (at, old) in number.char_indices() {
            for new in Number::ALPHABET.chars().filter(|it| *it != old) {
                let mut changed = number.to_owned();
                changed.replace_range(at..=at, &new.to_string());
                assert!(Number::new(&changed).is_err(), "{changed} differs from {number} in one");
            }
        }
    }
}

#[test]
fn numbers_are_read_as_people_type_them() {
    for typed in [
        "９１１１００００８０２１００４３３ｂ",
        " 91110000 8021 00433b ",
        "91110000802100433B\u{200b}",
    ] {
        assert_eq!(Number::new(typed).unwrap().as_str(), "91110000802100433B", "{typed}");
    }
}

#[test]
fn what_is_no_number_is_told_from_a_slip() {
    for wrong in [
        "",
        "9111000080210043",
        "911100008021004330B",
        "9111000080210043IO",
        "统一社会信用代码一二三四五六七八九十",
    ] {
        let expected = Format::OrganisationNumber;
        assert_eq!(Number::new(wrong), Err(Fault::BadFormat { expected }), "{wrong}");
    }
    assert_eq!(Number::new("911100008021004330"), Err(Fault::WrongCheckDigit { expected: 'B' }));
}

#[test]
fn every_state_meets_every_action() {
    use Action::{Refuse, Reinstate, Suspend, Verify};
    let allowed = [
        (State::Registered, Verify, State::Verified),
        (State::Registered, Refuse, State::Refused),
        (State::Registered, Suspend, State::Suspended),
        (State::Refused, Verify, State::Verified),
        (State::Verified, Suspend, State::Suspended),
        (State::Suspended, Reinstate, State::Verified),
    ];
    for from in State::ALL {
        assert_eq!(State::named(from.as_str()), Some(from));
        for action in [Verify, Refuse, Suspend, Reinstate] {
            let row = allowed.iter().find(|it| (it.0, it.1) == (from, action));
            assert_eq!(from.after(action), row.map(|it| it.2).ok_or(NotAllowed { from, action }));
        }
    }
}

#[test]
fn a_new_name_must_be_checked_anew() {
    let profile: Profile = form::read(&json!({
        "number": "91110000802100433B", "name": "高平市丹河铸造有限公司", "kind": "enterprise",
    }))
    .unwrap();
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let mut it = Organisation::register(OrganisationId::generate(), profile.clone(), now);
    it.decide(Action::Verify, None).unwrap();
    it.edit(Profile { introduction: Text::new("铸管").unwrap(), ..profile.clone() });
    assert_eq!(it.state(), State::Verified);
    it.edit(Profile { name: Line::new("高平市丹河铸管有限公司").unwrap(), ..profile });
    assert_eq!(it.state(), State::Registered);
    assert_eq!(it.shown_name().as_str(), "高平市丹河铸造有限公司", "the name that was checked");
    it.decide(Action::Verify, None).unwrap();
    assert_eq!(it.shown_name().as_str(), "高平市丹河铸管有限公司");
}

#[test]
fn a_label_ends_after_it_begins() {
    let label = json!({ "label": "high_tech", "from": "2026-01-01", "to": "2025-01-01" });
    let faults = form::read::<Label>(&label).unwrap_err().0;
    assert_eq!(faults[0].fault, Fault::WrongOrder { after: "from" });
}

proptest! {
    #[test]
    fn of_all_last_characters_exactly_one_is_right(prefix in "[0-9A-HJ-NPQRTUWXY]{17}") {
        let right = Number::ALPHABET.chars().filter(|it| Number::new(&format!("{prefix}{it}")).is_ok());
        prop_assert_eq!(right.count(), 1);
    }

    #[test]
    fn anything_may_be_typed(raw in any::<String>()) {
        let _ = Number::new(&raw);
    }
}
