//! `kezhuan import`: needs or achievements from a file.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, bail};
use db::{Clock, Db};
use domain::{
    achievements::AchievementForm,
    listings::Form,
    needs::NeedForm,
    organisations::OrganisationId,
    people::{Login, Person, Role},
};
use serde::Serialize;

use crate::{
    Outcome,
    cli::{Format, ImportArgs, ImportKind},
    console,
    content::{self, BadRow, Circumstances, NamedOrganisation, Prepared, Stage, Stored},
    serve::open_database,
    settings::Settings,
};

/// How many rows one transaction takes in.
const BATCH: usize = 200;

pub(crate) async fn run(settings: Settings, args: ImportArgs) -> anyhow::Result<Outcome> {
    let db = open_database(&settings).await?;
    let summary = match args.kind {
        ImportKind::Needs => import::<NeedForm>(&db, &settings.prefix, &args).await?,
        ImportKind::Achievements => import::<AchievementForm>(&db, &settings.prefix, &args).await?,
    };
    db.close().await?;
    summary.tell(&args)?;
    Ok(if summary.bad.is_empty() { Outcome::Done } else { Outcome::Partly })
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
struct Summary {
    rows: usize,
    new: u64,
    changed: u64,
    unchanged: u64,
    dry_run: bool,
    bad: Vec<BadRow>,
}

impl Summary {
    fn add(&mut self, stored: Stored) {
        self.new += stored.new;
        self.changed += stored.changed;
        self.unchanged += stored.unchanged;
    }

    fn tell(&self, args: &ImportArgs) -> anyhow::Result<()> {
        if args.format == Format::Json {
            console::say(&serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        for row in &self.bad {
            console::complain(&format!("line {}: {}", row.line, row.reasons.join("; ")));
        }
        let Self { rows, new, changed, unchanged, dry_run, bad } = self;
        let bad = bad.len();
        console::say(&match dry_run {
            true => {
                format!("{rows} rows read: {} good, {bad} bad. Nothing was stored.", rows - bad)
            }
            false => format!(
                "{rows} rows read: {new} new, {changed} changed, {unchanged} unchanged, {bad} bad."
            ),
        });
        Ok(())
    }
}

async fn import<F: Form>(db: &Db, prefix: &str, args: &ImportArgs) -> anyhow::Result<Summary> {
    let by = answers_for(db, args).await?;
    let rows = content::read::<F>(&args.file)?;
    let mut summary = Summary { rows: rows.len(), dry_run: args.dry_run, ..Summary::default() };
    let mut good = Vec::new();
    let mut seen = HashSet::new();
    for row in rows {
        match row.and_then(Prepared::<F>::new) {
            Ok(row) if repeats(&mut seen, &row) => {
                summary.bad.push(BadRow::because(row.line, "id: stands in this file before"));
            }
            Ok(row) => good.push(row),
            Err(bad) => summary.bad.push(bad),
        }
    }
    if !args.dry_run {
        let shelves = Shelves::new(db, by, args);
        shelves.fill(prefix, good, &mut summary).await?;
    }
    summary.bad.sort_by_key(|it| it.line);
    Ok(summary)
}

/// Whether a row of the same organisation had the same id before.
fn repeats<F>(seen: &mut HashSet<(Option<String>, String)>, row: &Prepared<F>) -> bool {
    let organisation = row.organisation.as_ref().map(|it| it.number.clone());
    row.external_id.clone().is_some_and(|id| !seen.insert((organisation, id)))
}

/// Whoever answers for the import.
async fn answers_for(db: &Db, args: &ImportArgs) -> anyhow::Result<Person> {
    let login = Login::new(&args.by).ok();
    let found = match login {
        Some(login) => db::people::find(db.read(), &login).await?,
        None => None,
    };
    let Some((person, _)) = found else {
        bail!("nobody signs in as {}: `kezhuan user list` tells who does", args.by);
    };
    let staff = matches!(person.role, Role::Matchmaker | Role::Lead);
    if args.publish && !staff {
        bail!(
            "only a matchmaker or the lead publishes without review; {} is {}",
            args.by,
            person.role.as_str()
        );
    }
    if !staff && (args.organisation.is_some() || person.role.is_administrator()) {
        bail!("{} imports for their own organisation only, and administrators do not", args.by);
    }
    Ok(person)
}

/// Puts rows where they belong, organisation by organisation.
struct Shelves<'a> {
    db: &'a Db,
    clock: Clock,
    by: Person,
    args: &'a ImportArgs,
}

impl<'a> Shelves<'a> {
    fn new(db: &'a Db, by: Person, args: &'a ImportArgs) -> Self {
        Self { db, clock: Clock::system(), by, args }
    }

    async fn fill<F: Form>(
        &self,
        prefix: &str,
        rows: Vec<Prepared<F>>,
        summary: &mut Summary,
    ) -> anyhow::Result<()> {
        let bar = console::bar(u64::try_from(rows.len())?, "importing");
        let mut known: HashMap<String, OrganisationId> = HashMap::new();
        let mut shelves: HashMap<OrganisationId, Vec<Prepared<F>>> = HashMap::new();
        for row in rows {
            match self.organisation(&row, &mut known).await {
                Ok(organisation) => shelves.entry(organisation).or_default().push(row),
                Err(why) => summary.bad.push(BadRow::because(row.line, format!("{why:#}"))),
            }
        }
        for (organisation, mut rows) in shelves {
            while !rows.is_empty() {
                let rest = rows.split_off(rows.len().min(BATCH));
                let batch = std::mem::replace(&mut rows, rest);
                let count = u64::try_from(batch.len())?;
                summary.add(self.store(prefix, organisation, batch).await?);
                bar.inc(count);
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn store<F: Form>(
        &self,
        prefix: &str,
        organisation: OrganisationId,
        batch: Vec<Prepared<F>>,
    ) -> anyhow::Result<Stored> {
        let first = batch.first().map_or(0, |it| it.line);
        let how = Circumstances {
            prefix,
            by: self.by.id,
            organisation,
            stage: if self.args.publish { Stage::Published } else { Stage::Draft },
            now: self.clock.now(),
        };
        let stored =
            self.db.write(async |tx| Ok::<_, Failed>(content::store(tx, batch, how).await?));
        let stored = stored.await.map_err(|it| it.0);
        stored.with_context(|| format!("in the rows from line {first} on; those before are stored"))
    }

    /// Whose a row is: what it names, or else what the command names, or else the importer's own.
    async fn organisation<F>(
        &self,
        row: &Prepared<F>,
        known: &mut HashMap<String, OrganisationId>,
    ) -> anyhow::Result<OrganisationId> {
        let named = row.organisation.clone().or_else(|| self.named());
        let Some(named) = named else { return Ok(self.by.organisation) };
        if let Some(id) = known.get(&named.number) {
            return Ok(*id);
        }
        let now = self.clock.now();
        let found = self
            .db
            .write(async |tx| Ok::<_, Failed>(content::organisation(tx, &named, now).await?));
        let id = found.await.map_err(|it| it.0)?;
        if !self.by.role.is_staff() && id != self.by.organisation {
            bail!("organisation: {} imports for their own organisation only", self.args.by);
        }
        known.insert(named.number, id);
        Ok(id)
    }

    fn named(&self) -> Option<NamedOrganisation> {
        let number = self.args.organisation.clone()?;
        let name = self.args.organisation_name.clone();
        Some(NamedOrganisation { number, name, kind: self.args.organisation_kind.clone() })
    }
}

/// Any failure inside a transaction.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) anyhow::Error);

impl From<db::Error> for Failed {
    fn from(err: db::Error) -> Self {
        Self(err.into())
    }
}

impl From<anyhow::Error> for Failed {
    fn from(err: anyhow::Error) -> Self {
        Self(err)
    }
}
