use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

pub(super) const AUDIT: &str = "\
Examples:
  kezhuan audit verify
  kezhuan audit export --from 2026-01-01 --to 2026-01-31 --format csv --out january.csv
  kezhuan audit anchor
  kezhuan audit purge --before 2025-01-01

Days are those of Asia/Shanghai, the first and the last included. Exit code 3 if verifying finds that
the log is not what was written.";

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read the whole log, and hold it against itself and its anchors
    Verify {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write lines to a file or to standard output
    Export(ExportArgs),
    /// Write the end of the log down now, beside the daily anchor
    Anchor,
    /// Remove lines that were kept as long as the settings say; the server does it by itself
    Purge {
        /// Lines from before this day go
        #[arg(long, value_name = "DAY")]
        before: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The first day
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    /// The last day
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Sheet,
    /// Where to write it; standard output if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sheet {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// For a spreadsheet.
    Csv,
}
