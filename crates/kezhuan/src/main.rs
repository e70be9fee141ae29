//! The program: command line, configuration, wiring.

use std::process::ExitCode;

use clap::Parser as _;

mod anchors;
mod audit;
mod check;
mod cli;
mod console;
mod content;
mod demo;
mod evaluate;
mod import;
mod keys;
mod matchers;
mod migrate;
mod openapi;
mod proxies;
mod reindex;
mod serve;
mod server;
mod settings;
mod telemetry;
mod thesaurus;
mod users;

use cli::{Cli, Command};
use settings::Settings;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All of it was done.
    Done,
    /// Some of it was not, and it was said which: bad rows, faults found.
    Partly,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Partly) => ExitCode::from(3),
        Err(err) => {
            console::complain(&format!("error: {err:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let Cli { config, data, command } = cli;
    let settings = || Settings::load(config.as_deref(), data.as_deref());
    match command {
        Command::Serve(args) => runtime.block_on(serve::run(settings()?, args)),
        Command::Demo(args) => runtime.block_on(demo::run(settings()?, data.clone(), args)),
        Command::Migrate(args) => runtime.block_on(migrate::run(settings()?, args)),
        Command::Import(args) => runtime.block_on(import::run(settings()?, args)),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Reindex => runtime.block_on(reindex::run(settings()?)),
        Command::Openapi(args) => openapi::run(&args),
        Command::Thesaurus(args) => runtime.block_on(thesaurus::run(settings()?, args)),
        Command::User(args) => runtime.block_on(users::run(settings()?, args)),
        Command::Audit(args) => runtime.block_on(audit::run(settings()?, args)),
        Command::Keys(args) => runtime.block_on(keys::run(settings()?, args)),
        Command::Matcher(args) => runtime.block_on(matchers::run(settings()?, args)),
        Command::Check(args) => runtime.block_on(check::run(settings(), args)),
    }
}
