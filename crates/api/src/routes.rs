//! The one way to add a route: with the row of the policy table it stands under, and with what the
//! API's description says of it. A route without either cannot be written.

use axum::{
    Router,
    handler::Handler,
    http::{Method, StatusCode},
    middleware::from_fn_with_state,
    routing::{MethodFilter, on},
};
use db::Clock;
use domain::policy::Operation;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::{App, call, rates::Asked};

/// Routes on their way to becoming a router and a description.
#[derive(Debug)]
pub(crate) struct Routes {
    router: Router<App>,
    clock: Clock,
    described: Vec<Described>,
}

/// A route, as the API's description tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) operation: Operation,
    pub(crate) doc: Doc,
}

/// What the API's description says of a route.
#[derive(Clone, Debug)]
pub(crate) struct Doc {
    /// In a line: Chinese, then English.
    pub(crate) summary: (String, String),
    pub(crate) id: String,
    pub(crate) query: Vec<Parameter>,
    pub(crate) body: Option<Shape>,
    /// Whether a file goes one way or the other, instead of JSON.
    pub(crate) file: Option<Way>,
    pub(crate) status: StatusCode,
    pub(crate) answer: Option<Shape>,
    /// Whether it takes an Idempotency-Key.
    pub(crate) creates: bool,
    /// Whether it demands `If-Match`.
    pub(crate) edits: bool,
    /// Whether the answer has an `ETag`.
    pub(crate) tagged: bool,
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is the body.
    Sent,
    /// It is the answer.
    Answered,
}

/// One parameter of a query.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) schema: Shape,
    pub(crate) description: &'static str,
}

/// How to describe a type.
pub(crate) type Shape = fn(&mut SchemaGenerator) -> Schema;

impl Routes {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { router: Router::new(), clock, described: Vec::new() }
    }

    /// Adds a route.
    pub(crate) fn add<H, T>(
        mut self,
        (method, path): (Method, &str),
        operation: Operation,
        doc: Doc,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let gate = from_fn_with_state((self.clock.clone(), operation), gate);
        let route = on(filter, handler).route_layer(gate);
        self.router = self.router.route(path, route);
        self.described.push(Described { method, path: path.to_owned(), operation, doc });
        self
    }

    /// Adds all routes of another module.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.described.extend(other.described);
        self
    }

    pub(crate) fn into_parts(self) -> (Router<App>, Vec<Described>) {
        (self.router, self.described)
    }
}

/// Counts the request, and lets it on unless it is one too many.
async fn gate(
    axum::extract::State(state): axum::extract::State<(Clock, Operation)>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let asked = Asked::of(&request);
    let counted = match asked {
        Some((asked, rates)) => rates.count(asked, state.1, state.0.now()).await,
        None => None,
    };
    let Some(counted) = counted else { return call::gate(state, request, next).await };
    match counted.refusal() {
        Some(refusal) => counted.told(refusal),
        None => counted.told(call::gate(state, request, next).await),
    }
}

impl Doc {
    /// A route that answers 200. `id` names it for programs.
    pub(crate) fn new(
        id: impl Into<String>,
        chinese: impl Into<String>,
        english: impl Into<String>,
    ) -> Self {
        Self {
            summary: (chinese.into(), english.into()),
            id: id.into(),
            query: Vec::new(),
            body: None,
            file: None,
            status: StatusCode::OK,
            answer: None,
            creates: false,
            edits: false,
            tagged: false,
        }
    }

    /// It takes a body.
    pub(crate) fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// It answers with a body.
    pub(crate) fn answers<T: JsonSchema>(self) -> Self {
        Self { answer: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// It takes a file as its body.
    pub(crate) fn sends_bytes(self) -> Self {
        Self { file: Some(Way::Sent), ..self }
    }

    /// It answers with a file.
    pub(crate) fn answers_bytes(self) -> Self {
        Self { file: Some(Way::Answered), ..self }
    }

    /// It makes something new: it answers 201, and takes an Idempotency-Key.
    pub(crate) fn creates(self) -> Self {
        Self { status: StatusCode::CREATED, creates: true, ..self }
    }

    /// It answers with no body.
    pub(crate) fn answers_nothing(self) -> Self {
        Self { status: StatusCode::NO_CONTENT, answer: None, ..self }
    }

    /// It demands `If-Match`.
    pub(crate) fn edits(self) -> Self {
        Self { edits: true, ..self }
    }

    /// The answer has an `ETag`.
    pub(crate) fn tagged(self) -> Self {
        Self { tagged: true, ..self }
    }

    /// It takes a parameter in the query.
    pub(crate) fn query<T: JsonSchema>(
        mut self,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        self.query.push(Parameter {
            name,
            schema: SchemaGenerator::subschema_for::<T>,
            description,
        });
        self
    }

    /// It answers with a page: `limit` and `cursor`.
    pub(crate) fn paged(self) -> Self {
        self.query::<domain::form::Whole<1, 100>>(
            "limit",
            "每页条数，默认 20 · entries a page, 20 if not given",
        )
        .query::<String>("cursor", "上一页的 next · `next` of the page before")
    }
}
