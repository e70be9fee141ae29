use std::{fs::File, path::Path};

use migrations::{Migrator, MigratorTrait as _};
use sea_orm::ConnectionTrait as _;

use crate::{Db, Error, Result, error::corrupt};

/// How the database's schema stands to this version of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Up to date.
    Current,
    /// These steps are still to be made.
    Behind(Vec<String>),
    /// A newer version of the program made this step.
    Ahead(String),
}

/// The number of the advisory lock that migrations hold on PostgreSQL: `kezhuan` in ASCII.
const LOCK: i64 = 0x006b_657a_6875_616e;

impl Db {
    /// How the schema stands.
    pub async fn schema(&self) -> Result<Schema> {
        let applied = Migrator::get_migration_models(&self.read().pool).await?;
        let known: Vec<String> =
            Migrator::get_migration_files().iter().map(|it| it.name().to_owned()).collect();
        if let Some(newer) = applied.iter().find(|it| !known.contains(&it.version)) {
            return Ok(Schema::Ahead(newer.version.clone()));
        }
        let is_missing = |it: &String| !applied.iter().any(|done| done.version == *it);
        let missing: Vec<String> = known.into_iter().filter(is_missing).collect();
        Ok(if missing.is_empty() { Schema::Current } else { Schema::Behind(missing) })
    }

    /// Brings the schema up to date, and tells the steps made. Programs that start at once wait
    /// for each other; each step is made once. A newer schema is refused with [`Error::Ahead`].
    pub async fn migrate(&self) -> Result<Vec<String>> {
        if let Some(file) = self.file().cloned() {
            let lock = tokio::task::spawn_blocking(move || lock_beside(&file)).await;
            let _held = lock.map_err(corrupt("migration lock"))??;
            return self.make_missing_steps().await;
        }
        let holder = self.begin().await?;
        holder.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
        let made = self.make_missing_steps().await;
        holder.commit().await?;
        made
    }

    async fn make_missing_steps(&self) -> Result<Vec<String>> {
        match self.schema().await? {
            Schema::Current => Ok(Vec::new()),
            Schema::Ahead(step) => Err(Error::Ahead(step)),
            Schema::Behind(steps) => {
                Migrator::up(&self.read().pool, None).await?;
                Ok(steps)
            }
        }
    }
}

/// Takes an exclusive lock on a file beside the database, until the handle is dropped.
fn lock_beside(database: &Path) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(database.with_extension("migrating"))
        .map_err(corrupt("migration lock"))?;
    file.lock().map_err(corrupt("migration lock"))?;
    Ok(file)
}
