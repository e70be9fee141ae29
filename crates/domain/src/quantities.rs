//! Numbers with a name and a unit, read from what people write.
//!
//! A number is a quantity only if a unit of [`Dimension`] follows it, or if it is compared with
//! something and stands alone. Years, models, standards, telephone numbers and numbering are
//! passed over by what stands beside them. Reading looks back and ahead no farther than a few
//! words, so that it takes time in proportion to the text.

use std::ops::Range;

mod letters;
mod names;
mod numbers;
mod rates;
mod reading;
#[cfg(test)]
mod tests;
mod units;
mod words;

pub use units::Dimension;
pub(crate) use units::Unit;

/// A quantity that a text tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// What is measured, in lower case and half width; empty if the text does not say.
    pub name: String,
    /// How much of it.
    pub amount: Amount,
    /// Whether it tells how things are or were elsewhere (目前, 传统, 由…), not what is wanted or reached.
    pub so_far: bool,
    /// Whether the text compares it (不低于, 达到, a range), rather than telling a value.
    pub compared: bool,
    /// Where it stands, name and all, in bytes.
    pub range: Range<usize>,
}

/// How much, in base units.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// A level, or a change of one.
    pub kind: Change,
    /// The values.
    pub bound: Bound,
    /// Of what.
    pub dimension: Dimension,
}

/// Whether an amount is a level or a change. What rises is never compared with a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// 效率 95%.
    Level,
    /// 效率提高 15%.
    Rise,
    /// 成本降低 30%.
    Fall,
}

/// Which values are meant. Whether the ends belong to it is not told apart: `>` is read as `≥`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// ≥
    AtLeast(f64),
    /// ≤
    AtMost(f64),
    /// This value, or about it.
    Equals(f64),
    /// This value is reached (达到): at least, or at most, as the name has it.
    Reaches(f64),
    /// From one to the other.
    Between(f64, f64),
}

/// The quantities of a text, in order.
pub fn read(text: &str) -> Vec<Quantity> {
    reading::Reading::of(text).all()
}

/// A name of a quantity as names are compared: half width, lower case, without brackets and space.
pub fn name(raw: &str) -> String {
    names::normal(raw)
}

impl Bound {
    /// The same with every value changed.
    pub(crate) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::AtLeast(it) => Self::AtLeast(change(it)),
            Self::AtMost(it) => Self::AtMost(change(it)),
            Self::Equals(it) => Self::Equals(change(it)),
            Self::Reaches(it) => Self::Reaches(change(it)),
            Self::Between(low, high) => Self::Between(change(low), change(high)),
        }
    }
}
