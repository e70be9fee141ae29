//! Everything that is kept of one person, for that person.

use domain::people::PersonId;
use sea_orm::{DbBackend, FromQueryResult, Statement, prelude::Json, sea_query::Value};
use serde_json::Map;
use uuid::Uuid;

use crate::{Conn, Error, Result, error::corrupt, sealed};

/// A table that holds what is kept of people.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// The table.
    pub table: &'static str,
    /// The columns that name the person; a row is the person's if one of them does.
    pub of: &'static [&'static str],
    /// What is left out: secrets, and what is not the person's to read.
    pub but: &'static [&'static str],
}

const OIDC_SECRETS: [&str; 4] = ["state_hash", "browser_hash", "nonce_hash", "verifier"];

/// Every table that holds what is kept of people.
pub const OWN: &[Own] = &[
    Own { table: "people", of: &["id"], but: &["password_hash"] },
    Own { table: "passwords", of: &["person_id"], but: &[] },
    Own { table: "old_passwords", of: &["person_id"], but: &["hash"] },
    Own { table: "second_factors", of: &["person_id"], but: &["secret", "pending"] },
    Own { table: "recovery_codes", of: &["person_id"], but: &["hash"] },
    Own { table: "identities", of: &["person_id"], but: &["subject_hash"] },
    Own { table: "oidc_flows", of: &["person_id"], but: &OIDC_SECRETS },
    Own { table: "tokens", of: &["person_id"], but: &["hash"] },
    Own { table: "mail_addresses", of: &["person_id"], but: &[] },
    Own { table: "links", of: &["person_id"], but: &["hash"] },
    Own { table: "mails", of: &["person_id"], but: &["secret"] },
    // The address of whoever was invited is theirs.
    Own { table: "invitations", of: &["invited_by"], but: &["hash", "mail"] },
    Own { table: "consents", of: &["person_id"], but: &[] },
    Own { table: "listings", of: &["author_id"], but: &[] },
    Own { table: "reviews", of: &["reviewer_id"], but: &[] },
    Own { table: "pairs", of: &["taken_by", "graded_by"], but: &["explanation"] },
    Own { table: "answers", of: &["person_id"], but: &[] },
    Own { table: "attachments", of: &["sender_id"], but: &["stored"] },
    Own { table: "grants", of: &["person_id"], but: &[] },
    Own { table: "emergencies", of: &["asked_by"], but: &[] },
    Own { table: "readers", of: &["person_id"], but: &[] },
    // What the other side answered is not the person's to read: the introduction itself shows what is.
    Own {
        table: "introductions",
        of: &["need_answered_by", "achievement_answered_by"],
        but: &["need_answer", "achievement_answer"],
    },
    Own { table: "synonym_groups", of: &["changed_by"], but: &[] },
    Own { table: "notices", of: &["person_id"], but: &[] },
    // Which line of the whole log each is would tell how much happens elsewhere.
    Own { table: "audit", of: &["actor_id"], but: &["seq", "hash"] },
];

/// What is kept of a person: the rows of each table, with everything opened.
pub async fn of_person(conn: &impl Conn, person: PersonId) -> Result<Map<String, Json>> {
    let mut all = Map::new();
    for own in OWN {
        let mut rows = rows(conn, own, person.as_uuid()).await?;
        for row in &mut rows {
            sealed::open_row(conn.keys(), own.table, row)?;
        }
        let rows = rows.into_iter().map(Json::Object).collect();
        all.insert(own.table.to_owned(), Json::Array(rows));
    }
    Ok(all)
}

/// A person's rows of a table, as the database writes them down.
async fn rows(conn: &impl Conn, own: &Own, person: Uuid) -> Result<Vec<Map<String, Json>>> {
    #[derive(FromQueryResult)]
    struct Row {
        row: String,
    }
    let columns = columns(conn, own.table).await?;
    let columns: Vec<&Column> =
        columns.iter().filter(|it| !own.but.contains(&it.name.as_str())).collect();
    let backend = conn.get_database_backend();
    let object = if backend == DbBackend::Postgres {
        let parts: Vec<String> =
            columns.iter().map(|it| format!("'{0}', \"{0}\"", it.name)).collect();
        format!("jsonb_build_object({})", parts.join(", "))
    } else {
        let parts: Vec<String> = columns.iter().map(|it| it.in_sqlite()).collect();
        format!("json_object({})", parts.join(", "))
    };
    let of: Vec<String> = own.of.iter().map(|it| format!("{it} = $1")).collect();
    let (table, of) = (own.table, of.join(" OR "));
    let sql = format!("SELECT CAST({object} AS TEXT) AS row FROM {table} WHERE {of}");
    let query = Statement::from_sql_and_values(backend, sql, [Value::from(person)]);
    let found = Row::find_by_statement(query).all(conn).await?;
    found.iter().map(|it| serde_json::from_str(&it.row).map_err(corrupt("exported row"))).collect()
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Column {
    /// Its table.
    pub table_name: String,
    /// Its name.
    pub name: String,
    /// What the database calls its type.
    pub kind: String,
}

impl Column {
    fn in_sqlite(&self) -> String {
        let Self { name, kind, .. } = self;
        let kind = kind.to_lowercase();
        let value = if kind.starts_with("uuid") {
            let part = |from, length| format!("substr(hex({name}), {from}, {length})");
            let parts = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)].map(|(at, it)| part(at, it));
            format!("CASE WHEN {name} IS NOT NULL THEN lower({}) END", parts.join(" || '-' || "))
        } else if kind.starts_with("json") {
            format!("json({name})")
        } else {
            name.clone()
        };
        format!("'{name}', {value}")
    }
}

/// Every column of every table of ours.
pub async fn schema(conn: &impl Conn) -> Result<Vec<Column>> {
    let sql = if conn.get_database_backend() == DbBackend::Postgres {
        "SELECT table_name::text AS table_name, column_name::text AS name, data_type::text AS kind \
         FROM information_schema.columns WHERE table_schema = current_schema() \
         AND table_name <> 'seaql_migrations' ORDER BY table_name, column_name"
    } else {
        "SELECT tables.name AS table_name, columns.name AS name, columns.type AS kind \
         FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns \
         WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' \
         AND tables.name <> 'seaql_migrations' ORDER BY tables.name, columns.name"
    };
    let query = Statement::from_string(conn.get_database_backend(), sql);
    Ok(Column::find_by_statement(query).all(conn).await?)
}

async fn columns(conn: &impl Conn, table: &str) -> Result<Vec<Column>> {
    let mut all = schema(conn).await?;
    all.retain(|it| it.table_name == table);
    if all.is_empty() { Err(Error::NotFound) } else { Ok(all) }
}
