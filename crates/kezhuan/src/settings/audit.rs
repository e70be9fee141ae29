//! The settings of the audit log.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use domain::{
    Faults,
    form::{Field, Object, Whole},
};
use serde_json::Value;

/// The section `audit`.
#[derive(Clone, Debug)]
pub(crate) struct AuditSettings {
    /// Where anchors are written; empty: in the data folder.
    anchors: String,
    /// How long lines are kept.
    pub(crate) kept: TimeDelta,
}

impl AuditSettings {
    /// Where anchors are written, if the data is in `folder`.
    pub(crate) fn anchors(&self, folder: &Path) -> PathBuf {
        if self.anchors.is_empty() { folder.join("anchors") } else { PathBuf::from(&self.anchors) }
    }
}

impl Field for AuditSettings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        const LEAST: i64 = db::audit::KEPT_AT_LEAST.num_days();
        let mut object = Object::open(value, at, faults)?;
        let anchors = object.required("anchors");
        let days = object.required::<Whole<LEAST, 36_500>>("retention_days");
        object.close();
        Some(Self { anchors: anchors?, kept: TimeDelta::days(days?.get()) })
    }
}
