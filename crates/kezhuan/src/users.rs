//! `kezhuan user`: accounts, made and kept by whoever keeps the machine. Administrators are made
//! here and nowhere else.

use std::io::Read as _;

use anyhow::{Context as _, anyhow};
use api::{Identity, Owner};
use chrono::{DateTime, Utc};
use db::{
    Clock, Db, Tx, audit,
    passwords::{By, New},
};
use domain::{
    Fault, Faults,
    passwords::{Password, Rules},
    people::{Login, Person, PersonId, Role, State},
    text::Line,
};

use crate::{
    Outcome,
    cli::{GivenPassword, UserAddArgs, UserArgs, UserCommand},
    console,
    content::{self, NamedOrganisation},
    import::Failed,
    serve::open_database,
    settings::Settings,
};

mod listing;

pub(crate) async fn run(settings: Settings, args: UserArgs) -> anyhow::Result<Outcome> {
    let db = open_database(&settings).await?;
    let identity = settings.identity()?;
    let now = Clock::system().now();
    match args.command {
        UserCommand::Add(args) => add((&db, &identity), args, now).await?,
        UserCommand::Password { login, given } => {
            set_password((&db, &identity), &login, given, now).await?;
        }
        UserCommand::Disable { login } => switch(&db, &login, State::Disabled, now).await?,
        UserCommand::Enable { login } => switch(&db, &login, State::Active, now).await?,
        UserCommand::Unlock { login } => unlock(&db, &login, now).await?,
        UserCommand::ResetSecondFactor { login } => reset_second_factor(&db, &login, now).await?,
        UserCommand::List { format } => listing::tell(&db, format, now).await?,
    }
    db.close().await?;
    Ok(Outcome::Done)
}

async fn add(
    (db, identity): (&Db, &Identity),
    args: UserAddArgs,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let login = Login::new(&args.login)
        .map_err(|it| anyhow!("LOGIN {}", api::describe(&it, api::Language::English)))?;
    let name = Line::new(&args.name)
        .map_err(|it| anyhow!("--name {}", api::describe(&it, api::Language::English)))?;
    let roles = || Role::ALL.map(Role::as_str).join(", ");
    let role = Role::named(&args.role).with_context(|| format!("--role is one of {}", roles()))?;
    let password = Chosen::new(args.password, &identity.rules)?;
    let named_so = args.organisation_name.as_deref().unwrap_or_default();
    allowed(&identity.rules.faults(&password.text, &[login.as_str(), named_so]))?;
    let hash = identity.passwords.hash(&password.text).await.map_err(refused)?;
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
        db::passwords::note(tx, person.id, (now, password.by)).await?;
        Ok::<_, Failed>(record(tx, "add", person.id, now).await?)
    });
    added.await.map_err(|it| it.0)?;
    console::say(&format!("{} ({}) was added.", login.as_str(), role.as_str()));
    password.show();
    Ok(())
}

async fn set_password(
    (db, identity): (&Db, &Identity),
    login: &str,
    given: GivenPassword,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let person = find(db, login).await?;
    let organisation = db::organisations::get(db.read(), person.organisation).await?;
    let password = Chosen::new(given, &identity.rules)?;
    let owner = Owner { person: &person, organisation: &organisation };
    let hash = identity.change(db.read(), owner, &password.text, "").await.map_err(refused)?;
    let new = New { hash: &hash, at: now, by: password.by, keep: identity.kept() };
    db.write(async |tx| {
        db::passwords::set(tx, person.id, new).await?;
        db::tokens::remove_all(tx, person.id, None).await?;
        record(tx, "password", person.id, now).await
    })
    .await?;
    console::say(&format!("{login} has a new password; sessions and tokens have ended."));
    password.show();
    Ok(())
}

