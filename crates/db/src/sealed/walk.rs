//! Walking over every sealed field, whichever table it is in.

use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement, Value, prelude::Json};
use serde_json::Map;
use uuid::Uuid;

use super::{reseal_json, reseal_text};
use crate::{Conn, Keys, Result, Tx, error::corrupt, keys::Place};

/// A column that holds what is sealed.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) table: &'static str,
    /// The primary key, as [`Place`] names the row.
    key: &'static [KeyColumn],
    pub(super) column: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum KeyColumn {
    Id(&'static str),
    Text(&'static str),
    Number(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Sealed text, or nothing.
    Text,
    /// A value that is sealed as a whole, or has sealed parts of these names.
    Json(&'static [&'static str]),
}

const ID: &[KeyColumn] = &[KeyColumn::Id("id")];

const fn text(table: &'static str, column: &'static str) -> Field {
    Field { table, key: ID, column, kind: Kind::Text }
}

const fn json(table: &'static str, column: &'static str, parts: &'static [&'static str]) -> Field {
    Field { table, key: ID, column, kind: Kind::Json(parts) }
}

/// Every column that holds what is sealed. What is missing here is not found by a rotation.
pub(super) const FIELDS: &[Field] = &[
    text("people", "name"),
    json("listings", "form", &["contact"]),
    json("listings", "revision", &["contact"]),
    Field {
        table: "editions",
        key: &[KeyColumn::Id("listing_id"), KeyColumn::Number("edition")],
        column: "form",
        kind: Kind::Json(&["contact"]),
    },
    text("reviews", "reasons"),
    json("pairs", "explanation", &[]),
    text("pairs", "note"),
    Field {
        table: "second_factors",
        key: &[KeyColumn::Id("person_id")],
        column: "secret",
        kind: Kind::Text,
    },
    Field {
        table: "second_factors",
        key: &[KeyColumn::Id("person_id")],
        column: "pending",
        kind: Kind::Text,
    },
    text("mails", "recipient"),
    text("mails", "secret"),
    Field {
        table: "mail_addresses",
        key: &[KeyColumn::Id("person_id")],
        column: "mail",
        kind: Kind::Text,
    },
    text("links", "mail"),
    text("invitations", "mail"),
    text("applications", "applicant"),
    Field {
        table: "oidc_flows",
        key: &[KeyColumn::Text("state_hash")],
        column: "verifier",
        kind: Kind::Text,
    },
    Field {
        table: "answers",
        key: &[KeyColumn::Id("person_id"), KeyColumn::Text("key")],
        column: "answer",
        kind: Kind::Json(&[]),
    },
];

/// A place on the way through a table, in the order of its primary key.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    field: &'static Field,
    after: Vec<Value>,
}

/// A row, with what is sealed in it.
#[derive(Debug)]
pub(super) struct Row {
    field: &'static Field,
    key: Vec<Value>,
    place: Place,
    stored: Stored,
}

#[derive(Debug)]
enum Stored {
    Nothing,
    Text(String),
    Json(Json),
}

impl Walk {
    pub(super) const fn new(field: &'static Field) -> Self {
        Self { field, after: Vec::new() }
    }

    /// The next rows; none at the end.
    pub(super) async fn next(&mut self, conn: &impl Conn, limit: u64) -> Result<Vec<Row>> {
        self.read(conn, &format!("LIMIT {limit}")).await
    }

    /// The same, kept from others until the transaction ends.
    pub(super) async fn next_to_change(&mut self, tx: &Tx, limit: u64) -> Result<Vec<Row>> {
        let is_postgres = tx.get_database_backend() == DbBackend::Postgres;
        let lock = if is_postgres { " FOR UPDATE" } else { "" };
        self.read(tx, &format!("LIMIT {limit}{lock}")).await
    }

    async fn read(&mut self, conn: &impl Conn, ending: &str) -> Result<Vec<Row>> {
        let Field { table, column, .. } = self.field;
        let names: Vec<&str> = self.field.key.iter().map(|it| it.name()).collect();
        let names = names.join(", ");
        let beyond = if self.after.is_empty() {
            String::new()
        } else {
            let places: Vec<String> = (1..=self.after.len()).map(|it| format!("${it}")).collect();
            format!("WHERE ({names}) > ({})", places.join(", "))
        };
        let sql =
            format!("SELECT {names}, {column} FROM {table} {beyond} ORDER BY {names} {ending}");
        let backend = conn.get_database_backend();
        let query = Statement::from_sql_and_values(backend, sql, self.after.clone());
        let rows = conn.query_all_raw(query).await?;
        let rows: Vec<Row> = rows.iter().map(|it| self.field.row(it)).collect::<Result<_>>()?;
        if let Some(last) = rows.last() {
            self.after.clone_from(&last.key);
        }
        Ok(rows)
    }
}

