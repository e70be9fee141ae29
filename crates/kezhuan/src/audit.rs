//! `kezhuan audit`: the log, for whoever keeps the machine and whoever examines it.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};
use db::{
    Clock, Db, Schema,
    audit::{self, Line, Part, Search},
};
use domain::days::Day;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::{
    Outcome,
    anchors::Anchors,
    cli::{AuditArgs, AuditCommand, ExportArgs, Format, Sheet},
    console,
    settings::Settings,
};

/// How many lines are read at a time.
const BATCH: u64 = 1000;

pub(crate) async fn run(settings: Settings, args: AuditArgs) -> anyhow::Result<Outcome> {
    let db = open(&settings).await?;
    let anchors = Anchors::new(settings.audit.anchors(&settings.folder));
    let now = Clock::system().now();
    let outcome = match args.command {
        AuditCommand::Verify { format } => verify(&db, &anchors, format).await?,
        AuditCommand::Export(args) => export(&db, &args, now).await?,
        AuditCommand::Anchor => {
            let anchor = anchors.add(&db, now).await?;
            let file = anchors.file();
            console::say(&format!("Line {} is anchored in {}.", anchor.seq, file.display()));
            Outcome::Done
        }
        AuditCommand::Purge { before } => {
            purge(&db, day(&before, "--before")?.begins(), now, settings.audit.kept).await?
        }
    };
    db.close().await?;
    Ok(outcome)
}

/// Opens a database that must be there: examining one makes none.
async fn open(settings: &Settings) -> anyhow::Result<Db> {
    let address = settings.database();
    let file = address.expose_secret().strip_prefix("sqlite://");
    let file = file.and_then(|it| it.split('?').next());
    if let Some(file) = file.filter(|it| !Path::new(it).exists()) {
        bail!("there is no database at {file}");
    }
    // Nothing of the log is sealed.
    let keys = db::Keys::passing()?;
    let db =
        Db::open(address.expose_secret(), 2, keys).await.context("cannot open the database")?;
    if db.schema().await? != Schema::Current {
        bail!("the schema is not this version's: see `kezhuan migrate --pending`");
    }
    Ok(db)
}

async fn verify(db: &Db, anchors: &Anchors, format: Format) -> anyhow::Result<Outcome> {
    let verdict = audit::verify(db.read(), &anchors.places()?).await?;
    if format == Format::Json {
        console::say(&serde_json::to_string_pretty(&json!({
            "lines": verdict.lines,
            "purged_through": verdict.floor.seq,
            "head": { "seq": verdict.head.seq, "hash": verdict.head.hash.to_string() },
            "anchors": verdict.anchors,
            "broken": verdict.broken.map(|it| it.to_string()),
        }))?);
    } else if let Some(broken) = verdict.broken {
        console::say(&format!("BROKEN: {broken}."));
    } else {
        console::say(&format!(
            "The log is what was written: {} lines, up to line {} ({}); {} anchors agree.",
            verdict.lines, verdict.head.seq, verdict.head.hash, verdict.anchors
        ));
    }
    Ok(if verdict.broken.is_some() { Outcome::Partly } else { Outcome::Done })
}

async fn export(db: &Db, args: &ExportArgs, now: DateTime<Utc>) -> anyhow::Result<Outcome> {
    let from = args.from.as_deref().map(|it| day(it, "--from")).transpose()?;
    let to = args.to.as_deref().map(|it| day(it, "--to")).transpose()?;
    let until = to.map(|it| it.begins() + TimeDelta::days(1));
    let asked = Search { from: from.map(Day::begins), until, ..Search::default() };
    // Before anything is written: who takes the log away leaves a line in it.
    let line = Line {
        detail: json!({ "from": from, "to": to }),
        ..Line::new(now, "command:audit:export")
    };
    db.write(async |tx| audit::append(tx, line).await).await?;
    let mut out: Box<dyn Write + Send> = match &args.out {
        None => Box::new(io::stdout()),
        Some(path) => {
            let file = File::create(path);
            Box::new(BufWriter::new(
                file.with_context(|| format!("cannot write {}", path.display()))?,
            ))
        }
    };
    if args.format == Sheet::Csv {
        writeln!(out, "{}", api::audit_sheet::HEADER)?;
    }
    let mut after = 0;
    loop {
        let lines = audit::list(db.read(), &asked, Part::After(after), BATCH).await?;
        let Some(last) = lines.last() else { break };
        after = last.seq;
        for line in &lines {
            let text = match args.format {
                Sheet::Csv => api::audit_sheet::csv(line),
                Sheet::Jsonl => api::audit_sheet::json(line).to_string(),
            };
            writeln!(out, "{text}")?;
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}

async fn purge(
    db: &Db,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    kept: TimeDelta,
) -> anyhow::Result<Outcome> {
    if before > now - kept {
        bail!("lines are kept for {} days: see audit.retention_days", kept.num_days());
    }
    let mut purged = 0;
    loop {
        let some = db.write(async |tx| audit::purge(tx, before, now).await).await?;
        if some == 0 {
            break;
        }
        purged += some;
    }
    console::say(&format!("{purged} lines were purged."));
    Ok(Outcome::Done)
}

fn day(text: &str, option: &str) -> anyhow::Result<Day> {
    Day::new(text).map_err(|_no_day| anyhow!("{option} is a day, written YYYY-MM-DD"))
}
