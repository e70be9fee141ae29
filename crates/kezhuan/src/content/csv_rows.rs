//! Rows of a CSV file. A cell is text; the form's own schema tells what it is meant to be.

use anyhow::{Context as _, bail};
use csv::{ReaderBuilder, StringRecord};
use domain::listings::Form;
use serde_json::{Map, Value};

use super::rows::{BadRow, Row};

/// The columns that belong to the import rather than to the form.
const BESIDE: [&str; 5] = ["id", "body", "organisation", "organisation_name", "organisation_kind"];

/// Reads every row below a header line.
pub(super) fn read<F: Form>(text: &str) -> anyhow::Result<Vec<Result<Row, BadRow>>> {
    let schema = schemars::schema_for!(F).to_value();
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().context("the header line cannot be read")?.clone();
    if header.is_empty() || header.iter().all(str::is_empty) {
        bail!("the file has no header line");
    }
    let mut rows = Vec::new();
    let mut lines = Lines { text, byte: 0, line: 1 };
    for record in reader.records() {
        let row = match record {
            Err(err) => Err(BadRow::because(lines.of(err.position()), err.to_string())),
            Ok(record) => {
                let line = lines.of(record.position());
                fields(&header, &record, &schema)
                    .map(|fields| Row { line, fields })
                    .map_err(|reason| BadRow::because(line, reason))
            }
        };
        rows.push(row);
    }
    Ok(rows)
}

/// Counts lines: the reader's own count is behind where a line ends with CR LF or is empty.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record, each of which comes after the one before.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.and_then(|it| usize::try_from(it.byte()).ok()).unwrap_or(self.byte);
        let rest = self.text.as_bytes().get(self.byte..).unwrap_or_default();
        let mut rest = rest.iter().peekable();
        while let Some(byte) = rest.next_if(|it| self.byte < start || b"\r\n".contains(it)) {
            self.byte += 1;
            let ends = *byte == b'\n' || (*byte == b'\r' && rest.peek() != Some(&&b'\n'));
            self.line += u64::from(ends);
        }
        self.line
    }
}

fn fields(
    header: &StringRecord,
    record: &StringRecord,
    schema: &Value,
) -> Result<Map<String, Value>, String> {
    if record.len() > header.len() {
        return Err(format!("{} cells under {} headings", record.len(), header.len()));
    }
    let mut fields = Map::new();
    for (name, cell) in header.iter().zip(record).filter(|(_, cell)| !cell.trim().is_empty()) {
        let name = name.trim();
        if BESIDE.contains(&name) {
            fields.insert(name.to_owned(), cell.into());
        } else {
            let path: Vec<&str> = name.split('.').collect();
            put(&mut fields, &path, value(cell.trim(), find(schema, schema, &path)));
        }
    }
    Ok(fields)
}

/// Puts a value where a dotted heading says.
fn put(fields: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            fields.insert((*name).to_owned(), value);
        }
        [name, rest @ ..] => {
            let inner = fields.entry((*name).to_owned()).or_insert_with(|| Map::new().into());
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// The schema of the field that a dotted heading names.
fn find<'a>(root: &'a Value, schema: &'a Value, path: &[&str]) -> Option<&'a Value> {
    let schema = plain(root, schema);
    match path {
        [] => Some(schema),
        [name, rest @ ..] => find(root, schema.get("properties")?.get(name)?, rest),
    }
}

/// The schema behind a reference, or the one of "this or nothing" that is not nothing.
fn plain<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        let found = pointer.strip_prefix('#').and_then(|it| root.pointer(it));
        return found.map_or(schema, |it| plain(root, it));
    }
    let either = schema.get("anyOf").and_then(Value::as_array);
    let something = either.and_then(|it| it.iter().find(|it| kind(it) != Some("null")));
    something.map_or(schema, |it| plain(root, it))
}

/// The JSON type that a schema asks for.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|it| *it != "null"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// What a cell means; a cell that does not mean what it should stays text, and the form says so.
fn value(cell: &str, schema: Option<&Value>) -> Value {
    let text = || Value::String(cell.to_owned());
    let json = || serde_json::from_str::<Value>(cell).ok();
    match schema.and_then(kind) {
        Some("integer" | "number") => json().filter(Value::is_number).unwrap_or_else(text),
        Some("boolean") => match cell {
            "true" | "TRUE" | "是" | "1" => true.into(),
            "false" | "FALSE" | "否" | "0" => false.into(),
            _ => text(),
        },
        Some("array") if cell.starts_with('[') => json().unwrap_or_else(text),
        Some("array") => {
            let entries = cell.split([';', '；', '|']).map(str::trim).filter(|it| !it.is_empty());
            entries.map(Value::from).collect()
        }
        Some("object") => json().filter(Value::is_object).unwrap_or_else(text),
        _ => text(),
    }
}
