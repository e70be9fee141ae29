//! How often something may be asked: buckets that hold a minute's worth of requests and fill again
//! all the time.
//!
//! A bucket is one number, the moment at which it will be full again. Each request moves it further
//! away; when it is more than a minute away the bucket is empty. Several processes share a bucket by
//! telling each other how far they moved it, not with every request but with every hundredth of a
//! minute's worth ([`Pace::share`]). What a process does not know of can only have emptied the bucket
//! further, so whoever it refuses is rightly refused; and of `n` processes all others together let
//! through at most `(n - 1) (share - 1)` too many, which are paid back, since they are told later.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};

/// How many requests a minute there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pace(NonZeroU32);

/// A process's knowledge of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it will be full again.
    full_at: DateTime<Utc>,
    /// How many requests the other processes have not been told of.
    untold: u32,
}

/// What a bucket says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// There is enough.
    Granted,
    /// There is enough as far as is known, and it is time to tell the others of so many requests.
    Tell(u32),
    /// It is empty.
    Refused,
}

/// How long it takes to fill an empty bucket.
const MINUTE: i64 = 60_000_000;

impl Pace {
    /// So many requests a minute; none stands for no limit.
    pub fn a_minute(requests: u32) -> Option<Self> {
        NonZeroU32::new(requests).map(Self)
    }

    /// How many requests a full bucket holds.
    pub const fn quota(self) -> u32 {
        self.0.get()
    }

    /// How many requests a process makes before it tells the others.
    pub fn share(self) -> u32 {
        (self.quota() / 100).max(1)
    }

    /// By how much so many requests move the moment at which the bucket is full. Rounded up: a limit
    /// is rather kept too well than not quite.
    pub fn span(self, requests: u32) -> TimeDelta {
        let step = (MINUTE + i64::from(self.quota()) - 1) / i64::from(self.quota());
        TimeDelta::microseconds(step * i64::from(requests))
    }
}

impl Bucket {
    /// A full one.
    pub const fn full(now: DateTime<Utc>) -> Self {
        Self { full_at: now, untold: 0 }
    }

    /// Takes a request's worth, if it is there.
    pub fn take(&mut self, pace: Pace, now: DateTime<Utc>) -> Word {
        let full_at = self.full_at.max(now) + pace.span(1);
        if full_at > now + pace.span(pace.quota()) {
            return Word::Refused;
        }
        self.full_at = full_at;
        self.untold += 1;
        if self.untold < pace.share() {
            return Word::Granted;
        }
        Word::Tell(std::mem::take(&mut self.untold))
    }

    /// Learns what all processes together have made of it, and whether that was too much.
    pub fn learn(&mut self, full_at: DateTime<Utc>, pace: Pace, now: DateTime<Utc>) -> Word {
        self.full_at = full_at + pace.span(self.untold);
        if full_at > now + pace.span(pace.quota()) { Word::Refused } else { Word::Granted }
    }

    /// Remembers requests that the others could not be told of.
    pub const fn untold(&mut self, requests: u32) {
        self.untold = self.untold.saturating_add(requests);
    }

    /// Whether nothing needs to be known of it: it is full, and so it will be found.
    pub fn is_full(&self, now: DateTime<Utc>) -> bool {
        self.full_at <= now
    }

    /// How many requests are left.
    pub fn left(&self, pace: Pace, now: DateTime<Utc>) -> u32 {
        let room = now + pace.span(pace.quota()) - self.full_at.max(now);
        let left = micros(room) / micros(pace.span(1)).max(1);
        u32::try_from(left).unwrap_or(0)
    }

    /// In how many whole seconds it will be full.
    pub fn full_in(&self, now: DateTime<Utc>) -> u64 {
        whole_seconds(self.full_at - now)
    }

    /// In how many whole seconds there will be enough for one request.
    pub fn more_in(&self, pace: Pace, now: DateTime<Utc>) -> u64 {
        whole_seconds(self.full_at + pace.span(1) - pace.span(pace.quota()) - now)
    }
}

fn micros(span: TimeDelta) -> i64 {
    span.num_microseconds().unwrap_or(0).max(0)
}

fn whole_seconds(span: TimeDelta) -> u64 {
    u64::try_from(micros(span).saturating_add(999_999) / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_700_000_000_000_000 + micros).unwrap()
    }

    fn pace(requests: u32) -> Pace {
        Pace::a_minute(requests).unwrap()
    }

    #[test]
    fn a_full_bucket_holds_a_minutes_worth_and_fills_again() {
        let mut bucket = Bucket::full(at(0));
        assert_eq!(bucket.left(pace(3), at(0)), 3);
        let words = [(); 4].map(|()| bucket.take(pace(3), at(0)));
        assert_eq!(words, [Word::Tell(1), Word::Tell(1), Word::Tell(1), Word::Refused]);
        assert_eq!((bucket.left(pace(3), at(0)), bucket.more_in(pace(3), at(0))), (0, 20));
        assert_eq!(bucket.full_in(at(0)), 60);
        assert_eq!(bucket.take(pace(3), at(19_999_999)), Word::Refused);
        assert_eq!(bucket.take(pace(3), at(20_000_000)), Word::Tell(1));
        assert!(!bucket.is_full(at(79_999_999)) && bucket.is_full(at(80_000_000)));
    }

    #[test]
    fn none_stands_for_no_limit() {
        assert_eq!(Pace::a_minute(0), None);
    }

    /// A store that several processes tell, as `db::rates` does.
    struct Shared(DateTime<Utc>);

    impl Shared {
        fn told(&mut self, pace: Pace, requests: u32, now: DateTime<Utc>) -> DateTime<Utc> {
            self.0 = self.0.max(now) + pace.span(requests);
            self.0
        }
    }

    proptest! {
        /// Whatever comes to which process and when: never more than the bucket, what has flowed in
        /// since, and the others' untold shares.
        #[test]
        fn processes_that_share_a_bucket_let_through_hardly_more_than_one(
            quota in 1_u32..2000,
            processes in 1_usize..4,
            requests in prop::collection::vec((0_usize..4, 0_i64..100_000), 1..3000),
        ) {
            let pace = pace(quota);
            let mut shared = Shared(at(0));
            let mut buckets = vec![Bucket::full(at(0)); processes];
            let (mut passed, mut granted) = (0, 0_u32);
            for (process, gap) in requests {
                passed += gap;
                let now = at(passed);
                let index = process % processes;
                let Some(bucket) = buckets.get_mut(index) else { continue };
                let word = match bucket.take(pace, now) {
                    Word::Tell(requests) => {
                        let full_at = shared.told(pace, requests, now);
                        bucket.learn(full_at, pace, now)
                    }
                    word @ (Word::Granted | Word::Refused) => word,
                };
                granted += u32::from(word == Word::Granted);
            }
            let flowed = passed * i64::from(quota) / MINUTE + 1;
            let untold = i64::from(pace.share() - 1) * i64::try_from(processes - 1).unwrap();
            prop_assert!(i64::from(granted) <= i64::from(quota) + flowed + untold);
        }
    }
}
