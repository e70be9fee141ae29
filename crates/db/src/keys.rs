//! The keys that seal what must not be readable in the files of a database, and the sealing.
//!
//! What is sealed reads `v1.KEY.NONCE.CIPHER` (XChaCha20-Poly1305, base64url without padding).
//! Table, column and row are authenticated with it: sealed text that was moved to another place
//! does not open. The id of a key is a digest of it, so that two keys never share one.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chacha20poly1305::{
    Tag, XChaCha20Poly1305, XNonce,
    aead::{AeadInOut as _, KeyInit as _},
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretBox};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Error, Result, error::corrupt};

mod file;

/// The keys of a database. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Keys(Arc<Shared>);

struct Shared {
    ring: ArcSwap<Ring>,
    file: Option<PathBuf>,
    confidential: Confidential,
}

/// Whether the whole text of confidential listings is sealed, or only what always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidential {
    /// All of it.
    Sealed,
    /// Only contacts.
    Plain,
}

/// Names a key; a digest of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

/// The keys there are at one moment.
#[derive(Clone, Default)]
struct Ring {
    keys: Vec<Arc<Key>>,
    /// The key that seals; the others only open.
    active: Option<KeyId>,
    stamp: Option<file::Stamp>,
}

struct Key {
    id: KeyId,
    made_at: DateTime<Utc>,
    secret: SecretBox<[u8; 32]>,
}

/// A key, as people are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Which.
    pub id: KeyId,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Whether it is the one that seals.
    pub is_active: bool,
}

/// Where something sealed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    column: String,
    row: String,
}

impl Place {
    /// A column of a row.
    pub fn new(table: &'static str, column: &str, row: impl fmt::Display) -> Self {
        Self { table, column: column.to_owned(), row: row.to_string() }
    }

    /// A part of what stands there.
    pub(crate) fn part(&self, name: &str) -> Self {
        Self { column: format!("{}.{name}", self.column), ..self.clone() }
    }

    /// No name of a table or column holds a line feed, so that two places never read alike.
    fn bound(&self) -> Vec<u8> {
        format!("{}\n{}\n{}", self.table, self.column, self.row).into_bytes()
    }
}

const VERSION: &str = "v1";

impl Keys {
    /// The keys in a file; none if there is no file yet, see [`crate::sealed::admit`].
    pub fn at(file: &Path, confidential: Confidential) -> Result<Self> {
        let ring = file::read(file)?.unwrap_or_default();
        Ok(Self::of(ring, Some(file.to_owned()), confidential))
    }

    /// One key that is kept nowhere: for databases that do not outlive the program.
    pub fn passing() -> Result<Self> {
        let key = Key::make(DateTime::UNIX_EPOCH)?;
        let ring = Ring { active: Some(key.id.clone()), keys: vec![Arc::new(key)], stamp: None };
        Ok(Self::of(ring, None, Confidential::Sealed))
    }

    fn of(ring: Ring, file: Option<PathBuf>, confidential: Confidential) -> Self {
        Self(Arc::new(Shared { ring: ArcSwap::from_pointee(ring), file, confidential }))
    }

    /// Where they are kept.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// Whether the whole text of confidential listings is sealed.
    pub fn confidential(&self) -> Confidential {
        self.0.confidential
    }

    /// Every key, the oldest first.
    pub fn all(&self) -> Vec<Described> {
        let ring = self.0.ring.load();
        let describe = |key: &Arc<Key>| Described {
            id: key.id.clone(),
            made_at: key.made_at,
            is_active: ring.active.as_ref() == Some(&key.id),
        };
        ring.keys.iter().map(describe).collect()
    }

    /// The key that seals.
    pub fn active(&self) -> Option<KeyId> {
        self.0.ring.load().active.clone()
    }

    /// Seals a text.
    pub fn seal(&self, at: &Place, plain: &str) -> Result<String> {
        self.0.ring.load().active_key()?.seal(at, plain.as_bytes())
    }

