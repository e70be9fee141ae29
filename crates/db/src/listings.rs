//! Stored needs and achievements, their editions and their numbers.

use std::ops::Range;

use chrono::{DateTime, Utc};
use domain::{
    days::Day,
    listings::{Form, Kind, Listing, ListingId, Number, State, Visibility},
    organisations::OrganisationId,
    policy::Principal,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{Conn, Error, Page, Result, Tx, error::unknown, outbox::counter};

mod forgetting;
pub(crate) mod row;
mod visible;

pub(crate) use forgetting::forget_contact;
pub(crate) use visible::{known_afterwards, owned_by, readable_by_matchmaker, visible_to};

/// Which listings of a kind are asked for; what is `None` or empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub organisation: Option<OrganisationId>,
    /// In one of these states.
    pub states: Vec<State>,
}

/// An edition that was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Edition<F> {
    /// Its number, from 1.
    pub number: i32,
    /// What it said.
    pub form: F,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// Whether the listings of an organisation rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// The organisation is suspended.
    Suspended,
    /// It is not.
    Offered,
}

/// What there is to review: the listing, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Which kind of listing.
    pub kind: Kind,
    /// Which listing.
    pub id: Uuid,
    /// The number people use.
    pub number: Number,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// What it is called now; of a change to what is published, what is published.
    pub title: String,
    /// Whether it changes what is published.
    pub is_revision: bool,
    /// When it was submitted, or last moved since.
    pub since: DateTime<Utc>,
}

/// The listing of this id.
pub async fn get<F: Form>(conn: &impl Conn, id: ListingId<F>) -> Result<Listing<F>> {
    let row = row::Entity::find_by_id(id.as_uuid())
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .one(conn)
        .await?;
    row.ok_or(Error::NotFound)?.open(conn.keys())
}

/// Several listings, in no order; those that do not exist or cannot be read are left out.
pub async fn several<F: Form>(conn: &impl Conn, ids: &[Uuid]) -> Result<Vec<Listing<F>>> {
    let rows = row::Entity::find()
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .all(conn)
        .await?;
    readable(conn, rows)
}

/// The listings that some rows hold. One that cannot be read, since a rule was tightened or a code
/// dropped, is logged and left out: it must not keep everything else from being found and matched.
fn readable<F: Form>(conn: &impl Conn, rows: Vec<row::Model>) -> Result<Vec<Listing<F>>> {
    let mut listings = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        match row.open(conn.keys()) {
            Ok(listing) => listings.push(listing),
            Err(Error::Corrupt(what)) => tracing::error!(%id, what, "a listing cannot be read"),
            Err(err) => return Err(err),
        }
    }
    Ok(listings)
}

/// The listings of a kind that `reader` may know of, the newest first.
pub async fn list<F: Form>(
    conn: &impl Conn,
    reader: &Principal,
    filter: &Filter,
    page: Page,
) -> Result<Vec<Listing<F>>> {
    let mut query = row::Entity::find()
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .filter(visible_to(reader))
        .order_by_desc(row::Column::Id)
        .limit(page.limit);
    if let Some(organisation) = filter.organisation {
        query = query
            .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
            .filter(visible::owner_known_to(reader));
    }
    if !filter.states.is_empty() {
        let states = filter.states.iter().map(|it| it.as_str());
        query = query.filter(row::Column::State.is_in(states));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// A part of all published listings of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<F> {
    /// Those that can be read.
    pub listings: Vec<Listing<F>>,
    /// Where the next part begins; nothing after the last.
    pub last: Option<Uuid>,
}

/// Published listings of a kind whoever may see them, ordered by id: to build an index from.
pub async fn all<F: Form>(conn: &impl Conn, after: Option<Uuid>, limit: u64) -> Result<Part<F>> {
    let mut query = row::Entity::find()
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .filter(row::Column::State.eq(State::Published.as_str()))
        .filter(row::Column::Suspended.eq(false))
        .order_by_asc(row::Column::Id)
        .limit(limit);
    if let Some(after) = after {
        query = query.filter(row::Column::Id.gt(after));
    }
    let rows = query.all(conn).await?;
    let last = rows.last().map(|it| it.id);
    Ok(Part { listings: readable(conn, rows)?, last })
}

/// How many listings of a kind are published, on all shelves or openly.
pub async fn count_published(
    conn: &impl Conn,
    kind: Kind,
    visibility: Option<Visibility>,
) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    let mut query = row::Entity::find()
        .filter(row::Column::Kind.eq(kind.as_str()))
        .filter(row::Column::State.eq(State::Published.as_str()))
        .filter(row::Column::Suspended.eq(false));
    if let Some(visibility) = visibility {
        query = query.filter(row::Column::Visibility.eq(visibility.as_str()));
    }
    Ok(query.count(conn).await?)
}

/// What `reviewer` may review, what was begun first coming first. Listings of the reviewer's own
/// organisation are left out.
pub async fn submissions(
    conn: &impl Conn,
    reviewer: &Principal,
    kind: Option<Kind>,
    page: Page,
) -> Result<Vec<Submission>> {
    let own = reviewer.member().map(|it| it.organisation.as_uuid());
    let mut query = row::Entity::find()
        .filter(row::Column::WorkingState.eq(State::Submitted.as_str()))
        .filter(visible_to(reviewer))
        .order_by_asc(row::Column::Id)
        .limit(page.limit);
    if let Some(own) = own {
        query = query.filter(row::Column::OrganisationId.ne(own));
    }
    if let Some(kind) = kind {
        query = query.filter(row::Column::Kind.eq(kind.as_str()));
    }
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.gt(after));
    }
    query.all(conn).await?.into_iter().map(|it| it.open_submission(conn.keys())).collect()
}

