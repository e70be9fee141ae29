use serde::Serialize;

use crate::leaks;

/// What is wrong with one value.
///
/// Holds data, not prose: whoever shows a fault chooses the language.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Fault {
    /// It must be given.
    Missing,
    /// No field has this name.
    UnknownField,
    /// It is not of this shape.
    WrongType {
        /// The shape that was expected.
        expected: Shape,
    },
    /// Fewer characters than needed.
    TooShort {
        /// The fewest characters allowed.
        min: usize,
        /// How many there are.
        actual: usize,
    },
    /// More characters than allowed.
    TooLong {
        /// The most characters allowed.
        max: usize,
        /// How many there are.
        actual: usize,
    },
    /// Fewer entries than needed.
    TooFew {
        /// The fewest entries allowed.
        min: usize,
        /// How many there are.
        actual: usize,
    },
    /// More entries than allowed.
    TooMany {
        /// The most entries allowed.
        max: usize,
        /// How many there are.
        actual: usize,
    },
    /// A number below what is allowed.
    TooSmall {
        /// The smallest number allowed.
        min: i64,
    },
    /// A number above what is allowed.
    TooLarge {
        /// The largest number allowed.
        max: i64,
    },
    /// Not a code of this table.
    UnknownCode {
        /// The table, as `/api/v1/codes` names it.
        table: &'static str,
    },
    /// Not written as such values are.
    BadFormat {
        /// How it should be written.
        expected: Format,
    },
    /// The last character does not follow from those before it.
    WrongCheckDigit {
        /// What the last character should be.
        expected: char,
    },
    /// It comes before the value it should follow.
    WrongOrder {
        /// The field that should come first.
        after: &'static str,
    },
    /// The same entry stands twice.
    Repeated,
    /// It may not be given here, because of another field.
    NotAllowed {
        /// The field that rules it out.
        because_of: &'static str,
    },
    /// It must be declared to be true.
    NotDeclared,
    /// A password of fewer classes of characters than demanded.
    TooFewClasses {
        /// The fewest classes allowed.
        min: usize,
        /// How many there are.
        actual: usize,
    },
    /// A password that is common, a name of its owner's, or little more than that.
    Guessable,
    /// A password that was set before.
    UsedBefore,
    /// It gives away who wrote it or how to reach them.
    Reveals {
        /// What it gives away.
        what: leaks::Kind,
    },
    /// A word that stands in another group of the thesaurus that goes both ways.
    InAnotherGroup {
        /// The id of that group.
        group: uuid::Uuid,
    },
    /// A cursor or other token that this server did not make, or made for another question.
    NotOurs,
}

/// A shape a JSON value can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A string.
    Text,
    /// A finite number.
    Number,
    /// A number without a fraction.
    WholeNumber,
    /// `true` or `false`.
    YesNo,
    /// A list.
    List,
    /// An object.
    Object,
}

/// A way of writing that some values must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `YYYY-MM-DD`, a day that exists.
    Day,
    /// An e-mail address.
    Mail,
    /// A telephone number of 7 to 15 digits, with `+`, `-`, spaces or parentheses between them.
    Phone,
    /// 3 to 40 of `a`-`z`, `0`-`9`, `.`, `_`, `-`, `@`, beginning with a letter.
    Login,
    /// 18 characters of GB 32100.
    OrganisationNumber,
    /// 12 digits or capital letters.
    RegistrationNumber,
    /// A UUID.
    Id,
}

/// One fault, and the value it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldFault {
    /// Where the value stands: a JSON pointer (RFC 6901), such as `/keywords/2`.
    pub pointer: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub fault: Fault,
}

/// Every fault found in one form.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
#[error("{} fields are faulty", .0.len())]
pub struct Faults(pub Vec<FieldFault>);

impl Faults {
    /// One fault, of the value at `pointer`.
    pub fn one(pointer: impl Into<String>, fault: Fault) -> Self {
        let mut faults = Self::default();
        faults.push(pointer, fault);
        faults
    }

    /// Notes a fault of the value at `pointer`.
    pub fn push(&mut self, pointer: impl Into<String>, fault: Fault) {
        self.0.push(FieldFault { pointer: pointer.into(), fault });
    }

    /// `value`, if no fault was found.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}
