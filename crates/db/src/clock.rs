use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// Tells the time in moments that both databases keep: whole microseconds.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970.
    Stopped(Arc<AtomicI64>),
}

impl Clock {
    /// Whatever the system says.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Stands at `moment` until it is moved. Clones move together.
    pub fn stopped(moment: DateTime<Utc>) -> Self {
        Self(Source::Stopped(Arc::new(AtomicI64::new(moment.timestamp_micros()))))
    }

    /// Reads the clock.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Stopped(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a stopped clock; the system's cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let (Source::Stopped(micros), Some(by)) = (&self.0, by.num_microseconds()) {
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}
