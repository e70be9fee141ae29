//! `kezhuan import`: needs or achievements from a file.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, bail};
use db::{Clock, Db};
use domain::{
    achievements::AchievementForm,
    listings::Form,
    needs::NeedForm,
    organisations::OrganisationId,
    people::{Login, Person, PersonId, Role},
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
    let mut summary = Summary { dry_run: args.dry_run, ..Summary::default() };
    let prefix = &settings.prefix;
    let done = match args.kind {
        ImportKind::Needs => import::<NeedForm>(&db, prefix, &args, &mut summary).await,
        ImportKind::Achievements => {
            import::<AchievementForm>(&db, prefix, &args, &mut summary).await
        }
    };
    db.close().await?;
    summary.bad.sort_by_key(|it| it.line);
    if done.is_ok() || summary.rows > 0 {
        summary.tell(&args)?;
    }
    done?;
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
        self.bad.extend(stored.bad);
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

/// Takes a file in; what became of it so far is in the summary also where this fails.
async fn import<F: Form>(
    db: &Db,
    prefix: &str,
    args: &ImportArgs,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let by = answers_for(db, args).await?;
    let rows = content::read::<F>(&args.file)?;
    summary.rows = rows.len();
    let mut good = Vec::new();
    for row in rows {
        match row.and_then(Prepared::<F>::new) {
            Ok(row) => good.push(row),
            Err(bad) => summary.bad.push(bad),
        }
    }
    let office = FrontDesk { db, clock: Clock::system(), by, args };
    let shelves = office.sort(good, summary).await?;
    if args.dry_run {
        return Ok(());
    }
    office.fill(prefix, shelves, summary).await
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

/// Whose a row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Home {
    There(OrganisationId),
    /// An organisation of this number, which would be registered if this were not a dry run.
    ToBe(String),
}

/// The rows of one organisation, in the order of the file.
struct Shelf<F> {
    home: Home,
    rows: Vec<Prepared<F>>,
}

/// Puts rows where they belong, organisation by organisation.
struct FrontDesk<'a> {
    db: &'a Db,
    clock: Clock,
    by: Person,
    args: &'a ImportArgs,
}

impl FrontDesk<'_> {
    /// Sorts rows by organisation; refuses those that name none they may, and those whose id stood
    /// in the file before.
    async fn sort<F: Form>(
        &self,
        rows: Vec<Prepared<F>>,
        summary: &mut Summary,
    ) -> anyhow::Result<Vec<Shelf<F>>> {
        let mut known: HashMap<String, Home> = HashMap::new();
        let mut places: HashMap<Home, usize> = HashMap::new();
        let mut seen: HashSet<(Home, String)> = HashSet::new();
        let mut shelves: Vec<Shelf<F>> = Vec::new();
        for row in rows {
            let home = match self.home(&row, &mut known).await {
                Ok(home) => home,
                Err(why) => {
                    summary.bad.push(BadRow::because(row.line, format!("{why:#}")));
                    continue;
                }
            };
            let id = row.external_id.clone();
            if id.is_some_and(|id| !seen.insert((home.clone(), id))) {
                summary.bad.push(BadRow::because(row.line, "id: stands in this file before"));
                continue;
            }
            let place = *places.entry(home.clone()).or_insert(shelves.len());
            if place == shelves.len() {
                shelves.push(Shelf { home, rows: Vec::new() });
            }
            if let Some(shelf) = shelves.get_mut(place) {
                shelf.rows.push(row);
            }
        }
        Ok(shelves)
    }

    async fn fill<F: Form>(
        &self,
        prefix: &str,
        shelves: Vec<Shelf<F>>,
        summary: &mut Summary,
    ) -> anyhow::Result<()> {
        let all = shelves.iter().map(|it| it.rows.len()).sum::<usize>();
        let bar = console::bar(u64::try_from(all)?, "importing");
        for Shelf { home, mut rows } in shelves {
            let Home::There(organisation) = home else { continue };
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
            keeper: self.keeper(organisation),
            stage: if self.args.publish { Stage::Published } else { Stage::Draft },
            now: self.clock.now(),
        };
        let stored =
            self.db.write(async |tx| Ok::<_, Failed>(content::store(tx, batch, how).await?));
        let stored = stored.await.map_err(|it| it.0);
        stored.with_context(|| format!("the rows from line {first} on were not stored"))
    }

    /// Whoever publishes for others is responsible for what they publish.
    fn keeper(&self, organisation: OrganisationId) -> Option<PersonId> {
        let by = &self.by;
        let keeps = by.role == Role::Matchmaker && by.organisation != organisation;
        keeps.then_some(by.id)
    }

    /// Whose a row is: what it names, or else what the command names, or else the importer's own.
    async fn home<F>(
        &self,
        row: &Prepared<F>,
        known: &mut HashMap<String, Home>,
    ) -> anyhow::Result<Home> {
        let named = row.organisation.clone().or_else(|| self.named());
        let Some(named) = named else { return Ok(Home::There(self.by.organisation)) };
        if let Some(home) = known.get(&named.number) {
            return Ok(home.clone());
        }
        let home = self.looked_up(&named).await?;
        known.insert(named.number, home.clone());
        Ok(home)
    }

    async fn looked_up(&self, named: &NamedOrganisation) -> anyhow::Result<Home> {
        let number = content::profile(named)?.number;
        let found = db::organisations::find(self.db.read(), &number).await?.map(|it| it.id);
        if !self.by.role.is_staff() && found != Some(self.by.organisation) {
            bail!("organisation: {} imports for their own organisation only", self.args.by);
        }
        if found.is_none() && self.args.dry_run && named.name.is_some() {
            return Ok(Home::ToBe(number.as_str().to_owned()));
        }
        let now = self.clock.now();
        let entered =
            self.db.write(async |tx| Ok::<_, Failed>(content::organisation(tx, named, now).await?));
        Ok(Home::There(entered.await.map_err(|it| it.0)?))
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