    /// Opens what [`Keys::seal`] made for the same place.
    pub fn open(&self, at: &Place, sealed: &str) -> Result<String> {
        String::from_utf8(self.open_bytes(at, sealed)?).map_err(corrupt("sealed text"))
    }

    /// Seals a value.
    pub fn seal_json(&self, at: &Place, plain: &Value) -> Result<Value> {
        let bytes = serde_json::to_vec(plain).map_err(corrupt("sealed value"))?;
        Ok(Value::String(self.0.ring.load().active_key()?.seal(at, &bytes)?))
    }

    /// Opens what [`Keys::seal_json`] made for the same place.
    pub fn open_json(&self, at: &Place, sealed: &str) -> Result<Value> {
        serde_json::from_slice(&self.open_bytes(at, sealed)?).map_err(corrupt("sealed value"))
    }

    /// The same under the key that seals now; nothing if it is already.
    pub(crate) fn reseal(&self, at: &Place, sealed: &str) -> Result<Option<String>> {
        let active = self.0.ring.load().active_key()?;
        if KeyId::of_sealed(sealed).is_some_and(|it| it == active.id) {
            return Ok(None);
        }
        Ok(Some(active.seal(at, &self.open_bytes(at, sealed)?)?))
    }

    /// A secret that is derived from the key that seals, for what is not stored in the database.
    pub fn derive(&self, purpose: &str) -> Result<SecretBox<[u8; 32]>> {
        let ring = self.0.ring.load();
        let mut digest = Sha256::new();
        digest.update(b"kezhuan derived key\n");
        digest.update(purpose.as_bytes());
        digest.update(b"\n");
        digest.update(ring.active_key()?.secret.expose_secret());
        Ok(SecretBox::new(Box::new(digest.finalize().into())))
    }

    /// Reads the file again if it changed; another program may have made a new key active.
    pub fn refresh(&self) -> Result<()> {
        let Some(file) = &self.0.file else { return Ok(()) };
        if self.0.ring.load().stamp == file::stamp(file) {
            return Ok(());
        }
        // A file that is gone leaves the keys that were read from it.
        if let Some(ring) = file::read(file)? {
            self.0.ring.store(Arc::new(ring));
        }
        Ok(())
    }

    /// Makes a key that opens, and seals nothing yet. A first key seals at once.
    pub fn add(&self, now: DateTime<Utc>) -> Result<KeyId> {
        let key = Key::make(now)?;
        let id = key.id.clone();
        self.edit(|ring| {
            ring.active.get_or_insert_with(|| key.id.clone());
            ring.keys.push(Arc::new(key));
            Ok(())
        })?;
        Ok(id)
    }

    /// Makes a key the one that seals.
    pub fn activate(&self, id: &KeyId) -> Result<()> {
        self.edit(|ring| {
            ring.key(id)?;
            ring.active = Some(id.clone());
            Ok(())
        })
    }

    /// Forgets a key for good, unless it is the one that seals.
    pub(crate) fn forget(&self, id: &KeyId) -> Result<()> {
        self.edit(|ring| {
            ring.key(id)?;
            if ring.active.as_ref() == Some(id) {
                return Err(Error::KeyInUse(id.clone()));
            }
            ring.keys.retain(|it| it.id != *id);
            Ok(())
        })
    }

    fn edit(&self, change: impl FnOnce(&mut Ring) -> Result<()>) -> Result<()> {
        let ring = if let Some(file) = &self.0.file {
            file::edit(file, change)?
        } else {
            let mut ring = Ring::clone(&self.0.ring.load());
            change(&mut ring)?;
            ring
        };
        self.0.ring.store(Arc::new(ring));
        Ok(())
    }

