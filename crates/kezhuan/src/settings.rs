//! Configuration: what is compiled in, then a file, then the environment. Every fault is told at
//! once.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use api::Paces;
use db::{Keys, keys::Confidential};
use domain::{
    Fault, Faults,
    form::{self, Field, Object, Whole},
};
use search::matching::Depth;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::console;

mod audit;
mod identity;
mod limits;
mod mail;
mod oidc;
mod server;
#[cfg(test)]
mod tests;
mod uploads;

pub(crate) use server::{Metrics, Server, Tls};
pub(crate) use uploads::Uploads;

pub(crate) use audit::AuditSettings;
pub(crate) use mail::{MailSettings, mail_folder};
pub(crate) use oidc::{BACK, OidcSettings};

pub(crate) use identity::{CookieSetting, PasswordSettings, SessionSettings, SignInSettings};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) folder: PathBuf,
    /// Empty: SQLite in the folder.
    pub(crate) database_url: SecretString,
    pub(crate) database_connections: u32,
    pub(crate) migrate: bool,
    pub(crate) server: Server,
    pub(crate) paces: Paces,
    pub(crate) uploads: Uploads,
    pub(crate) prefix: String,
    /// How many days the two sides of an introduction have to answer.
    pub(crate) answer_days: i64,
    pub(crate) passwords: PasswordSettings,
    pub(crate) sessions: SessionSettings,
    pub(crate) signin: SignInSettings,
    pub(crate) oidc: OidcSettings,
    pub(crate) index_threads: usize,
    pub(crate) matching: Depth,
    pub(crate) audit: AuditSettings,
    pub(crate) keys: KeysPart,
    pub(crate) mail: MailSettings,
    pub(crate) log: Log,
}

/// How what is stored is sealed.
#[derive(Clone, Debug)]
pub(crate) struct KeysPart {
    /// Empty: `keys.toml` in the data folder.
    file: PathBuf,
    confidential: Confidential,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) filter: String,
    pub(crate) json: bool,
}

const DEFAULT: &str = include_str!("../../../config/default.toml");
const PREFIX: &str = "KEZHUAN_";

impl Settings {
    /// Reads the file and the environment; `folder` goes before both.
    pub(crate) fn load(file: Option<&Path>, folder: Option<&Path>) -> anyhow::Result<Self> {
        let file = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the configuration {}", path.display()))?,
        };
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let environment = std::env::vars();
        let mut settings = Self::read(&file, environment)?;
        if let Some(folder) = folder {
            folder.clone_into(&mut settings.folder);
        }
        Ok(settings)
    }

    /// Lays the file and the variables over the defaults.
    fn read(
        file: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut tree = parsed(DEFAULT).context("the built-in configuration")?;
        overlay(&mut tree, parsed(file).context("the configuration file is not TOML")?);
        let strangers = apply(&mut tree, environment);
        let mut problems = match form::read::<Self>(&tree) {
            Ok(settings) if strangers.is_empty() => return Ok(settings),
            Ok(_) => Vec::new(),
            Err(faults) => console::tell(&faults),
        };
        problems.extend(strangers.iter().map(|it| format!("{it}: no setting has this name")));
        bail!("the configuration will not do:\n  {}", problems.join("\n  "))
    }

    /// Whether confidential listings are sealed as a whole.
    pub(crate) const fn sealing(&self) -> Confidential {
        self.keys.confidential
    }

    /// The keys that seal what is stored.
    pub(crate) fn keys(&self) -> anyhow::Result<Keys> {
        let file = &self.keys.file;
        let own = self.folder.join("keys.toml");
        let file = if file.as_os_str().is_empty() { &own } else { file };
        Ok(Keys::at(file, self.keys.confidential)?)
    }

    /// The address of the database.
    pub(crate) fn database(&self) -> SecretString {
        use secrecy::ExposeSecret as _;
        if self.database_url.expose_secret().is_empty() {
            return format!("sqlite://{}", self.folder.join("kezhuan.db").display()).into();
        }
        self.database_url.clone()
    }
}

