//! JSON in which every name stands once: of two values under one name, nobody could say which one
//! was meant.

use std::{cell::RefCell, fmt};

use domain::{Fault, Faults};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Code, Problem};

/// Reads a body.
///
/// # Errors
/// [`Code::Unreadable`] if it is no JSON; a fault for every name that stands twice in its object.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, Problem> {
    let faults = RefCell::new(Faults::default());
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = Reader { at: String::new(), faults: &faults }.deserialize(&mut source);
    let value = value.and_then(|value| source.end().map(|()| value));
    let value = value.map_err(|_no_json| Problem::new(Code::Unreadable))?;
    Ok(faults.into_inner().or(value)?)
}

/// Reads what stands at one place.
struct Reader<'a> {
    at: String,
    faults: &'a RefCell<Faults>,
}

impl Reader<'_> {
    fn below(&self, name: impl fmt::Display) -> Self {
        Self { at: format!("{}/{name}", self.at), faults: self.faults }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(Number::from_f64(it).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = source.next_element_seed(self.below(values.len()))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = source.next_key::<String>()? {
            let below = self.below(name.replace('~', "~0").replace('/', "~1"));
            let at = below.at.clone();
            let value = source.next_value_seed(below)?;
            if object.insert(name, value).is_some() {
                self.faults.borrow_mut().push(at, Fault::Repeated);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_serde_json_reads_is_read_the_same() {
        for text in [
            "null",
            " [1, -2, 3.5, 1e3, true, \"铸件\\n\", {}] ",
            "{\"a\": {\"b\": [\"c\", {\"d\": null}]}, \"e\": 18446744073709551615}",
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text.as_bytes()).ok(), Some(expected), "{text}");
        }
        for text in ["", "{", "{}x", "1e400", "\"\\ud800\"", "[1,]"] {
            assert!(serde_json::from_str::<Value>(text).is_err());
            assert_eq!(
                read(text.as_bytes()).map_err(|it| it.code),
                Err(Code::Unreadable),
                "{text}"
            );
        }
    }

    #[test]
    fn every_name_that_stands_twice_is_told() {
        let problem = read(br#"{"a": 1, "b": [{"c/d": 1, "c/d": 2}], "a": 3}"#).unwrap_err();
        assert_eq!(problem.code, Code::Invalid);
        let told = format!("{problem:?}");
        assert!(told.contains("/b/0/c~1d") && told.contains("\"/a\""), "{told}");
        assert_eq!(read(br#"{"a": {"a": 1}}"#).ok(), Some(json!({ "a": { "a": 1 } })));
    }
}