    fn open_bytes(&self, at: &Place, sealed: &str) -> Result<Vec<u8>> {
        let parts: Vec<&str> = sealed.split('.').collect();
        let [VERSION, id, nonce, cipher] = parts.as_slice() else {
            return Err(Error::Corrupt(format!("{}.{} is not sealed", at.table, at.column)));
        };
        let id = KeyId((*id).to_owned());
        self.key(&id)?.open(at, nonce, cipher)
    }

    /// A key; if it is not known, the file is looked at again: another program may have made it.
    fn key(&self, id: &KeyId) -> Result<Arc<Key>> {
        if let Ok(key) = self.0.ring.load().key(id) {
            return Ok(key);
        }
        self.refresh()?;
        self.0.ring.load().key(id)
    }
}

impl Ring {
    fn key(&self, id: &KeyId) -> Result<Arc<Key>> {
        let found = self.keys.iter().find(|it| it.id == *id);
        found.map(Arc::clone).ok_or_else(|| Error::NoKey(id.to_string()))
    }

    fn active_key(&self) -> Result<Arc<Key>> {
        self.key(self.active.as_ref().ok_or_else(|| Error::NoKey("to seal with".to_owned()))?)
    }
}

impl Key {
    fn make(made_at: DateTime<Utc>) -> Result<Self> {
        let mut secret = SecretBox::new(Box::new([0_u8; 32]));
        random(secrecy::ExposeSecretMut::expose_secret_mut(&mut secret))?;
        Ok(Self::of(secret, made_at))
    }

    fn of(secret: SecretBox<[u8; 32]>, made_at: DateTime<Utc>) -> Self {
        let digest = Sha256::digest(secret.expose_secret());
        let digits = digest.iter().take(4).flat_map(|it| [it >> 4, it & 15]);
        let id = digits.filter_map(|it| char::from_digit(it.into(), 16)).collect();
        Self { id: KeyId(id), made_at, secret }
    }

    fn seal(&self, at: &Place, plain: &[u8]) -> Result<String> {
        let mut nonce = [0_u8; 24];
        random(&mut nonce)?;
        let mut text = plain.to_vec();
        let cipher = XChaCha20Poly1305::new(self.secret.expose_secret().into());
        let tag = cipher
            .encrypt_inout_detached(&XNonce::from(nonce), &at.bound(), text.as_mut_slice().into())
            .map_err(corrupt("a text too long to be sealed"))?;
        text.extend_from_slice(&tag);
        let (nonce, text) = (BASE64.encode(nonce), BASE64.encode(text));
        Ok(format!("{VERSION}.{}.{nonce}.{text}", self.id))
    }

    fn open(&self, at: &Place, nonce: &str, cipher: &str) -> Result<Vec<u8>> {
        let broken = || Error::Corrupt(format!("{}.{}: the seal is broken", at.table, at.column));
        let nonce: [u8; 24] =
            BASE64.decode(nonce).ok().and_then(|it| it.try_into().ok()).ok_or_else(broken)?;
        let mut text = BASE64.decode(cipher).ok().ok_or_else(broken)?;
        let end = text.len().checked_sub(16).ok_or_else(broken)?;
        let tag = Tag::try_from(text.split_off(end).as_slice()).ok().ok_or_else(broken)?;
        let cipher = XChaCha20Poly1305::new(self.secret.expose_secret().into());
        let nonce = XNonce::from(nonce);
        let buffer = text.as_mut_slice().into();
        let opened = cipher.decrypt_inout_detached(&nonce, &at.bound(), buffer, &tag);
        opened.ok().ok_or_else(broken)?;
        Ok(text)
    }
}

pub(crate) fn random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(corrupt("no random numbers"))
}

impl KeyId {
    /// The id of a sealed text's key, if it is one.
    pub(crate) fn of_sealed(sealed: &str) -> Option<Self> {
        let mut parts = sealed.split('.');
        let (version, id) = (parts.next()?, parts.next()?);
        (version == VERSION && parts.count() == 2).then(|| Self(id.to_owned()))
    }

    /// The id as it was written down.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} keys)", self.0.ring.load().keys.len())
    }
}
