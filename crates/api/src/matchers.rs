//! The versions of the matcher: which one suggests, and how well each does. Figures only.

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db, Tx};
use domain::{
    matchers::{Figures, Matcher, Measures, Weights, measure},
    policy::Operation,
};
use schemars::JsonSchema;
use search::matching::MATCHER;
use serde::Serialize;
use serde_json::json;

use crate::{
    Answer,
    call::Call,
    extract::Name,
    moment::Moment,
    page::Listed,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::GET, "/matchers"),
            Operation::ReadMatchers,
            Doc::new(
                "listMatchers",
                "匹配模型版本",
                "The versions of the matcher: the one that suggests first, then the newest first",
            )
            .answers::<Listed<MatcherBody>>(),
            list,
        )
        .add(
            (Method::GET, "/matchers/{name}/measures"),
            Operation::ReadMatchers,
            Doc::new(
                "measureMatcher",
                "匹配模型成效：前五准确率、覆盖率、不通过原因",
                "How well a version does: precision at 5, coverage, reasons for declining",
            )
            .answers::<Measures>(),
            read,
        )
        .add(
            (Method::POST, "/matchers/{name}/activate"),
            Operation::ActivateMatcher,
            Doc::new(
                "activateMatcher",
                "启用版本",
                "Have a version suggest, and every need matched again by it",
            )
            .answers::<MatcherBody>(),
            activate,
        )
}

/// A version of the matcher.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Matcher")]
struct MatcherBody {
    /// Its name, which every suggestion carries.
    name: String,
    /// Whether it suggests now.
    active: bool,
    /// How much each part of a score counts, 1 if not named. The built-in one has no weights.
    weights: Weights,
    /// How it did on verdicts that it had not seen; the built-in one was not trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trained_at: Option<Moment>,
}

impl MatcherBody {
    fn built_in(active: &str) -> Self {
        Self {
            name: MATCHER.to_owned(),
            active: active == MATCHER,
            weights: Weights::default(),
            figures: None,
            trained_at: None,
        }
    }

    fn trained(it: Matcher, active: &str) -> Self {
        Self {
            active: it.version.name == active,
            name: it.version.name,
            weights: it.version.weights,
            figures: Some(it.figures),
            trained_at: Some(Moment(it.trained_at)),
        }
    }
}

async fn list(State(db): State<Db>) -> Answer<Listed<MatcherBody>> {
    let active = db::matchers::active(db.read(), MATCHER).await?.name;
    let trained = db::matchers::list(db.read()).await?;
    let mut items: Vec<MatcherBody> =
        trained.into_iter().map(|it| MatcherBody::trained(it, &active)).collect();
    items.push(MatcherBody::built_in(&active));
    items.sort_by_key(|it| !it.active);
    Ok(Json(Listed { items, next: None }))
}

async fn read(State(db): State<Db>, call: Call, Name(name): Name) -> Answer<Measures> {
    let outcomes = db::pairs::outcomes(db.read()).await?;
    // What an earlier program had built in is in no table: its suggestions tell of it.
    let known = name == MATCHER || outcomes.iter().any(|it| it.matcher == name);
    if !known {
        db::matchers::get(db.read(), &name).await?;
    }
    Ok(Json(measure(&outcomes, &name, call.now)))
}

async fn activate(State(db): State<Db>, call: Call, Name(name): Name) -> Answer<MatcherBody> {
    let trained = match db::matchers::get(db.read(), &name).await {
        Ok(it) if it.base == MATCHER => Some(it),
        Ok(_) => return Err(Problem::new(Code::NotFound)),
        Err(db::Error::NotFound) if name == MATCHER => None,
        Err(err) => return Err(err.into()),
    };
    db.write(async |tx: &Tx| {
        if db::matchers::activate(tx, &name, MATCHER, call.now).await? {
            db::audit::append(tx, call.line("", None, json!({ "matcher": name }))).await?;
        }
        Ok::<_, Problem>(())
    })
    .await?;
    let body = match trained {
        Some(it) => MatcherBody::trained(it, &name),
        None => MatcherBody::built_in(&name),
    };
    Ok(Json(body))
}
