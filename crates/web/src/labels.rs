use std::collections::HashMap;

use serde_json::Value;

use crate::client::{Client, Refused};

/// What the codes of the tables that pages show are called in Chinese.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    tables: HashMap<&'static str, HashMap<String, String>>,
}

const TABLES: [&str; 10] = [
    "field",
    "industry",
    "region",
    "cooperation_mode",
    "need_kind",
    "urgency",
    "readiness",
    "ip_kind",
    "ip_status",
    "achievement_level",
];

impl Labels {
    pub(crate) async fn fetch(client: &Client) -> Result<Self, Refused> {
        let mut labels = Self::default();
        for table in TABLES {
            let rows = client.get(&format!("/v1/codes/{table}")).await?;
            let rows = rows.as_array().into_iter().flatten();
            let text = |row: &Value, name: &str| row.get(name)?.as_str().map(str::to_owned);
            let pair = |row: &Value| Some((text(row, "code")?, text(row, "zh")?));
            labels.tables.insert(table, rows.filter_map(pair).collect());
        }
        Ok(labels)
    }

    /// The label of a code; the code itself where there is none.
    pub(crate) fn of(&self, table: &str, code: &str) -> String {
        let found = self.tables.get(table).and_then(|it| it.get(code));
        found.map_or_else(|| code.to_owned(), Clone::clone)
    }

    /// The labels of a list of codes, or of one.
    pub(crate) fn all(&self, table: &str, codes: Option<&Value>) -> Vec<String> {
        let label = |it: &Value| match it {
            Value::String(code) => Some(self.of(table, code)),
            Value::Number(code) => Some(self.of(table, &code.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        match codes {
            Some(Value::Array(codes)) => codes.iter().filter_map(label).collect(),
            Some(code) => label(code).into_iter().collect(),
            None => Vec::new(),
        }
    }
}
