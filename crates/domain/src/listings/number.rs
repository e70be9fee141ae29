use std::fmt;

use serde::{Serialize, Serializer};

use super::Kind;
use crate::days::Day;

/// The number people use for a listing, such as `GPN-20260131-001`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// The number of the `count`th listing of its kind on `day`.
    ///
    /// `office` is the configured prefix, such as `GP`; needs add an `N`, achievements an `A`.
    pub fn new(office: &str, kind: Kind, day: Day, count: i64) -> Self {
        let letter = match kind {
            Kind::Need => 'N',
            Kind::Achievement => 'A',
        };
        Self(format!("{office}{letter}-{}-{count:03}", day.0.format("%Y%m%d")))
    }

    /// Takes a number from storage.
    pub const fn restore(stored: String) -> Self {
        Self(stored)
    }

    /// The number itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
