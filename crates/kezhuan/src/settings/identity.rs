//! The settings of signing in: passwords and sessions.

use anyhow::anyhow;
use api::{Cookies, Identity, SecondFactor, Sessions};
use chrono::TimeDelta;
use domain::{
    Fault, Faults, attempts,
    form::{Field, Object, Whole},
    passwords::Rules,
};
use serde_json::Value;

use super::Settings;

/// The section `passwords`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasswordSettings {
    pub(crate) slots: usize,
    pub(crate) rules: Rules,
}

/// The section `sessions`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionSettings {
    pub(crate) idle: TimeDelta,
    pub(crate) lasts: TimeDelta,
    pub(crate) cookies: CookieSetting,
}

/// How the cookie for pages is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieSetting {
    Secure,
    /// Over HTTP, on this machine.
    Plain,
    /// Over HTTP, come what may.
    PlainEverywhere,
}

/// The section `signin`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignInSettings {
    pub(crate) attempts: attempts::Rules,
    pub(crate) second_factor: SecondFactor,
}

impl Settings {
    /// What signing in goes by.
    pub(crate) fn identity(&self) -> anyhow::Result<Identity> {
        let identity = Identity::new(self.passwords.slots)
            .map_err(|it| anyhow!("passwords cannot be hashed: {:?}", it.code))?;
        let SessionSettings { idle, lasts, cookies } = self.sessions;
        let cookies = match cookies {
            CookieSetting::Secure => Cookies::Secure,
            CookieSetting::Plain | CookieSetting::PlainEverywhere => Cookies::Plain,
        };
        let sessions = Sessions { idle, lasts, cookies };
        let SignInSettings { attempts, second_factor } = self.signin;
        let rules = self.passwords.rules;
        Ok(Identity {
            passwords: identity.passwords,
            rules,
            sessions,
            attempts,
            second_factor,
            provider: None,
        })
    }
}

impl Field for PasswordSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let min = object.required::<Whole<8, 64>>("min_length");
        let classes = object.required::<Whole<0, 4>>("classes");
        let history = object.required::<Whole<0, 24>>("history");
        let days = object.required::<Whole<0, 3650>>("days");
        let slots = object.required::<Whole<0, 64>>("slots");
        object.close();
        let rules = Rules {
            min: usize::try_from(min?.get()).ok()?,
            classes: usize::try_from(classes?.get()).ok()?,
            history: usize::try_from(history?.get()).ok()?,
            lasts: Some(days?.get()).filter(|it| *it > 0).map(TimeDelta::days),
        };
        Some(Self { slots: super::or_cores(usize::try_from(slots?.get()).ok()?), rules })
    }
}

impl Field for SessionSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let idle = object.required::<Whole<2, 1440>>("idle_minutes");
        let lasts = object.required::<Whole<1, 168>>("hours");
        let cookies = object.required("cookies");
        object.close();
        Some(Self {
            idle: TimeDelta::minutes(idle?.get()),
            lasts: TimeDelta::hours(lasts?.get()),
            cookies: cookies?,
        })
    }
}

impl Field for SignInSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let failures = object.required::<Whole<3, 20>>("failures");
        let minutes = object.required::<Whole<1, 1440>>("lock_minutes");
        let second_factor = object.required::<Demanded>("second_factor");
        object.close();
        let attempts = attempts::Rules {
            failures: i32::try_from(failures?.get()).ok()?,
            window: TimeDelta::minutes(minutes?.get()),
        };
        Some(Self { attempts, second_factor: second_factor?.0 })
    }
}

struct Demanded(SecondFactor);

impl Field for Demanded {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let of = match value.as_str() {
            Some("optional") => SecondFactor::Optional,
            Some("staff") => SecondFactor::Staff,
            Some("everyone") => SecondFactor::Everyone,
            _ => {
                faults.push(at, Fault::UnknownCode { table: "optional, staff, everyone" });
                return None;
            }
        };
        Some(Self(of))
    }
}

impl Field for CookieSetting {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("secure") => Some(Self::Secure),
            Some("plain") => Some(Self::Plain),
            Some("plain_everywhere") => Some(Self::PlainEverywhere),
            _ => {
                let table = "secure, plain, plain_everywhere";
                faults.push(at, Fault::UnknownCode { table });
                None
            }
        }
    }
}
