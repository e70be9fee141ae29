//! Attempts at proving who one is, with a bound on how many may fail.

use chrono::TimeDelta;
use db::{Tx, attempts::Attempt};
use domain::people::Person;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    App, Origin,
    call::Call,
    problem::{Code, Problem},
    secrets,
};

/// An attempt at one account, from where the call comes from.
pub(crate) fn attempt(call: &Call, login: &str) -> Attempt {
    let source = call.origin.map(Origin::client);
    let source = source.map_or_else(String::new, |it| it.to_string());
    Attempt { account: account(login), source: secrets::digest(&source) }
}

/// What stands for an account where attempts are counted. What was typed is not kept: it may be a
/// password in the wrong field.
pub fn account(login: &str) -> String {
    db::attempts::account(login)
}

/// Counts an attempt before it is made, or refuses it.
pub(crate) async fn begin(app: &App, call: &Call, attempt: &Attempt) -> Result<(), Problem> {
    let rules = (&app.identity.attempts, call.now);
    let taken = app.db.write(async |tx| db::attempts::take(tx, attempt, rules).await).await?;
    taken.map_err(|wait| Problem::later(Code::TooManyAttempts, seconds(wait)))
}

/// Whole seconds, not too few.
fn seconds(wait: TimeDelta) -> u64 {
    let whole = wait.num_seconds() + i64::from(wait.subsec_nanos() > 0);
    u64::try_from(whole).unwrap_or_default()
}

/// Notes that an attempt failed, and whether that locked the account for that source.
pub(crate) async fn failed(
    app: &App,
    call: &Call,
    (attempt, person, code): (&Attempt, Option<&Person>, Code),
) -> Result<Problem, Problem> {
    let rules = (&app.identity.attempts, call.now);
    let object: Option<(&str, Uuid)> = person.map(|it| ("person", it.id.as_uuid()));
    app.db
        .write(async |tx| {
            let locked = db::attempts::fail(tx, attempt, rules).await?;
            let line = db::audit::Line {
                outcome: db::audit::Outcome::Denied,
                reason: Some(code.name()),
                ..call.line("refused", object, serde_json::json!({ "locked": locked }))
            };
            db::audit::append(tx, line).await
        })
        .await?;
    Ok(Problem::new(code))
}

/// Takes an attempt back.
pub(crate) async fn give_back(tx: &Tx, call: &Call, attempt: &Attempt) -> Result<(), Problem> {
    Ok(db::attempts::give_back(tx, attempt, call.now).await?)
}

/// Whether a password is that of an account; `None` stands for an account that does not exist. If
/// it cannot be told for want of a place in the pool, the attempt does not count.
pub(crate) async fn password_fits(
    app: &App,
    (call, attempt): (&Call, &Attempt),
    (password, hash): (SecretString, Option<String>),
) -> Result<bool, Problem> {
    let fits = app.identity.passwords.fits(password, hash).await;
    if fits.is_err() {
        app.db.write(async |tx| give_back(tx, call, attempt).await).await?;
    }
    fits
}

/// Refuses unless the password of whoever has signed in is right: a session left open is not enough
/// to change how its owner signs in, and no place to guess.
pub(crate) async fn confirm_password(
    app: &App,
    call: &Call,
    (person, password): (&Person, SecretString),
) -> Result<bool, Problem> {
    let attempt = attempt(call, person.login.as_str());
    begin(app, call, &attempt).await?;
    let (_, hash) = db::people::find(app.db.read(), &person.login).await?.unzip();
    if password_fits(app, (call, &attempt), (password, hash)).await? {
        app.db.write(async |tx| give_back(tx, call, &attempt).await).await?;
        return Ok(true);
    }
    failed(app, call, (&attempt, Some(person), Code::WrongCredentials)).await?;
    Ok(false)
}
