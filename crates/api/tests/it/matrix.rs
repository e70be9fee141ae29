//! The whole authorization matrix: every operation of the API's description, by everyone there is,
//! on every kind of object in every state. What is expected stands in [`table`], written down
//! apart from `domain::policy`, so that neither can be wrong alone.
//!
//! **A new operation** fails here until it is told of: its policy row in [`table::ROWS`]; if its
//! path begins with a new shelf, the objects that stand there in [`table::OBJECTS`] and how one is
//! made in [`objects::make`]; if it takes a new body, a good one in [`bodies::body`]; if it takes a
//! file, what is said of it in [`bodies::query`].

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::world::Answer;

mod bodies;
mod cast;
mod objects;
mod table;

use cast::Cast;
pub(crate) use table::ABSENT;
use table::{Expected, Row};

/// What succeeds only in the middle of signing in, where nobody here is (`second_factor.rs` does it),
/// with a link from a mail (`resets.rs`, `invitations.rs`), or with another provider (`oidc.rs` of the
/// program's tests).
const ELSEWHERE: [&str; 8] = [
    "proveSecondFactor",
    "usePasswordReset",
    "confirmMail",
    "acceptInvitation",
    "beginOidcSignIn",
    "finishOidcSignIn",
    "beginIdentityLink",
    "finishIdentityLink",
];

/// An operation, as the description tells of it.
struct Operation {
    id: String,
    method: Method,
    path: String,
    row: &'static Row,
    /// The name of the schema of its body.
    body: Option<String>,
    /// Whether its body is a file instead.
    sends_bytes: bool,
    edits: bool,
}

/// What differs from the table.
#[derive(Default)]
struct Findings {
    asked: usize,
    differences: Vec<String>,
    /// The operations that were once done with success.
    reached: BTreeSet<String>,
}

fn operations() -> Vec<Operation> {
    let document = api::description();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, it) in methods.as_object().unwrap() {
            let parameters = it["parameters"].as_array().unwrap();
            let schema = &it["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let id = it["operationId"].as_str().unwrap();
            all.push(Operation {
                row: table::row_of(id, it["x-policy"].as_str().unwrap()),
                id: id.to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                body: schema.as_str().map(|it| it.rsplit('/').next().unwrap().to_owned()),
                sends_bytes: it["requestBody"]["content"]["application/octet-stream"].is_object(),
                edits: parameters.iter().any(|it| it["name"] == "If-Match"),
            });
        }
    }
    all
}

/// What a path calls an object by.
const CALLED: [&str; 2] = ["{id}", "{name}"];

/// The shelf an operation's objects stand on: the path before `{id}` or `{name}`.
fn shelf(path: &str) -> Option<&str> {
    CALLED.iter().find_map(|it| path.split_once(&format!("/{it}"))).map(|it| it.0)
}

/// The path of one object.
fn path_of(operation: &Operation, id: &str) -> String {
    CALLED.iter().fold(operation.path.clone(), |path, it| path.replace(it, id))
}

/// Asks everyone to do everything of one part of the API, and compares with the table.
async fn compare(part: impl Fn(&Operation) -> bool) -> Findings {
    let cast = Cast::new().await;
    let mut findings = Findings::default();
    for operation in operations().iter().filter(|it| part(it)) {
        match shelf(&operation.path) {
            None => on_nothing(&cast, operation, &mut findings).await,
            Some(shelf) => {
                for object in table::objects(shelf) {
                    on_object(&cast, operation, object, &mut findings).await;
                }
            }
        }
    }
    findings
}

async fn on_nothing(cast: &Cast, operation: &Operation, findings: &mut Findings) {
    let path = operation.path.replace("{table}", "grade");
    for who in table::EVERYONE {
        let expected = table::expected(operation.row, who, None);
        let tag = if operation.edits { tag(cast, who, &path).await } else { None };
        let answer = ask(cast, operation, who, (&path, tag)).await;
        findings.hold(operation, (who, "-"), (expected, &answer));
        if changed(operation, &answer) {
            cast.revive(who).await;
        }
    }
}

async fn on_object(
    cast: &Cast,
    operation: &Operation,
    object: &'static table::Object,
    findings: &mut Findings,
) {
    let mut id = objects::make(cast, object.name).await;
    let mut absent_by_role: BTreeMap<&str, Value> = BTreeMap::new();
    for who in table::EVERYONE {
        let expected = table::expected(operation.row, who, Some(object));
        let path = path_of(operation, &id);
        let tag = if operation.edits { tag(cast, who, &path).await } else { None };
        let answer = ask(cast, operation, who, (&path, tag)).await;
        findings.hold(operation, (who, object.name), (expected, &answer));
        if answer.status == StatusCode::NOT_FOUND && !absent_by_role.contains_key(who) {
            let nowhere = path_of(operation, ABSENT);
            let absent = ask(cast, operation, who, (&nowhere, Some("\"0-x\"".into()))).await;
            absent_by_role.insert(who, told(&absent));
        }
        if answer.status == StatusCode::NOT_FOUND && absent_by_role.get(who) != Some(&told(&answer))
        {
            findings.note(operation, (who, object.name), "is answered unlike what does not exist");
        }
        if changed(operation, &answer) {
            cast.revive(who).await;
            id = objects::make(cast, object.name).await;
        }
    }
}

