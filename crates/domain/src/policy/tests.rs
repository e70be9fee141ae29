use super::*;
use crate::{listings::Kind, organisations::State as Standing_};

mod views;

fn member(role: Role, organisation: OrganisationId, standing: Standing_) -> Principal {
    Principal::Member(Member { person: PersonId::generate(), organisation, role, standing })
}

fn verified(role: Role) -> Principal {
    member(role, OrganisationId::generate(), Standing_::Verified)
}

const BESIDE_LISTINGS: &[Operation] = &[
    Operation::Health,
    Operation::Describe,
    Operation::ReadCodes,
    Operation::ReadMarket,
    Operation::Search,
    Operation::SignIn,
    Operation::ReadProvider,
    Operation::SignOut,
    Operation::ReadSelf,
    Operation::ReadNotices,
    Operation::EditSelf,
    Operation::ExportSelf,
    Operation::EraseSelf,
    Operation::ReadConsentTexts,
    Operation::OwnConsents,
    Operation::ChangePassword,
    Operation::ResetPassword,
    Operation::OwnMail,
    Operation::ConfirmMail,
    Operation::OwnTokens,
    Operation::OwnSessions,
    Operation::ProveSecondFactor,
    Operation::OwnSecondFactor,
    Operation::OwnIdentities,
    Operation::ResetSecondFactor,
    Operation::RegisterOrganisation,
    Operation::ListOrganisations,
    Operation::ReadOrganisation,
    Operation::EditOrganisation,
    Operation::DecideOrganisation,
    Operation::ListPeople,
    Operation::ListColleagues,
    Operation::CreatePerson,
    Operation::Invite,
    Operation::ListInvitations,
    Operation::WithdrawInvitation,
    Operation::AcceptInvitation,
    Operation::Apply,
    Operation::ListApplications,
    Operation::DecideApplication,
    Operation::SwitchPerson,
    Operation::ReadGrants,
    Operation::AskGrant,
    Operation::DecideGrant,
    Operation::ReadEmergencies,
    Operation::AskEmergency,
    Operation::DecideEmergency,
    Operation::UseEmergency,
    Operation::ErasePerson,
    Operation::ListSubmissions,
    Operation::ListPairs,
    Operation::ReadPair,
    Operation::ReadPairLog,
    Operation::WorkPair,
    Operation::AskIntroduction,
    Operation::ListIntroductions,
    Operation::ReadIntroduction,
    Operation::AnswerIntroduction,
    Operation::WithdrawIntroduction,
    Operation::ReadAudit,
    Operation::ExportAudit,
    Operation::VerifyAudit,
    Operation::ReadOwnAudit,
    Operation::ReadAttachment,
    Operation::RemoveAttachment,
    Operation::SendProof,
    Operation::ReadProofs,
    Operation::ReadThesaurus,
    Operation::EditThesaurus,
    Operation::TryThesaurus,
    Operation::ReadMatchers,
    Operation::ActivateMatcher,
];

