//! The file that holds the keys. It is replaced as a whole, so that nobody reads half of it, and
//! is for nobody but whoever runs the program.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde::Deserialize;

use super::{Key, KeyId, Ring};
use crate::{Error, Result};

/// Tells a file from the one that replaced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    number: u64,
}

const HEAD: &str = "\
# The keys that seal contacts and confidential texts in the database. Without them these cannot be
# read by anyone. Keep a copy apart from the copies of the database. Kept by `kezhuan keys`.
";

#[derive(Deserialize)]
struct Written {
    active: String,
    key: Vec<WrittenKey>,
}

#[derive(Deserialize)]
struct WrittenKey {
    id: String,
    made_at: DateTime<Utc>,
    secret: String,
}

/// What a file is now; nothing if it is not there.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    let it = fs::metadata(file).ok()?;
    Some(Stamp { modified: it.modified().ok(), length: it.len(), number: number(&it) })
}

#[cfg(unix)]
fn number(it: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(it)
}

#[cfg(not(unix))]
const fn number(_: &fs::Metadata) -> u64 {
    0
}

/// The keys in a file; nothing if there is none.
pub(super) fn read(file: &Path) -> Result<Option<Ring>> {
    // Before the content: a file that is replaced in between is read again the next time.
    let stamp = stamp(file);
    let text = match fs::read_to_string(file) {
        Ok(text) => SecretString::from(text),
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(wrong(file, err)),
    };
    // What is wrong with it is told without its content.
    let written: Written = toml::from_str(text.expose_secret())
        .map_err(|err: toml::de::Error| wrong(file, err.message()))?;
    let mut keys = Vec::with_capacity(written.key.len());
    for it in written.key {
        let secret = SecretString::from(it.secret);
        let bytes = BASE64.decode(secret.expose_secret()).ok();
        let secret: Option<[u8; 32]> = bytes.and_then(|it| it.try_into().ok());
        let secret = secret.ok_or_else(|| wrong(file, "a secret is not 32 bytes in base64url"))?;
        let key = Key::of(SecretBox::new(Box::new(secret)), it.made_at);
        if key.id.as_str() != it.id {
            return Err(wrong(file, format!("the secret of key {} is another key's", it.id)));
        }
        keys.push(Arc::new(key));
    }
    let active = KeyId::named(&written.active);
    if !keys.iter().any(|it| it.id == active) {
        return Err(wrong(file, format!("the active key {active} is not in it")));
    }
    Ok(Some(Ring { keys, active: Some(active), stamp }))
}

/// Changes the keys in a file, one program at a time, and returns them.
pub(super) fn edit(file: &Path, change: impl FnOnce(&mut Ring) -> Result<()>) -> Result<Ring> {
    let lock = options().create(true).truncate(false).open(beside(file, "lock"));
    let lock = lock.map_err(|err| wrong(file, err))?;
    lock.lock().map_err(|err| wrong(file, err))?;
    let mut ring = read(file)?.unwrap_or_default();
    change(&mut ring)?;
    write(file, &ring).map_err(|err| wrong(file, err))?;
    ring.stamp = stamp(file);
    Ok(ring)
}

fn write(file: &Path, ring: &Ring) -> std::io::Result<()> {
    let new = beside(file, "new");
    let mut out = options().create(true).truncate(true).open(&new)?;
    out.write_all(text(ring).expose_secret().as_bytes())?;
    out.sync_all()?;
    fs::rename(&new, file)?;
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn text(ring: &Ring) -> SecretString {
    let active = ring.active.as_ref().map_or("", |it| it.as_str());
    let mut text = format!("{HEAD}active = \"{active}\"\n");
    for key in &ring.keys {
        let (id, made_at) = (&key.id, key.made_at.to_rfc3339());
        let secret = BASE64.encode(key.secret.expose_secret());
        text += "\n[[key]]\n";
        for (name, value) in [("id", id.as_str()), ("made_at", &made_at), ("secret", &secret)] {
            text.extend([name, " = \"", value, "\"\n"]);
        }
    }
    text.into()
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn wrong(file: &Path, why: impl std::fmt::Display) -> Error {
    Error::KeyFile(format!("{}: {why}", file.display()))
}