impl Settings {
    /// A secret that everybody knows, if one is set.
    pub(crate) fn default_secret(&self) -> Option<&'static str> {
        use secrecy::ExposeSecret as _;
        let url = self.database_url.expose_secret();
        let (_, rest) = url.split_once("://")?;
        let (account, _) = rest.split(['/', '?']).next()?.rsplit_once('@')?;
        let (user, password) = account.split_once(':')?;
        let known = KNOWN.contains(&password.to_ascii_lowercase().as_str()) || password == user;
        known.then_some("the password in database.url is one that everybody tries first: change it")
    }
}

/// Passwords that stand in examples.
const KNOWN: [&str; 12] = [
    "",
    "postgres",
    "kezhuan",
    "password",
    "changeme",
    "change-me",
    "secret",
    "admin",
    "root",
    "example",
    "123456",
    "12345678",
];

/// A variable of the environment that is no setting.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

fn parsed(text: &str) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(text.parse::<toml::Table>()?)?)
}

/// Puts what `above` names in the place of what is below.
fn overlay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                overlay(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// Sets what variables name, and returns the names that no setting has.
fn apply(tree: &mut Value, environment: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut strangers = Vec::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX).filter(|it| *it != "CONFIG") else { continue };
        let lower = rest.to_ascii_lowercase();
        let place = lower.split_once('_');
        let section = place.and_then(|(section, key)| Some((tree.get_mut(section)?, key)));
        match section.and_then(|(section, key)| section.as_object_mut()?.get_mut(key)) {
            Some(old) => *old = typed(old, value),
            None => strangers.push(name),
        }
    }
    strangers
}

/// A variable's text as a value like the one it replaces; if it cannot be, the reader will say so.
/// Lists have commas between their entries.
fn typed(like: &Value, text: String) -> Value {
    let parsed = match like {
        Value::Bool(_) => text.parse().ok().map(Value::Bool),
        Value::Number(_) => {
            serde_json::from_str::<serde_json::Number>(&text).ok().map(Value::Number)
        }
        Value::Array(_) if text.is_empty() => Some(Value::Array(Vec::new())),
        Value::Array(_) => Some(text.split(',').map(str::trim).map(Value::from).collect()),
        Value::Null | Value::String(_) | Value::Object(_) => None,
    };
    parsed.unwrap_or(Value::String(text))
}

impl Field for Settings {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let empty = Value::Object(Map::new());
        let section = |name: &str| value.get(name).unwrap_or(&empty).clone();
        let data = Data::read(&section("data"), &format!("{at}/data"), faults);
        let database = DatabasePart::read(&section("database"), &format!("{at}/database"), faults);
        let server = Server::read(&section("server"), &format!("{at}/server"), faults);
        let rest = Rest::read(value, at, faults);
        let (data, database, server, rest) = (data?, database?, server?, rest?);
        let open =
            rest.sessions.cookies == CookieSetting::Plain && !server.listen.ip().is_loopback();
        if open {
            let fault = Fault::NotAllowed { because_of: "server.listen" };
            faults.push(format!("{at}/sessions/cookies"), fault);
        }
        if rest.oidc.is_on() && server.url.is_empty() && !server.listen.ip().is_loopback() {
            faults.push(format!("{at}/server/url"), Fault::Missing);
        }
        Some(Self {
            folder: data.0,
            database_url: database.url,
            database_connections: database.connections,
            migrate: database.migrate,
            server,
            paces: rest.paces,
            uploads: rest.uploads,
            prefix: rest.office.prefix,
            answer_days: rest.office.answer_days,
            passwords: rest.passwords,
            sessions: rest.sessions,
            signin: rest.signin,
            oidc: rest.oidc,
            index_threads: rest.index_threads,
            matching: rest.matching,
            audit: rest.audit,
            keys: rest.keys,
            mail: rest.mail,
            log: rest.log,
        })
    }
}

struct Data(PathBuf);

impl Field for Data {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let folder = object.required::<String>("folder");
        object.close();
        folder.map(|it| Self(it.into()))
    }
}

struct DatabasePart {
    url: SecretString,
    connections: u32,
    migrate: bool,
}

impl Field for DatabasePart {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let url = object.required::<String>("url");
        let known = ["", "sqlite://", "postgres://", "postgresql://"];
        if url.as_ref().is_some_and(|url| !known.iter().any(|it| matches(url, it))) {
            object.fault("url", Fault::UnknownCode { table: "sqlite:// or postgres://" });
        }
        let connections = object.required::<Whole<2, 1000>>("connections");
        let migrate = object.required("migrate");
        object.close();
        let connections = u32::try_from(connections?.get()).ok()?;
        Some(Self { url: url?.into(), connections, migrate: migrate? })
    }
}

