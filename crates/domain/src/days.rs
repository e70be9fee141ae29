//! Days of the trade: plain dates in Asia/Shanghai.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use crate::{Fault, Faults, Format, form::Field, text};

/// A day, such as a deadline; written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Day(pub NaiveDate);

impl Day {
    /// The day it is in Asia/Shanghai, which has kept UTC+8 since 1991.
    pub fn at(moment: DateTime<Utc>) -> Self {
        const HOURS_8: i32 = 8 * 3600;
        let there = FixedOffset::east_opt(HOURS_8).map(|zone| moment.with_timezone(&zone));
        Self(there.map_or(moment.date_naive(), |it| it.date_naive()))
    }

    /// The moment it begins, there.
    pub fn begins(self) -> DateTime<Utc> {
        self.0.and_time(chrono::NaiveTime::MIN).and_utc() - chrono::TimeDelta::hours(8)
    }

    /// Reads `YYYY-MM-DD` of this century's neighbourhood (1900 to 2199).
    pub fn new(raw: &str) -> Result<Self, Fault> {
        const WRONG: Fault = Fault::BadFormat { expected: Format::Day };
        let text = text::clean(raw);
        let plausible =
            text.len() == 10 && ["19", "20", "21"].iter().any(|it| text.starts_with(it));
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| plausible);
        day.map(Self).ok_or(WRONG)
    }

    /// The same day `months` later; the last of the month where that month is shorter.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        Self(self.0.checked_add_months(chrono::Months::new(months)).unwrap_or(self.0))
    }
}

impl Field for Day {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_at_midnight_in_shanghai() {
        let evening = "2026-01-31T16:00:00Z".parse().unwrap();
        assert_eq!(Day::at(evening), Day::new("2026-02-01").unwrap());
        assert_eq!(Day::at(evening).begins(), evening);
        let before = "2026-01-31T15:59:59Z".parse().unwrap();
        assert_eq!(Day::at(before), Day::new("2026-01-31").unwrap());
    }

    #[test]
    fn only_days_that_exist_are_read() {
        for wrong in ["2026-02-30", "2026-2-3", "26-02-03", "0001-01-01", "2026-02-03T00", "明天"]
        {
            assert_eq!(Day::new(wrong), Err(Fault::BadFormat { expected: Format::Day }), "{wrong}");
        }
        assert!(Day::new("２０２６-02-03").is_ok());
    }

    #[test]
    fn a_month_later_ends_with_the_month() {
        assert_eq!(Day::new("2026-01-31").unwrap().plus_months(1), Day::new("2026-02-28").unwrap());
    }
}
