//! Reading what people and programs write, and telling every fault at once.
//!
//! A derived deserializer stops at the first fault. These readers go on, so that a form comes back
//! with everything that is wrong with it. The same readers serve JSON bodies, imported rows,
//! configuration and stored rows.
//!
//! ```
//! use domain::{Fault, form, needs::NeedForm};
//! use serde_json::json;
//!
//! let body = json!({ "keywords": ["铸造", "铸造"], "readiness": 12, "colour": "red" });
//! let faults = form::read::<NeedForm>(&body).unwrap_err();
//! let pointers: Vec<_> = faults.0.iter().map(|it| it.pointer.as_str()).collect();
//! assert_eq!(pointers, ["/keywords/1", "/readiness", "/colour"]);
//! ```

use serde_json::{Map, Value};

use crate::{Fault, Faults, Shape};

/// A value that can be read from JSON.
pub trait Field: Sized {
    /// Reads the value that stands at `at`, or notes why it cannot.
    ///
    /// `None` means that a fault was noted; `Some` may come with faults of parts that can be left
    /// out, so that [`read`] alone decides whether the whole is good.
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self>;
}

/// Reads a whole form.
pub fn read<T: Field>(value: &Value) -> Result<T, Faults> {
    let mut faults = Faults::default();
    match T::read(value, "", &mut faults) {
        Some(it) => faults.or(it),
        None => Err(faults),
    }
}

/// How many faults are known before unknown fields are no longer told one by one.
const MANY: usize = 100;

/// An object whose fields are being read.
#[derive(Debug)]
pub struct Object<'a> {
    fields: &'a Map<String, Value>,
    at: &'a str,
    read: Vec<&'static str>,
    faults: &'a mut Faults,
}

impl<'a> Object<'a> {
    /// Opens the object at `at`, or notes that it is none.
    pub fn open(value: &'a Value, at: &'a str, faults: &'a mut Faults) -> Option<Self> {
        if let Value::Object(fields) = value {
            return Some(Self { fields, at, read: Vec::new(), faults });
        }
        faults.push(at, Fault::WrongType { expected: Shape::Object });
        None
    }

    /// Reads a field that must be there.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Option<T> {
        if self.given(name).is_none() {
            self.fault(name, Fault::Missing);
            return None;
        }
        self.optional(name)
    }

    /// Reads a field that may be absent or null.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Option<T> {
        let value = self.given(name)?;
        T::read(value, &self.pointer(name), self.faults)
    }

    /// Reads a field that is its type's default when absent, null or faulty.
    pub fn or_default<T: Field + Default>(&mut self, name: &'static str) -> T {
        self.optional(name).unwrap_or_default()
    }

    /// Reads a list of at most `max` entries; an absent or null list is empty.
    pub fn list<T: Field>(&mut self, name: &'static str, max: usize) -> Vec<T> {
        let pointer = self.pointer(name);
        let entries = match self.given(name) {
            None => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                self.fault(name, Fault::WrongType { expected: Shape::List });
                return Vec::new();
            }
        };
        if entries.len() > max {
            self.fault(name, Fault::TooMany { max, actual: entries.len() });
            return Vec::new();
        }
        let read = |(at, entry)| T::read(entry, &format!("{pointer}/{at}"), self.faults);
        entries.iter().enumerate().filter_map(read).collect()
    }

    /// Reads a list in which no entry may stand twice.
    pub fn set<T: Field + PartialEq>(&mut self, name: &'static str, max: usize) -> Vec<T> {
        let before = self.faults.0.len();
        let entries = self.list::<T>(name, max);
        if self.faults.0.len() > before {
            return entries;
        }
        for (at, entry) in entries.iter().enumerate() {
            if entries.iter().take(at).any(|it| it == entry) {
                self.faults.push(format!("{}/{at}", self.pointer(name)), Fault::Repeated);
            }
        }
        entries
    }

    /// Notes a fault of the field `name`.
    pub fn fault(&mut self, name: &str, fault: Fault) {
        self.faults.push(self.pointer(name), fault);
    }

    /// Notes a fault of the field `inner` of the object in the field `name`.
    pub fn fault_within(&mut self, name: &str, inner: &str, fault: Fault) {
        self.faults.push(pointer(&self.pointer(name), inner), fault);
    }

    /// Whether the field is there and not null.
    pub fn has(&mut self, name: &'static str) -> bool {
        self.given(name).is_some()
    }

    /// Ends the reading, and notes the fields that nobody asked for. When a hundred faults are known
    /// it says once that there are more: an answer must not be many times the size of its question.
    pub fn close(self) {
        for name in self.fields.keys() {
            let known = self.faults.0.len();
            if known > MANY {
                return;
            }
            if known == MANY {
                let (max, actual) = (self.read.len(), self.fields.len());
                self.faults.push(self.at, Fault::TooMany { max, actual });
                return;
            }
            if !self.read.contains(&name.as_str()) {
                self.faults.push(pointer(self.at, name), Fault::UnknownField);
            }
        }
    }

    fn given(&mut self, name: &'static str) -> Option<&'a Value> {
        self.read.push(name);
        self.fields.get(name).filter(|it| !it.is_null())
    }

    fn pointer(&self, name: &str) -> String {
        pointer(self.at, name)
    }
}

