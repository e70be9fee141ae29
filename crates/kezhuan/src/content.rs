//! Listings from files: rows, what they say, and how they get into the store.

use std::collections::HashMap;

use anyhow::bail;
use chrono::{DateTime, Utc};
use db::{Tx, audit, outbox};
use domain::{
    Faults,
    days::Day,
    form,
    listings::{Form, Kind, Listing, ListingId, Number, Origin, State},
    organisations::{Action, Organisation, OrganisationId, Profile},
    people::PersonId,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

mod csv_rows;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use rows::{BadRow, Row, read};

/// A row that can be stored.
#[derive(Clone, Debug)]
pub(crate) struct Prepared<F> {
    pub(crate) line: u64,
    /// What the other system calls it.
    pub(crate) external_id: Option<String>,
    /// The number of the organisation the row names, with its name and kind if given.
    pub(crate) organisation: Option<NamedOrganisation>,
    pub(crate) form: F,
}

/// An organisation as a row or an option names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedOrganisation {
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    pub(crate) kind: String,
}

/// How far rows are brought when they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Draft,
    Submitted,
    Published,
}

/// Under which circumstances rows are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    /// The prefix of listing numbers.
    pub(crate) prefix: &'a str,
    /// Who answers for it.
    pub(crate) by: PersonId,
    pub(crate) organisation: OrganisationId,
    /// The matchmaker who is responsible for what is published.
    pub(crate) keeper: Option<PersonId>,
    pub(crate) stage: Stage,
    pub(crate) now: DateTime<Utc>,
}

/// What became of some rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) new: u64,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    /// Rows whose listings cannot be changed now.
    pub(crate) bad: Vec<BadRow>,
}

impl<F: Form> Prepared<F> {
    /// Reads a row.
    pub(crate) fn new(row: Row) -> Result<Self, BadRow> {
        let Row { line, mut fields } = row;
        let mut text = |name: &str| match fields.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text).filter(|it| !it.trim().is_empty()),
            Some(other) => Some(other.to_string()),
        };
        let external_id = text("id");
        let (number, name) = (text("organisation"), text("organisation_name"));
        let kind = text("organisation_kind").unwrap_or_else(|| "other".into());
        let organisation = number.map(|number| NamedOrganisation { number, name, kind });
        if let Some(body) = fields.remove("body") {
            fields.entry(body_field(F::KIND)).or_insert(body);
        }
        let bad = |faults: Faults| BadRow::new(line, &faults);
        let form = form::read::<F>(&Value::Object(fields)).map_err(bad)?;
        if form.card().title.is_empty() {
            return Err(bad(Faults::one("/title", domain::Fault::Missing)));
        }
        Ok(Self { line, external_id, organisation, form })
    }
}

/// The field that `body` stands for.
const fn body_field(kind: Kind) -> &'static str {
    match kind {
        Kind::Need => "problem",
        Kind::Achievement => "description",
    }
}

/// Stores rows of one organisation, together with what that leaves for others to do. Rows that are
/// there already, under the same external id, are changed instead of doubled.
pub(crate) async fn store<F: Form>(
    tx: &Tx,
    rows: Vec<Prepared<F>>,
    how: Circumstances<'_>,
) -> anyhow::Result<Stored> {
    let ids: Vec<&str> = rows.iter().filter_map(|it| it.external_id.as_deref()).collect();
    let found = db::listings::by_external_id::<F>(tx, how.organisation, &ids).await?;
    let mut found: HashMap<String, Listing<F>> =
        found.into_iter().filter_map(|it| Some((it.external_id.clone()?, it))).collect();
    let mut stored = Stored::default();
    let (mut changed, mut fresh) = (Vec::new(), Vec::new());
    for row in rows {
        match row.external_id.as_ref().and_then(|it| found.remove(it)) {
            Some(listing) if stands(&listing, &row.form, how.stage) => stored.unchanged += 1,
            Some(listing) => changed.push((listing, row)),
            None => fresh.push(row),
        }
    }
    stored.new = count(fresh.len());
    let mut published = change_all(tx, changed, how, &mut stored).await?;
    published.extend(insert_all(tx, fresh, how).await?);
    if !published.is_empty() {
        outbox::announce_many(tx, F::KIND, &published, how.now).await?;
    }
    Ok(stored)
}

/// Whether a listing says this already, where it is to say it.
fn stands<F: Form>(listing: &Listing<F>, form: &F, stage: Stage) -> bool {
    let there = stage != Stage::Published
        || matches!(listing.working_state(), State::Published | State::Paused);
    there && listing.working_copy() == form
}

