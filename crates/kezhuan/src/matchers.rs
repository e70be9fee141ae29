//! `kezhuan matcher`: versions of the matcher, trained on past verdicts and activated by hand.

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use db::{Clock, Db, Tx, audit};
use domain::{
    days::Day,
    matchers::{Comparison, Feature, Figures, Looks, Matcher, Version},
};
use search::{
    learning::{Example, Trained, train},
    matching::MATCHER,
};
use serde_json::json;

use crate::{
    Outcome,
    cli::{Format, MatcherArgs, MatcherCommand, TrainArgs},
    console,
    serve::open_database,
    settings::Settings,
};

pub(crate) async fn run(settings: Settings, args: MatcherArgs) -> anyhow::Result<Outcome> {
    let db = open_database(&settings).await?;
    let now = Clock::system().now();
    match args.command {
        MatcherCommand::Train(args) => learn(&db, &args, now).await?,
        MatcherCommand::List { format } => list(&db, format).await?,
        MatcherCommand::Activate { name } => activate(&db, &name, now).await?,
        MatcherCommand::Back => back(&db, now).await?,
    }
    db.close().await?;
    Ok(Outcome::Done)
}

async fn learn(db: &Db, args: &TrainArgs, now: DateTime<Utc>) -> anyhow::Result<()> {
    let since = args.since.as_deref().map(day).transpose()?;
    let present = db::matchers::active(db.read(), MATCHER).await?;
    let trained = train(&examples(db, since).await?, &present)
        .map_err(|err| anyhow!("nothing can be learned: {err}"))?;
    let name = if args.dry_run { None } else { Some(store(db, &trained, now).await?) };
    if args.format == Format::Json {
        let told = json!({
            "name": name, "weights": trained.weights, "figures": trained.figures,
        });
        console::say(&serde_json::to_string_pretty(&told)?);
    } else {
        tell(&trained);
        console::say(&match name {
            Some(name) => format!("Stored as {name}. It suggests nothing before it is activated."),
            None => "Nothing was stored.".to_owned(),
        });
    }
    Ok(())
}

fn day(raw: &str) -> anyhow::Result<DateTime<Utc>> {
    let day = Day::new(raw);
    let day =
        day.map_err(|it| anyhow!("--since {}", api::describe(&it, api::Language::English)))?;
    Ok(day.begins())
}

/// The verdicts, each of which counts for the suggestions of places like its own.
async fn examples(db: &Db, since: Option<DateTime<Utc>>) -> anyhow::Result<Vec<Example>> {
    let looks = Looks::of(&db::pairs::outcomes(db.read()).await?);
    let past = db::pairs::past(db.read(), since).await?;
    let example = |it: db::pairs::Past| Example {
        need: it.need,
        accepted: it.grade.accepts(),
        weight: looks.weight(it.explanation.position),
        parts: it.explanation.parts,
    };
    // Parts of another built-in matcher mean something else.
    let ours = |it: &db::pairs::Past| {
        let rest = it.explanation.matcher.strip_prefix(MATCHER);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    Ok(past.into_iter().filter(ours).map(example).collect())
}

async fn store(db: &Db, trained: &Trained, now: DateTime<Utc>) -> anyhow::Result<String> {
    let stored = db
        .write(async |tx: &Tx| {
            let known = db::matchers::list(tx).await?;
            let ours = known.iter().filter(|it| it.base == MATCHER).count();
            let name = format!("{MATCHER}.{}", ours + 1);
            let version = Version { name: name.clone(), weights: trained.weights.clone() };
            let figures = trained.figures.clone();
            let new = Matcher { version, base: MATCHER.to_owned(), figures, trained_at: now };
            db::matchers::insert(tx, &new).await?;
            record(tx, "train", &name, now).await?;
            Ok::<_, db::Error>(name)
        })
        .await;
    stored.context("the version was not stored")
}

async fn list(db: &Db, format: Format) -> anyhow::Result<()> {
    let active = db::matchers::active(db.read(), MATCHER).await?.name;
    let trained = db::matchers::list(db.read()).await?;
    if format == Format::Json {
        let body = |it: &Matcher| {
            json!({
                "name": it.version.name, "active": it.version.name == active,
                "weights": it.version.weights, "figures": it.figures,
                "trained_at": it.trained_at,
            })
        };
        let mut all: Vec<_> = trained.iter().map(body).collect();
        all.push(json!({ "name": MATCHER, "active": active == MATCHER }));
        console::say(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let mark = |name: &str| if name == active { "*" } else { " " };
    for it in &trained {
        let name = &it.version.name;
        console::say(&format!("{} {name}  {}", mark(name), result(&it.figures)));
    }
    console::say(&format!("{} {MATCHER}  built in", mark(MATCHER)));
    Ok(())
}

async fn activate(db: &Db, name: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let changed = db
        .write(async |tx: &Tx| {
            let changed = db::matchers::activate(tx, name, MATCHER, now).await?;
            if changed {
                record(tx, "activate", name, now).await?;
            }
            Ok::<_, db::Error>(changed)
        })
        .await;
    let changed = match changed {
        Err(db::Error::NotFound) => return Err(anyhow!("there is no version `{name}`")),
        other => other?,
    };
    console::say(&if changed {
        format!("{name} suggests from now on.")
    } else {
        format!("{name} suggests already.")
    });
    Ok(())
}

async fn back(db: &Db, now: DateTime<Utc>) -> anyhow::Result<()> {
    let name = db
        .write(async |tx: &Tx| {
            let name = db::matchers::back(tx, MATCHER, now).await?;
            if let Some(name) = &name {
                record(tx, "back", name, now).await?;
            }
            Ok::<_, db::Error>(name)
        })
        .await?;
    console::say(&match name {
        Some(name) => format!("{name} suggests from now on, as before."),
        None => format!("{MATCHER} is built in, and nothing suggested before it."),
    });
    Ok(())
}

async fn record(tx: &Tx, what: &str, name: &str, now: DateTime<Utc>) -> db::Result<()> {
    let line = audit::Line {
        detail: json!({ "matcher": name }),
        ..audit::Line::new(now, format!("command:matcher:{what}"))
    };
    audit::append(tx, line).await
}

fn tell(it: &Trained) {
    let figures = &it.figures;
    for feature in Feature::ALL {
        console::say(&format!("{:>12}  {:.3}", feature.as_str(), it.weights.of(feature)));
    }
    console::say(&format!(
        "Trained on {} verdicts, compared with {} on {} later ones (needs with both: {}).",
        figures.verdicts, figures.present, figures.later_verdicts, figures.later_needs
    ));
    console::say(&result(figures));
}

/// The figures in a line.
fn result(it: &Figures) -> String {
    let what = match it.outcome {
        Comparison::Wins => "wins",
        Comparison::Loses => "loses",
        Comparison::Undecided => "may be better or worse by chance",
        Comparison::TooFew => "cannot be judged yet: too few needs with later verdicts",
    };
    format!(
        "accepted before declined: {:.3}, was {:.3} (gain {:+.3} to {:+.3}): {what}",
        it.accuracy, it.present_accuracy, it.least_gain, it.most_gain
    )
}
