//! The marketplace over HTTP: routes, callers, problems and the description of it all.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::FromRef,
    http::{HeaderValue, header},
    response::IntoResponse as _,
    routing::get,
};
use db::{Clock, Db};
use search::Engine;

mod achievements;
mod applications;
mod attachments;
pub mod attempts;
mod audit;
pub mod audit_sheet;
mod call;
mod changes;
mod codes;
mod consents;
mod cookies;
mod cross_site;
mod cursor;
mod denials;
mod emergencies;
mod erasures;
mod exports;
mod extract;
mod files;
mod grants;
mod health;
mod identities;
mod identity;
mod introductions;
mod invitations;
mod json;
mod language;
mod layers;
mod listings;
mod mail_addresses;
mod market;
mod matchers;
mod me;
mod moment;
mod needs;
mod notices;
mod oidc;
mod once;
mod openapi;
mod organisations;
mod origin;
pub mod outside;
mod page;
mod pairs;
mod people;
mod problem;
mod rates;
mod resets;
mod routes;
mod search_box;
mod second_factor;
pub mod secrets;
mod sessions;
mod submissions;
mod thesaurus;
mod tokens;

pub use cookies::Cookies;
pub use files::{Files, Proofs, Rules, Scanner};
pub use identity::{Identity, Owner, SecondFactor, Sessions};
pub use language::{Language, describe};
pub use layers::Limits;
pub use oidc::{Provider, Terms};
pub use origin::Origin;
pub use problem::{Code, Problem};
pub use rates::Paces;
pub use secrets::Passwords;

use routes::Routes;

/// What the handlers share.
#[derive(Clone, Debug, FromRef)]
pub struct App {
    /// The store.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The index.
    pub engine: Engine,
    /// How people prove who they are.
    pub identity: Identity,
    /// How much a request may take.
    pub limits: Limits,
    /// The files of attachments.
    pub files: Files,
    /// The office that runs the market.
    pub office: Office,
}

/// The office that runs the market.
#[derive(Clone, Debug)]
pub struct Office {
    /// What the numbers of its listings begin with, such as `GP`.
    pub prefix: Arc<str>,
    /// How many days the two sides of an introduction have to answer.
    pub answer_days: i64,
}

/// Every route, under `/api`, `/healthz` and `/readyz`. Addresses under `/api` that are not there
/// are answered here; others are left to whoever comes after.
pub fn router(app: App) -> Router {
    let (v1, described) = v1(app.clock.clone()).into_parts();
    let (beside, _) = health::routes(app.clock.clone()).into_parts();
    let description: Arc<str> = openapi::document(&described).to_string().into();
    let described = move || {
        let json = HeaderValue::from_static("application/json");
        let fresh = HeaderValue::from_static("no-cache");
        let headers = [(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, fresh)];
        std::future::ready((headers, description.to_string()).into_response())
    };
    let api = Router::new()
        .nest("/v1", v1)
        .route("/openapi.json", get(described))
        .fallback(layers::nothing_here);
    let all = Router::new().nest("/api", api).merge(beside);
    layers::around(all, &app).with_state(app)
}

/// The description of the API (OpenAPI 3.1).
pub fn description() -> serde_json::Value {
    openapi::document(&v1(Clock::system()).into_parts().1)
}

/// Every route under `/api/v1`: the whole of the API on one page.
fn v1(clock: Clock) -> Routes {
    Routes::new(clock.clone())
        .merge(market::routes(clock.clone()))
        .merge(codes::routes(clock.clone()))
        .merge(search_box::routes(clock.clone()))
        .merge(sessions::routes(clock.clone()))
        .merge(oidc::routes(clock.clone()))
        .merge(me::routes(clock.clone()))
        .merge(second_factor::routes(clock.clone()))
        .merge(identities::routes(clock.clone()))
        .merge(resets::routes(clock.clone()))
        .merge(mail_addresses::routes(clock.clone()))
        .merge(notices::routes(clock.clone()))
        .merge(tokens::routes(clock.clone()))
        .merge(consents::routes(clock.clone()))
        .merge(exports::routes(clock.clone()))
        .merge(erasures::routes(clock.clone()))
        .merge(organisations::routes(clock.clone()))
        .merge(people::routes(clock.clone()))
        .merge(invitations::routes(clock.clone()))
        .merge(applications::routes(clock.clone()))
        .merge(grants::routes(clock.clone()))
        .merge(emergencies::routes(clock.clone()))
        .merge(needs::routes(clock.clone()))
        .merge(achievements::routes(clock.clone()))
        .merge(attachments::routes(clock.clone()))
        .merge(submissions::routes(clock.clone()))
        .merge(pairs::routes(clock.clone()))
        .merge(introductions::routes(clock.clone()))
        .merge(thesaurus::routes(clock.clone()))
        .merge(matchers::routes(clock.clone()))
        .merge(audit::routes(clock))
}

/// A JSON body, as an answer.
type Answer<T> = Result<Json<T>, Problem>;
