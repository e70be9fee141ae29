use super::*;
use crate::{
    Fault, form,
    needs::{Need, NeedForm, NeedId},
};
use serde_json::json;

fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn complete() -> NeedForm {
    form::read(&json!({
        "title": "球墨铸铁管内壁涂层附着力提升",
        "problem": "DN600 球墨铸铁管水泥砂浆内衬在冬季运输后脱落,月均返工一百二十根。",
        "keywords": ["球墨铸铁", "内衬", "附着力"],
        "fields": ["401"],
        "kind": "process_improvement",
        "cooperation": ["joint"],
        "contact": { "name": "李伟", "phone": "13900001234" },
        "unclassified": true,
    }))
    .unwrap()
}

fn draft(form: NeedForm) -> Need {
    let day = Day::at(now());
    let origin = Origin {
        organisation: OrganisationId::generate(),
        author: PersonId::generate(),
        external_id: None,
    };
    Need::draft(NeedId::generate(), Number::new("GP", Kind::Need, day, 1), origin, form, now())
}

fn published() -> Need {
    let mut need = draft(complete());
    need.submit(now()).unwrap();
    need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
    need
}

/// The rows of the life cycle in the domain's own words; every other pair is refused.
const ROWS: [(State, Action, State); 33] = {
    use Action::{
        Approve, Archive, Close, Edit, Expire, Hide, Match, Pause, Reject, Renew, Reopen, Resume,
        Retract, Return, Submit, Withdraw,
    };
    use State::{
        Archived, Closed, Draft, Expired, Matched, Paused, Published, Rejected, Returned,
        Submitted, Withdrawn,
    };
    [
        (Draft, Edit, Draft),
        (Draft, Submit, Submitted),
        (Submitted, Retract, Draft),
        (Submitted, Approve, Published),
        (Submitted, Return, Returned),
        (Submitted, Reject, Rejected),
        (Returned, Edit, Draft),
        (Published, Hide, Returned),
        (Paused, Hide, Returned),
        (Returned, Submit, Submitted),
        (Rejected, Reopen, Draft),
        (Rejected, Archive, Archived),
        (Published, Edit, Published),
        (Published, Pause, Paused),
        (Published, Match, Matched),
        (Published, Close, Closed),
        (Published, Withdraw, Withdrawn),
        (Published, Expire, Expired),
        (Published, Renew, Published),
        (Paused, Edit, Paused),
        (Paused, Resume, Published),
        (Paused, Close, Closed),
        (Paused, Withdraw, Withdrawn),
        (Paused, Expire, Expired),
        (Matched, Close, Closed),
        (Matched, Withdraw, Withdrawn),
        (Closed, Reopen, Draft),
        (Closed, Archive, Archived),
        (Withdrawn, Reopen, Draft),
        (Withdrawn, Archive, Archived),
        (Expired, Renew, Published),
        (Expired, Withdraw, Withdrawn),
        (Expired, Archive, Archived),
    ]
};

#[test]
fn every_state_meets_every_action() {
    for from in State::ALL {
        assert_eq!(State::named(from.as_str()), Some(from));
        for action in Action::ALL {
            let row = ROWS.iter().find(|it| (it.0, it.1) == (from, action));
            let expected = row.map(|it| it.2).ok_or(NotAllowed { from, action });
            assert_eq!(from.after(action), expected);
        }
    }
}

#[test]
fn an_incomplete_draft_can_be_kept_but_not_submitted() {
    let mut need = draft(NeedForm::default());
    let Err(NotSubmitted::Incomplete(faults)) = need.submit(now()) else { panic!() };
    let pointers: Vec<&str> = faults.0.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/title",
            "/problem",
            "/keywords",
            "/fields",
            "/cooperation",
            "/kind",
            "/contact/name",
            "/unclassified"
        ]
    );
    assert_eq!(need.state(), State::Draft);
    need.edit(complete(), now()).unwrap();
    need.submit(now()).unwrap();
    assert_eq!(need.state(), State::Submitted);
}

#[test]
fn what_is_published_stays_until_its_change_is_approved() {
    let mut need = published();
    let first = need.publication().unwrap();
    assert_eq!((first.edition, first.matter), (1, 1));
    let changed = NeedForm {
        problem: text("每月返工二百根,客户已经投诉三次,需要新的界面剂。"),
        ..complete()
    };
    need.edit(changed.clone(), now()).unwrap();
    assert_eq!(need.form(), &complete());
    assert_eq!((need.state(), need.working_state()), (State::Published, State::Draft));
    need.submit(now()).unwrap();
    assert!(need.edit(complete(), now()).is_err(), "a submission does not change under review");
    need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
    assert_eq!(need.form(), &changed);
    let second = need.publication().unwrap();
    assert_eq!((second.edition, second.matter), (2, 2));
}

#[test]
fn a_change_of_contact_is_not_material() {
    let mut need = published();
    let contact = form::read(&json!({ "name": "王芳", "phone": "13900005678" })).unwrap();
    need.edit(NeedForm { contact, ..complete() }, now()).unwrap();
    need.submit(now()).unwrap();
    need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
    let publication = need.publication().unwrap();
    assert_eq!((publication.edition, publication.matter), (2, 1));
}

#[test]
fn a_withdrawn_listing_that_comes_back_unchanged_is_no_material_change() {
    let mut need = published();
    for (goal, edition, matter) in [(None, 2, 1), (Some("附着力不低于一点零兆帕"), 3, 3)]
    {
        need.act(Action::Withdraw, now()).unwrap();
        need.act(Action::Reopen, now()).unwrap();
        if let Some(goal) = goal {
            need.edit(NeedForm { goal: text(goal), ..complete() }, now()).unwrap();
        }
        need.submit(now()).unwrap();
        need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
        let publication = need.publication().unwrap();
        assert_eq!((publication.edition, publication.matter), (edition, matter));
    }
}

