use clap::{Args, Subcommand};

use super::Format;

pub(super) const MATCHER: &str = "\
Examples:
  kezhuan matcher train                     on all verdicts there are
  kezhuan matcher train --since 2026-01-01 --dry-run
  kezhuan matcher list
  kezhuan matcher activate grams-1.2
  kezhuan matcher back                      to the version that suggested before

Training fits a few weights to the earlier verdicts and holds them against the later ones. A new
version suggests nothing before it is activated. After `activate` and `back` every need is matched
again, by the server, which may go on running.";

#[derive(Debug, Args)]
pub(crate) struct MatcherArgs {
    #[command(subcommand)]
    pub(crate) command: MatcherCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MatcherCommand {
    /// Train a version on past verdicts, and say whether it wins on later ones
    Train(TrainArgs),
    /// List the versions, with the figures of their training
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Have a version suggest
    Activate {
        /// Its name
        name: String,
    },
    /// Go back to the version that suggested before
    Back,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Leave out verdicts from before this day
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<String>,
    /// Only tell what would come of it
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
