use super::*;
use crate::{
    listings::{Kind, State, Visibility},
    organisations::State as Standing_,
};

fn member(role: Role, organisation: OrganisationId, standing: Standing_) -> Principal {
    Principal::Member(Member { person: PersonId::generate(), organisation, role, standing })
}

fn verified(role: Role) -> Principal {
    member(role, OrganisationId::generate(), Standing_::Verified)
}

fn every_operation() -> Vec<Operation> {
    use Act::{Adopt, Create, List, Read, ReadLeaks, ReadReviews, Review, Run, Submit, Write};
    let acts = [List, Read, Create, Write, Adopt, Submit, Run, Review, ReadReviews, ReadLeaks];
    let listings = [Kind::Need, Kind::Achievement]
        .into_iter()
        .flat_map(|kind| acts.map(|act| Operation::Listing(kind, act)));
    let others = [
        Operation::Health,
        Operation::Describe,
        Operation::ReadCodes,
        Operation::ReadMarket,
        Operation::Search,
        Operation::SignIn,
        Operation::SignOut,
        Operation::ReadSelf,
        Operation::EditSelf,
        Operation::ExportSelf,
        Operation::EraseSelf,
        Operation::ReadConsentTexts,
        Operation::OwnConsents,
        Operation::ChangePassword,
        Operation::OwnTokens,
        Operation::OwnSessions,
        Operation::ProveSecondFactor,
        Operation::OwnSecondFactor,
        Operation::ResetSecondFactor,
        Operation::RegisterOrganisation,
        Operation::ListOrganisations,
        Operation::ReadOrganisation,
        Operation::EditOrganisation,
        Operation::DecideOrganisation,
        Operation::ListPeople,
        Operation::CreatePerson,
        Operation::SwitchPerson,
        Operation::ErasePerson,
        Operation::ListSubmissions,
        Operation::ListPairs,
        Operation::ReadPair,
        Operation::ReadPairLog,
        Operation::WorkPair,
        Operation::ReadAudit,
        Operation::ExportAudit,
        Operation::VerifyAudit,
        Operation::ReadOwnAudit,
        Operation::ReadAttachment,
        Operation::RemoveAttachment,
        Operation::SendProof,
        Operation::ReadProofs,
    ];
    others.into_iter().chain(listings).collect()
}

