//! Passwords, and what this market demands of those that are set.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::{Fault, Faults, form::Field, text};

/// A password as it was typed; never normalised, never shown, never stored. [`Rules`] say whether it
/// may be set.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// What a password must be to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The fewest characters.
    pub min: usize,
    /// How many of the four classes it must draw on: small letters, capital letters, digits,
    /// everything else.
    pub classes: usize,
    /// How many of the last passwords, the present one included, may not be set again.
    pub history: usize,
    /// How long a password lasts; for ever if not given.
    pub lasts: Option<TimeDelta>,
}

/// The words of the commonest passwords.
const COMMON: &str = include_str!("../../../config/common_passwords.txt");
/// The fewest different characters.
const DISTINCT: usize = 5;

impl Default for Rules {
    fn default() -> Self {
        Self { min: 12, classes: 0, history: 5, lasts: None }
    }
}

impl Rules {
    /// Everything that speaks against setting a password. `names` are those of its owner and of the
    /// owner's organisation.
    pub fn faults(&self, password: &Password, names: &[&str]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let actual = password.0.chars().count();
        if actual < self.min {
            faults.push(Fault::TooShort { min: self.min, actual });
        }
        let actual = password.classes();
        if actual < self.classes {
            faults.push(Fault::TooFewClasses { min: self.classes, actual });
        }
        if password.is_guessable(names) {
            faults.push(Fault::Guessable);
        }
        faults
    }

    /// Whether a password that was set then must be changed now.
    pub fn has_run_out(&self, set_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.lasts.is_some_and(|it| now - set_at >= it)
    }
}

impl Password {
    /// The most characters, so that hashing takes bounded time.
    pub const MAX: usize = 256;

    /// Accepts what somebody may have typed.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let actual = raw.chars().count();
        if actual > Self::MAX {
            return Err(Fault::TooLong { max: Self::MAX, actual });
        }
        if actual == 0 {
            return Err(Fault::Missing);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The password, to be hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// How many of the four classes of characters it draws on.
    fn classes(&self) -> usize {
        let known: [fn(char) -> bool; 3] =
            [char::is_lowercase, char::is_uppercase, |it| it.is_ascii_digit()];
        let other = |it: char| known.iter().all(|class| !class(it));
        let drawn = known.iter().filter(|class| self.0.chars().any(class)).count();
        drawn + usize::from(self.0.chars().any(other))
    }

    /// Whether somebody who tries the usual things would soon find it.
    fn is_guessable(&self, names: &[&str]) -> bool {
        let mut distinct: Vec<char> = self.0.chars().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let whole = self.0.to_lowercase();
        let core = core(&whole);
        let is = |word: &str| word == whole || (!core.is_empty() && word == core);
        let mut words = COMMON.lines().filter(|it| !it.starts_with('#'));
        let named = names.iter().map(|it| it.to_lowercase());
        distinct.len() < DISTINCT
            || words.any(is)
            || named
                .into_iter()
                .any(|name| is(&name) || (!core.is_empty() && self::core(&name) == core))
    }
}

/// What is left without the digits and signs at both ends.
fn core(text: &str) -> &str {
    text.trim_matches(|it: char| !it.is_alphabetic())
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Field for Password {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "format": "password", "minLength": 1, "maxLength": Self::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: Rules, password: &str) -> Vec<Fault> {
        rules.faults(&Password::new(password).unwrap(), &["li.wei", "高平市丹河铸造有限公司"])
    }

    #[test]
    fn a_password_is_read_as_it_was_typed_and_never_shown() {
        let long = Fault::TooLong { max: 256, actual: 260 };
        assert_eq!(Password::new(&"太行山上红薯真甜很甜".repeat(26)), Err(long));
        assert!(Password::new(&"太行山上红薯真甜".repeat(32)).is_ok(), "characters, not bytes");
        assert_eq!(Password::new(""), Err(Fault::Missing));
        assert_eq!(Password::new(" ｘ ").unwrap().expose(), " ｘ ");
        assert_eq!(format!("{:?}", Password::new("correct horse").unwrap()), "Password(…)");
    }

    #[test]
    fn every_rule_that_is_broken_is_told() {
        let rules = Rules { classes: 3, ..Rules::default() };
        let short = Fault::TooShort { min: 12, actual: 8 };
        let plain = Fault::TooFewClasses { min: 3, actual: 1 };
        assert_eq!(faults(rules, "password"), [short, plain, Fault::Guessable]);
        assert_eq!(faults(rules, "Correct horse 7"), []);
    }

    #[test]
    fn the_four_classes_are_counted() {
        for (password, classes) in
            [("abc", 1), ("aB", 2), ("aB1", 3), ("aB1-", 4), ("太行山", 1), ("太行山2026", 2)]
        {
            assert_eq!(Password::new(password).unwrap().classes(), classes, "{password}");
        }
    }

    #[test]
    fn what_everybody_would_try_is_refused() {
        let rules = Rules::default();
        for guessable in [
            "aaaaaaaaaaaaaa",
            "121212121212",
            "1qaz2wsx3edc",
            "Password2026!!",
            "**PASSWORD**1234",
            "123456789012",
            "woaini5201314",
            "Li.Wei202601!",
            "高平市丹河铸造有限公司",
            "高平市丹河铸造有限公司2026",
        ] {
            assert!(faults(rules, guessable).contains(&Fault::Guessable), "{guessable}");
        }
        for good in ["太行山上的红薯真甜啊二零二六", "password of the third mill", "7391-5508-2264"]
        {
            assert_eq!(faults(rules, good), [], "{good}");
        }
    }

    #[test]
    fn a_password_runs_out_only_where_one_is_to_last_so_long() {
        let set: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let later = set + TimeDelta::days(90);
        assert!(!Rules::default().has_run_out(set, later));
        let rules = Rules { lasts: Some(TimeDelta::days(90)), ..Rules::default() };
        assert!(
            rules.has_run_out(set, later) && !rules.has_run_out(set, later - TimeDelta::seconds(1))
        );
    }
}