/// Lets someone in or shuts them out, with what they hold.
async fn switch(db: &Db, login: &str, state: State, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut person = find(db, login).await?;
    let active = person.state == State::Active;
    person.state = state;
    let switched = db.write(async |tx| {
        if active && person.role.is_administrator() {
            let others = db::people::hold_active(tx, person.role).await?;
            if others.iter().all(|it| *it == person.id) {
                let role = person.role.as_str();
                return Err(Failed(anyhow!(
                    "{login} is the last active {role}: add another first"
                )));
            }
        }
        db::people::save(tx, &mut person).await?;
        if state == State::Disabled {
            db::tokens::remove_all(tx, person.id, None).await?;
            let line = line("released", person.id, now);
            db::pairs::let_go_all(tx, person.id, &line).await?;
        }
        Ok(record(tx, state.as_str(), person.id, now).await?)
    });
    switched.await.map_err(|it| it.0)?;
    console::say(&format!("{login} is {}.", state.as_str()));
    Ok(())
}

/// Lets an account be signed in to again from everywhere.
async fn unlock(db: &Db, login: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let person = find(db, login).await?;
    let account = api::attempts::account(person.login.as_str());
    db.write(async |tx| {
        db::attempts::unlock(tx, &account).await?;
        record(tx, "unlock", person.id, now).await
    })
    .await?;
    console::say(&format!("{login} can be signed in to from everywhere."));
    Ok(())
}

async fn reset_second_factor(db: &Db, login: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let person = find(db, login).await?;
    db.write(async |tx| {
        db::second_factors::remove(tx, person.id).await?;
        db::tokens::remove_sessions(tx, person.id, None).await?;
        record(tx, "reset_second_factor", person.id, now).await
    })
    .await?;
    console::say(&format!("{login} has no second factor; sessions have ended."));
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

/// A password that was given or made.
struct Chosen {
    text: Password,
    by: By,
    made: bool,
}

impl Chosen {
    /// From standard input, or a random one that has to be shown.
    fn new(given: GivenPassword, rules: &Rules) -> anyhow::Result<Self> {
        if !given.password_stdin {
            let text = random_password(rules)?;
            return Ok(Self { text, by: By::Another, made: true });
        }
        let mut typed = String::new();
        std::io::stdin().read_to_string(&mut typed)?;
        let text = Password::new(typed.trim_end_matches(['\r', '\n']));
        let text = text.map_err(|it| told(&[it]))?;
        let by = if given.own { By::Owner } else { By::Another };
        Ok(Self { text, by, made: false })
    }

    fn show(&self) {
        if self.made {
            console::say(&format!("Password, shown once: {}", self.text.expose()));
        }
        if self.by == By::Another {
            console::say("It must be changed at the first sign-in.");
        }
    }
}

/// Groups of four that are easy to read out, of at least 80 bits.
pub(crate) fn random_password(rules: &Rules) -> anyhow::Result<Password> {
    const LETTERS: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't',
        'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9',
    ];
    loop {
        let mut bytes = [0_u8; 64];
        getrandom::fill(&mut bytes).map_err(|it| anyhow!("no random numbers: {it}"))?;
        let letters = bytes.iter().filter_map(|it| LETTERS.get(usize::from(it % 32)));
        let letters: Vec<char> = letters.take(rules.min.max(16)).copied().collect();
        let groups: Vec<String> = letters.chunks(4).map(|it| it.iter().collect()).collect();
        let mut password = groups.join("-");
        if rules.classes == 4 {
            password.insert(0, 'K');
        }
        // Some lack a digit, and one in many millions has too few different characters.
        let password = Password::new(&password).map_err(|it| told(&[it]))?;
        if rules.faults(&password, &[]).is_empty() {
            return Ok(password);
        }
    }
}

fn allowed(faults: &[Fault]) -> anyhow::Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(told(faults)) }
}

/// What speaks against a password.
fn told(faults: &[Fault]) -> anyhow::Error {
    let words = faults.iter().map(|it| api::describe(it, api::Language::English));
    anyhow!("the password: {}", words.collect::<Vec<_>>().join("; "))
}

fn refused(problem: api::Problem) -> anyhow::Error {
    let Faults(faults) = problem.faults;
    if faults.is_empty() {
        return anyhow!("the password cannot be hashed: {:?}", problem.code);
    }
    told(&faults.into_iter().map(|it| it.fault).collect::<Vec<_>>())
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
