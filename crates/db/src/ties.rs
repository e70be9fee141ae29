//! What binds a reader to listings besides what the listings say: see [`domain::policy::Tie`].

use std::collections::HashMap;

use domain::{
    people::Role,
    policy::{Principal, Tie},
};
use uuid::Uuid;

use crate::{Conn, Result, introductions, readers};

/// What binds one reader to some listings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ties(HashMap<Uuid, Tie>);

impl Ties {
    /// What binds the reader to one of them.
    pub fn to(&self, listing: Uuid) -> Tie {
        self.0.get(&listing).copied().unwrap_or_default()
    }
}

/// What binds `reader` to some listings, at this moment.
pub async fn of(conn: &impl Conn, reader: &Principal, listings: &[Uuid]) -> Result<Ties> {
    let mut ties = HashMap::new();
    let member = reader.member().filter(|_| !listings.is_empty());
    match member.map(|it| (it.role, it.person)) {
        Some((Role::Enterprise | Role::Research, person)) => {
            let partner = introductions::admitted(conn, person, listings).await?;
            ties.extend(partner.into_iter().map(|it| (it, Tie::Partner)));
            let named = readers::named(conn, person, listings).await?;
            ties.extend(named.into_iter().map(|it| (it, Tie::Named)));
        }
        Some((
            Role::Matchmaker
            | Role::Lead
            | Role::SystemAdmin
            | Role::SecurityAdmin
            | Role::Auditor
            | Role::Unassigned,
            _,
        ))
        | None => {}
    }
    Ok(Ties(ties))
}