/// Whether an address begins so; the empty beginning stands for the empty address.
fn matches(url: &str, beginning: &str) -> bool {
    if beginning.is_empty() { url.is_empty() } else { url.starts_with(beginning) }
}

/// The small sections.
struct Rest {
    paces: Paces,
    uploads: Uploads,
    office: Office,
    passwords: PasswordSettings,
    sessions: SessionSettings,
    signin: SignInSettings,
    oidc: OidcSettings,
    index_threads: usize,
    matching: Depth,
    audit: AuditSettings,
    keys: KeysPart,
    mail: MailSettings,
    log: Log,
}

impl Field for Rest {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let _read_before = ["data", "database", "server"].map(|it| object.has(it));
        let paces = object.required::<limits::Requests>("limits");
        let uploads = object.required("uploads");
        let office = object.required("office");
        let passwords = object.required::<PasswordSettings>("passwords");
        let sessions = object.required::<SessionSettings>("sessions");
        let signin = object.required::<SignInSettings>("signin");
        let oidc = object.required("oidc");
        let threads = object.required::<Index>("index");
        let matching = object.required::<Matching>("matching");
        let audit = object.required("audit");
        let keys = object.required("keys");
        let mail = object.required("mail");
        let log = object.required("log");
        object.close();
        Some(Self {
            paces: paces?.0,
            uploads: uploads?,
            office: office?,
            passwords: passwords?,
            sessions: sessions?,
            signin: signin?,
            oidc: oidc?,
            index_threads: or_cores(threads?.0).min(8),
            matching: matching?.0,
            audit: audit?,
            keys: keys?,
            mail: mail?,
            log: log?,
        })
    }
}

struct Office {
    prefix: String,
    answer_days: i64,
}

impl Field for Office {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let prefix = object.required::<String>("prefix");
        let fits = |it: &String| {
            (1..=8).contains(&it.len()) && it.chars().all(|it| it.is_ascii_uppercase())
        };
        if prefix.as_ref().is_some_and(|it| !fits(it)) {
            object.fault("prefix", Fault::UnknownCode { table: "1 to 8 capital letters" });
        }
        let days = object.required::<Whole<1, 365>>("answer_days");
        object.close();
        Some(Self { prefix: prefix?, answer_days: days?.get() })
    }
}

/// As many as there are cores, if none is given.
fn or_cores(count: usize) -> usize {
    if count == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { count }
}

struct Index(usize);

impl Field for Index {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let count = object.required::<Whole<0, 64>>("threads");
        object.close();
        usize::try_from(count?.get()).ok().map(Self)
    }
}

struct Matching(Depth);

impl Field for Matching {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let most = object.required::<Whole<1, 200>>("most");
        let floor = object.required::<f64>("floor");
        if floor.is_some_and(|it| !(0.0..=1.0).contains(&it)) {
            object.fault("floor", Fault::TooLarge { max: 1 });
        }
        object.close();
        let floor = floor.map(narrow)?;
        Some(Self(Depth { most: usize::try_from(most?.get()).ok()?, floor }))
    }
}

impl Field for KeysPart {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let file = object.required::<String>("file");
        let sealed = object.required::<bool>("seal_confidential");
        object.close();
        let confidential = if sealed? { Confidential::Sealed } else { Confidential::Plain };
        Some(Self { file: file?.into(), confidential })
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a share between 0 and 1: seven digits are plenty"
)]
const fn narrow(share: f64) -> f32 {
    share as f32
}

impl Field for Log {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let filter = object.required::<String>("filter");
        let readable = |it: &String| it.parse::<tracing_subscriber::filter::EnvFilter>().is_ok();
        if filter.as_ref().is_some_and(|it| !readable(it)) {
            object.fault("filter", Fault::UnknownCode { table: "error, warn, info, debug, trace" });
        }
        let format = object.required::<String>("format");
        if format.as_ref().is_some_and(|it| !["text", "json"].contains(&it.as_str())) {
            object.fault("format", Fault::UnknownCode { table: "text, json" });
        }
        object.close();
        Some(Self { filter: filter?, json: format? == "json" })
    }
}