/// Whether something may be different now.
fn changed(operation: &Operation, answer: &Answer) -> bool {
    !operation.method.is_safe() && answer.status.is_success()
}

/// The tag of what a change is to be made to, as that reader sees it; something stale otherwise.
async fn tag(cast: &Cast, who: &str, path: &str) -> Option<String> {
    let mut parts = path.split('/').skip(1);
    let shelf = parts.next()?;
    let read = parts.next().map_or_else(|| path.to_owned(), |id| format!("/{shelf}/{id}"));
    let read = cast.world.get(cast.someone(who), &read).await;
    let tag = read.headers.get("etag").and_then(|it| it.to_str().ok());
    Some(tag.unwrap_or("\"0-x\"").to_owned())
}

async fn ask(
    cast: &Cast,
    operation: &Operation,
    who: &str,
    (path, tag): (&str, Option<String>),
) -> Answer {
    let body = operation.body.as_deref().map(|it| bodies::body(cast, (it, path)));
    let headers: Vec<(&str, &str)> =
        tag.as_deref().map(|it| ("if-match", it)).into_iter().collect();
    let someone = cast.someone(who);
    if operation.sends_bytes {
        let at = format!("/api/v1{path}?{}", bodies::query(&operation.id));
        return cast.world.send_file(someone, &at, bodies::FILE).await;
    }
    cast.world.call(someone, (operation.method.clone(), path), &headers, body).await
}

/// A refusal, without what names the request.
fn told(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    body
}

impl Findings {
    fn hold(
        &mut self,
        operation: &Operation,
        (who, object): (&str, &str),
        (expected, answer): (Expected, &Answer),
    ) {
        self.asked += 1;
        let status = answer.status.as_u16();
        if answer.status.is_success() {
            self.reached.insert(operation.id.clone());
        }
        let refused = [401, 403, 404].contains(&status) || status >= 500;
        let agrees = match expected {
            Expected::Refused(expected) => status == expected,
            Expected::Allowed => !refused,
        };
        if !agrees {
            let what = format!("{expected:?} expected, {status} {} told", answer.code());
            self.note(operation, (who, object), &what);
        }
        let view = answer.body["view"].as_str();
        if let (Some(view), true) = (view, operation.method.is_safe()) {
            let expected = table::view(who, object);
            if expected != view {
                let what = format!("{expected} expected to be seen, {view} shown");
                self.note(operation, (who, object), &what);
            }
        }
    }

    fn note(&mut self, operation: &Operation, (who, object): (&str, &str), what: &str) {
        let Operation { id, method, path, .. } = operation;
        self.differences.push(format!("{id} ({method} {path}) by {who} on {object}: {what}"));
    }

    /// Fails if anything differs, or was never done with success, or too little was asked.
    fn conclude(self, least: usize, part: impl Fn(&Operation) -> bool) {
        let Self { asked, mut differences, reached } = self;
        let all = operations().into_iter().filter(|it| part(it)).map(|it| it.id);
        let all = all.filter(|it| !ELSEWHERE.contains(&it.as_str()));
        differences.extend(
            all.filter(|it| !reached.contains(it)).map(|it| format!("{it}: never succeeded")),
        );
        let told = differences.join("\n");
        assert!(differences.is_empty(), "{} differences of {asked}:\n{told}", differences.len());
        assert!(asked >= least, "only {asked} requests");
    }
}

fn on(shelf_name: &'static str) -> impl Fn(&Operation) -> bool {
    move |it| shelf(&it.path) == Some(shelf_name)
}

fn elsewhere(it: &Operation) -> bool {
    !["/needs", "/achievements"].contains(&shelf(&it.path).unwrap_or_default())
}

#[tokio::test]
async fn everyone_may_do_to_needs_what_the_table_says() {
    compare(on("/needs")).await.conclude(3000, on("/needs"));
}

#[tokio::test]
async fn everyone_may_do_to_achievements_what_the_table_says() {
    compare(on("/achievements")).await.conclude(1000, on("/achievements"));
}

#[tokio::test]
async fn everyone_may_do_elsewhere_what_the_table_says() {
    compare(elsewhere).await.conclude(500, elsewhere);
}
