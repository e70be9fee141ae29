//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod audit;
mod matcher;
mod thesaurus;

pub(crate) use audit::{AuditArgs, AuditCommand, ExportArgs, Sheet};
pub(crate) use matcher::{MatcherArgs, MatcherCommand, TrainArgs};
pub(crate) use thesaurus::{SynonymsArgs, ThesaurusArgs, ThesaurusCommand};

/// 科转: a marketplace between local industry and research.
#[derive(Debug, Parser)]
#[command(name = "kezhuan", version, about = ABOUT, after_help = TOP)]
pub(crate) struct Cli {
    /// A configuration file; see config/default.toml for what can stand in it
    #[arg(long, global = true, value_name = "FILE", env = "KEZHUAN_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// The data folder, whatever the configuration says
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const ABOUT: &str = "科转: a marketplace between local industry and research";

const TOP: &str = "\
Begin with:
  kezhuan demo                     a market with content, at http://127.0.0.1:8080/

Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 some of it could not be done, or faults
were found, and it was said which.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the market
    #[command(after_help = SERVE)]
    Serve(ServeArgs),
    /// Serve a market with demo content
    #[command(after_help = DEMO)]
    Demo(DemoArgs),
    /// Bring the database's schema up to date
    #[command(after_help = MIGRATE)]
    Migrate(MigrateArgs),
    /// Read needs or achievements from a file
    #[command(after_help = IMPORT)]
    Import(ImportArgs),
    /// Hold the matcher against graded pairs
    #[command(after_help = EVALUATE)]
    Evaluate(EvaluateArgs),
    /// Make the search index anew
    #[command(after_help = REINDEX)]
    Reindex,
    /// Print the description of the API (OpenAPI 3.1)
    #[command(after_help = OPENAPI)]
    Openapi(OpenapiArgs),
    /// Read synonym groups from a file, or write them into one
    #[command(after_help = thesaurus::THESAURUS)]
    Thesaurus(ThesaurusArgs),
    /// Make and keep accounts
    #[command(after_help = USER)]
    User(UserArgs),
    /// Verify, export, anchor and purge the audit log
    #[command(after_help = audit::AUDIT)]
    Audit(AuditArgs),
    /// Make and change the keys that seal what is stored
    #[command(after_help = KEYS)]
    Keys(KeysArgs),
    /// Train the matcher on past verdicts, and say which version suggests
    #[command(after_help = matcher::MATCHER)]
    Matcher(MatcherArgs),
    /// Look for faults in configuration and environment, and tell them all
    #[command(after_help = CHECK)]
    Check(CheckArgs),
}

const SERVE: &str = "\
Examples:
  kezhuan serve                                     SQLite in ./kezhuan-data
  kezhuan serve --data /var/lib/kezhuan --port 80
  KEZHUAN_DATABASE_URL=postgres://… kezhuan serve   PostgreSQL

Stop it with Ctrl-C or SIGTERM: requests under way are answered first.";

const DEMO: &str = "\
Examples:
  kezhuan demo                     makes ./kezhuan-demo and serves it on port 8080
  kezhuan demo --data /tmp/d --port 9000

A folder that exists is served as it is. The passwords are random and shown once; set a new one with
  kezhuan --data kezhuan-demo user password LOGIN";

const MIGRATE: &str = "\
Examples:
  kezhuan migrate                  makes the steps that are missing
  kezhuan migrate --pending        only tells which they are";

const IMPORT: &str = "\
Examples:
  kezhuan import needs needs.jsonl --by office.feng
  kezhuan import achievements list.csv --by office.feng --organisation 12100000400009821G --publish
  kezhuan import needs needs.csv --by office.feng --dry-run --format json

FILE is JSON Lines, one object a line, or CSV with a header line (.csv; UTF-8 or GB18030). Fields are
those of the API, besides `id` (what the other system calls it: importing again changes it instead of
doubling it), `body` (the problem or the description) and `organisation` (a 统一社会信用代码; then also
`organisation_name` and `organisation_kind`, which make an organisation that is not registered yet).
In CSV, lists have ; between the entries, inner fields a dot (contact.name), tables are JSON.

Good rows are taken in, bad rows are told with their line and why (exit code 3).";

const EVALUATE: &str = "\
Examples:
  kezhuan evaluate --needs needs.jsonl --achievements achievements.jsonl --run run.tsv
  kezhuan evaluate --needs n.jsonl --achievements a.jsonl --run run.tsv --qrels grades.tsv
  kezhuan evaluate --needs n.jsonl --achievements a.jsonl --run run.tsv --qrels g.tsv --simulate

The index is made in a temporary folder; nothing else is touched. RUN is tab-separated: need,
achievement, score. QRELS is tab-separated: need, achievement, grade 0 to 3.";

const REINDEX: &str = "\
Examples:
  kezhuan reindex --data /var/lib/kezhuan

The server must not be running on the same data folder; it would rebuild a bad index by itself.";

const OPENAPI: &str = "\
Examples:
  kezhuan openapi > openapi.json
  kezhuan openapi --out openapi.json";

const USER: &str = "\
Examples:
  kezhuan user add office.feng --name 冯雪梅 --role matchmaker --organisation 52140581MA0DEM0247 \\
      --organisation-name 高平市科技成果转移转化中心 --organisation-kind transfer_agency
  kezhuan user password office.feng
  kezhuan user list --format json
  kezhuan user unlock office.feng
  kezhuan user reset-second-factor office.feng

Passwords are random and shown once, or read from standard input with --password-stdin. Unless --own
says that the person chose it, a password set here must be changed at the first sign-in.";

