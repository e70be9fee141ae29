use serde_json::json;

use super::*;
use crate::form;

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn until() -> DateTime<Utc> {
    "2026-01-16T03:04:05Z".parse().unwrap()
}

fn asked() -> Introduction {
    let sides = Sides {
        pair: PairId::generate(),
        round: 1,
        need: (NeedId::generate(), OrganisationId::generate()),
        achievement: (AchievementId::generate(), OrganisationId::generate()),
    };
    Introduction::ask(IntroductionId::generate(), sides, PersonId::generate(), (now(), until()))
}

fn yes() -> AnswerForm {
    let body = json!({
        "answer": "yes", "cooperation": "合作开发", "missing": "中试条件", "about": "铸造企业",
        "contact_exchange": CONTACT_EXCHANGE,
    });
    form::read(&body).unwrap()
}

fn no() -> AnswerForm {
    form::read(&json!({ "answer": "no", "reason": "no_budget" })).unwrap()
}

const SIDES: [Kind; 2] = [Kind::Need, Kind::Achievement];

#[test]
fn only_two_yeses_release_anything() {
    for first in SIDES {
        for answers in [[yes(), yes()], [yes(), no()], [no(), yes()], [no(), no()]] {
            let mut introduction = asked();
            let both = answers.iter().all(|it| matches!(it, AnswerForm::Yes(_)));
            for (side, form) in [first, first.counterpart()].into_iter().zip(answers) {
                assert!(!introduction.is_released());
                let _too_late = introduction.take(side, form, (PersonId::generate(), now()));
            }
            assert_eq!(introduction.is_released(), both);
            let ended = introduction.withdraw(now());
            assert_eq!((ended.is_ok(), introduction.is_released()), (both, false));
        }
    }
}

#[test]
fn a_side_answers_once_and_in_time() {
    let mut introduction = asked();
    let me = PersonId::generate();
    introduction.take(Kind::Need, yes(), (me, now())).unwrap();
    assert!(introduction.take(Kind::Need, yes(), (me, now())).is_err(), "one yes is not two");
    assert!(introduction.take(Kind::Achievement, yes(), (me, until())).is_err());
    assert_eq!(introduction.state(until()), State::Expired);
    introduction.take(Kind::Achievement, yes(), (me, now())).unwrap();
    assert_eq!(introduction.state(until()), State::Agreed, "what was agreed does not expire");
}

#[test]
fn a_confidential_listing_is_known_to_the_other_side_after_its_own_yes() {
    use Visibility::{Confidential, Masked, Public};
    for side in SIDES {
        for own in [Public, Masked, Confidential] {
            let mut introduction = asked();
            for other in [Public, Masked] {
                assert!(introduction.is_known_to(side, (own, other)));
            }
            let first = side == Kind::Need && own == Confidential;
            assert_eq!(introduction.is_known_to(side, (own, Confidential)), first);
            introduction.take(side.counterpart(), yes(), (PersonId::generate(), now())).unwrap();
            assert!(introduction.is_known_to(side, (own, Confidential)));
        }
    }
}

#[test]
fn an_answer_says_all_that_goes_with_it() {
    let faults = |body| form::read::<AnswerForm>(&body).unwrap_err().0;
    let pointers =
        |body| -> Vec<String> { faults(body).into_iter().map(|it| it.pointer).collect() };
    assert_eq!(pointers(json!({})), ["/answer"]);
    assert_eq!(pointers(json!({ "answer": "no", "about": "谁" })), ["/reason", "/about"]);
    let mute = json!({ "answer": "yes", "contact_exchange": "1999-01" });
    assert_eq!(pointers(mute), ["/cooperation", "/missing", "/about", "/contact_exchange"]);
    for form in [yes(), no()] {
        let stored = serde_json::to_value(&form).unwrap();
        assert_eq!(AnswerForm::restore(&stored).unwrap(), form);
    }
}

#[test]
fn every_state_meets_every_action() {
    let all = [Action::Consent, Action::Agree, Action::Decline, Action::Withdraw];
    for state in State::ALL {
        for action in all {
            let open = state == State::Asked;
            let ends = state == State::Agreed && action == Action::Withdraw;
            assert_eq!(state.after(action).is_ok(), open || ends, "{state:?} {action:?}");
        }
        assert_eq!(State::named(state.as_str()), Some(state));
    }
}
