use axum::extract::State;
use db::{Db, Tx, outbox};
use domain::{
    listings::{Decision, Form, Listing, ListingId, Review, ReviewForm, Visibility},
    organisations::{OrganisationId, State as Standing},
    policy::{Object, Tie, View},
};
use serde_json::{Value, json};

use super::{ListingBody, Owners, Sight, shown};
use crate::{
    call::Call,
    changes,
    extract::{Body, IfMatch, Path},
    once::Tagged,
    problem::{Code, Problem},
};

/// A listing that was changed, as whoever changed it sees it.
pub(super) type Changed<F> = Result<Tagged<ListingBody<F>>, Problem>;

/// A listing that is about to change.
pub(super) struct Opened<F> {
    pub(super) listing: Listing<F>,
    before: Offer,
    /// The same, in codes.
    codes: Value,
    /// What the caller is told if someone else saves first.
    overtaken: Code,
}

/// What other readers get to see of a listing, and whether they do.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Offer {
    offered: bool,
    edition: Option<i32>,
    visibility: Visibility,
}

/// Changes a listing as `work` says, in one transaction with what that leaves behind.
pub(super) async fn change<F: Form>(
    db: &Db,
    call: &Call,
    (id, expected): (ListingId<F>, Option<IfMatch>),
    work: impl FnOnce(&mut Listing<F>) -> Result<(), Problem>,
) -> Changed<F> {
    let changed = db
        .write(async |tx| {
            let mut opened = open(tx, call, id, expected.as_ref()).await?;
            work(&mut opened.listing)?;
            close(tx, call, opened, json!({})).await
        })
        .await?;
    answer(db, call, &changed).await
}

/// Decides on a submission.
pub(super) async fn review<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    expected: IfMatch,
    body: Body<ReviewForm>,
) -> Changed<F> {
    let reviewer = call.member()?.person;
    let review = Review { form: body.form, reviewer, at: call.now };
    let changed = db
        .write(async |tx| {
            let mut opened = open::<F>(tx, &call, id, Some(&expected)).await?;
            // A change that may not be known is answered as if there were none.
            if Sight::of(call.principal(), &opened.listing, Tie::None).revision < View::Business {
                return Err(Problem::new(Code::WrongState));
            }
            if review.form.decision == Decision::Approve {
                vouched_for(tx, opened.listing.organisation).await?;
            }
            opened.listing.review(review.form.decision, reviewer, call.now)?;
            db::reviews::insert(tx, id.as_uuid(), &review).await?;
            close(tx, &call, opened, json!({ "decision": review.form.decision })).await
        })
        .await?;
    answer(&db, &call, &changed).await
}

/// Refuses unless the owner is still verified: it was when it submitted, which may be long ago.
async fn vouched_for(tx: &Tx, owner: OrganisationId) -> Result<(), Problem> {
    match db::organisations::get(tx, owner).await?.state() {
        Standing::Verified => Ok(()),
        Standing::Suspended => Err(Problem::new(Code::OrganisationSuspended)),
        Standing::Registered | Standing::Refused => {
            Err(Problem::new(Code::OrganisationNotVerified))
        }
    }
}

/// Deletes a draft that was never published.
pub(super) async fn remove_draft<F: Form>(
    db: &Db,
    call: &Call,
    id: ListingId<F>,
    expected: &IfMatch,
) -> Result<(), Problem> {
    db.write(async |tx| {
        let Opened { listing, .. } = open::<F>(tx, call, id, Some(expected)).await?;
        let draft = listing.state() == domain::listings::State::Draft;
        if !draft || listing.publication().is_some() {
            return Err(Problem::new(Code::WrongState));
        }
        let lost = |err| Problem::of_save(err, Code::Stale);
        db::listings::remove(tx, &listing).await.map_err(lost)?;
        let object = Some((F::KIND.as_str(), id.as_uuid()));
        let line = call.line("delete", object, json!({ "number": listing.number }));
        Ok(db::audit::append(tx, line).await?)
    })
    .await
}

/// Reads a listing that the caller may change, in the version that the caller has read.
pub(super) async fn open<F: Form>(
    tx: &Tx,
    call: &Call,
    id: ListingId<F>,
    expected: Option<&IfMatch>,
) -> Result<Opened<F>, Problem> {
    let listing = db::listings::get::<F>(tx, id).await?;
    let (_, tag) = shown(tx, call.principal(), &listing).await?;
    call.may(&Object::of(listing.organisation, listing.author))?;
    if let Some(expected) = expected {
        expected.check(&tag)?;
    }
    let before = Offer::of(&listing);
    let overtaken = if expected.is_some() { Code::Stale } else { Code::Conflict };
    let codes = codes(&listing);
    Ok(Opened { listing, before, codes, overtaken })
}

/// Saves a listing with its audit line; with an edition if one was published; and with an event
/// and a job if others now see something else. What became confidential is taken out of the hands of
/// matchmakers who may no longer read it.
pub(super) async fn close<F: Form>(
    tx: &Tx,
    call: &Call,
    opened: Opened<F>,
    mut detail: Value,
) -> Result<Listing<F>, Problem> {
    let Opened { mut listing, before, codes: was, overtaken } = opened;
    let after = Offer::of(&listing);
    let lost = |err| Problem::of_save(err, overtaken);
    db::listings::save(tx, &mut listing).await.map_err(lost)?;
    if before.edition != after.edition {
        db::listings::keep_editions(tx, std::slice::from_ref(&listing)).await?;
    }
    if after.visibility == Visibility::Confidential && before.visibility != after.visibility {
        let line = call.line("released", None, json!({}));
        db::pairs::keep_to(tx, (F::KIND, listing.id.as_uuid()), listing.matchmaker, &line).await?;
    }
    if before != after {
        outbox::announce(tx, F::KIND, listing.id.as_uuid(), call.now).await?;
    }
    let object = Some((F::KIND.as_str(), listing.id.as_uuid()));
    let what = listing.working_state().as_str();
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("changes".to_owned(), changes::between(&was, &codes(&listing)));
    }
    db::audit::append(tx, call.line(what, object, detail)).await?;
    Ok(listing)
}

/// What of a listing can be told in codes.
fn codes<F: Form>(listing: &Listing<F>) -> Value {
    json!({
        "state": listing.state(),
        "working_state": listing.working_state(),
        "visibility": listing.form().visibility(),
        "edition": listing.publication().map(|it| it.edition),
        "author": listing.author,
    })
}

/// A listing that was changed, for whoever changed it.
pub(super) async fn answer<F: Form>(db: &Db, call: &Call, listing: &Listing<F>) -> Changed<F> {
    let (sight, tag) = shown(db.read(), call.principal(), listing).await?;
    let owners = Owners::of(db.read(), [listing.organisation]).await?;
    Ok(Tagged { tag, body: ListingBody::new(listing, sight, &owners)? })
}

impl Offer {
    fn of<F: Form>(it: &Listing<F>) -> Self {
        Self {
            offered: it.is_offered(),
            edition: it.publication().map(|it| it.edition),
            visibility: it.form().visibility(),
        }
    }
}
