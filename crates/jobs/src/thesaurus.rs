//! Keeps a process's thesaurus in step with the stored one.

use db::Db;
use search::{Engine, Thesaurus};
use tokio::task::spawn_blocking;

use crate::Result;

/// Reads and compiles the thesaurus if another revision of it is stored than the one in use. The
/// revision is read first: what is committed in between is read again with the next.
pub(crate) async fn refresh(db: &Db, engine: &Engine) -> Result<()> {
    let revision = db::thesaurus::revision(db.read()).await?;
    if revision == engine.thesaurus_revision() {
        return Ok(());
    }
    let groups = db::thesaurus::all(db.read()).await?;
    let compile = move || Thesaurus::new(groups.iter().map(|it| &it.form));
    engine.learn(revision, spawn_blocking(compile).await?);
    Ok(())
}
