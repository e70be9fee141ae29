//! Lines of the audit log, as they are taken elsewhere.

use std::borrow::Cow;

use chrono::SecondsFormat;
use db::audit::Numbered;
use serde_json::{Value, json};

/// The header line of the CSV.
pub const HEADER: &str =
    "seq,at,actor,origin,action,object_kind,object,outcome,reason,request_id,detail,hash";

/// A line, with the names that the API gives it.
pub fn json(numbered: &Numbered) -> Value {
    let Numbered { seq, line, hash } = numbered;
    let (kind, object) = line.object.clone().unzip();
    json!({
        "seq": seq,
        "at": line.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "actor": line.actor,
        "origin": line.origin,
        "action": line.action,
        "object_kind": kind,
        "object": object,
        "outcome": line.outcome.as_str(),
        "reason": line.reason,
        "request_id": line.request_id,
        "detail": line.detail,
        "hash": hash,
    })
}

/// A line of CSV. No cell begins like a formula: a spreadsheet would compute it.
pub fn csv(numbered: &Numbered) -> String {
    let line = json(numbered);
    let cell = |name: &str| match line.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => quoted(&harmless(text)),
        Some(other) => quoted(&other.to_string()),
    };
    HEADER.split(',').map(cell).collect::<Vec<_>>().join(",")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// What a spreadsheet would take for a formula gets an apostrophe before it.
fn harmless(text: &str) -> Cow<'_, str> {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']);
    if formula || text.starts_with(['\t', '\r', '\n']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use db::audit::Line;

    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_quotes_stay_quotes() {
        let mut line = Line::new("2026-01-02T03:04:05Z".parse().unwrap(), "=HYPERLINK(\"x\")");
        line.reason = Some(" @SUM(1+1)".to_owned());
        line.request_id = "-1,5\n".to_owned();
        let told = csv(&Numbered { seq: 7, line, hash: "aa".to_owned() });
        let expected = "\"7\",\"2026-01-02T03:04:05.000000Z\",,,\"'=HYPERLINK(\"\"x\"\")\",,,\"done\",\
                        \"' @SUM(1+1)\",\"'-1,5\n\",\"{}\",\"aa\"";
        assert_eq!(told, expected);
        assert_eq!(HEADER.split(',').count(), 12);
    }
}