/// The published listings of a kind whose last day is before `today`.
pub async fn overdue<F: Form>(conn: &impl Conn, today: Day, limit: u64) -> Result<Vec<Listing<F>>> {
    let expiring = [State::Published, State::Paused].map(State::as_str);
    let rows = row::Entity::find()
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .filter(row::Column::State.is_in(expiring))
        .filter(row::Column::ValidUntil.lt(today.0))
        .limit(limit)
        .all(conn)
        .await?;
    readable(conn, rows)
}

/// The listings of an organisation by what another system calls them.
pub async fn by_external_id<F: Form>(
    conn: &impl Conn,
    organisation: OrganisationId,
    external_ids: &[&str],
) -> Result<Vec<Listing<F>>> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .filter(row::Column::ExternalId.is_in(external_ids.iter().copied()))
        .all(conn)
        .await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Takes the next `count` numbers of a kind and day, for listings stored in the same transaction.
pub async fn take_numbers(tx: &Tx, kind: Kind, day: Day, count: i64) -> Result<Range<i64>> {
    let name = format!("{kind}-{}", day.0);
    let first = counter::ActiveModel { name: Set(name.clone()), last: Set(count) };
    let add = Expr::col((counter::Entity, counter::Column::Last));
    let add = sea_orm::sea_query::ExprTrait::add(add, count);
    counter::Entity::insert(first)
        .on_conflict(
            OnConflict::column(counter::Column::Name).value(counter::Column::Last, add).to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    let row = counter::Entity::find_by_id(name).one(tx).await?;
    let last = row.ok_or_else(|| unknown("counters.last"))?.last;
    Ok(last - count + 1..last + 1)
}

/// Stores a new listing; [`Error::Taken`] if its external id is.
pub async fn insert<F: Form>(tx: &Tx, new: &Listing<F>) -> Result<()> {
    insert_all(tx, std::slice::from_ref(new)).await
}

/// Stores new listings.
pub async fn insert_all<F: Form>(tx: &Tx, new: &[Listing<F>]) -> Result<()> {
    let rows: Vec<row::ActiveModel> =
        new.iter().map(|it| row::columns(it, tx.keys())).collect::<Result<_>>()?;
    row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves a listing that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save<F: Form>(tx: &Tx, changed: &mut Listing<F>) -> Result<()> {
    let mut row = row::columns(changed, tx.keys())?;
    row.version = Set(changed.version + 1);
    let done = row::Entity::update_many()
        .set(row)
        .filter(row::Column::Id.eq(changed.id.as_uuid()))
        .filter(row::Column::Version.eq(changed.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::Stale);
    }
    changed.version += 1;
    Ok(())
}

/// Stops offering everything that is an organisation's, or offers it again. Tells what is published
/// of a kind, for the indexes.
pub async fn suspend(tx: &Tx, owner: OrganisationId, rest: Rest) -> Result<Vec<(Kind, Uuid)>> {
    let all = || row::Entity::find().filter(row::Column::OrganisationId.eq(owner.as_uuid()));
    row::Entity::update_many()
        .col_expr(row::Column::Suspended, Expr::value(rest == Rest::Suspended))
        .filter(row::Column::OrganisationId.eq(owner.as_uuid()))
        .exec(tx)
        .await?;
    let offered = all()
        .select_only()
        .columns([row::Column::Kind, row::Column::Id])
        .filter(row::Column::State.eq(State::Published.as_str()))
        .into_tuple::<(String, Uuid)>()
        .all(tx)
        .await?;
    let known = |(kind, id): (String, Uuid)| {
        let kind = Kind::named(&kind).ok_or_else(|| unknown("listings.kind"))?;
        Ok((kind, id))
    };
    offered.into_iter().map(known).collect()
}

/// Removes a draft that was never published, or fails as [`Error::Stale`].
pub async fn remove<F: Form>(tx: &Tx, draft: &Listing<F>) -> Result<()> {
    crate::reviews::remove_all(tx, draft.id.as_uuid()).await?;
    crate::readers::remove_all(tx, draft.id.as_uuid()).await?;
    crate::attachments::remove_all(tx, F::KIND, draft.id.as_uuid()).await?;
    let done = row::Entity::delete_many()
        .filter(row::Column::Id.eq(draft.id.as_uuid()))
        .filter(row::Column::Version.eq(draft.version))
        .filter(row::Column::Edition.eq(0))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 { Err(Error::Stale) } else { Ok(()) }
}

/// Keeps the present edition of published listings, for good.
pub async fn keep_editions<F: Form>(tx: &Tx, published: &[Listing<F>]) -> Result<()> {
    let mut rows = Vec::with_capacity(published.len());
    for listing in published {
        let Some(publication) = listing.publication() else { continue };
        let place = row::edition::Model::place(listing.id.as_uuid(), publication.edition);
        rows.push(row::edition::ActiveModel {
            listing_id: Set(listing.id.as_uuid()),
            edition: Set(publication.edition),
            form: Set(row::seal_form(tx.keys(), &place, listing.form())?),
            published_at: Set(publication.at),
        });
    }
    row::edition::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// A listing's published editions, the newest first.
pub async fn editions<F: Form>(conn: &impl Conn, id: ListingId<F>) -> Result<Vec<Edition<F>>> {
    let rows = row::edition::Entity::find()
        .filter(row::edition::Column::ListingId.eq(id.as_uuid()))
        .order_by_desc(row::edition::Column::Edition)
        .all(conn)
        .await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}
