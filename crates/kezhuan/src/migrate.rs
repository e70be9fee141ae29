//! `kezhuan migrate`: the schema brought up to date.

use anyhow::{Context as _, bail};
use db::{Db, Schema};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::{
    Outcome,
    cli::{Format, MigrateArgs},
    console,
    serve::make_folder,
    settings::Settings,
};

pub(crate) async fn run(settings: Settings, args: MigrateArgs) -> anyhow::Result<Outcome> {
    make_folder(&settings.folder)?;
    let address = settings.database();
    let db = Db::open(address.expose_secret(), 3, settings.keys()?)
        .await
        .context("cannot open the database")?;
    let steps = match (db.schema().await?, args.pending) {
        (Schema::Ahead(step), _) => bail!("the database has step `{step}` of a newer version"),
        (Schema::Current, _) => Vec::new(),
        (Schema::Behind(steps), true) => steps,
        (Schema::Behind(_), false) => db.migrate().await?,
    };
    db.close().await?;
    tell(&args, &steps)?;
    Ok(Outcome::Done)
}

fn tell(args: &MigrateArgs, steps: &[String]) -> anyhow::Result<()> {
    let what = if args.pending { "pending" } else { "made" };
    if args.format == Format::Json {
        console::say(&serde_json::to_string_pretty(&json!({ what: steps }))?);
    } else if steps.is_empty() {
        console::say("The schema is up to date.");
    } else {
        for step in steps {
            console::say(&format!("{what}: {step}"));
        }
    }
    Ok(())
}