#[test]
fn every_operation_is_granted_to_someone_under_a_name_of_its_own() {
    let mut names: Vec<&str> = every_operation().iter().map(|it| it.name()).collect();
    assert!(every_operation().iter().all(|it| !it.grants().is_empty()));
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// The whole table of acts, for someone verified: `V` a visitor, then the first letters of the
/// roles (enterprise, research, matchmaker, lead, system, security, auditor).
#[test]
fn the_table_reads_as_agreed() {
    let table: Vec<String> = every_operation()
        .into_iter()
        .map(|operation| {
            let mut who = String::new();
            if Principal::Visitor.may_ever(operation).is_ok() {
                who.push('V');
            }
            for (role, letter) in Role::ALL.into_iter().zip("ERMLYCA".chars()) {
                if verified(role).may_ever(operation).is_ok() {
                    who.push(letter);
                }
            }
            format!("{} {who}", operation.name())
        })
        .collect();
    assert_eq!(table.join("\n"), AGREED);
}

const AGREED: &str = "\
health VERMLYCA
describe VERMLYCA
codes.read VERMLYCA
market.read VERMLYCA
search VERML
sessions.create VERMLYCA
sessions.end ERMLYCA
me.read ERMLYCA
me.edit ERMLYCA
me.export ERMLYCA
me.erase ERMLYCA
consents.texts VERMLYCA
consents.own ERMLYCA
me.password ERMLYCA
tokens.own ERMLYCA
sessions.own ERMLYCA
sessions.code ERMLYCA
me.second_factor ERMLYCA
people.second_factor Y
organisations.register VERMLYCA
organisations.list MYC
organisations.read VERMLYCA
organisations.edit ER
organisations.decide C
people.list YC
people.create Y
people.switch Y
people.erase Y
submissions.list M
pairs.list M
pairs.read M
pairs.log M
pairs.work M
audit.read A
audit.export A
audit.verify A
me.audit ERMLYCA
attachments.read VERMLYCA
attachments.remove ER
proofs.send ER
proofs.read ERC
needs.list VERMLYCA
needs.read VERMLYCA
needs.create E
needs.write E
needs.adopt E
needs.submit E
needs.run E
needs.review M
needs.reviews EM
needs.leaks EM
achievements.list VERMLYCA
achievements.read VERMLYCA
achievements.create R
achievements.write R
achievements.adopt R
achievements.submit R
achievements.run R
achievements.review M
achievements.reviews RM
achievements.leaks RM";

/// What a token for a program reaches at most. What is not here takes someone who has signed in.
#[test]
fn a_program_cannot_do_what_makes_or_changes_rights() {
    let everything = Reach::Program(Scope::ALL.to_vec());
    let beyond: Vec<&str> = every_operation()
        .into_iter()
        .filter(|it| everything.allows(*it) == Err(Refusal::Scope))
        .map(Operation::name)
        .collect();
    let expected = [
        "sessions.create",
        "sessions.end",
        "me.edit",
        "me.export",
        "me.erase",
        "consents.own",
        "me.password",
        "tokens.own",
        "sessions.own",
        "sessions.code",
        "me.second_factor",
        "people.second_factor",
        "organisations.register",
        "people.erase",
    ];
    assert_eq!(beyond, expected);
}

#[test]
fn a_token_reaches_what_it_was_made_for_and_nothing_else() {
    for operation in every_operation() {
        for scope in Scope::ALL {
            let allowed = Reach::Program(vec![scope]).allows(operation).is_ok();
            assert_eq!(allowed, operation.scope() == Some(scope), "{operation:?} {scope:?}");
        }
        assert_eq!(Reach::Program(Vec::new()).allows(operation), Err(Refusal::Scope));
    }
}

/// What can be done before a sign-in is whole is a closed list.
#[test]
fn a_sign_in_that_is_not_whole_reaches_what_makes_it_whole_and_nothing_else() {
    for (stage, expected) in [
        (Stage::Code, &["sessions.end", "sessions.code"][..]),
        (Stage::Password, &["sessions.end", "me.read", "me.password"]),
        (Stage::Enrolment, &["sessions.end", "me.read", "me.second_factor"]),
    ] {
        let allowed: Vec<&str> = every_operation()
            .into_iter()
            .filter(|it| Reach::Session(stage).allows(*it).is_ok())
            .map(Operation::name)
            .collect();
        assert_eq!(allowed, expected, "{stage:?}");
    }
    let whole = Reach::Session(Stage::Whole);
    assert!(every_operation().into_iter().all(|it| whole.allows(it).is_ok()));
}

#[test]
fn nobody_decides_on_what_is_their_own_organisations() {
    let office = OrganisationId::generate();
    let (one, other) = (OrganisationId::generate(), OrganisationId::generate());
    let matchmaker = member(Role::Matchmaker, office, Standing_::Verified);
    let review = Operation::Listing(Kind::Need, Act::Review);
    assert_eq!(matchmaker.may(review, &Object::of_organisation(one)), Ok(()));
    assert_eq!(
        matchmaker.may(review, &Object::of_organisation(office)),
        Err(Refusal::OwnOrganisation)
    );
    assert_eq!(matchmaker.may(Operation::WorkPair, &Object::between(one, other)), Ok(()));
    for pair in [Object::between(one, office), Object::between(office, other)] {
        assert_eq!(matchmaker.may(Operation::WorkPair, &pair), Err(Refusal::OwnOrganisation));
    }
}

#[test]
fn only_the_author_writes_and_only_a_verified_organisation_submits() {
    let ours = OrganisationId::generate();
    let principal = member(Role::Enterprise, ours, Standing_::Registered);
    let me = principal.member().unwrap().person;
    let write = Operation::Listing(Kind::Need, Act::Write);
    let submit = Operation::Listing(Kind::Need, Act::Submit);
    let (mine, colleagues) = (Object::of(ours, me), Object::of(ours, PersonId::generate()));
    assert_eq!(principal.may(write, &mine), Ok(()));
    assert_eq!(principal.may(write, &colleagues), Err(Refusal::Forbidden));
    assert_eq!(principal.may(submit, &mine), Err(Refusal::NotVerified));
    let adopt = Operation::Listing(Kind::Need, Act::Adopt);
    assert_eq!(principal.may(adopt, &colleagues), Ok(()));
    let strangers = Object::of(OrganisationId::generate(), PersonId::generate());
    assert_eq!(principal.may(adopt, &strangers), Err(Refusal::Forbidden));
}

#[test]
fn a_suspended_organisation_reads_and_nothing_else() {
    let suspended = member(Role::Enterprise, OrganisationId::generate(), Standing_::Suspended);
    for (operation, expected) in [
        (Operation::ReadSelf, Ok(())),
        (Operation::Listing(Kind::Need, Act::Read), Ok(())),
        (Operation::Listing(Kind::Need, Act::Create), Err(Refusal::Suspended)),
        (Operation::Listing(Kind::Need, Act::Submit), Err(Refusal::Suspended)),
    ] {
        assert_eq!(suspended.may_ever(operation), expected);
    }
}

#[test]
fn those_without_a_grant_learn_no_more_than_they_should() {
    let enterprise = verified(Role::Enterprise);
    assert_eq!(Principal::Visitor.may_ever(Operation::ReadPair), Err(Refusal::SignIn));
    assert_eq!(enterprise.may_ever(Operation::ReadPair), Err(Refusal::Hidden));
    assert_eq!(enterprise.may_ever(Operation::ListPairs), Err(Refusal::Forbidden));
}

#[test]
fn administrators_read_no_business_text() {
    for role in Role::ALL.into_iter().filter(|it| it.is_administrator()) {
        for state in State::ALL {
            for visibility in [Visibility::Public, Visibility::Masked, Visibility::Confidential] {
                let facts = facts(state, visibility, None);
                assert!(view(&verified(role), &facts) <= View::Metadata, "{role:?} {facts:?}");
            }
        }
    }
}

#[test]
fn a_confidential_listing_is_known_to_its_author_and_its_matchmaker() {
    let responsible = verified(Role::Matchmaker);
    let matchmaker = responsible.member().unwrap().person;
    let facts = facts(State::Published, Visibility::Confidential, Some(matchmaker));
    assert_eq!(view(&responsible, &facts), View::Full);
    let author = Member {
        person: facts.author,
        organisation: facts.organisation,
        role: Role::Enterprise,
        standing: Standing_::Verified,
    };
    assert_eq!(view(&Principal::Member(author), &facts), View::Full);
    let colleague = Member { person: PersonId::generate(), ..author };
    for stranger in [
        Principal::Visitor,
        Principal::Member(colleague),
        verified(Role::Enterprise),
        verified(Role::Research),
        verified(Role::Matchmaker),
        verified(Role::Lead),
    ] {
        assert_eq!(view(&stranger, &facts), View::Nothing, "{stranger:?}");
    }
}

#[test]
fn strangers_see_what_is_published_and_nothing_before_or_after() {
    for state in State::ALL {
        let seen = view(&Principal::Visitor, &facts(state, Visibility::Public, None));
        let masked = view(&Principal::Visitor, &facts(state, Visibility::Masked, None));
        let expected = if state == State::Published {
            (View::Public, View::Masked)
        } else {
            (View::Nothing, View::Nothing)
        };
        assert_eq!((seen, masked), expected, "{state}");
    }
}

fn facts(state: State, visibility: Visibility, matchmaker: Option<PersonId>) -> ListingFacts {
    ListingFacts {
        organisation: OrganisationId::generate(),
        author: PersonId::generate(),
        matchmaker,
        state,
        visibility,
    }
}
