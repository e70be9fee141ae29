//! Pages for people: a client of the API.
//!
//! A page asks the API's router in process, as any program would over the network: there is one
//! place that authorizes, and whatever a page can do, a program can do too.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};

mod assets;
mod client;
mod docs;
mod home;
mod labels;
mod links;
mod listings;
mod page;
mod queries;
mod signin;

use client::Client;
use links::Page;

/// Every page; addresses that are not there are answered with a page that says so.
pub fn router(api: Router) -> Router {
    let client = Client::new(api);
    Router::new()
        .route("/", get(home::show))
        .route("/needs/{id}", get(listings::need))
        .route("/achievements/{id}", get(listings::achievement))
        .route("/signin/oidc", get(signin::show).post(signin::leave))
        .route("/signin/oidc/link", post(signin::leave_to_link))
        .route("/oidc/callback", get(signin::come_back))
        .route("/api/docs", get(docs::show))
        .merge(behind_links())
        .route("/assets/kezhuan.css", get(assets::style))
        .route("/favicon.svg", get(assets::icon))
        .fallback(page::nothing_here)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(protect))
        .with_state(client)
}

/// The longest form of a page, in bytes.
const BODY: usize = 16 * 1024;
/// The pages that links in mails lead to.
fn behind_links() -> Router<Client> {
    let pages = [("/reset", Page::Reset), ("/join", Page::Join), ("/confirm", Page::Confirm)];
    pages.into_iter().fold(Router::new(), |router, (path, page)| {
        let form = get(move |client, query| links::show(page, client, query));
        router.route(path, form.post(move |client, body| links::send(page, client, body)))
    })
}

/// Nothing from elsewhere, nothing inline, in no frame, no scripts at all. What `default-src` covers
/// is named again where examiners look for it.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      script-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// No page needs any of these.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
                           interest-cohort=()";

async fn protect(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let same = HeaderValue::from_static("same-origin");
    headers.entry(header::REFERRER_POLICY).or_insert(same);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    response
}