/// The pointer to `name` within the object at `at` (RFC 6901 escapes `~` and `/`).
fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Field for bool {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let read = value.as_bool();
        if read.is_none() {
            faults.push(at, Fault::WrongType { expected: Shape::YesNo });
        }
        read
    }
}

impl Field for String {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let read = value.as_str().map(str::to_owned);
        if read.is_none() {
            faults.push(at, Fault::WrongType { expected: Shape::Text });
        }
        read
    }
}

impl Field for f64 {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let read = value.as_f64().filter(|it| it.is_finite());
        if read.is_none() {
            faults.push(at, Fault::WrongType { expected: Shape::Number });
        }
        read
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// The number itself.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> Field for Whole<MIN, MAX> {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let Some(number) = value.as_i64() else {
            faults.push(at, Fault::WrongType { expected: Shape::WholeNumber });
            return None;
        };
        if number < MIN {
            faults.push(at, Fault::TooSmall { min: MIN });
            return None;
        }
        if number > MAX {
            faults.push(at, Fault::TooLarge { max: MAX });
            return None;
        }
        Some(Self(number))
    }
}

impl<const MIN: i64, const MAX: i64> serde::Serialize for Whole<MIN, MAX> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<const MIN: i64, const MAX: i64> schemars::JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Whole".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Both {
        name: String,
        tags: Vec<String>,
    }

    impl Field for Both {
        fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
            let mut object = Object::open(value, at, faults)?;
            let name = object.required("name");
            let tags = object.set("tags", 3);
            object.close();
            Some(Self { name: name?, tags })
        }
    }

    fn faults(value: &Value) -> Vec<(String, Fault)> {
        let faults = read::<Both>(value).err().unwrap_or_default();
        faults.0.into_iter().map(|it| (it.pointer, it.fault)).collect()
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let found = faults(&json!({ "tags": ["a", 1, "b"], "a/b": 1, "c~d": 2 }));
        assert_eq!(
            found,
            [
                ("/name".into(), Fault::Missing),
                ("/tags/1".into(), Fault::WrongType { expected: Shape::Text }),
                ("/a~1b".into(), Fault::UnknownField),
                ("/c~0d".into(), Fault::UnknownField),
            ]
        );
    }

    #[test]
    fn an_entry_may_not_stand_twice_and_a_list_has_an_end() {
        let twice = faults(&json!({ "name": "n", "tags": ["a", "b", "a"] }));
        assert_eq!(twice, [("/tags/2".into(), Fault::Repeated)]);
        let long = faults(&json!({ "name": "n", "tags": ["a", "b", "c", "d"] }));
        assert_eq!(long, [("/tags".into(), Fault::TooMany { max: 3, actual: 4 })]);
    }

    #[test]
    fn of_very_many_unknown_fields_a_hundred_are_told() {
        let fields = (0..5000).map(|it| (format!("x{it}"), Value::Null));
        let found = faults(&Value::Object(fields.collect()));
        assert_eq!(found.len(), 101);
        assert_eq!(found[100], (String::new(), Fault::TooMany { max: 2, actual: 5000 }));
    }

    #[test]
    fn a_good_form_is_read_whole() {
        let both = read::<Both>(&json!({ "name": "n", "tags": null })).unwrap();
        assert_eq!((both.name.as_str(), both.tags.len()), ("n", 0));
    }

    #[test]
    fn something_else_than_an_object_is_one_fault() {
        let found = faults(&json!([1]));
        assert_eq!(found, [(String::new(), Fault::WrongType { expected: Shape::Object })]);
    }
}
