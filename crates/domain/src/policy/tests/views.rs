use super::*;
use crate::listings::{State, Visibility};

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
fn what_binds_a_reader_opens_no_more_than_it_should() {
    for state in State::ALL {
        for visibility in [Visibility::Public, Visibility::Masked, Visibility::Confidential] {
            let facts = facts(state, visibility, None);
            let tied = |reader: &Principal, tie| view(reader, &ListingFacts { tie, ..facts });
            let partner = tied(&verified(Role::Research), Tie::Partner);
            let (offered, resting) = match state {
                State::Published | State::Paused | State::Matched => (true, false),
                State::Draft | State::Submitted => (false, false),
                State::Returned
                | State::Rejected
                | State::Closed
                | State::Withdrawn
                | State::Expired
                | State::Archived => (false, true),
            };
            let expected = match (offered, resting) {
                (true, _) => View::Partner,
                (_, true) => View::Metadata,
                _ => View::Nothing,
            };
            assert_eq!(partner, expected, "{state} {visibility:?}");
            let colleague = member(Role::Enterprise, facts.organisation, Standing_::Verified);
            assert_eq!(tied(&colleague, Tie::Named), View::Full, "{state} {visibility:?}");
            // A name on the list is worth nothing to those who have left.
            let left = tied(&verified(Role::Enterprise), Tie::Named);
            assert_eq!(left, tied(&verified(Role::Enterprise), Tie::None));
            for role in [Role::Lead, Role::Matchmaker, Role::SystemAdmin, Role::Auditor] {
                let reader = verified(role);
                for tie in [Tie::Named, Tie::Partner] {
                    assert_eq!(tied(&reader, tie), tied(&reader, Tie::None), "{role:?}");
                }
            }
        }
    }
}

#[test]
fn nothing_of_a_suspended_owner_is_offered() {
    for state in State::ALL {
        for visibility in [Visibility::Public, Visibility::Masked, Visibility::Confidential] {
            let facts = ListingFacts { suspended: true, ..facts(state, visibility, None) };
            for reader in [Principal::Visitor, verified(Role::Research), verified(Role::Lead)] {
                assert_eq!(view(&reader, &facts), View::Nothing, "{state}");
            }
            let partner = ListingFacts { tie: Tie::Partner, ..facts };
            assert!(view(&verified(Role::Research), &partner) <= View::Metadata, "{state}");
        }
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
        suspended: false,
        tie: Tie::None,
    }
}
