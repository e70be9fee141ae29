use std::{borrow::Cow, fs, path::Path};

use anyhow::{Context as _, bail};
use domain::{Faults, listings::Form};
use encoding_rs::{Encoding, GB18030, UTF_8};
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
    let text = decoded(&bytes).with_context(|| path.display().to_string())?;
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

/// UTF-8 or UTF-16 with a mark, UTF-8 without one, or else GB18030, which is what Excel in China
/// writes. A text that is none of them whole is refused: guessed wrong, it would be stored as
/// nonsense.
fn decoded(bytes: &[u8]) -> anyhow::Result<Cow<'_, str>> {
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some(marked) => marked,
        None if reads_as_utf8(bytes) => (UTF_8, 0),
        None => (GB18030, 0),
    };
    let (text, broken) =
        encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
    let nonsense = |it: char| it == '\u{fffd}' || ('\u{e000}'..='\u{f8ff}').contains(&it);
    let first = text.lines().position(|it| it.contains(nonsense));
    match first.filter(|_| broken || encoding == GB18030) {
        Some(line) => bail!(
            "line {} has bytes that are no text in {}: save the file as UTF-8",
            line + 1,
            encoding.name()
        ),
        None => Ok(text),
    }
}

/// Whether most of what is not ASCII is UTF-8: a damaged byte does not make a file GB18030, in which
/// nearly every pair of bytes means something.
fn reads_as_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|it| !it.is_ascii()).count();
        bad += chunk.invalid().len();
    }
    good >= bad
}