/// Changes listings, and tells which of them readers now see changed. One that cannot be changed
/// makes its row a bad one; the others go on.
async fn change_all<F: Form>(
    tx: &Tx,
    changed: Vec<(Listing<F>, Prepared<F>)>,
    how: Circumstances<'_>,
    stored: &mut Stored,
) -> anyhow::Result<Vec<Uuid>> {
    let mut published = Vec::new();
    let mut lines = Vec::with_capacity(changed.len());
    for (mut listing, row) in changed {
        if listing.edit(row.form, how.now).is_err() {
            let (number, state) = (&listing.number, listing.working_state().as_str());
            let why = format!("id: {number} is {state} and cannot be changed by an import now");
            stored.bad.push(BadRow::because(row.line, why));
            continue;
        }
        stored.changed += 1;
        advance(&mut listing, how)?;
        db::listings::save(tx, &mut listing).await?;
        if how.stage == Stage::Published {
            db::listings::keep_editions(tx, std::slice::from_ref(&listing)).await?;
            published.push(listing.id.as_uuid());
        }
        lines.push(line(&listing, "change", how));
    }
    if !lines.is_empty() {
        audit::append_all(tx, lines).await?;
    }
    Ok(published)
}

async fn insert_all<F: Form>(
    tx: &Tx,
    fresh: Vec<Prepared<F>>,
    how: Circumstances<'_>,
) -> anyhow::Result<Vec<Uuid>> {
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let day = Day::at(how.now);
    let numbers = db::listings::take_numbers(tx, F::KIND, day, i64::try_from(fresh.len())?).await?;
    let mut listings = Vec::with_capacity(fresh.len());
    for (row, count) in fresh.into_iter().zip(numbers) {
        let number = Number::new(how.prefix, F::KIND, day, count);
        let origin =
            Origin { organisation: how.organisation, author: how.by, external_id: row.external_id };
        let mut listing = Listing::draft(ListingId::generate(), number, origin, row.form, how.now);
        advance(&mut listing, how)?;
        listings.push(listing);
    }
    db::listings::insert_all(tx, &listings).await?;
    audit::append_all(tx, listings.iter().map(|it| line(it, "create", how)).collect()).await?;
    if how.stage != Stage::Published {
        return Ok(Vec::new());
    }
    db::listings::keep_editions(tx, &listings).await?;
    Ok(listings.iter().map(|it| it.id.as_uuid()).collect())
}

fn advance<F: Form>(listing: &mut Listing<F>, how: Circumstances<'_>) -> anyhow::Result<()> {
    match how.stage {
        Stage::Draft => {}
        Stage::Submitted => listing.submit(how.now)?,
        Stage::Published => {
            listing.matchmaker = listing.matchmaker.or(how.keeper);
            listing.publish(how.now);
        }
    }
    Ok(())
}

fn line<F: Form>(listing: &Listing<F>, what: &str, how: Circumstances<'_>) -> audit::Line {
    audit::Line {
        actor: Some(how.by),
        object: Some((F::KIND.as_str().to_owned(), listing.id.as_uuid())),
        detail: json!({ "number": listing.number, "state": listing.state() }),
        ..audit::Line::new(how.now, format!("import:{what}"))
    }
}

/// What is known of an organisation by its number, and what a row or an option adds.
pub(crate) fn profile(named: &NamedOrganisation) -> anyhow::Result<Profile> {
    let NamedOrganisation { number, name, kind } = named;
    let mut profile = Map::new();
    let shown_name = name.as_deref().unwrap_or("（未知名称）");
    for (field, value) in [("number", number.as_str()), ("name", shown_name), ("kind", kind)] {
        profile.insert(field.into(), value.into());
    }
    match form::read(&Value::Object(profile)) {
        Ok(profile) => Ok(profile),
        Err(faults) => bail!("organisation: {}", crate::console::tell(&faults).join("; ")),
    }
}

/// The organisation of this number; registered and verified by the office if it is not there yet.
pub(crate) async fn organisation(
    tx: &Tx,
    named: &NamedOrganisation,
    now: DateTime<Utc>,
) -> anyhow::Result<OrganisationId> {
    let profile = profile(named)?;
    let number = profile.number.as_str().to_owned();
    if let Some(found) = db::organisations::find(tx, &profile.number).await? {
        return Ok(found.id);
    }
    if named.name.is_none() {
        bail!("no organisation has the number {number}: give its name, and it is registered");
    }
    let mut new = Organisation::register(OrganisationId::generate(), profile, now);
    new.decide(Action::Verify, None)?;
    db::organisations::insert(tx, &new).await?;
    let line = audit::Line {
        object: Some(("organisation".into(), new.id.as_uuid())),
        detail: json!({ "number": number }),
        ..audit::Line::new(now, "command:organisation")
    };
    audit::append(tx, line).await?;
    Ok(new.id)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
