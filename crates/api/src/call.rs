//! One call of one operation, by one caller, at one moment.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use db::{audit, tokens::TokenId};
use domain::{
    people::{self, PersonId},
    policy::{Member, Object, Operation, Principal},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    App, Origin,
    problem::{Code, Problem},
    secrets,
};

/// What a handler knows of the call it answers. The operation was given with the route, and the
/// caller was found to be one of those to whom it is ever granted.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Who asks.
    pub(crate) caller: Arc<Caller>,
    /// The moment of the call: there is one, however long it takes.
    pub(crate) now: DateTime<Utc>,
    /// Names the call in logs and answers.
    pub(crate) request_id: Arc<str>,
    /// Where it comes from, if over a connection.
    pub(crate) origin: Option<Origin>,
    operation: Operation,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// As far as rights are concerned.
    pub(crate) principal: Principal,
    /// The token that proved it.
    pub(crate) token: Option<TokenId>,
}

/// The id that names a request in logs and answers.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

impl Call {
    /// Refuses unless the caller may do this to that. What may not even be known to the caller has
    /// to be refused before.
    pub(crate) fn may(&self, object: &Object) -> Result<(), Problem> {
        Ok(self.caller.principal.may(self.operation, object)?)
    }

    /// Who asks, if signed in; a refusal otherwise.
    pub(crate) fn member(&self) -> Result<&Member, Problem> {
        self.caller.principal.member().ok_or_else(|| Problem::new(Code::SignInRequired))
    }

    /// Who asks, as far as rights are concerned.
    pub(crate) fn principal(&self) -> &Principal {
        &self.caller.principal
    }

    /// Who asks, for the record.
    pub(crate) fn person(&self) -> Option<PersonId> {
        self.principal().member().map(|it| it.person)
    }

    /// What is asked.
    pub(crate) const fn operation(&self) -> Operation {
        self.operation
    }

    /// A line of the audit log. `what` is added to the operation's name.
    pub(crate) fn line(
        &self,
        what: &str,
        object: Option<(&str, Uuid)>,
        detail: Value,
    ) -> audit::Line {
        let name = self.operation.name();
        let action = if what.is_empty() { name.to_owned() } else { format!("{name}:{what}") };
        audit::Line {
            actor: self.person(),
            origin: self.origin.map(Origin::address),
            object: object.map(|(kind, id)| (kind.to_owned(), id)),
            request_id: self.request_id.to_string(),
            detail,
            ..audit::Line::new(self.now, action)
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::internal("a route without a gate"))
    }
}

/// Finds out who asks, for every route. A token that is wrong or has ended is refused rather than
/// taken for a visitor's.
pub(crate) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).cloned();
    match caller(&app, header).await {
        Ok(caller) => {
            request.extensions_mut().insert(Arc::new(caller));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn caller(app: &App, header: Option<HeaderValue>) -> Result<Caller, Problem> {
    let Some(header) = header else {
        return Ok(Caller { principal: Principal::Visitor, token: None });
    };
    let denied = || Problem::new(Code::SignInRequired);
    let token = header.to_str().ok().and_then(secrets::bearer).ok_or_else(denied)?;
    let now = app.clock.now();
    let found = db::tokens::find(app.db.read(), &secrets::digest(token), now).await?;
    let token = found.ok_or_else(denied)?;
    // Rights are read anew with each request: a change holds from the next one on.
    let person = db::people::get(app.db.read(), token.person).await?;
    if person.state != people::State::Active {
        return Err(denied());
    }
    let organisation = db::organisations::get(app.db.read(), person.organisation).await?;
    let member = Member {
        person: person.id,
        organisation: person.organisation,
        role: person.role,
        standing: organisation.state(),
    };
    Ok(Caller { principal: Principal::Member(member), token: Some(token.id) })
}

/// Lets through those to whom the operation is ever granted, and tells the handler which operation
/// it serves.
pub(crate) async fn gate(
    (clock, operation): (db::Clock, Operation),
    mut request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions();
    let (Some(caller), Some(RequestId(request_id))) =
        (extensions.get::<Arc<Caller>>(), extensions.get::<RequestId>())
    else {
        return Problem::internal("a gate outside the layers").into_response();
    };
    if let Err(refusal) = caller.principal.may_ever(operation) {
        return Problem::from(refusal).into_response();
    }
    let (caller, request_id) = (Arc::clone(caller), Arc::clone(request_id));
    let origin = Origin::of(extensions);
    let call = Call { caller, now: clock.now(), request_id, origin, operation };
    request.extensions_mut().insert(call);
    next.run(request).await
}
