//! The settings of signing in.

use anyhow::anyhow;
use api::Identity;
use chrono::TimeDelta;
use domain::{
    Faults,
    form::{Field, Object, Whole},
    passwords::Rules,
};
use serde_json::Value;

/// The section `passwords`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasswordSettings {
    pub(crate) slots: usize,
    pub(crate) rules: Rules,
}

impl PasswordSettings {
    /// What signing in goes by.
    pub(crate) fn identity(self) -> anyhow::Result<Identity> {
        let identity = Identity::new(self.slots)
            .map_err(|it| anyhow!("passwords cannot be hashed: {:?}", it.code))?;
        Ok(Identity { rules: self.rules, ..identity })
    }
}

impl Field for PasswordSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let min = object.required::<Whole<8, 64>>("min_length");
        let classes = object.required::<Whole<0, 4>>("classes");
        let history = object.required::<Whole<0, 24>>("history");
        let days = object.required::<Whole<0, 3650>>("days");
        let slots = object.required::<Whole<0, 64>>("slots");
        object.close();
        let rules = Rules {
            min: usize::try_from(min?.get()).ok()?,
            classes: usize::try_from(classes?.get()).ok()?,
            history: usize::try_from(history?.get()).ok()?,
            lasts: Some(days?.get()).filter(|it| *it > 0).map(TimeDelta::days),
        };
        Some(Self { slots: super::or_cores(usize::try_from(slots?.get()).ok()?), rules })
    }
}
