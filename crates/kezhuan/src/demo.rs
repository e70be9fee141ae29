//! `kezhuan demo`: a market with content, made on the spot.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, anyhow};
use api::Identity;
use chrono::{DateTime, TimeDelta, Utc};
use db::Tx;
use domain::{
    achievements::AchievementForm,
    form,
    listings::Form,
    needs::NeedForm,
    organisations::{Action, Organisation, OrganisationId},
    passwords::Password,
    people::{Login, Person, PersonId, Role, State},
    text::Line,
};
use serde_json::{Map, Value};

use crate::{
    Outcome,
    cli::DemoArgs,
    console,
    content::{self, Circumstances, Prepared, Row, Stage},
    import::Failed,
    serve::{Market, listen, open_database},
    settings::{CookieSetting, Settings},
    telemetry, thesaurus,
    users::random_password,
};

const ORGANISATIONS: &str = include_str!("../demo/organisations.jsonl");
const NEEDS: &str = include_str!("../demo/needs.jsonl");
const ACHIEVEMENTS: &str = include_str!("../demo/achievements.jsonl");

pub(crate) async fn run(
    mut settings: Settings,
    folder: Option<PathBuf>,
    args: DemoArgs,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    settings.folder = folder.unwrap_or_else(|| "kezhuan-demo".into());
    settings.database_url = String::new().into();
    settings.server.listen.set_port(args.port);
    // There is no TLS on the way to oneself.
    if settings.server.listen.ip().is_loopback() {
        settings.sessions.cookies = CookieSetting::Plain;
    }
    "warn".clone_into(&mut settings.log.filter);
    telemetry::log(&settings.log)?;
    // First, so that nothing is made whose passwords would never be shown.
    let listener = listen(&settings).await?;
    let fresh = nobody_there(&settings).await?;
    if fresh {
        show(&fill(&settings).await?);
    }
    let mut market = Market::open(&settings).await?;
    let bar = console::bar(0, "indexing and matching");
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    market.worker.settle().await?;
    bar.finish_and_clear();
    let folder = settings.folder.clone();
    market
        .serve(&settings, listener, move |address| {
            tell(address.port(), (&folder, fresh), started);
        })
        .await?;
    Ok(Outcome::Done)
}

/// Someone who can sign in, as shown once.
struct SignIn {
    role: Role,
    login: String,
    password: Password,
    organisation: String,
}

/// Whether the folder holds no market yet that anyone could sign in to.
async fn nobody_there(settings: &Settings) -> anyhow::Result<bool> {
    let db = open_database(settings).await?;
    let first = db::Page { after: None, limit: 1 };
    let people = db::people::list(db.read(), None, first).await?;
    db.close().await?;
    Ok(people.is_empty())
}

/// Puts everyone and everything into the database, in one transaction.
async fn fill(settings: &Settings) -> anyhow::Result<Vec<SignIn>> {
    let now = db::Clock::system().now();
    let cast = Cast::read(&settings.identity()?, now).await?;
    let db = open_database(settings).await?;
    let filled = db.write(async |tx| Ok::<_, Failed>(cast.enter(tx, &settings.prefix, now).await?));
    filled.await.map_err(|it| it.0)?;
    db.close().await?;
    Ok(cast.sign_ins)
}

/// Who is in the demo.
struct Cast {
    organisations: Vec<Organisation>,
    people: Vec<(Person, String)>,
    /// Organisation and first member by the name the content uses.
    by_slug: HashMap<String, (OrganisationId, PersonId)>,
    sign_ins: Vec<SignIn>,
}

impl Cast {
    async fn read(identity: &Identity, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut cast = Self {
            organisations: Vec::new(),
            people: Vec::new(),
            by_slug: HashMap::new(),
            sign_ins: Vec::new(),
        };
        let registered = now - TimeDelta::days(120);
        for line in ORGANISATIONS.lines() {
            let mut fields: Map<String, Value> = serde_json::from_str(line)?;
            let slug = taken(&mut fields, "slug");
            let people = fields.remove("people").unwrap_or_default();
            let profile = form::read(&Value::Object(fields))
                .map_err(|it| anyhow!("{slug}: {}", console::tell(&it).join("; ")))?;
            let id = OrganisationId::generate();
            let mut organisation = Organisation::register(id, profile, registered);
            organisation.decide(Action::Verify, None)?;
            for person in people.as_array().into_iter().flatten() {
                cast.add_person(identity, &organisation, (person, registered), &slug).await?;
            }
            cast.organisations.push(organisation);
        }
        Ok(cast)
    }

