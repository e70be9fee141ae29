use std::marker::PhantomData;

use axum::{Json, extract::State, http::Method};
use db::Db;
use domain::{
    listings::{Decision, Form, Listing, Review, Rubric},
    policy::{self, Act, ListingFacts, Object, View},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    Extent, Names, Reading,
    body::{facts, pruned},
    op, shown,
};
use crate::{
    Answer,
    call::Call,
    extract::Path,
    moment::Moment,
    page::Listed,
    problem::{Code, Problem},
    routes::Routes,
};

/// Adds the routes that tell what a listing said, and what was said of it.
pub(super) fn add_routes<F: Form>(routes: Routes, one: &str, names: Names) -> Routes {
    routes
        .add(
            (Method::GET, &format!("{one}/editions")),
            op::<F>(Act::Read),
            names
                .doc(
                    "listEditionsOf",
                    "历次发布的版本",
                    "Every published edition, the newest first",
                )
                .answers::<Listed<EditionBody<F>>>(),
            editions::<F>,
        )
        .add(
            (Method::GET, &format!("{one}/reviews")),
            op::<F>(Act::ReadReviews),
            names
                .doc("listReviewsOf", "审核意见", "What reviewers said, the newest first")
                .answers::<Listed<ReviewBody>>(),
            reviews::<F>,
        )
}

/// An edition that was published.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "EditionOf{F}")]
struct EditionBody<F> {
    /// Its number, from 1.
    edition: i32,
    published_at: Moment,
    /// What it said, as far as this reader may see it.
    #[schemars(with = "F")]
    form: Value,
    #[serde(skip)]
    form_type: PhantomData<F>,
}

/// A review.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Review")]
struct ReviewBody {
    at: Moment,
    decision: Decision,
    /// What the author is told.
    reasons: String,
    /// The scores; for matchmakers.
    #[serde(skip_serializing_if = "Option::is_none")]
    rubric: Option<Rubric>,
}

/// Earlier editions show no more than the present one, nor more than they did in their time: what
/// was withdrawn or masked since is not dug out of the past, and what was confidential then does
/// not become public with the edition that took its place.
async fn editions<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Answer<Listed<EditionBody<F>>> {
    let listing = db::listings::get::<F>(db.read(), id).await?;
    let (sight, _) = shown(db.read(), call.principal(), &listing).await?;
    let view = sight.view;
    if view < View::Public {
        return Err(Problem::new(Code::Forbidden));
    }
    Reading::new().of(&call, &listing, sight, Extent::Whole).note(&db).await?;
    let editions = db::listings::editions(db.read(), id).await?;
    let then = |it: &db::listings::Edition<F>| {
        let visibility = it.form.visibility();
        let then = ListingFacts { visibility, ..facts(&listing, sight.tie) };
        view.min(policy::view(call.principal(), &then))
    };
    let editions = editions.into_iter().map(|it| (then(&it), it));
    let body = |(view, it): (View, db::listings::Edition<F>)| {
        Ok(EditionBody {
            edition: it.number,
            published_at: Moment(it.published_at),
            form: pruned(&it.form, view)?,
            form_type: PhantomData,
        })
    };
    let seen = editions.filter(|(view, _)| *view >= View::Public);
    let items = seen.map(body).collect::<Result<_, Problem>>()?;
    Ok(Json(Listed { items, next: None }))
}

async fn reviews<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Answer<Listed<ReviewBody>> {
    let listing = db::listings::get::<F>(db.read(), id).await?;
    let (sight, _) = shown(db.read(), call.principal(), &listing).await?;
    if sight.view < View::Business {
        return Err(Problem::new(Code::Forbidden));
    }
    call.may(&Object::of(listing.organisation, listing.author))?;
    Reading::new().of(&call, &listing, sight, Extent::Short).note(&db).await?;
    let staff = call.principal().role().is_some_and(domain::people::Role::is_staff);
    let body = |it: Review| ReviewBody {
        at: Moment(it.at),
        decision: it.form.decision,
        reasons: it.form.reasons.to_string(),
        rubric: staff.then_some(it.form.rubric),
    };
    let reviews = db::reviews::list(db.read(), id.as_uuid()).await?;
    Ok(Json(Listed { items: reviews.into_iter().map(body).collect(), next: None }))
}
