use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use search::{
    Condition, Veil,
    index::{self, Opened},
};

use uuid::Uuid;

use crate::{Error, Result};

/// The folder a process keeps its index in: `current`, and while one is being made, `building`.
///
/// An index that is not to be trusted is set aside, never deleted at once: someone may want to know
/// what happened. The folder is locked as long as this is held.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    threads: usize,
    veil: Arc<Veil>,
    _lock: File,
}

/// How many indexes that were set aside are kept.
const KEPT: usize = 2;

impl Folder {
    /// Takes a folder, which is made if it does not exist; refuses one that another process has.
    /// What is not for everyone stands in it behind `veil`.
    pub fn take(path: &Path, threads: usize, veil: Veil) -> Result<Self> {
        fs::create_dir_all(path).map_err(search::Error::from)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(search::Error::from)?;
        match file.try_lock() {
            Ok(()) => {
                let (path, veil) = (path.to_owned(), Arc::new(veil));
                Ok(Self { path, threads, veil, _lock: file })
            }
            Err(TryLockError::WouldBlock) => Err(Error::FolderInUse(path.display().to_string())),
            Err(TryLockError::Error(err)) => Err(search::Error::from(err).into()),
        }
    }

    /// Opens the present index.
    pub(crate) fn open(&self) -> Condition {
        index::open(&self.current(), 1, &self.veil)
    }

    /// Begins a new index beside the present one.
    pub(crate) fn begin(&self) -> Result<Opened> {
        let building = self.path.join("building");
        if building.exists() {
            fs::remove_dir_all(&building).map_err(search::Error::from)?;
        }
        Ok(index::create(&building, self.threads, &self.veil)?)
    }

    /// Puts a finished index in the place of the present one, which is set aside.
    pub(crate) fn adopt(&self, now: DateTime<Utc>) -> Result<()> {
        self.set_aside(now)?;
        let renamed = fs::rename(self.path.join("building"), self.current());
        Ok(renamed.map_err(search::Error::from)?)
    }

    /// Sets the present index aside, and forgets the oldest of those set aside before.
    fn set_aside(&self, now: DateTime<Utc>) -> Result<()> {
        if self.current().exists() {
            let name = format!("aside-{}-{}", now.format("%Y%m%dT%H%M%S"), Uuid::now_v7());
            fs::rename(self.current(), self.path.join(name)).map_err(search::Error::from)?;
        }
        let entries = fs::read_dir(&self.path).map_err(search::Error::from)?;
        let mut asides: Vec<PathBuf> = entries
            .filter_map(|it| it.ok().map(|it| it.path()))
            .filter(|it| {
                it.file_name().is_some_and(|it| it.to_string_lossy().starts_with("aside-"))
            })
            .collect();
        asides.sort_unstable();
        let too_many = asides.len().saturating_sub(KEPT);
        for old in asides.into_iter().take(too_many) {
            fs::remove_dir_all(old).map_err(search::Error::from)?;
        }
        Ok(())
    }

    fn current(&self) -> PathBuf {
        self.path.join("current")
    }
}
