//! Attempts at proving who one is: who fails too often has to wait.
//!
//! Failures are counted by account and source together, so that nobody locks out anybody else; by
//! source, whatever the account; and by account, whatever the source. The last makes those wait who
//! have never come in from where they are: who has, is counted by account and source alone.

use chrono::{DateTime, TimeDelta, Utc};

/// How often an attempt may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many failures of one account from one source, within [`Self::window`], lock the two.
    pub failures: i32,
    /// How long failures count, and how long a lock lasts.
    pub window: TimeDelta,
}

/// What is counted of one account and source, of one account, or of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many attempts were begun and did not succeed, or are not over.
    pub taken: i32,
    /// Since when it is counted.
    pub since: DateTime<Utc>,
    /// Until when nothing more is let in.
    pub until: Option<DateTime<Utc>>,
}

/// How many times as many failures a source may have over all accounts.
const BY_SOURCE: i32 = 10;
/// How many times as many failures an account may have over all sources, before strangers wait.
const BY_ACCOUNT: i32 = 4;
/// Attempts under way are over after so long.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(2);

impl Default for Rules {
    fn default() -> Self {
        Self { failures: 5, window: TimeDelta::minutes(15) }
    }
}

impl Tally {
    /// Nothing counted yet.
    pub const fn new(now: DateTime<Utc>) -> Self {
        Self { taken: 0, since: now, until: None }
    }

    /// How long to wait, if nothing is let in now.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.until.map(|it| it - now).filter(|it| *it > TimeDelta::zero())
    }

    /// Counts an attempt of an account from a source before it is made: of many at once no more
    /// than are allowed are made. Otherwise says how long to wait.
    pub fn take(&mut self, rules: &Rules, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        if let Some(wait) = self.wait(now) {
            return Err(wait);
        }
        self.renew(rules, now);
        if self.taken >= rules.failures {
            return Err(UNDER_WAY);
        }
        self.taken += 1;
        Ok(())
    }

    /// Counts that an attempt of an account from a source failed; says whether that locks the two.
    pub fn fail(&mut self, rules: &Rules, now: DateTime<Utc>) -> bool {
        let locks = self.taken >= rules.failures;
        if locks {
            self.until = Some(now + rules.window);
        }
        locks
    }

    /// An attempt was neither right nor wrong.
    pub fn give_back(&mut self) {
        self.taken = (self.taken - 1).max(0);
    }

    /// Counts a failure from a source, whatever the account.
    pub fn fail_of_source(&mut self, rules: &Rules, now: DateTime<Utc>) {
        self.renew(rules, now);
        self.taken += 1;
        if self.taken >= rules.failures * BY_SOURCE {
            self.until = Some(now + rules.window);
        }
    }

    /// Counts a failure of an account, whatever the source. The wait for strangers doubles with each
    /// failure too many.
    pub fn fail_of_account(&mut self, rules: &Rules, now: DateTime<Utc>) {
        self.renew(rules, now);
        self.taken += 1;
        let many = self.taken - rules.failures * BY_ACCOUNT;
        if let Ok(doublings) = u32::try_from(many) {
            let seconds = 2_i64.checked_pow(doublings.min(20)).unwrap_or(i64::MAX);
            self.until = Some(now + TimeDelta::seconds(seconds).min(rules.window));
        }
    }

    /// Begins to count anew when what was counted is over.
    fn renew(&mut self, rules: &Rules, now: DateTime<Utc>) {
        if now - self.since >= rules.window || self.until.is_some_and(|it| it <= now) {
            let until = self.until.filter(|it| *it > now);
            *self = Self { until, ..Self::new(now) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { failures: 5, window: TimeDelta::minutes(15) };

    fn start() -> DateTime<Utc> {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn five_failures_lock_for_a_quarter_of_an_hour() {
        let (mut tally, mut now) = (Tally::new(start()), start());
        for number in 1..=5 {
            assert_eq!(tally.take(&RULES, now), Ok(()), "{number}");
            assert_eq!(tally.fail(&RULES, now), number == 5);
        }
        assert_eq!(tally.take(&RULES, now), Err(TimeDelta::minutes(15)));
        now += TimeDelta::minutes(15);
        assert_eq!(tally.take(&RULES, now), Ok(()));
        assert_eq!(tally.taken, 1);
    }

    #[test]
    fn no_more_are_tried_at_once_than_may_fail_and_that_is_no_lock() {
        let mut tally = Tally::new(start());
        let tried = (0..200).filter(|_| tally.take(&RULES, start()).is_ok()).count();
        assert_eq!((tried, tally.until), (5, None));
        tally.give_back();
        assert_eq!(tally.take(&RULES, start()), Ok(()));
    }

    #[test]
    fn failures_far_apart_do_not_add_up() {
        let (mut tally, mut now) = (Tally::new(start()), start());
        for _ in 0..100 {
            assert_eq!(tally.take(&RULES, now), Ok(()));
            assert!(!tally.fail(&RULES, now));
            now += TimeDelta::minutes(4);
        }
    }

    #[test]
    fn strangers_wait_longer_with_each_failure_but_never_longer_than_a_lock() {
        let mut tally = Tally::new(start());
        let mut waits = Vec::new();
        for _ in 0..40 {
            tally.fail_of_account(&RULES, start());
            waits.push(tally.wait(start()).map_or(0, |it| it.num_seconds()));
        }
        assert_eq!(waits[..24], [vec![0; 19], vec![1, 2, 4, 8, 16]].concat());
        assert_eq!(waits.last(), Some(&900));
    }

    #[test]
    fn a_source_that_fails_fifty_times_waits_whatever_the_account() {
        let mut tally = Tally::new(start());
        for _ in 0..49 {
            tally.fail_of_source(&RULES, start());
        }
        assert_eq!(tally.wait(start()), None);
        tally.fail_of_source(&RULES, start());
        assert_eq!(tally.wait(start()), Some(TimeDelta::minutes(15)));
    }
}
