use super::*;
use crate::{
    organisations::{self, OrganisationId},
    people::{Login, State as PersonState},
    text::Line,
};

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn someone(role: Role) -> Person {
    Person {
        id: PersonId::generate(),
        version: 0,
        organisation: OrganisationId::generate(),
        role,
        login: Login::new("somebody").unwrap(),
        name: Line::new("某人").unwrap(),
        state: PersonState::Active,
        created_at: now(),
    }
}

fn member(person: &Person) -> Member {
    Member {
        person: person.id,
        organisation: person.organisation,
        role: person.role,
        standing: organisations::State::Verified,
    }
}

fn why() -> Text<2, 500> {
    Text::new("岗位调整").unwrap()
}

fn asked(person: &Person, to: Role, asker: &Person) -> Grant {
    Grant::ask(GrantId::generate(), person, (to, why()), asker.id, now()).unwrap()
}

/// Of every present role, every wanted role, every asker and every one who confirms: exactly those
/// whom the rule names may.
#[test]
fn the_second_person_is_another_and_of_the_right_role() {
    let askers = [someone(Role::SecurityAdmin), someone(Role::SystemAdmin)];
    let mut confirmed = 0;
    for from in Role::ALL {
        for to in Role::ALL.into_iter().filter(|it| *it != from) {
            for asker in &askers {
                let mut person = someone(from);
                let grant = asked(&person, to, asker);
                let administrator = from.is_administrator() || to.is_administrator();
                let mut deciders: Vec<Person> = Role::ALL.map(someone).into();
                deciders.extend([asker.clone(), person.clone()]);
                for by in &deciders {
                    let done = grant.clone().confirm(&mut person.clone(), &member(by), now());
                    let itself = by.id == person.id;
                    let may = match by.role {
                        Role::SecurityAdmin => by.id != asker.id || !administrator,
                        Role::SystemAdmin => by.id != asker.id && administrator,
                        Role::Enterprise
                        | Role::Research
                        | Role::Matchmaker
                        | Role::Lead
                        | Role::Auditor
                        | Role::Unassigned => false,
                    };
                    assert_eq!(done.is_ok(), may && !itself, "{from:?} {to:?} {by:?}");
                    confirmed += usize::from(done.is_ok());
                }
                let by = someone(Role::SecurityAdmin);
                grant.clone().confirm(&mut person, &member(&by), now()).unwrap();
                assert_eq!(person.role, to);
            }
        }
    }
    assert!(confirmed > 100, "{confirmed}");
}

#[test]
fn nobody_asks_for_themselves_or_for_what_is_so_already() {
    let me = someone(Role::SecurityAdmin);
    let ask =
        |person: &Person, to| Grant::ask(GrantId::generate(), person, (to, why()), me.id, now());
    assert_eq!(ask(&me, Role::Unassigned), Err(Refused::AnotherPerson));
    assert_eq!(ask(&someone(Role::Lead), Role::Lead), Err(Refused::OtherRole));
}

#[test]
fn a_request_lapses_after_seven_days() {
    let (me, other) = (someone(Role::SecurityAdmin), someone(Role::SecurityAdmin));
    let mut person = someone(Role::Unassigned);
    let mut grant = asked(&person, Role::Auditor, &me);
    let last = now() + WAITS - TimeDelta::seconds(1);
    assert_eq!((grant.state(last), grant.state(now() + WAITS)), (State::Asked, State::Lapsed));
    let late = grant.confirm(&mut person, &member(&other), now() + WAITS);
    assert!(matches!(late, Err(Refused::NotAllowed(_))));
    grant.confirm(&mut person, &member(&other), last).unwrap();
    assert_eq!(grant.state(now() + WAITS), State::Granted, "what was given stays");
}

#[test]
fn a_request_does_not_outlive_the_role_it_was_made_for() {
    let (me, other) = (someone(Role::SecurityAdmin), someone(Role::SecurityAdmin));
    let mut person = someone(Role::Unassigned);
    let mut grant = asked(&person, Role::Auditor, &me);
    person.role = Role::Lead;
    let refused = grant.confirm(&mut person, &member(&other), now());
    assert_eq!((refused, person.role), (Err(Refused::OtherRole), Role::Lead));
}

#[test]
fn whoever_asked_takes_it_back_and_the_second_person_refuses() {
    let (me, other) = (someone(Role::SecurityAdmin), someone(Role::SystemAdmin));
    let person = someone(Role::Unassigned);
    let grant = asked(&person, Role::Auditor, &me);
    for (by, expected) in [(&me, State::Withdrawn), (&other, State::Refused)] {
        let mut grant = grant.clone();
        grant.refuse(why(), &member(by), now()).unwrap();
        assert_eq!(grant.state(now()), expected);
        let again = grant.refuse(why(), &member(by), now());
        assert!(matches!(again, Err(Refused::NotAllowed(_))));
    }
    let stranger = member(&someone(Role::Lead));
    assert_eq!(grant.clone().refuse(why(), &stranger, now()), Err(Refused::AnotherPerson));
}

#[test]
fn every_state_meets_every_action() {
    for state in State::ALL {
        for action in [Action::Confirm, Action::Refuse, Action::Withdraw] {
            assert_eq!(state.after(action).is_ok(), state == State::Asked, "{state:?} {action:?}");
        }
        assert_eq!(State::named(state.as_str()), Some(state));
    }
}
