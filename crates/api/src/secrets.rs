//! Secrets that callers hold: tokens, and the passwords they were got for.

use std::sync::Arc;

use argon2::{Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use db::tokens::Kind;
use domain::passwords::Password;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::problem::{Code, Problem};

/// Hashes passwords, a few at a time: each takes some 20 MiB and a core for a while, so that many
/// at once would starve everything else.
#[derive(Clone, Debug)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// Places for those that hash and those that wait for a slot, taken together.
    queue: Arc<Semaphore>,
    /// What is compared with when there is no such account, so that it takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// A pool with `slots` hashes at a time, and eight times as many places for those and whoever
    /// waits.
    pub fn new(slots: usize) -> Result<Self, Problem> {
        let nobody = hash(&SecretString::from("nobody has this password"))?;
        Ok(Self {
            slots: Arc::new(Semaphore::new(slots)),
            queue: Arc::new(Semaphore::new(slots * 8)),
            nobody: nobody.into(),
        })
    }

    /// Hashes a password with Argon2id (19 MiB, 2 passes): the least that OWASP's Password Storage
    /// Cheat Sheet asks for, and the default of the `argon2` crate.
    pub async fn hash(&self, password: &Password) -> Result<String, Problem> {
        let turn = self.turn().await?;
        let password = SecretString::from(password.expose());
        spawn_blocking(move || {
            let _until_done = turn;
            hash(&password)
        })
        .await?
    }

    /// Whether a password fits a hash; `None` stands for an account that does not exist, and takes
    /// as long.
    pub async fn fits(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, Problem> {
        let turn = self.turn().await?;
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let fits = spawn_blocking(move || {
            let _until_done = turn;
            verify(&password, &hash)
        });
        Ok(fits.await?? && exists)
    }

    /// Whether a password fits any of some hashes, compared one after another in one turn.
    pub async fn fits_any(
        &self,
        password: SecretString,
        hashes: Vec<String>,
    ) -> Result<bool, Problem> {
        let turn = self.turn().await?;
        let compared = spawn_blocking(move || {
            let _until_done = turn;
            for hash in hashes {
                if verify(&password, &hash)? {
                    return Ok(true);
                }
            }
            Ok::<_, Problem>(false)
        });
        compared.await?
    }

    /// A turn at hashing, or a refusal when too many wait already. It goes with the work to its
    /// thread, which goes on when whoever asked has hung up.
    async fn turn(&self) -> Result<[OwnedSemaphorePermit; 2], Problem> {
        let busy = |_full| Problem::later(Code::TooManyRequests, 2);
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(busy)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(Problem::internal)?;
        Ok([place, slot])
    }
}

fn hash(password: &SecretString) -> Result<String, Problem> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    Ok(hash.map_err(Problem::internal)?.to_string())
}

fn verify(password: &SecretString, hash: &str) -> Result<bool, Problem> {
    let hash = PasswordHash::new(hash).map_err(Problem::internal)?;
    Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
}

/// A new token: 256 random bits behind a prefix by which leaked ones can be found.
pub fn new_token(kind: Kind) -> Result<SecretString, Problem> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(format!("{}{}", prefix(kind), BASE64_URL_SAFE_NO_PAD.encode(bytes)).into())
}

const fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Session => "kzs_",
        Kind::Program => "kzp_",
    }
}

/// What is stored of a token. It is random, so that a plain digest will do.
pub fn digest(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// The digest of a body, to tell whether two requests are the same. Passwords are left out: this
/// digest is stored, and a plain digest of a password is soon guessed.
pub(crate) fn fingerprint(body: &Value) -> String {
    hex(&Sha256::digest(without_passwords(body).to_string()))
}

fn without_passwords(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| name.as_str() != "password");
            Value::Object(kept.map(|(name, it)| (name.clone(), without_passwords(it))).collect())
        }
        Value::Array(entries) => entries.iter().map(without_passwords).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|it| [it >> 4, it & 15]);
    digits.filter_map(|it| char::from_digit(it.into(), 16)).collect()
}

/// The token in an `Authorization` header.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let known = [Kind::Session, Kind::Program].map(prefix).iter().any(|it| token.starts_with(it));
    let plausible = token.len() <= 100 && known;
    (scheme.eq_ignore_ascii_case("bearer") && plausible).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_account_fits_none() {
        let pool = Passwords::new(2).unwrap();
        let password = Password::new("correct horse battery").unwrap();
        let hash = pool.hash(&password).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        let fits = async |typed: &str, hash| pool.fits(typed.into(), hash).await.unwrap();
        assert!(fits("correct horse battery", Some(hash.clone())).await);
        assert!(!fits("correct horse batterz", Some(hash)).await);
        assert!(!fits("nobody has this password", None).await);
    }

    #[tokio::test]
    async fn too_many_at_once_are_refused_instead_of_piling_up() {
        let pool = Passwords::new(1).unwrap();
        let asked = (0..20).map(|_| pool.fits("x".into(), None));
        let answers = futures_util::future::join_all(asked).await;
        let refused = answers.iter().filter(|it| it.is_err()).count();
        assert_eq!(refused, 12, "eight places, one of which hashes");
    }

    #[test]
    fn a_stored_fingerprint_tells_bodies_apart_and_holds_no_password() {
        let body = |name: &str, password: &str| {
            let account = serde_json::json!({ "login": "li.wei", "password": password });
            fingerprint(&serde_json::json!({ "name": name, "accounts": [account] }))
        };
        assert_eq!(body("a", "correct horse battery"), body("a", "another horse battery"));
        assert_ne!(body("a", "correct horse battery"), body("b", "correct horse battery"));
    }

    #[test]
    fn tokens_are_long_random_and_told_by_their_prefix() {
        let new = || new_token(Kind::Program).unwrap();
        let (one, other) = (new(), new());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.expose_secret().len(), 47);
        assert!(one.expose_secret().starts_with("kzp_"));
        let header = format!("Bearer {}", one.expose_secret());
        assert_eq!(bearer(&header), Some(one.expose_secret()));
        for wrong in ["", "Bearer", "Bearer abc", "Basic kzs_x", "kzs_x", "Bearer kz_x"] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
        assert_eq!(digest("kzs_x").len(), 64);
    }
}
