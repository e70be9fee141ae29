//! `kezhuan user`: accounts, made and kept by whoever keeps the machine. Administrators are made
//! here and nowhere else.

use std::io::Read as _;

use anyhow::{Context as _, anyhow};
use api::Passwords;
use chrono::{DateTime, Utc};
use db::{Clock, Db, Page, Tx, audit};
use domain::{
    people::{Login, Password, Person, PersonId, Role, State},
    text::Line,
};
use serde_json::json;

use crate::{
    Outcome,
    cli::{Format, UserAddArgs, UserArgs, UserCommand},
    console,
    content::{self, NamedOrganisation},
    import::Failed,
    serve::open_database,
    settings::Settings,
};

pub(crate) async fn run(settings: Settings, args: UserArgs) -> anyhow::Result<Outcome> {
    let db = open_database(&settings).await?;
    let now = Clock::system().now();
    match args.command {
        UserCommand::Add(args) => add(&db, args, now).await?,
        UserCommand::Password { login, password_stdin } => {
            set_password(&db, &login, password_stdin, now).await?;
        }
        UserCommand::Disable { login } => switch(&db, &login, State::Disabled, now).await?,
        UserCommand::Enable { login } => switch(&db, &login, State::Active, now).await?,
        UserCommand::List { format } => list(&db, format).await?,
    }
    db.close().await?;
    Ok(Outcome::Done)
}

async fn add(db: &Db, args: UserAddArgs, now: DateTime<Utc>) -> anyhow::Result<()> {
    let login = Login::new(&args.login)
        .map_err(|it| anyhow!("LOGIN {}", api::describe(&it, api::Language::English)))?;
    let name = Line::new(&args.name)
        .map_err(|it| anyhow!("--name {}", api::describe(&it, api::Language::English)))?;
    let roles = || Role::ALL.map(Role::as_str).join(", ");
    let role = Role::named(&args.role).with_context(|| format!("--role is one of {}", roles()))?;
    let (password, made) = chosen(args.password_stdin)?;
    let hash = hash(&password).await?;
    let named = NamedOrganisation {
        number: args.organisation,
        name: args.organisation_name,
        kind: args.organisation_kind,
    };
    let added = db.write(async |tx| {
        let organisation = content::organisation(tx, &named, now).await?;
        let person = Person {
            id: PersonId::generate(),
            version: 0,
            organisation,
            role,
            login: login.clone(),
            name,
            state: State::Active,
            created_at: now,
        };
        match db::people::insert(tx, &person, &hash).await {
            Err(err) if err.is_taken("login") => {
                Err(Failed(anyhow!("{} exists already", login.as_str())))
            }
            other => Ok(other?),
        }?;
        Ok::<_, Failed>(record(tx, "add", person.id, now).await?)
    });
    added.await.map_err(|it| it.0)?;
    console::say(&format!("{} ({}) was added.", login.as_str(), role.as_str()));
    show(&password, made);
    Ok(())
}

async fn set_password(
    db: &Db,
    login: &str,
    from_stdin: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let person = find(db, login).await?;
    let (password, made) = chosen(from_stdin)?;
    let hash = hash(&password).await?;
    db.write(async |tx| {
        db::people::set_password(tx, person.id, &hash).await?;
        db::tokens::remove_all(tx, person.id, None).await?;
        record(tx, "password", person.id, now).await
    })
    .await?;
    console::say(&format!("{login} has a new password; sessions and tokens have ended."));
    show(&password, made);
    Ok(())
}

/// Lets someone in or shuts them out, with what they hold.
async fn switch(db: &Db, login: &str, state: State, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut person = find(db, login).await?;
    person.state = state;
    db.write(async |tx| {
        db::people::save(tx, &mut person).await?;
        if state == State::Disabled {
            db::tokens::remove_all(tx, person.id, None).await?;
            let line = line("released", person.id, now);
            db::pairs::let_go_all(tx, person.id, &line).await?;
        }
        record(tx, state.as_str(), person.id, now).await
    })
    .await?;
    console::say(&format!("{login} is {}.", state.as_str()));
    Ok(())
}

async fn list(db: &Db, format: Format) -> anyhow::Result<()> {
    let mut after = None;
    let mut people: Vec<Person> = Vec::new();
    loop {
        let page = db::people::list(db.read(), None, Page { after, limit: 500 }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.as_uuid());
        people.extend(page);
    }
    people.sort_by(|a, b| a.login.as_str().cmp(b.login.as_str()));
    let rows = people.iter().map(|it| {
        json!({
            "id": it.id, "login": it.login, "name": it.name, "role": it.role,
            "state": it.state, "organisation": it.organisation,
        })
    });
    if format == Format::Json {
        console::say(&serde_json::to_string_pretty(&rows.collect::<Vec<_>>())?);
        return Ok(());
    }
    for it in &people {
        let (login, role) = (it.login.as_str(), it.role.as_str());
        console::say(&format!("{login:<24} {role:<16} {:<10} {}", it.state.as_str(), it.name));
    }
    Ok(())
}

async fn find(db: &Db, login: &str) -> anyhow::Result<Person> {
    let parsed = Login::new(login).ok();
    let found = match parsed {
        Some(login) => db::people::find(db.read(), &login).await?,
        None => None,
    };
    let found = found.map(|(person, _)| person);
    found.with_context(|| format!("nobody signs in as {login}: `kezhuan user list` tells who does"))
}

/// A password from standard input, or a random one that has to be shown.
fn chosen(from_stdin: bool) -> anyhow::Result<(Password, bool)> {
    if !from_stdin {
        return Ok((random_password()?, true));
    }
    let mut typed = String::new();
    std::io::stdin().read_to_string(&mut typed)?;
    let password = Password::new(typed.trim_end_matches(['\r', '\n']));
    let refused = |it| anyhow!("the password {}", api::describe(&it, api::Language::English));
    Ok((password.map_err(refused)?, false))
}

/// Four groups of four that are easy to read out: 80 bits.
pub(crate) fn random_password() -> anyhow::Result<Password> {
    const LETTERS: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't',
        'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9',
    ];
    loop {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|it| anyhow!("no random numbers: {it}"))?;
        let letters = bytes.iter().filter_map(|it| LETTERS.get(usize::from(it % 32)));
        let letters: Vec<char> = letters.copied().collect();
        let groups: Vec<String> = letters.chunks(4).map(|it| it.iter().collect()).collect();
        // One in many millions has too few different characters.
        if let Ok(password) = Password::new(&groups.join("-")) {
            return Ok(password);
        }
    }
}

/// Hashes a password outside the server.
pub(crate) async fn hash(password: &Password) -> anyhow::Result<String> {
    let failed = |it: api::Problem| anyhow!("the password cannot be hashed: {:?}", it.code);
    Passwords::new(1).map_err(failed)?.hash(password).await.map_err(failed)
}

fn show(password: &Password, made: bool) {
    if made {
        console::say(&format!("Password, shown once: {}", password.expose()));
    }
}

async fn record(tx: &Tx, what: &str, person: PersonId, now: DateTime<Utc>) -> db::Result<()> {
    audit::append(tx, line(what, person, now)).await
}

fn line(what: &str, person: PersonId, now: DateTime<Utc>) -> audit::Line {
    audit::Line {
        object: Some(("person".into(), person.as_uuid())),
        ..audit::Line::new(now, format!("command:user:{what}"))
    }
}
