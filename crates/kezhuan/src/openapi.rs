//! `kezhuan openapi`: the description of the API.

use anyhow::Context as _;

use crate::{Outcome, cli::OpenapiArgs, console};

pub(crate) fn run(args: &OpenapiArgs) -> anyhow::Result<Outcome> {
    let document = serde_json::to_string_pretty(&api::description())?;
    match &args.out {
        None => console::say(&document),
        Some(path) => std::fs::write(path, document + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?,
    }
    Ok(Outcome::Done)
}
