//! Where a page ended: a few bytes that mean something to this server only, and nothing to any
//! database.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Fault, Faults, form::Field};
use serde_json::Value;
use uuid::Uuid;

/// A place in a list that is ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ById(pub(crate) Uuid);

/// A place in a list that is ordered by score, then id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ByScore(pub(crate) f64, pub(crate) Uuid);

/// A place in a list that is ordered by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByNumber(pub(crate) i64);

/// How far into the hits of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// How many hits came before.
    pub(crate) offset: u16,
    /// Which question it was.
    pub(crate) question: u32,
}

impl ById {
    pub(crate) fn encode(self) -> String {
        encode(b'i', &[self.0.as_bytes()])
    }
}

impl ByNumber {
    pub(crate) fn encode(self) -> String {
        encode(b'n', &[&self.0.to_be_bytes()])
    }
}

impl ByScore {
    pub(crate) fn encode(self) -> String {
        encode(b's', &[&self.0.to_be_bytes(), self.1.as_bytes()])
    }
}

impl Depth {
    pub(crate) fn encode(self) -> String {
        encode(b'd', &[&self.offset.to_be_bytes(), &self.question.to_be_bytes()])
    }
}

fn encode(tag: u8, parts: &[&[u8]]) -> String {
    let mut bytes = vec![tag];
    bytes.extend(parts.concat());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes behind a tag, if there are exactly as many as there should be.
fn decode<const LENGTH: usize>(tag: u8, value: &Value) -> Option<[u8; LENGTH]> {
    let text = value.as_str().filter(|it| it.len() <= 64)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (first, rest) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    rest.try_into().ok()
}

fn noted<T>(read: Option<T>, at: &str, faults: &mut Faults) -> Option<T> {
    if read.is_none() {
        faults.push(at, Fault::NotOurs);
    }
    read
}

impl Field for ById {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        noted(decode::<16>(b'i', value).map(|it| Self(Uuid::from_bytes(it))), at, faults)
    }
}

impl Field for ByNumber {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        noted(decode::<8>(b'n', value).map(|it| Self(i64::from_be_bytes(it))), at, faults)
    }
}

impl Field for ByScore {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let place = decode::<24>(b's', value).and_then(|it| {
            let (score, id) = it.split_at(8);
            let score = f64::from_be_bytes(score.try_into().ok()?);
            let id = Uuid::from_slice(id).ok()?;
            score.is_finite().then_some(Self(score, id))
        });
        noted(place, at, faults)
    }
}

impl Field for Depth {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let depth = decode::<6>(b'd', value).and_then(|it| {
            let (offset, question) = it.split_at(2);
            Some(Self {
                offset: u16::from_be_bytes(offset.try_into().ok()?),
                question: u32::from_be_bytes(question.try_into().ok()?),
            })
        });
        noted(depth, at, faults)
    }
}

#[cfg(test)]
mod tests {
    use domain::form;

    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_does() {
        let id = Uuid::now_v7();
        let place = ByScore(1.5, id);
        assert_eq!(form::read::<ByScore>(&place.encode().into()), Ok(place));
        assert_eq!(form::read::<ById>(&ById(id).encode().into()), Ok(ById(id)));
        let depth = Depth { offset: 40, question: 7 };
        assert_eq!(form::read::<Depth>(&depth.encode().into()), Ok(depth));
        let endless = ByScore(f64::NAN, id).encode();
        for wrong in ["", "i", "abc", "%%%", &ById(id).encode(), &endless, &"A".repeat(999)] {
            assert!(form::read::<ByScore>(&wrong.into()).is_err(), "{wrong}");
        }
    }
}
