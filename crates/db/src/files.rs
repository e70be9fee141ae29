//! The folder that the bytes of attachments are in. Its names are random and tell nothing.
//!
//! A file is there, whole and on the disk, before the transaction that makes it an attachment is
//! committed, and goes after the one that removes it. What a power cut leaves between the two belongs
//! to no attachment, and is swept.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use uuid::Uuid;

use crate::{Db, Result, attachments};

/// The folder. Cheap to clone. Its methods wait for the disk.
#[derive(Clone, Debug)]
pub struct Files(Arc<Path>);

/// How long a file may belong to no attachment yet.
const GRACE: Duration = Duration::from_hours(1);
/// How many files are looked at together.
const BATCH: usize = 500;

impl Files {
    /// The files in a folder, which is made when the first is stored.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into().into())
    }

    /// Stores bytes under a name: all of them, on the disk, when this returns.
    pub fn put(&self, name: Uuid, bytes: &[u8]) -> io::Result<()> {
        self.make_folder()?;
        let mut file = tempfile(&self.0, name)?;
        let done = file.1.write_all(bytes).and_then(|()| file.1.sync_all());
        let done = done.and_then(|()| fs::rename(&file.0, self.place(name)));
        if done.is_err() {
            let _ = fs::remove_file(&file.0);
        }
        done?;
        File::open(&self.0)?.sync_all()
    }

    /// The bytes under a name.
    pub fn get(&self, name: Uuid) -> io::Result<Vec<u8>> {
        fs::read(self.place(name))
    }

    /// Removes a file; one that is gone already is none to remove.
    pub fn remove(&self, name: Uuid) -> io::Result<()> {
        match fs::remove_file(self.place(name)) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Removes what is older than an hour and belongs to no attachment, and tells how many files that
    /// were. What this program did not name stays.
    pub async fn sweep(&self, db: &Db, now: SystemTime) -> Result<usize> {
        let files = self.clone();
        let old = tokio::task::spawn_blocking(move || files.older_than(now - GRACE)).await;
        let old = old.unwrap_or_default();
        let mut removed = 0;
        for batch in old.chunks(BATCH) {
            let kept = attachments::stored(db.read(), batch).await?;
            for name in batch.iter().filter(|it| !kept.contains(it)) {
                removed += usize::from(self.remove(*name).is_ok());
            }
        }
        Ok(removed)
    }

    /// The names of the files that were written before a moment; also of half-written ones.
    fn older_than(&self, moment: SystemTime) -> Vec<Uuid> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().filter_map(io::Result::ok);
        let old = entries.filter(|it| {
            let written = it.metadata().and_then(|it| it.modified());
            written.is_ok_and(|it| it < moment)
        });
        let mut names = Vec::new();
        for entry in old {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(half) = name.strip_suffix(HALF).filter(|it| Uuid::parse_str(it).is_ok()) {
                let _ = fs::remove_file(self.0.join(format!("{half}{HALF}")));
            } else if let Ok(name) = Uuid::parse_str(name) {
                names.push(name);
            }
        }
        names
    }

    fn place(&self, name: Uuid) -> PathBuf {
        self.0.join(name.simple().to_string())
    }

    fn make_folder(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&self.0)
    }
}

/// How the names of files end while they are written.
const HALF: &str = ".half";

fn tempfile(folder: &Path, name: Uuid) -> io::Result<(PathBuf, File)> {
    let path = folder.join(format!("{}{HALF}", name.simple()));
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path)?;
    Ok((path, file))
}