fn every_operation() -> Vec<Operation> {
    use Act::{
        Adopt, Create, Entrust, Hide, List, NameReaders, Read, ReadLeaks, ReadReviews, Reassign,
        Review, Run, Submit, Write,
    };
    let acts = [
        List,
        Read,
        Create,
        Write,
        Adopt,
        Submit,
        Run,
        Review,
        ReadReviews,
        Hide,
        NameReaders,
        Reassign,
        Entrust,
        ReadLeaks,
    ];
    let listings = [Kind::Need, Kind::Achievement]
        .into_iter()
        .flat_map(|kind| acts.map(|act| Operation::Listing(kind, act)));
    BESIDE_LISTINGS.iter().copied().chain(listings).collect()
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
const TABLE: &str = "\
health VERMLYCA
describe VERMLYCA
codes.read VERMLYCA
market.read VERMLYCA
search VERML
sessions.create VERMLYCA
sessions.provider VERMLYCA
sessions.end ERMLYCA
me.read ERMLYCA
me.notices ERMLYCA
me.edit ERMLYCA
me.export ERMLYCA
me.erase ERMLYCA
consents.texts VERMLYCA
consents.own ERMLYCA
me.password ERMLYCA
passwords.reset VERMLYCA
me.mail ERMLYCA
me.mail.confirm VERMLYCA
tokens.own ERMLYCA
sessions.own ERMLYCA
sessions.code ERMLYCA
me.second_factor ERMLYCA
me.identities ERMLYCA
people.second_factor Y
organisations.register VERMLYCA
organisations.list MYC
organisations.read VERMLYCA
organisations.edit ER
organisations.decide C
people.list YC
colleagues.list ER
people.create Y
invitations.create ERY
invitations.list ERY
invitations.withdraw ERY
invitations.accept VERMLYCA
applications.create VERMLYCA
applications.list ER
applications.decide ER
people.switch Y
grants.read YCA
grants.ask C
grants.decide YC
emergencies.read YCA
emergencies.ask YCA
emergencies.decide YC
emergencies.use YCA
people.erase Y
submissions.list M
pairs.list M
pairs.read M
pairs.log M
pairs.work M
introductions.ask M
introductions.list ERMA
introductions.read ERMA
introductions.answer ER
introductions.withdraw ERM
audit.read A
audit.export A
audit.verify A
me.audit ERMLYCA
attachments.read VERMLYCA
attachments.remove ER
proofs.send ER
proofs.read ERC
thesaurus.read MLYA
thesaurus.edit MLY
thesaurus.preview ML
matchers.read MLY
matchers.activate Y
needs.list VERMLYCA
needs.read VERMLYCA
needs.create E
needs.write E
needs.adopt E
needs.submit E
needs.run E
needs.review M
needs.reviews EM
needs.hide M
needs.readers E
needs.reassign C
needs.matchmaker LC
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
achievements.hide M
achievements.readers R
achievements.reassign C
achievements.matchmaker LC
achievements.leaks RM";

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
    assert_eq!(table.join("\n"), TABLE);
}

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
        "passwords.reset",
        "me.mail",
        "me.mail.confirm",
        "tokens.own",
        "sessions.own",
        "sessions.code",
        "me.second_factor",
        "me.identities",
        "people.second_factor",
        "organisations.register",
        "invitations.create",
        "invitations.withdraw",
        "invitations.accept",
        "applications.create",
        "applications.decide",
        "grants.ask",
        "grants.decide",
        "emergencies.ask",
        "emergencies.decide",
        "emergencies.use",
        "people.erase",
        "introductions.answer",
        "introductions.withdraw",
        "matchers.activate",
        "needs.readers",
        "needs.reassign",
        "needs.matchmaker",
        "achievements.readers",
        "achievements.reassign",
        "achievements.matchmaker",
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

/// What someone may do who has no role: what a visitor may, and what concerns their own account.
#[test]
fn an_account_without_a_role_has_no_rights() {
    for operation in every_operation() {
        let theirs = verified(Role::Unassigned).may_ever(operation).is_ok();
        let grants = operation.grants();
        let anyone = grants.iter().any(|it| matches!(it.to, Grantee::SignedIn));
        let visitor = Principal::Visitor.may_ever(operation).is_ok();
        assert_eq!(theirs, visitor || anyone, "{}", operation.name());
    }
}

/// The three administrators exclude each other: who makes accounts gives no rights, who gives rights
/// makes no accounts, and the auditor does neither.
#[test]
fn administrators_exclude_each_other() {
    use Role::{Auditor, SecurityAdmin, SystemAdmin};
    for (operation, allowed) in [
        (Operation::CreatePerson, SystemAdmin),
        (Operation::SwitchPerson, SystemAdmin),
        (Operation::AskGrant, SecurityAdmin),
        (Operation::DecideOrganisation, SecurityAdmin),
    ] {
        for role in Role::ALL {
            let may = verified(role).may_ever(operation).is_ok();
            assert_eq!(may, role == allowed, "{} {role:?}", operation.name());
        }
    }
    assert!(verified(Auditor).may_ever(Operation::DecideGrant).is_err());
}
