//! How people prove who they are, and what this market demands of that.

use chrono::{DateTime, TimeDelta, Utc};
use db::tokens::Token;
use domain::{
    Fault, Faults, attempts,
    organisations::Organisation,
    passwords::{Password, Rules},
    people::{Person, Role},
    policy::{Reach, Stage},
};

use crate::{cookies::Cookies, oidc::Provider, problem::Problem, secrets::Passwords};

/// What signing in goes by.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The pool that hashes passwords.
    pub passwords: Passwords,
    /// What may be set as a password.
    pub rules: Rules,
    /// How sessions go.
    pub sessions: Sessions,
    /// How often an attempt may fail.
    pub attempts: attempts::Rules,
    /// Of whom a second factor is demanded.
    pub second_factor: SecondFactor,
    /// Another provider that people can sign in by.
    pub provider: Option<Provider>,
}

/// Of whom a second factor is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Of nobody; whoever wants can have one.
    Optional,
    /// Of those who serve the office.
    Staff,
    /// Of everyone.
    Everyone,
}

/// What was proved at a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proved {
    /// The password.
    Password,
    /// The second factor as well.
    Both,
}

/// How sessions go.
#[derive(Clone, Copy, Debug)]
pub struct Sessions {
    /// How long one lives that is not used.
    pub idle: TimeDelta,
    /// How long one lives at the most.
    pub lasts: TimeDelta,
    /// The cookie that carries it for pages.
    pub cookies: Cookies,
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
        Ok(Self {
            passwords: Passwords::new(slots)?,
            rules: Rules::default(),
            sessions: Sessions::default(),
            attempts: attempts::Rules::default(),
            second_factor: SecondFactor::Optional,
            provider: None,
        })
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

    /// How far a sign-in comes with what was proved.
    pub(crate) async fn stage(
        &self,
        conn: &impl db::Conn,
        (person, proved): (&Person, Proved),
        now: DateTime<Utc>,
    ) -> Result<Stage, Problem> {
        let has_factor = db::second_factors::is_active(conn, person.id).await?;
        if has_factor && proved == Proved::Password {
            return Ok(Stage::Code);
        }
        let standing = db::passwords::get(conn, person.id).await?;
        let set_at = standing.set_at.unwrap_or(person.created_at);
        let must = standing.must_change || self.rules.has_run_out(set_at, now);
        Ok(if must {
            Stage::Password
        } else if !has_factor && self.second_factor.is_demanded_of(person.role) {
            Stage::Enrolment
        } else {
            Stage::Whole
        })
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

impl SecondFactor {
    /// Whether people of this role must have one.
    pub const fn is_demanded_of(self, role: Role) -> bool {
        match self {
            Self::Optional => false,
            Self::Staff => role.is_staff(),
            Self::Everyone => true,
        }
    }
}

/// How precisely it is known when a session was last used. Each use would be a write otherwise.
const PRECISION: TimeDelta = TimeDelta::minutes(1);

impl Sessions {
    /// When a session ends that is used now and then no more.
    pub(crate) fn idle_at(&self, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> DateTime<Utc> {
        expires_at.min(now + self.idle)
    }

    /// Until when a token lives on that is used now, if that is worth writing down.
    pub(crate) fn worth_noting(&self, token: &Token, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match token.reach {
            Reach::Program(_) => None,
            Reach::Session(_) => {
                let idle_at = self.idle_at(now, token.expires_at);
                Some(idle_at).filter(|it| *it - token.idle_at >= PRECISION)
            }
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        let (idle, lasts) = (TimeDelta::minutes(30), TimeDelta::hours(12));
        Self { idle, lasts, cookies: Cookies::Secure }
    }
}
