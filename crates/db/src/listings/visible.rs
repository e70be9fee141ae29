//! The table of `policy::view` as conditions, so that lists and counts are made of what may be
//! seen and nothing has to be taken out of them afterwards. A test holds the two against each
//! other, state by state.

use domain::{
    listings::{State, Visibility},
    people::{PersonId, Role},
    policy::{Member, Principal},
};
use sea_orm::{
    ColumnTrait as _, Condition, Iden as _,
    sea_query::{Alias, Expr, ExprTrait as _, IntoColumnRef},
};

use super::row::Column;
use crate::{introductions, readers};

/// The listings of which `reader` may know at least that they exist.
pub(crate) fn visible_to(reader: &Principal) -> Condition {
    let open = || {
        Condition::all()
            .add(is(Column::State, State::Published.as_str()))
            .add(is_not(Column::Visibility, Visibility::Confidential.as_str()))
            .add(is(Column::Suspended, false))
    };
    let Some(member) = reader.member() else { return open() };
    match member.role {
        Role::SystemAdmin | Role::SecurityAdmin => Condition::any().add(Expr::value(false)),
        Role::Auditor => Condition::all(),
        Role::Lead | Role::Unassigned => open(),
        Role::Matchmaker => known_to_matchmaker(member.person),
        Role::Enterprise | Role::Research => {
            Condition::any().add(open()).add(owned_by(member)).add(opened_to(member.person))
        }
    }
}

/// The listings that a member reads whole since they are their organisation's.
pub(crate) fn owned_by(member: &Member) -> Condition {
    let shared = Condition::any()
        .add(is_not(Column::Visibility, Visibility::Confidential.as_str()))
        .add(is(Column::AuthorId, member.person.as_uuid()))
        .add(Column::Id.in_subquery(readers::naming(member.person)));
    Condition::all().add(is(Column::OrganisationId, member.organisation.as_uuid())).add(shared)
}

/// The listings that an introduction opened to someone: as long as they are not written anew.
fn opened_to(partner: PersonId) -> Condition {
    let [of_needs, of_achievements] = introductions::admitting(partner);
    let admitted = Condition::any()
        .add(Column::Id.in_subquery(of_needs))
        .add(Column::Id.in_subquery(of_achievements));
    Condition::all()
        .add(is_not(Column::State, State::Draft.as_str()))
        .add(is_not(Column::State, State::Submitted.as_str()))
        .add(admitted)
}

/// Of the listings that `reader` may know of, those whose owner may be known too: asking for an
/// organisation's listings must not tell which masked ones are its own.
pub(super) fn owner_known_to(reader: &Principal) -> Condition {
    let unmasked = Condition::any().add(is_not(Column::Visibility, Visibility::Masked.as_str()));
    match reader.member() {
        Some(member) if matches!(member.role, Role::Matchmaker | Role::Auditor) => Condition::all(),
        Some(member) => unmasked
            .add(is(Column::OrganisationId, member.organisation.as_uuid()))
            .add(opened_to(member.person)),
        None => unmasked,
    }
}

/// The listings, under the name `alias`, whose business text a matchmaker may read.
pub(crate) fn readable_by_matchmaker(alias: &str, matchmaker: PersonId) -> Condition {
    let column = |column: Column| Expr::col((Alias::new(alias), Alias::new(column.to_string())));
    let offered = Condition::all()
        .add(column(Column::State).eq(State::Published.as_str()))
        .add(column(Column::Visibility).ne(Visibility::Confidential.as_str()))
        .add(column(Column::Suspended).eq(false));
    let responsible = Condition::all()
        .add(column(Column::MatchmakerId).eq(matchmaker.as_uuid()))
        .add(column(Column::State).ne(State::Draft.as_str()));
    Condition::any().add(offered).add(responsible)
}

/// The listings, under the name `alias`, that a matchmaker who has worked on them may go on knowing
/// of when they are no longer offered.
pub(crate) fn known_afterwards(alias: &str) -> Condition {
    let column = |column: Column| Expr::col((Alias::new(alias), Alias::new(column.to_string())));
    Condition::all()
        .add(column(Column::State).ne(State::Draft.as_str()))
        .add(column(Column::Visibility).ne(Visibility::Confidential.as_str()))
}

fn known_to_matchmaker(matchmaker: PersonId) -> Condition {
    let to_be_taken = Condition::all()
        .add(is(Column::State, State::Submitted.as_str()))
        .add(Expr::col(Column::MatchmakerId.into_column_ref()).is_null());
    let known = Condition::any()
        .add(is(Column::MatchmakerId, matchmaker.as_uuid()))
        .add(to_be_taken)
        .add(is_not(Column::Visibility, Visibility::Confidential.as_str()));
    Condition::all().add(is_not(Column::State, State::Draft.as_str())).add(known)
}

fn is(column: Column, value: impl Into<sea_orm::Value>) -> sea_orm::sea_query::SimpleExpr {
    Expr::col(column.into_column_ref()).eq(Expr::value(value))
}

fn is_not(column: Column, value: impl Into<sea_orm::Value>) -> sea_orm::sea_query::SimpleExpr {
    Expr::col(column.into_column_ref()).ne(Expr::value(value))
}
