use std::{borrow::Cow, fs, path::Path};

use anyhow::Context as _;
use domain::{Faults, listings::Form};
use encoding_rs::GB18030;
use serde::Serialize;
use serde_json::{Map, Value};

use super::csv_rows;
use crate::console;

/// One row of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Where it stands, from 1.
    pub(crate) line: u64,
    pub(crate) fields: Map<String, Value>,
}

/// A row that will not do, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BadRow {
    pub(crate) line: u64,
    pub(crate) reasons: Vec<String>,
}

impl BadRow {
    pub(crate) fn new(line: u64, faults: &Faults) -> Self {
        Self { line, reasons: console::tell(faults) }
    }

    pub(crate) fn because(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reasons: vec![reason.into()] }
    }
}

/// Reads the rows of a JSON Lines or CSV file; the form tells how cells of a CSV are meant.
pub(crate) fn read<F: Form>(path: &Path) -> anyhow::Result<Vec<Result<Row, BadRow>>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = decoded(&bytes);
    let csv = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    if csv {
        return csv_rows::read::<F>(&text);
    }
    let lines = text.lines().zip(1_u64..).filter(|(line, _)| !line.trim().is_empty());
    Ok(lines.map(|(line, at)| json_row(line, at)).collect())
}

fn json_row(line: &str, at: u64) -> Result<Row, BadRow> {
    match serde_json::from_str(line) {
        Ok(Value::Object(fields)) => Ok(Row { line: at, fields }),
        Ok(_) => Err(BadRow::because(at, "not a JSON object")),
        Err(err) => Err(BadRow::because(at, format!("not JSON: {err}"))),
    }
}

/// UTF-8 with or without a mark, or else GB18030, which is what Excel in China writes.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(unmarked) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => GB18030.decode(unmarked).0,
    }
}
