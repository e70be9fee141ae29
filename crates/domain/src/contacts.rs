//! Whom to talk to: personal data, shown to the responsible matchmaker and, after both sides
//! agreed, to the other side.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    Fault, Faults, Format,
    form::{Field, Object},
    text::{self, Line, clean},
};

/// A person to talk to about a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Contact {
    /// The person's name.
    #[serde(default)]
    pub name: Line<0, 30>,
    /// A telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// A mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
}

/// A telephone number of 7 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

/// A mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail(String);

impl Contact {
    /// Whether there is a name and a way to reach it.
    pub fn is_reachable(&self) -> bool {
        self.name.chars() > 0 && (self.phone.is_some() || self.mail.is_some())
    }
}

impl Phone {
    /// Reads a number as people write it.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let text = clean(raw);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let others = text.chars().filter(|it| !it.is_ascii_digit());
        let good = (7..=15).contains(&digits) && others.clone().all(|it| "+-() ".contains(it));
        if good && others.count() <= 8 {
            return Ok(Self(text));
        }
        Err(Fault::BadFormat { expected: Format::Phone })
    }

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Mail {
    /// Reads an address: one `@` between a name and a domain with a dot, at most 254 characters.
    ///
    /// Only mail sent to it proves an address; this finds slips of the pen.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        const WRONG: Fault = Fault::BadFormat { expected: Format::Mail };
        let text = clean(raw);
        let (name, domain) = text.rsplit_once('@').ok_or(WRONG)?;
        let name_fits = !name.is_empty() && name.len() <= 64 && name.chars().all(in_mail_name);
        let labels: Vec<&str> = domain.split('.').collect();
        let domain_fits = labels.len() >= 2 && labels.iter().all(|it| is_label(it));
        if name_fits && domain_fits && text.len() <= 254 {
            return Ok(Self(text));
        }
        Err(WRONG)
    }

    /// The address as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn in_mail_name(it: char) -> bool {
    it.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(it)
}

fn is_label(it: &str) -> bool {
    let hyphen_at_an_end = it.starts_with('-') || it.ends_with('-');
    (1..=63).contains(&it.len()) && !hyphen_at_an_end && it.chars().all(in_label)
}

fn in_label(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '-'
}

impl Field for Contact {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let contact = Self {
            name: object.or_default("name"),
            phone: object.optional("phone"),
            mail: object.optional("mail"),
        };
        object.close();
        Some(contact)
    }
}

impl Field for Phone {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl Field for Mail {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Serialize for Mail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Phone {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Phone".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 7, "maxLength": 23 })
    }
}

impl JsonSchema for Mail {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Mail".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "email", "maxLength": 254 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for good in ["13900001234", "0356-5550123", "+86 (356) 555-0123", "０３５６５５５０１２３"]
        {
            assert!(Phone::new(good).is_ok(), "{good}");
        }
        for wrong in ["12345", "call me", "1234567890123456", "139-0000-abcd", ""] {
            assert!(Phone::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slips_in_a_mail_address_are_found() {
        for good in ["a@example.cn", "li.wei+t@mail.example-x.com"] {
            assert!(Mail::new(good).is_ok(), "{good}");
        }
        for wrong in
            ["a@b", "@example.cn", "a@-x.cn", "a b@example.cn", "a@example..cn", "李@例.cn"]
        {
            assert!(Mail::new(wrong).is_err(), "{wrong}");
        }
    }
}
