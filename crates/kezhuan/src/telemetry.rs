//! Logs and metrics.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::settings::Log;

/// Begins to log, on standard error.
pub(crate) fn log(settings: &Log) -> anyhow::Result<()> {
    let filter: EnvFilter = settings.filter.parse().context("log.filter")?;
    let colours = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    if settings.json {
        registry.with(lines.json()).try_init()?;
    } else {
        registry.with(lines).try_init()?;
    }
    Ok(())
}

/// Begins to count.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    const UPKEEP: Duration = Duration::from_secs(5);
    let buckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
    let handle = PrometheusBuilder::new().set_buckets(&buckets)?.install_recorder()?;
    // What is counted piles up until it is put into its buckets, whether or not anyone looks.
    let kept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            kept.run_upkeep();
        }
    });
    Ok(handle)
}
