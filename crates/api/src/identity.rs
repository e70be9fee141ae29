//! How people prove who they are, and what this market demands of that.

use domain::{
    Fault, Faults,
    organisations::Organisation,
    passwords::{Password, Rules},
    people::Person,
};

use crate::{problem::Problem, secrets::Passwords};

/// What signing in goes by.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The pool that hashes passwords.
    pub passwords: Passwords,
    /// What may be set as a password.
    pub rules: Rules,
}

/// Whose password is to be set.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The person.
    pub person: &'a Person,
    /// The person's organisation.
    pub organisation: &'a Organisation,
}

impl Identity {
    /// With the usual rules, and a pool of `slots` hashes at a time.
    pub fn new(slots: usize) -> Result<Self, Problem> {
        Ok(Self { passwords: Passwords::new(slots)?, rules: Rules::default() })
    }

    /// The hash of a new password of somebody who has one, to be set with `db::passwords::set`; or
    /// everything that speaks against it, at its place in the form.
    pub async fn change(
        &self,
        conn: &impl db::Conn,
        owner: Owner<'_>,
        password: &Password,
        at: &str,
    ) -> Result<String, Problem> {
        let Owner { person, organisation } = owner;
        let names = [person.login.as_str(), organisation.profile.name.as_str()];
        let mut faults = Faults::default();
        for fault in self.rules.faults(password, &names) {
            faults.push(at, fault);
        }
        if faults.0.is_empty() && self.was_used(conn, person, password).await? {
            faults.push(at, Fault::UsedBefore);
        }
        faults.or(())?;
        self.passwords.hash(password).await
    }

    /// How many passwords are kept beside the present one.
    pub fn kept(&self) -> u64 {
        u64::try_from(self.rules.history.saturating_sub(1)).unwrap_or_default()
    }

    async fn was_used(
        &self,
        conn: &impl db::Conn,
        person: &Person,
        password: &Password,
    ) -> Result<bool, Problem> {
        if self.rules.history == 0 {
            return Ok(false);
        }
        let mut hashes = db::passwords::earlier(conn, person.id, self.kept()).await?;
        let found = db::people::find(conn, &person.login).await?;
        hashes.extend(found.map(|(_, present)| present));
        self.passwords.fits_any(password.expose().into(), hashes).await
    }
}
