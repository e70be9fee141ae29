//! To whom rows of the table grant their acts.

use super::{Grant, Grantee, Relation, Standing};
use crate::people::Role;

pub(super) const fn grant(role: Role, of: Relation, standing: Standing) -> Grant {
    Grant { to: Grantee::Role(role), of, standing }
}

pub(super) const EVERYONE: &[Grant] =
    &[Grant { to: Grantee::Everyone, of: Relation::Any, standing: Standing::Any }];
pub(super) const SIGNED_IN: &[Grant] =
    &[Grant { to: Grantee::SignedIn, of: Relation::Any, standing: Standing::Any }];
/// Whoever may read what is public: not the administrators, who read no business text.
pub(super) const READERS: &[Grant] = &[
    Grant { to: Grantee::Visitors, of: Relation::Any, standing: Standing::Any },
    grant(Role::Enterprise, Relation::Any, Standing::Any),
    grant(Role::Research, Relation::Any, Standing::Any),
    grant(Role::Matchmaker, Relation::Any, Standing::Any),
    grant(Role::Lead, Relation::Any, Standing::Any),
    grant(Role::Unassigned, Relation::Any, Standing::Any),
];
pub(super) const MATCHMAKERS: &[Grant] =
    &[grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended)];
pub(super) const OWN_ORGANISATION: &[Grant] = &[
    grant(Role::Enterprise, Relation::Own, Standing::NotSuspended),
    grant(Role::Research, Relation::Own, Standing::NotSuspended),
];
pub(super) const AUTHORS: &[Grant] = &[
    grant(Role::Enterprise, Relation::Authored, Standing::NotSuspended),
    grant(Role::Research, Relation::Authored, Standing::NotSuspended),
];
pub(super) const PROOF_READERS: &[Grant] = &[
    grant(Role::Enterprise, Relation::Own, Standing::Any),
    grant(Role::Research, Relation::Own, Standing::Any),
    grant(Role::SecurityAdmin, Relation::Any, Standing::Any),
];
pub(super) const OTHER_MATCHMAKERS: &[Grant] =
    &[grant(Role::Matchmaker, Relation::Others, Standing::NotSuspended)];

pub(super) const OFFICE: &[Grant] = &[
    grant(Role::Matchmaker, Relation::Any, Standing::Any),
    grant(Role::SystemAdmin, Relation::Any, Standing::Any),
    grant(Role::SecurityAdmin, Relation::Any, Standing::Any),
];
/// Those who write listings.
pub(super) const MARKET: &[Grant] = &[
    grant(Role::Enterprise, Relation::Any, Standing::Any),
    grant(Role::Research, Relation::Any, Standing::Any),
];
/// Those who ask others to join.
pub(super) const INVITERS: &[Grant] = &[
    grant(Role::Enterprise, Relation::Own, Standing::Verified),
    grant(Role::Research, Relation::Own, Standing::Verified),
    grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended),
];
/// Those who see whom others have asked, and can take it back.
pub(super) const HOSTS: &[Grant] = &[
    grant(Role::Enterprise, Relation::Own, Standing::NotSuspended),
    grant(Role::Research, Relation::Own, Standing::NotSuspended),
    grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended),
];
pub(super) const AUDITORS: &[Grant] = &[grant(Role::Auditor, Relation::Any, Standing::Any)];
pub(super) const SYSTEM: &[Grant] =
    &[grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended)];
pub(super) const SECURITY: &[Grant] =
    &[grant(Role::SecurityAdmin, Relation::Any, Standing::NotSuspended)];
pub(super) const SECURITY_OF_OTHERS: &[Grant] =
    &[grant(Role::SecurityAdmin, Relation::Others, Standing::NotSuspended)];
pub(super) const KEEPERS: &[Grant] = &[
    grant(Role::SystemAdmin, Relation::Any, Standing::Any),
    grant(Role::SecurityAdmin, Relation::Any, Standing::Any),
];
pub(super) const ACTING_KEEPERS: &[Grant] = &[
    grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended),
    grant(Role::SecurityAdmin, Relation::Any, Standing::NotSuspended),
];
pub(super) const ADMINISTRATORS: &[Grant] = &[
    grant(Role::SystemAdmin, Relation::Any, Standing::Any),
    grant(Role::SecurityAdmin, Relation::Any, Standing::Any),
    grant(Role::Auditor, Relation::Any, Standing::Any),
];
pub(super) const ACTING_ADMINISTRATORS: &[Grant] = &[
    grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended),
    grant(Role::SecurityAdmin, Relation::Any, Standing::NotSuspended),
    grant(Role::Auditor, Relation::Any, Standing::NotSuspended),
];
pub(super) const SIDES_AND_OFFICE: &[Grant] = &[
    grant(Role::Enterprise, Relation::Any, Standing::Any),
    grant(Role::Research, Relation::Any, Standing::Any),
    grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended),
    grant(Role::Auditor, Relation::Any, Standing::Any),
];
/// Taking a consent back is for those of a suspended organisation too.
pub(super) const AUTHORS_AND_MATCHMAKERS: &[Grant] = &[
    grant(Role::Enterprise, Relation::Authored, Standing::Any),
    grant(Role::Research, Relation::Authored, Standing::Any),
    grant(Role::Matchmaker, Relation::Others, Standing::NotSuspended),
];
/// Those who keep the thesaurus, and those who see how.
pub(super) const WORD_READERS: &[Grant] = &[
    grant(Role::Matchmaker, Relation::Any, Standing::Any),
    grant(Role::Lead, Relation::Any, Standing::Any),
    grant(Role::SystemAdmin, Relation::Any, Standing::Any),
    grant(Role::Auditor, Relation::Any, Standing::Any),
];
pub(super) const WORD_KEEPERS: &[Grant] = &[
    grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended),
    grant(Role::Lead, Relation::Any, Standing::NotSuspended),
    grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended),
];
/// Those who read how well the matcher does: figures only.
pub(super) const MATCHER_READERS: &[Grant] = &[
    grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended),
    grant(Role::Lead, Relation::Any, Standing::NotSuspended),
    grant(Role::SystemAdmin, Relation::Any, Standing::NotSuspended),
];
/// Those of them who read listings.
pub(super) const WORD_TRIERS: &[Grant] = &[
    grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended),
    grant(Role::Lead, Relation::Any, Standing::NotSuspended),
];