#[test]
fn a_returned_or_rejected_change_leaves_the_published_form_alone() {
    for (decision, state) in
        [(Decision::Return, State::Returned), (Decision::Reject, State::Rejected)]
    {
        let mut need = published();
        need.edit(NeedForm { goal: text("附着力不低于一点零兆帕"), ..complete() }, now()).unwrap();
        need.submit(now()).unwrap();
        need.review(decision, PersonId::generate(), now()).unwrap();
        assert_eq!((need.state(), need.working_state()), (State::Published, state));
        assert_eq!(need.form(), &complete());
        need.edit(complete(), now()).unwrap();
        assert_eq!(need.working_state(), State::Draft, "one may try again");
        need.discard_revision(now()).unwrap();
        assert_eq!(need.revision(), None);
    }
}

#[test]
fn a_withdrawn_listing_is_not_published_by_a_late_approval() {
    let mut need = published();
    need.edit(NeedForm { goal: text("新的目标写在这里"), ..complete() }, now()).unwrap();
    need.submit(now()).unwrap();
    need.act(Action::Withdraw, now()).unwrap();
    assert!(need.review(Decision::Approve, PersonId::generate(), now()).is_err());
    assert_eq!(need.state(), State::Withdrawn);
    need.act(Action::Reopen, now()).unwrap();
    assert_eq!(need.working_copy().goal.as_str(), "新的目标写在这里", "nothing written is lost");
    need.submit(now()).unwrap();
    need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
    assert_eq!(need.publication().unwrap().edition, 2);
}

#[test]
fn a_paused_listing_stays_paused_when_a_change_is_approved() {
    let mut need = published();
    need.act(Action::Pause, now()).unwrap();
    need.edit(NeedForm { goal: text("新的目标写在这里"), ..complete() }, now()).unwrap();
    need.submit(now()).unwrap();
    need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
    assert_eq!((need.state(), need.publication().unwrap().edition), (State::Paused, 2));
}

#[test]
fn the_first_reviewer_looks_after_it() {
    let (first, second) = (PersonId::generate(), PersonId::generate());
    let mut need = draft(complete());
    need.submit(now()).unwrap();
    need.review(Decision::Return, first, now()).unwrap();
    need.submit(now()).unwrap();
    need.review(Decision::Approve, second, now()).unwrap();
    assert_eq!(need.matchmaker, Some(first));
}

#[test]
fn a_listing_lasts_a_year_and_can_be_renewed() {
    let mut need = published();
    let last = Day::new("2027-01-02").unwrap();
    assert_eq!(need.publication().unwrap().until, last);
    assert!(!need.is_overdue(last));
    assert!(need.is_overdue(Day::new("2027-01-03").unwrap()));
    let later = "2027-01-02T23:00:00Z".parse().unwrap();
    need.act(Action::Expire, later).unwrap();
    assert!(!need.is_overdue(Day::new("2027-01-04").unwrap()), "it expires once");
    need.act(Action::Renew, later).unwrap();
    assert_eq!(need.publication().unwrap().until, Day::new("2028-01-03").unwrap());
    assert_eq!(need.publication().unwrap().edition, 1, "a renewal is no new edition");
}

#[test]
fn a_score_of_nothing_cannot_be_approved() {
    let rubric = json!({ "advantage": 3, "clarity": 0, "cooperation": 6, "completeness": 5 });
    let review = json!({ "decision": "approve", "rubric": rubric, "reasons": "好" });
    let faults = form::read::<ReviewForm>(&review).unwrap_err().0;
    let told: Vec<_> = faults.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(told, ["/rubric/cooperation", "/reasons"]);
    let rubric = json!({ "advantage": 3, "clarity": 0, "cooperation": 4, "completeness": 5 });
    let mut review = json!({ "decision": "approve", "rubric": rubric, "reasons": "表述不清" });
    let faults = form::read::<ReviewForm>(&review).unwrap_err().0;
    assert_eq!(faults[0].pointer, "/rubric/clarity");
    assert_eq!(faults[0].fault, Fault::NotAllowed { because_of: "decision" });
    review["decision"] = json!("return");
    assert!(form::read::<ReviewForm>(&review).is_ok());
}

#[test]
fn numbers_are_those_people_use() {
    let day = Day::new("2026-01-31").unwrap();
    assert_eq!(Number::new("GP", Kind::Need, day, 1).as_str(), "GPN-20260131-001");
    assert_eq!(Number::new("GP", Kind::Achievement, day, 12345).as_str(), "GPA-20260131-12345");
}

fn text<const MAX: usize>(raw: &str) -> crate::text::Text<0, MAX> {
    crate::text::Text::new(raw).unwrap()
}

#[test]
fn what_was_taken_off_the_shelf_comes_back_by_way_of_a_review() {
    let mut need = published();
    let changed = NeedForm {
        problem: text("每月返工二百根,需要新的界面剂和新的工艺。"),
        ..complete()
    };
    need.edit(changed.clone(), now()).unwrap();
    need.act(Action::Hide, now()).unwrap();
    assert_eq!((need.state(), need.revision()), (State::Returned, None));
    assert_eq!(need.working_copy(), &changed, "what was being written is not lost");
    assert!(need.act(Action::Resume, now()).is_err());
    need.edit(complete(), now()).unwrap();
    need.submit(now()).unwrap();
    need.review(Decision::Approve, PersonId::generate(), now()).unwrap();
    assert_eq!((need.state(), need.form()), (State::Published, &complete()));
    assert_eq!(need.publication().unwrap().edition, 2);
}
