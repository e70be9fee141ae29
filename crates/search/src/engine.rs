//! The index as the rest of the program holds it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::{Reader, Thesaurus};

/// A handle to whatever index there is. Cheap to clone; every clone sees the same index.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    reader: ArcSwapOption<Reader>,
    progress: ArcSwapOption<Rebuilding>,
    watermark: AtomicI64,
    thesaurus: ArcSwap<(i64, Thesaurus)>,
}

/// There is no sound index yet; it is being made from the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the index is being rebuilt: {done} of {total}")]
pub struct Rebuilding {
    /// How many listings are in the new index.
    pub done: u64,
    /// How many there will be.
    pub total: u64,
}

impl Engine {
    /// Something to search with, or how far the making of it has come.
    pub fn reader(&self) -> Result<Arc<Reader>, Rebuilding> {
        let missing = || self.shared.progress.load().as_deref().copied().unwrap_or_default();
        self.shared.reader.load_full().ok_or_else(missing)
    }

    /// Puts a sound index in place.
    pub fn install(&self, reader: Reader) {
        self.shared.reader.store(Some(Arc::new(reader)));
        self.shared.progress.store(None);
    }

    /// Notes the place in the outbox up to which every change is in the index.
    pub fn reach(&self, watermark: i64) {
        self.shared.watermark.store(watermark, Ordering::SeqCst);
    }

    /// The place in the outbox up to which every change is surely in the index.
    pub fn watermark(&self) -> i64 {
        self.shared.watermark.load(Ordering::SeqCst)
    }

    /// Takes the index away: it is not to be trusted.
    pub fn withdraw(&self) {
        self.shared.reader.store(None);
    }

    /// The thesaurus as this process knows it.
    pub fn thesaurus(&self) -> Thesaurus {
        self.shared.thesaurus.load().1.clone()
    }

    /// Which revision of the thesaurus it is; 0 where there never was any.
    pub fn thesaurus_revision(&self) -> i64 {
        self.shared.thesaurus.load().0
    }

    /// Puts another revision of the thesaurus in place.
    pub fn learn(&self, revision: i64, thesaurus: Thesaurus) {
        self.shared.thesaurus.store(Arc::new((revision, thesaurus)));
    }

    /// Notes how far the making of a new index has come.
    pub fn note(&self, progress: Rebuilding) {
        self.shared.progress.store(Some(Arc::new(progress)));
    }
}
