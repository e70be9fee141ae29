//! What waits for a matchmaker to review it.

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db, listings::Submission};
use domain::{
    Faults,
    achievements::AchievementForm,
    form::{Field, Object},
    listings::{Kind, Number},
    needs::NeedForm,
    policy::Operation,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Answer,
    call::Call,
    cursor::ById,
    extract::Query,
    listings::{Owner, Owners, Reading},
    moment::Moment,
    page::{self, Limit, Listed},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let doc = Doc::new(
        "listSubmissions",
        "待审核的需求与成果",
        "What waits for review, the listings that were begun first coming first",
    )
    .query::<Kind>("kind", "种类 · need or achievement")
    .paged();
    let at = (Method::GET, "/submissions");
    Routes::new(clock).add(at, Operation::ListSubmissions, doc.answers::<Listed<Body>>(), list)
}

/// A submission.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Submission")]
struct Body {
    kind: Kind,
    id: Uuid,
    #[schemars(with = "String")]
    number: Number,
    organisation: Owner,
    /// The title; of a change to what is published, the published one.
    title: String,
    /// Whether it changes what is published.
    is_revision: bool,
    /// When it was submitted, or last moved since.
    since: Moment,
}

async fn list(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Asked>,
) -> Answer<Listed<Body>> {
    let Asked { kind, limit, page } = asked;
    let rows = db::listings::submissions(db.read(), call.principal(), kind, page).await?;
    let of_kind = |kind| rows.iter().filter(move |it| it.kind == kind).map(|it| it.id);
    let needs: Vec<Uuid> = of_kind(Kind::Need).collect();
    let achievements: Vec<Uuid> = of_kind(Kind::Achievement).collect();
    let shown = Reading::new().titles::<NeedForm>(&db, &call, &needs).await?;
    shown.titles::<AchievementForm>(&db, &call, &achievements).await?.note(&db).await?;
    let owners = Owners::of(db.read(), rows.iter().map(|it| it.organisation)).await?;
    let body = |it: Submission| Body {
        kind: it.kind,
        id: it.id,
        number: it.number,
        organisation: owners.owner(it.organisation),
        title: it.title,
        is_revision: it.is_revision,
        since: Moment(it.since),
    };
    Ok(Json(limit.cut(rows, |it| ById(it.id).encode(), body)))
}

struct Asked {
    kind: Option<Kind>,
    limit: Limit,
    page: db::Page,
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let kind = query.optional("kind");
        let (limit, page) = page::read(&mut query);
        query.close();
        Some(Self { kind, limit, page })
    }
}
