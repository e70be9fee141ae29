//! What may be uploaded, and where it goes.

use std::{io, sync::Arc};

use axum::{
    extract::{FromRef, FromRequest, Request},
    http::header,
};
use bytes::Bytes;
use db::files::Files as Folder;
use domain::attachments::Attachment;
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};
use uuid::Uuid;

use crate::{
    App, extract,
    problem::{Code, Problem},
    secrets,
};

mod scanner;

pub use scanner::Scanner;

/// The files of attachments, and the rules for new ones. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    folder: Folder,
    rules: Rules,
    slots: Arc<Semaphore>,
}

/// The rules for new files.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The most bytes of a file.
    pub file_bytes: usize,
    /// The most bytes of all files of an organisation.
    pub organisation_bytes: i64,
    /// Who looks at files before they are stored.
    pub scanner: Option<Scanner>,
    /// Whether an organisation is verified without its licence and its letter.
    pub proofs: Proofs,
}

/// Whether an organisation is verified without its licence and its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proofs {
    /// They have been seen otherwise.
    Optional,
    /// Both must have been sent.
    Required,
}

/// How many uploads are held in memory at a time.
const SLOTS: usize = 8;

impl Files {
    /// The files in a folder.
    pub fn new(folder: Folder, rules: Rules) -> Self {
        Self { folder, rules, slots: Arc::new(Semaphore::new(SLOTS)) }
    }

    pub(crate) const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Stores what the scanner lets pass, and tells under which name and with which digest.
    pub(crate) async fn keep(&self, bytes: Bytes) -> Result<(Uuid, String), Problem> {
        if let Some(scanner) = &self.rules.scanner {
            scanner.pass(&bytes).await?;
        }
        let (name, folder) = (Uuid::new_v4(), self.folder.clone());
        let stored = spawn_blocking(move || {
            folder.put(name, &bytes)?;
            Ok::<_, io::Error>(secrets::hex(&Sha256::digest(&bytes)))
        });
        let digest = stored.await?.map_err(Problem::internal)?;
        Ok((name, digest))
    }

    /// The bytes of an attachment, if they are still those that were sent.
    pub(crate) async fn read(&self, of: &Attachment) -> Result<Vec<u8>, Problem> {
        let (folder, name, digest) = (self.folder.clone(), of.stored, of.digest.clone());
        let read = spawn_blocking(move || {
            let bytes = folder.get(name)?;
            let same = secrets::hex(&Sha256::digest(&bytes)) == digest;
            if same { Ok(bytes) } else { Err(io::Error::other("a file is not what was sent")) }
        });
        read.await?.map_err(Problem::internal)
    }

    /// Removes what belongs to no attachment now. If that fails the next sweep does it.
    pub(crate) async fn drop(&self, name: Uuid) {
        let folder = self.folder.clone();
        let removed = spawn_blocking(move || folder.remove(name)).await;
        if let Ok(Err(err)) = removed {
            tracing::warn!(error = %err, "a file could not be removed; the next sweep tries again");
        }
    }
}

/// The bytes of a file, as a request's body; with a place in memory for them.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) bytes: Bytes,
    _slot: OwnedSemaphorePermit,
}

impl<S> FromRequest<S> for Upload
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let App { files, .. } = App::from_ref(state);
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        if !kind.is_some_and(|it| it.eq_ignore_ascii_case("application/octet-stream")) {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        let slot = Arc::clone(&files.slots).try_acquire_owned();
        let slot = slot.map_err(|_full| Problem::later(Code::TooManyRequests, 2))?;
        let bytes = extract::collected(request).await?;
        Ok(Self { bytes, _slot: slot })
    }
}
