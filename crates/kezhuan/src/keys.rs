//! `kezhuan keys`: the keys that seal what is stored, made and changed by whoever keeps the
//! machine.

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use db::{Clock, Db, audit, keys::KeyId, sealed};
use serde_json::{Value, json};

use crate::{
    Outcome,
    cli::{Format, KeysArgs, KeysCommand},
    console,
    serve::open_database,
    settings::Settings,
};

pub(crate) async fn run(settings: Settings, args: KeysArgs) -> anyhow::Result<Outcome> {
    let db = open_database(&settings).await?;
    let now = Clock::system().now();
    match args.command {
        KeysCommand::List { format } => list(&db, format).await?,
        KeysCommand::Add => {
            let id = sealed::add(&db, now, |id| line("add", id, now)).await?;
            console::say(&format!(
                "Key {id} was made. It seals nothing until `kezhuan keys use {id}`."
            ));
            remind(&db);
        }
        KeysCommand::Use { id } => {
            let id = known(&db, &id)?;
            sealed::activate(&db, &id, line("use", &id, now)).await?;
            console::say(&format!(
                "Key {id} seals from now on. `kezhuan keys reseal` seals the rest."
            ));
        }
        KeysCommand::Rotate => {
            let id = sealed::add(&db, now, |id| line("add", id, now)).await?;
            sealed::activate(&db, &id, line("use", &id, now)).await?;
            console::say(&format!("Key {id} seals from now on."));
            remind(&db);
            reseal(&db, now).await?;
        }
        KeysCommand::Reseal => reseal(&db, now).await?,
        KeysCommand::Retire { id } => retire(&db, &known(&db, &id)?, now).await?,
    }
    db.close().await?;
    Ok(Outcome::Done)
}

async fn list(db: &Db, format: Format) -> anyhow::Result<()> {
    let usage = sealed::usage(db).await?;
    let fields = |id: &KeyId| usage.get(id).copied().unwrap_or(0);
    let keys = db.keys().all();
    if format == Format::Json {
        let rows = keys.iter().map(|it| {
            json!({
                "id": it.id.as_str(), "made_at": it.made_at, "active": it.is_active,
                "fields": fields(&it.id),
            })
        });
        console::say(&serde_json::to_string_pretty(&rows.collect::<Vec<_>>())?);
        return Ok(());
    }
    for it in &keys {
        let state = if it.is_active { "seals" } else { "opens" };
        let made = it.made_at.format("%Y-%m-%d %H:%M");
        console::say(&format!("{}  made {made}  {state}  {} fields", it.id, fields(&it.id)));
    }
    Ok(())
}

async fn reseal(db: &Db, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut fields = 0;
    let bar = console::bar(0, "sealing");
    sealed::reseal(db, |more| {
        fields += more;
        bar.set_position(fields);
    })
    .await
    .context("what was sealed so far stays so; `kezhuan keys reseal` goes on")?;
    bar.finish_and_clear();
    let line = of("reseal", json!({ "fields": fields }), now);
    db.write(async |tx| audit::append(tx, line).await).await?;
    console::say(&format!("{fields} fields were sealed anew."));
    Ok(())
}

async fn retire(db: &Db, id: &KeyId, now: DateTime<Utc>) -> anyhow::Result<()> {
    match sealed::retire(db, id, line("retire", id, now)).await {
        Err(db::Error::KeyInUse(id)) => {
            bail!("key {id} is in use: `kezhuan keys reseal` seals what it sealed under another")
        }
        other => other?,
    }
    console::say(&format!("Key {id} was forgotten. Backups from its time need a copy of it."));
    Ok(())
}

/// A key of this id that is there.
fn known(db: &Db, id: &str) -> anyhow::Result<KeyId> {
    let found = db.keys().all().into_iter().find(|it| it.id.as_str() == id);
    Ok(found.with_context(|| format!("no key {id}: `kezhuan keys list` tells which there are"))?.id)
}

fn remind(db: &Db) {
    if let Some(file) = db.keys().file() {
        console::say(&format!("Keep a copy of {} apart from the database's.", file.display()));
    }
}

fn line(what: &str, key: &KeyId, now: DateTime<Utc>) -> audit::Line {
    of(what, json!({ "key": key.as_str() }), now)
}

fn of(what: &str, detail: Value, now: DateTime<Utc>) -> audit::Line {
    audit::Line { detail, ..audit::Line::new(now, format!("command:keys:{what}")) }
}
