use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

pub(super) const THESAURUS: &str = "\
Examples:
  kezhuan thesaurus import config/thesaurus.csv
  kezhuan thesaurus import words.csv --dry-run
  kezhuan thesaurus export --out words.csv

FILE is CSV in UTF-8 with a header line: words, broader, note. Between words stands a ; sign. Words of
one line find one another; where broader ones are given, words find those, and nothing finds back.
Groups that are there already are passed over; bad lines are told with why (exit code 3).";

#[derive(Debug, Args)]
pub(crate) struct ThesaurusArgs {
    #[command(subcommand)]
    pub(crate) command: ThesaurusCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ThesaurusCommand {
    /// Take synonym groups in
    Import(SynonymsArgs),
    /// Write every group down
    Export {
        /// Where to write it; standard output if not given
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SynonymsArgs {
    /// A CSV file
    pub(crate) file: PathBuf,
    /// Only look for faults
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
