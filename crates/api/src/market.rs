//! The figures everyone may know.

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db};
use domain::{
    listings::{Kind, Visibility},
    policy::Operation,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Answer,
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let doc = Doc::new("readMarket", "市场概况", "The market in figures");
    let at = (Method::GET, "/market");
    Routes::new(clock).add(at, Operation::ReadMarket, doc.answers::<Market>(), read)
}

/// The market in figures.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct Market {
    /// Needs that everyone can read.
    needs: u64,
    /// Achievements that everyone can read.
    achievements: u64,
    /// Verified organisations.
    organisations: u64,
    /// Pairs that a matchmaker accepted.
    accepted_pairs: u64,
}

async fn read(State(db): State<Db>) -> Answer<Market> {
    let open =
        async |kind| db::listings::count_published(db.read(), kind, Some(Visibility::Public)).await;
    Ok(Json(Market {
        needs: open(Kind::Need).await?,
        achievements: open(Kind::Achievement).await?,
        organisations: db::organisations::count_verified(db.read()).await?,
        accepted_pairs: db::pairs::count_accepted(db.read()).await?,
    }))
}
