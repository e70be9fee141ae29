//! `kezhuan user list`.

use chrono::{DateTime, SecondsFormat, Utc};
use db::{Db, Page};
use domain::people::Person;
use serde_json::{Value, json};

use crate::{cli::Format, console};

/// Tells of every account who it is for, and how it is signed in to.
pub(super) async fn tell(db: &Db, format: Format, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut after = None;
    let mut people: Vec<Person> = Vec::new();
    loop {
        let page = db::people::list(db.read(), None, Page { after, limit: 500 }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.as_uuid());
        people.extend(page);
    }
    people.sort_by(|a, b| a.login.as_str().cmp(b.login.as_str()));
    let mut rows = Vec::new();
    for person in &people {
        rows.push(row(db, person, now).await?);
    }
    if format == Format::Json {
        console::say(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    for (person, row) in people.iter().zip(&rows) {
        console::say(&line(person, row));
    }
    Ok(())
}

async fn row(db: &Db, person: &Person, now: DateTime<Utc>) -> anyhow::Result<Value> {
    let account = api::attempts::account(person.login.as_str());
    let last = db::attempts::last_success(db.read(), &account).await?;
    Ok(json!({
        "id": person.id, "login": person.login, "name": person.name, "role": person.role,
        "state": person.state, "organisation": person.organisation,
        "last_sign_in": last.map(|it| it.to_rfc3339_opts(SecondsFormat::Secs, true)),
        "locked": db::attempts::is_locked(db.read(), &account, now).await?,
        "second_factor": db::second_factors::is_active(db.read(), person.id).await?,
    }))
}

fn line(person: &Person, row: &Value) -> String {
    let (login, role) = (person.login.as_str(), person.role.as_str());
    let last = row.get("last_sign_in").and_then(Value::as_str).unwrap_or("never signed in");
    let is = |name: &str| row.get(name).and_then(Value::as_bool).unwrap_or_default();
    let mut beside = String::new();
    if is("second_factor") {
        beside.push_str("  second factor");
    }
    if is("locked") {
        beside.push_str("  LOCKED");
    }
    let state = person.state.as_str();
    format!("{login:<24} {role:<16} {state:<10} {last:<20} {}{beside}", person.name)
}
