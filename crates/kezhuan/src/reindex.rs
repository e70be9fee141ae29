//! `kezhuan reindex`: the search index made anew from the database.

use std::time::Duration;

use crate::{Outcome, console, serve::Market, settings::Settings, telemetry};

pub(crate) async fn run(settings: Settings) -> anyhow::Result<Outcome> {
    telemetry::log(&settings.log)?;
    let mut market = Market::open(&settings).await?;
    let engine = market.engine();
    let bar = console::bar(0, "indexing");
    let shown = bar.clone();
    let watching = tokio::spawn(async move {
        loop {
            if let Err(progress) = engine.reader() {
                shown.set_length(progress.total);
                shown.set_position(progress.done);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let made = market.worker.rebuild().await;
    watching.abort();
    bar.finish_and_clear();
    made?;
    let entries = market.engine().reader().map_or(0, |it| it.entries());
    console::say(&format!("The index was made anew: {entries} listings."));
    market.db.close().await?;
    Ok(Outcome::Done)
}
