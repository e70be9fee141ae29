use serde_json::json;

use super::*;
use crate::{
    form,
    organisations::{self, OrganisationId},
};

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn someone(role: Role) -> Member {
    Member {
        person: PersonId::generate(),
        organisation: OrganisationId::generate(),
        role,
        standing: organisations::State::Verified,
    }
}

fn asked_by(asker: &Member) -> Emergency {
    let form = json!({
        "kind": "need", "listing": Uuid::now_v7(), "minutes": 30,
        "reason": "接到举报，称内容涉密，须核实",
    });
    Emergency::ask(EmergencyId::generate(), form::read(&form).unwrap(), asker, now())
}

#[test]
fn it_takes_a_second_person_of_another_office() {
    let asker = someone(Role::SystemAdmin);
    for role in Role::ALL {
        let mut emergency = asked_by(&asker);
        let answer = emergency.confirm(&someone(role), now());
        let expected =
            if role == Role::SecurityAdmin { Ok(()) } else { Err(Refused::AnotherPerson) };
        assert_eq!(answer, expected, "{role:?}");
        assert_eq!(emergency.opens_to(asker.person, now()).is_ok(), answer.is_ok(), "{role:?}");
    }
    let same = Member { role: Role::SecurityAdmin, ..asker };
    assert_eq!(asked_by(&asker).confirm(&same, now()), Err(Refused::AnotherPerson));
    let auditor = someone(Role::Auditor);
    assert_eq!(asked_by(&auditor).confirm(&someone(Role::SystemAdmin), now()), Ok(()));
}

#[test]
fn it_is_open_to_the_one_who_asked_and_for_so_long() {
    let (asker, second) = (someone(Role::Auditor), someone(Role::SecurityAdmin));
    let mut emergency = asked_by(&asker);
    assert!(emergency.opens_to(asker.person, now()).is_err(), "nobody has agreed yet");
    emergency.confirm(&second, now()).unwrap();
    assert_eq!(emergency.open_until(), Some(now() + TimeDelta::minutes(30)));
    let last = now() + TimeDelta::minutes(30) - TimeDelta::microseconds(1);
    assert_eq!(emergency.opens_to(asker.person, last), Ok(()));
    assert_eq!(emergency.opens_to(second.person, last), Err(Refused::AnotherPerson));
    let over = now() + TimeDelta::minutes(30);
    assert_eq!(emergency.state(over), State::Ended);
    assert!(emergency.opens_to(asker.person, over).is_err());
    emergency.end(second.person, last).unwrap();
    assert!(emergency.opens_to(asker.person, last).is_err(), "it was ended before its time");
}

#[test]
fn a_request_waits_a_day_and_can_be_taken_back() {
    let (asker, second) = (someone(Role::Auditor), someone(Role::SecurityAdmin));
    let mut emergency = asked_by(&asker);
    assert_eq!(emergency.state(now()), State::Asked);
    assert_eq!(emergency.state(now() + WAITS), State::Lapsed);
    assert!(emergency.clone().confirm(&second, now() + WAITS).is_err());
    emergency.end(asker.person, now()).unwrap();
    assert_eq!(emergency.state(now()), State::Withdrawn);
}

#[test]
fn every_state_meets_every_action() {
    use State::{Asked, Ended, Open, Refused as No, Withdrawn};
    let allowed = [
        (Asked, Action::Confirm, Open),
        (Asked, Action::Refuse, No),
        (Asked, Action::End, Withdrawn),
        (Open, Action::Read, Open),
        (Open, Action::End, Ended),
    ];
    for from in State::ALL {
        for action in [Action::Confirm, Action::Refuse, Action::Read, Action::End] {
            let expected = allowed.iter().find(|it| (it.0, it.1) == (from, action));
            assert_eq!(from.after(action).ok(), expected.map(|it| it.2), "{from:?} {action:?}");
        }
    }
}

#[test]
fn an_hour_is_the_most_and_a_reason_is_needed() {
    let form = json!({ "kind": "need", "listing": "x", "minutes": 61, "reason": "看" });
    let faults = form::read::<EmergencyForm>(&form).unwrap_err();
    let places: Vec<_> = faults.0.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(places, ["/listing", "/minutes", "/reason"]);
}
