//! `kezhuan check`: what is wrong with configuration and environment, all at once.

use std::{net::TcpListener, path::Path, sync::Arc};

use db::{Clock, Db, Keys, Schema};
use search::{Condition, Veil, index};
use secrecy::ExposeSecret as _;
use serde::Serialize;

mod security;

use crate::{
    Outcome,
    cli::{CheckArgs, Format},
    console,
    serve::veil,
    settings::{BACK, Metrics, Settings},
};

mod anchors;
mod mail;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    level: Level,
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Good,
    /// It works, but may not be meant so.
    Odd,
    Bad,
}

pub(crate) async fn run(
    settings: anyhow::Result<Settings>,
    args: CheckArgs,
) -> anyhow::Result<Outcome> {
    let mut findings = Findings::default();
    findings.look_at_clock();
    match settings {
        Err(err) => {
            findings.bad("configuration", format!("{err:#}"));
            findings.odd("the rest", "is looked at when the configuration can be read");
        }
        Ok(settings) => {
            findings.good("configuration", "can be read");
            findings.look_at_folder(&settings.folder);
            findings.look_at_address(&settings);
            findings.look_at_provider(&settings);
            findings.look_at_index(&settings);
            findings.look_at_anchors(&settings);
            findings.look_at_database(&settings).await;
            findings.look_at_mail(&settings).await;
            if args.security {
                findings.look_for_openings(&settings).await;
            }
        }
    }
    findings.tell(args.format)?;
    let bad = findings.0.iter().any(|it| it.level == Level::Bad);
    Ok(if bad { Outcome::Partly } else { Outcome::Done })
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { what, level: Level::Good, detail: detail.into() });
    }

    fn odd(&mut self, what: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { what, level: Level::Odd, detail: detail.into() });
    }

    fn bad(&mut self, what: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { what, level: Level::Bad, detail: detail.into() });
    }

    fn look_at_folder(&mut self, folder: &Path) {
        // Of a folder that is still to be made, the nearest one that is there.
        let there = folder.ancestors().find(|it| it.exists()).unwrap_or(Path::new("."));
        let can = if there == folder { "can be written" } else { "can be made" };
        match tempfile::tempfile_in(there) {
            Ok(_) => self.good("data folder", format!("{} {can}", folder.display())),
            Err(err) => self.bad(
                "data folder",
                format!(
                    "{} cannot be written: {err}. Make it, or change data.folder",
                    folder.display()
                ),
            ),
        }
    }

    fn look_at_clock(&mut self) {
        let now = Clock::system().now();
        let plausible = now.format("%Y").to_string().parse().is_ok_and(|it: u32| it >= 2026);
        if plausible {
            self.good("clock", now.to_rfc3339());
        } else {
            self.bad("clock", format!("{} cannot be right: set the clock", now.to_rfc3339()));
        }
    }

    fn look_at_address(&mut self, settings: &Settings) {
        let address = settings.server.listen;
        match TcpListener::bind(address) {
            Err(err) => self.bad("address", format!("cannot listen on {address}: {err}")),
            Ok(_) if address.ip().is_loopback() => self.good("address", format!("{address} is free")),
            Ok(_) => self.odd(
                "address",
                format!("{address} is open to the network without TLS: a proxy with TLS should stand before it"),
            ),
        }
        if settings.server.metrics == Metrics::Everyone {
            self.odd("metrics", "everyone may read /metrics");
        }
    }

    fn look_at_provider(&mut self, settings: &Settings) {
        let oidc = &settings.oidc;
        if !oidc.is_on() {
            return;
        }
        let address = settings.server.address(settings.server.listen);
        let (name, issuer) = (&oidc.name, &oidc.issuer);
        self.good("oidc", format!("{name} is {issuer}; it must know {address}{BACK}"));
        if oidc.client_secret.expose_secret().is_empty() {
            self.odd(
                "oidc",
                "there is no client secret: set oidc.client_secret, unless the provider gave none",
            );
        }
        if address.starts_with("http://") && !settings.server.listen.ip().is_loopback() {
            self.bad("oidc", "people come back from the provider without TLS: set server.url to an https address");
        }
    }

    fn look_at_index(&mut self, settings: &Settings) {
        let current = settings.folder.join("index").join("current");
        // Without its keys an index is as good as another version's.
        let veil = settings.keys().and_then(|it| veil(&it)).unwrap_or_else(|_| Veil::thin());
        match index::open(&current, 1, &Arc::new(veil)) {
            Condition::Sound(opened) => {
                self.good("index", format!("{} listings", opened.reader.entries()));
            }
            Condition::Absent => self.good("index", "there is none yet; the server makes it"),
            Condition::Outdated => {
                self.odd("index", "of another version; the server makes it anew");
            }
            Condition::Busy => self.good("index", "a server is using it"),
            Condition::Damaged(why) => {
                self.odd("index", format!("damaged ({why}); the server makes it anew"));
            }
        }
    }

    async fn look_at_database(&mut self, settings: &Settings) {
        let address = settings.database();
        let file = address.expose_secret().strip_prefix("sqlite://");
        let file = file.and_then(|it| it.split('?').next());
        if let Some(file) = file.filter(|it| !Path::new(it).exists()) {
            self.good("database", format!("{file} will be made"));
            if !settings.migrate {
                self.bad("schema", "there is none yet: run `kezhuan migrate`");
            }
            return;
        }
        let Some(keys) = self.look_at_keys(settings) else { return };
        let db = match Db::open(address.expose_secret(), 2, keys).await {
            Ok(db) => db,
            Err(err) => return self.bad("database", format!("cannot be opened: {err}")),
        };
        self.good("database", format!("{} answers", db.kind()));
        match db.schema().await {
            Ok(Schema::Current) => {
                self.good("schema", "up to date");
                self.look_at_log(settings, &db).await;
                self.look_for_missing_keys(&db).await;
            }
            Ok(Schema::Behind(steps)) if settings.migrate => {
                self.good(
                    "schema",
                    format!("{} steps are made when the server starts", steps.len()),
                );
            }
            Ok(Schema::Behind(steps)) => {
                self.bad("schema", format!("lacks {}: run `kezhuan migrate`", steps.join(", ")));
            }
            Ok(Schema::Ahead(step)) => {
                self.bad("schema", format!("step `{step}` is of a newer version: use that"));
            }
            Err(err) => self.bad("schema", err.to_string()),
        }
        match db.durability().await {
            Ok(lax) if lax.is_empty() => self.good("durability", "what is acknowledged is kept"),
            Ok(lax) => self.bad(
                "durability",
                format!("{}: acknowledged changes can be lost at a power cut", lax.join(", ")),
            ),
            Err(err) => self.bad("durability", err.to_string()),
        }
    }

    /// The keys; nothing if they cannot be read, which is said.
    fn look_at_keys(&mut self, settings: &Settings) -> Option<Keys> {
        let keys = match settings.keys() {
            Ok(keys) => keys,
            Err(err) => {
                self.bad("keys", format!("{err:#}"));
                return None;
            }
        };
        let file = keys.file().map(Path::to_owned).unwrap_or_default();
        match (keys.all().len(), is_open_to_others(&file)) {
            (0, _) => self.good("keys", format!("{} will be made", file.display())),
            (_, true) => {
                let file = file.display();
                self.bad("keys", format!("others may read {file}: `chmod 600 {file}`"));
            }
            (count, false) => self.good("keys", format!("{count} in {}", file.display())),
        }
        Some(keys)
    }

    async fn look_for_missing_keys(&mut self, db: &Db) {
        match db::sealed::missing(db).await {
            Ok(None) => {}
            Ok(Some(id)) => self.bad(
                "keys",
                format!("the key {id} is missing: give the file that has it with keys.file"),
            ),
            Err(err) => self.bad("keys", err.to_string()),
        }
    }

    fn tell(&self, format: Format) -> anyhow::Result<()> {
        if format == Format::Json {
            console::say(&serde_json::to_string_pretty(&self.0)?);
            return Ok(());
        }
        for Finding { what, level, detail } in &self.0 {
            let mark = match level {
                Level::Good => "ok  ",
                Level::Odd => "note",
                Level::Bad => "BAD ",
            };
            console::say(&format!("{mark} {what}: {detail}"));
        }
        Ok(())
    }
}

/// Whether anyone but the owner may read a file.
#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|it| it.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
const fn is_open_to_others(_: &Path) -> bool {
    false
}