impl Field {
    fn row(&'static self, row: &QueryResult) -> Result<Row> {
        let mut key = Vec::with_capacity(self.key.len());
        let mut names = Vec::with_capacity(self.key.len());
        for column in self.key {
            let (value, name): (Value, String) = match *column {
                KeyColumn::Id(name) => {
                    let id: Uuid = row.try_get("", name)?;
                    (id.into(), id.to_string())
                }
                KeyColumn::Text(name) => {
                    let text: String = row.try_get("", name)?;
                    (text.clone().into(), text)
                }
                KeyColumn::Number(name) => {
                    let number: i32 = row.try_get("", name)?;
                    (number.into(), number.to_string())
                }
            };
            key.push(value);
            names.push(name);
        }
        let stored = match self.kind {
            Kind::Text => row.try_get::<Option<String>>("", self.column)?.map(Stored::Text),
            Kind::Json(_) => row.try_get::<Option<Json>>("", self.column)?.map(Stored::Json),
        };
        let place = Place::new(self.table, self.column, names.join("/"));
        Ok(Row { field: self, key, place, stored: stored.unwrap_or(Stored::Nothing) })
    }
}

impl Field {
    /// Opens what is sealed in a row that was read column by column.
    pub(super) fn open(&self, keys: &Keys, row: &mut Map<String, Json>) -> Result<()> {
        let mut names = Vec::with_capacity(self.key.len());
        for column in self.key {
            let Some(value) = row.get(column.name()) else { return Ok(()) };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            names.push(match column {
                KeyColumn::Id(_) => Uuid::parse_str(&text).map_err(corrupt("a key"))?.to_string(),
                KeyColumn::Text(_) | KeyColumn::Number(_) => text,
            });
        }
        let at = Place::new(self.table, self.column, names.join("/"));
        let Some(stored) = row.get_mut(self.column) else { return Ok(()) };
        match (self.kind, &mut *stored) {
            (Kind::Text, Json::String(sealed)) => *stored = keys.open(&at, sealed)?.into(),
            (Kind::Json(_), Json::String(sealed)) => *stored = keys.open_json(&at, sealed)?,
            (Kind::Json(parts), Json::Object(fields)) => {
                for name in parts {
                    if let Some(Json::String(sealed)) = fields.get(*name) {
                        let opened = keys.open_json(&at.part(name), sealed)?;
                        fields.insert((*name).to_owned(), opened);
                    }
                }
            }
            (Kind::Text | Kind::Json(_), _) => {}
        }
        Ok(())
    }
}

impl KeyColumn {
    const fn name(self) -> &'static str {
        match self {
            Self::Id(name) | Self::Text(name) | Self::Number(name) => name,
        }
    }
}

impl Row {
    /// The sealed texts in it.
    pub(super) fn sealed(&self) -> Vec<&str> {
        match (&self.stored, self.field.kind) {
            (Stored::Text(it) | Stored::Json(Json::String(it)), _) => vec![it.as_str()],
            (Stored::Json(it), Kind::Json(parts)) => {
                parts.iter().filter_map(|name| it.get(name)?.as_str()).collect()
            }
            (Stored::Nothing, _) | (Stored::Json(_), Kind::Text) => Vec::new(),
        }
    }

    /// Seals what is in it under the key that seals now; tells how many texts were not yet.
    pub(super) async fn reseal(self, tx: &Tx) -> Result<u64> {
        let keys = tx.keys();
        let (changed, value): (u64, Value) = match (self.stored, self.field.kind) {
            (Stored::Nothing | Stored::Json(Json::Null), _) => return Ok(0),
            (Stored::Text(mut text), _) => {
                (reseal_text(keys, &self.place, &mut text)?, text.into())
            }
            (Stored::Json(mut value), kind) => {
                let parts = match kind {
                    Kind::Json(parts) => parts,
                    Kind::Text => &[],
                };
                (reseal_json(keys, &self.place, (&mut value, parts))?, value.into())
            }
        };
        if changed == 0 {
            return Ok(0);
        }
        let Field { table, column, key, .. } = self.field;
        let names = key.iter().zip(2..).map(|(it, at)| format!("{} = ${at}", it.name()));
        let names: Vec<String> = names.collect();
        let sql = format!("UPDATE {table} SET {column} = $1 WHERE {}", names.join(" AND "));
        let values = std::iter::once(value).chain(self.key);
        let update = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        tx.execute_raw(update).await?;
        Ok(changed)
    }
}