const KEYS: &str = "\
Examples:
  kezhuan keys list
  kezhuan keys rotate              a new key, and everything sealed anew under it
  kezhuan keys reseal              goes on where a rotation was stopped
  kezhuan keys retire 1a2b3c4d     forgets a key that seals nothing any more

The server may go on running. Copy the file of the keys (keys.file) to a safe place after a rotation,
apart from the copies of the database.";

const CHECK: &str = "\
Examples:
  kezhuan check
  kezhuan check --security         also what stands open, and how to close it
  kezhuan check --format json

Exit code 3 if anything is wrong.";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The port to listen on, whatever the configuration says
    #[arg(long)]
    pub(crate) port: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The port to listen on
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Only tell which steps are missing
    #[arg(long)]
    pub(crate) pending: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// What the file holds
    #[arg(value_enum)]
    pub(crate) kind: ImportKind,
    /// A JSON Lines or CSV file
    pub(crate) file: PathBuf,
    /// The sign-in name of whoever answers for the import
    #[arg(long, value_name = "LOGIN")]
    pub(crate) by: String,
    /// The 统一社会信用代码 of the organisation whose rows name none
    #[arg(long, value_name = "NUMBER")]
    pub(crate) organisation: Option<String>,
    /// Its name, if it is not registered yet
    #[arg(long, value_name = "NAME", requires = "organisation")]
    pub(crate) organisation_name: Option<String>,
    /// Its kind, if it is not registered yet
    #[arg(long, value_name = "KIND", default_value = "other")]
    pub(crate) organisation_kind: String,
    /// Publish the rows without review; only for staff
    #[arg(long)]
    pub(crate) publish: bool,
    /// Only look for faults
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportKind {
    Needs,
    Achievements,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Needs, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub(crate) needs: PathBuf,
    /// Achievements, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub(crate) achievements: PathBuf,
    /// Where to write the run
    #[arg(long, value_name = "OUT")]
    pub(crate) run: PathBuf,
    /// Grades to hold the run against
    #[arg(long, value_name = "FILE")]
    pub(crate) qrels: Option<PathBuf>,
    /// Synonym groups to match with, as `kezhuan thesaurus` reads them
    #[arg(long, value_name = "FILE")]
    pub(crate) thesaurus: Option<PathBuf>,
    /// The most achievements of a need
    #[arg(long, default_value_t = 1000)]
    pub(crate) top: usize,
    /// Write the figures of each need here, the worst first, as CSV (needs --qrels)
    #[arg(long, value_name = "OUT", requires = "qrels")]
    pub(crate) by_need: Option<PathBuf>,
    /// How many entries of the index the first stage of scoring reads, as in a large market
    #[arg(long, value_name = "N")]
    pub(crate) postings: Option<u64>,
    /// How many achievements of each need reach the second stage
    #[arg(long, value_name = "N", requires = "postings")]
    pub(crate) candidates: Option<usize>,
    /// Have a simulated matchmaker work through the graded pairs, with and without learning
    #[arg(long, requires = "qrels")]
    pub(crate) simulate: bool,
    /// How many pairs of each need the simulated matchmaker looks at
    #[arg(long, default_value_t = 10, requires = "simulate")]
    pub(crate) looks: usize,
    /// How many of the simulated verdicts are off by one, from 0 to 1
    #[arg(long, default_value_t = 0.2, requires = "simulate")]
    pub(crate) noise: f64,
    /// What chance begins with in the simulation
    #[arg(long, default_value_t = 1, requires = "simulate")]
    pub(crate) seed: u64,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct OpenapiArgs {
    /// Where to write it; standard output if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account
    Add(UserAddArgs),
    /// Set a new password; sessions and tokens end
    Password {
        /// The sign-in name
        login: String,
        #[command(flatten)]
        given: GivenPassword,
    },
    /// Disable an account; sessions and tokens end
    Disable {
        /// The sign-in name
        login: String,
    },
    /// Enable an account
    Enable {
        /// The sign-in name
        login: String,
    },
    /// Lift every lock of an account that failed attempts made
    Unlock {
        /// The sign-in name
        login: String,
    },
    /// Take a second factor away whose device is lost; sessions end
    ResetSecondFactor {
        /// The sign-in name
        login: String,
    },
    /// List accounts, with when they were last signed in to
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub(crate) struct UserAddArgs {
    /// The sign-in name
    pub(crate) login: String,
    /// The person's name
    #[arg(long)]
    pub(crate) name: String,
    /// One of enterprise, research, matchmaker, lead, `system_admin`, `security_admin`, auditor
    #[arg(long)]
    pub(crate) role: String,
    /// The 统一社会信用代码 of the organisation
    #[arg(long, value_name = "NUMBER")]
    pub(crate) organisation: String,
    /// Its name, if it is not registered yet
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation_name: Option<String>,
    /// Its kind, if it is not registered yet
    #[arg(long, value_name = "KIND", default_value = "other")]
    pub(crate) organisation_kind: String,
    #[command(flatten)]
    pub(crate) password: GivenPassword,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct GivenPassword {
    /// Read the password from standard input instead of making one
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// The person chose it, and need not change it at the first sign-in
    #[arg(long, requires = "password_stdin")]
    pub(crate) own: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the keys, and how many fields each has sealed
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make a key that only opens, to be handed to every replica before `use`
    Add,
    /// Make a key the one that seals from now on
    Use {
        /// The key's id
        id: String,
    },
    /// Make a new key the one that seals, and seal everything anew under it
    Rotate,
    /// Seal everything under the key that seals now
    Reseal,
    /// Forget a key that seals nothing any more
    Retire {
        /// The key's id
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Also tell what stands open, and how to close it
    #[arg(long)]
    pub(crate) security: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}