    async fn add_person(
        &mut self,
        identity: &Identity,
        organisation: &Organisation,
        (person, registered): (&Value, DateTime<Utc>),
        slug: &str,
    ) -> anyhow::Result<()> {
        let text = |name: &str| person.get(name).and_then(Value::as_str).unwrap_or_default();
        let role = Role::named(text("role")).context("a role of the demo")?;
        let refused = |it| anyhow!("{slug}: {it:?}");
        let login = Login::new(text("login")).map_err(refused)?;
        let password = random_password(&identity.rules)?;
        let hash =
            identity.passwords.hash(&password).await.map_err(|it| anyhow!("{:?}", it.code))?;
        let id = PersonId::generate();
        self.by_slug.entry(slug.to_owned()).or_insert((organisation.id, id));
        self.sign_ins.push(SignIn {
            role,
            login: login.as_str().to_owned(),
            password,
            organisation: organisation.profile.name.to_string(),
        });
        let person = Person {
            id,
            version: 0,
            organisation: organisation.id,
            role,
            login,
            name: Line::new(text("name")).map_err(refused)?,
            state: State::Active,
            created_at: registered,
        };
        self.people.push((person, hash));
        Ok(())
    }

    /// Brings everyone and everything into the market.
    async fn enter(&self, tx: &Tx, prefix: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
        for organisation in &self.organisations {
            db::organisations::insert(tx, organisation).await?;
        }
        for (person, hash) in &self.people {
            db::people::insert(tx, person, hash).await?;
        }
        db::thesaurus::revise(tx).await?;
        let (synonyms, _) = thesaurus::sort(&mut thesaurus::read(thesaurus::STARTER)?, &[]);
        thesaurus::store(tx, synonyms, now).await?;
        self.enter_listings::<AchievementForm>(tx, prefix, (ACHIEVEMENTS, now)).await?;
        self.enter_listings::<NeedForm>(tx, prefix, (NEEDS, now)).await
    }

    /// The matchmaker who is responsible for a listing: each in turn.
    fn keeper(&self, at: i64) -> anyhow::Result<PersonId> {
        let matchmakers = self.people.iter().filter(|(it, _)| it.role == Role::Matchmaker);
        let all: Vec<PersonId> = matchmakers.map(|(it, _)| it.id).collect();
        let turn = usize::try_from(at)?.checked_rem(all.len());
        turn.and_then(|it| all.get(it).copied()).context("a matchmaker of the demo")
    }

    /// Listings come in over the last three months; a few are still drafts, and a few wait for
    /// review.
    async fn enter_listings<F: Form>(
        &self,
        tx: &Tx,
        prefix: &str,
        (source, now): (&str, DateTime<Utc>),
    ) -> anyhow::Result<()> {
        let count = i64::try_from(source.lines().count())?;
        for (line, at) in source.lines().zip(0_i64..) {
            let mut fields: Map<String, Value> = serde_json::from_str(line)?;
            let slug = taken(&mut fields, "organisation");
            let (organisation, by) = *self.by_slug.get(&slug).with_context(|| slug.clone())?;
            let row = Row { line: u64::try_from(at)? + 1, fields };
            let row = Prepared::<F>::new(row)
                .map_err(|it| anyhow!("row {}: {}", it.line, it.reasons.join("; ")))?;
            let stage = match at % 23 {
                7 => Stage::Draft,
                15 => Stage::Submitted,
                _ => Stage::Published,
            };
            let age = TimeDelta::minutes((count - at) * 90 * 24 * 60 / count);
            let keeper = Some(self.keeper(at)?);
            let how = Circumstances { prefix, by, organisation, keeper, stage, now: now - age };
            content::store(tx, vec![row], how).await?;
        }
        Ok(())
    }
}

fn taken(fields: &mut Map<String, Value>, name: &str) -> String {
    let value = fields.remove(name);
    value.and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Shows the passwords as soon as they are stored: whatever comes after, they are known.
fn show(sign_ins: &[SignIn]) {
    console::say("Sign in as (passwords are shown this once):");
    for it in shown(sign_ins) {
        let (role, login, password) = (it.role.zh(), &it.login, it.password.expose());
        console::say(&format!("  {login:<18} {password:<20} {role} · {}", it.organisation));
    }
    console::say("");
}

fn tell(port: u16, (folder, fresh): (&Path, bool), started: Instant) {
    let base = format!("http://127.0.0.1:{port}");
    console::say(&format!(
        "科转 Kezhuan is ready after {:.1} s.\n",
        started.elapsed().as_secs_f32()
    ));
    console::say(&format!("  {base}/            the market 市场首页"));
    console::say(&format!("  {base}/api/docs    the API 接口说明"));
    console::say(&format!("  data in {}\n", folder.display()));
    if !fresh {
        let name = folder.display();
        console::say("The folder was there before, and is served as it is. For a new password:");
        console::say(&format!("  kezhuan --data {name} user password office.feng\n"));
    }
    console::say("Stop with Ctrl-C.");
}

/// One sign-in of each role, and every matchmaker's.
fn shown(sign_ins: &[SignIn]) -> impl Iterator<Item = &SignIn> {
    let mut seen = Vec::new();
    sign_ins.iter().filter(move |it| {
        let first = !seen.contains(&it.role);
        seen.push(it.role);
        first || it.role == Role::Matchmaker
    })
}
