//! Keeps the words of what is not for everyone from being read in the files of the index.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _, digest::Key};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

/// Turns terms into marks that are the same for the same term, and tell nothing of it to whoever
/// has not the secret (HMAC-SHA-256, of which 64 bits are kept).
///
/// Masked and closed entries are filed under marks. How many marks an entry has and how often each
/// stands there can be seen; their order is not kept.
pub struct Veil(Hmac<Sha256>);

impl Veil {
    /// A veil of this secret.
    pub fn new(secret: &SecretBox<[u8; 32]>) -> Self {
        Self::of(secret.expose_secret())
    }

    /// A veil that everyone knows, for indexes that do not outlive the program.
    pub fn thin() -> Self {
        Self::of(&[0; 32])
    }

    fn of(secret: &[u8; 32]) -> Self {
        let mut key = Key::<Hmac<Sha256>>::default();
        for (to, from) in key.iter_mut().zip(secret) {
            *to = *from;
        }
        Self(Hmac::new(&key))
    }

    /// The mark of a term.
    pub(crate) fn mark(&self, term: &str) -> String {
        self.marked(b"term\n", term)
    }

    /// Tells one veil from another.
    pub(crate) fn name(&self) -> String {
        self.marked(b"veil\n", "")
    }

    fn marked(&self, what: &[u8], text: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(what);
        mac.update(text.as_bytes());
        let digest = mac.finalize().into_bytes();
        BASE64.encode(digest.get(..8).unwrap_or_default())
    }
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Veil")
    }
}
