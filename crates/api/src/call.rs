//! One call of one operation, by one caller, at one moment.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use db::{
    audit,
    tokens::{Token, TokenId},
};
use domain::{
    people::{self, PersonId},
    policy::{Member, Object, Operation, Principal, Reach},
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    App, Origin,
    cookies::Cookies,
    cross_site,
    denials::{self, Denials},
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
    /// What proved it; nothing for a visitor.
    pub(crate) proof: Option<Proof>,
    /// What the program calls itself that asks, cut short.
    pub(crate) agent: String,
}

/// What a caller proved with who they are.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// The token.
    pub(crate) token: TokenId,
    /// How far it reaches.
    pub(crate) reach: Reach,
    /// What it came in.
    pub(crate) carrier: Carrier,
}

/// What a session's secret is carried in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Carrier {
    /// The `Authorization` header, for programs.
    #[default]
    Token,
    /// A cookie, for pages.
    Cookie,
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

    /// The token that proved who asks.
    pub(crate) fn token(&self) -> Option<TokenId> {
        self.caller.proof.as_ref().map(|it| it.token)
    }

    /// What the secret of whoever asks was carried in.
    pub(crate) fn carrier(&self) -> Carrier {
        self.caller.proof.as_ref().map(|it| it.carrier).unwrap_or_default()
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
/// taken for a visitor's. A cookie that has ended is a visitor's: browsers go on sending it.
pub(crate) async fn authenticate(
    State((app, denials)): State<(App, Denials)>,
    mut request: Request,
    next: Next,
) -> Response {
    let agent = request.headers().get(header::USER_AGENT).map(|it| it.to_str().unwrap_or_default());
    let agent = agent.unwrap_or_default().chars().take(100).collect();
    let caller = match presented(&request, app.identity.sessions.cookies) {
        Ok(presented) => caller(&app, presented, agent).await,
        Err(problem) => Err(problem),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(Arc::new(caller));
            request.extensions_mut().insert(denials);
            next.run(request).await
        }
        Err(problem) if problem.code.status().is_client_error() => {
            let line = unknown(app.clock.now(), request.extensions());
            denials.refuse(line, problem).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// The line of someone whose token is wrong, or has ended.
fn unknown(now: DateTime<Utc>, extensions: &Extensions) -> audit::Line {
    let id = extensions.get::<RequestId>().map(|it| it.0.to_string());
    audit::Line {
        origin: Origin::of(extensions).map(Origin::address),
        request_id: id.unwrap_or_default(),
        ..audit::Line::new(now, "authenticate")
    }
}

/// The secret a request came with, and in what.
fn presented(
    request: &Request,
    cookies: Cookies,
) -> Result<Option<(SecretString, Carrier)>, Problem> {
    let headers = request.headers();
    match (headers.get(header::AUTHORIZATION), cookies.read(headers)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Problem::new(Code::TwoCredentials)),
        (Some(header), None) => {
            let secret = header.to_str().ok().and_then(secrets::bearer).ok_or_else(denied)?;
            Ok(Some((secret.into(), Carrier::Token)))
        }
        (None, Some(secret)) => {
            cross_site::check(request.method(), headers)?;
            Ok(Some((secret.into(), Carrier::Cookie)))
        }
    }
}

fn denied() -> Problem {
    Problem::new(Code::SignInRequired)
}

async fn caller(
    app: &App,
    presented: Option<(SecretString, Carrier)>,
    agent: String,
) -> Result<Caller, Problem> {
    let visitor = |agent| Caller { principal: Principal::Visitor, proof: None, agent };
    let Some((secret, carrier)) = presented else { return Ok(visitor(agent)) };
    match (known(app, &secret).await?, carrier) {
        (Some((_, Token { reach: Reach::Program(_), .. })) | None, Carrier::Cookie) => {
            Ok(visitor(agent))
        }
        (None, Carrier::Token) => Err(denied()),
        (Some((member, token)), carrier) => {
            let proof = Proof { token: token.id, reach: token.reach, carrier };
            Ok(Caller { principal: Principal::Member(member), proof: Some(proof), agent })
        }
    }
}

/// Whose a secret is, if it is anyone's who may sign in.
async fn known(app: &App, secret: &SecretString) -> Result<Option<(Member, Token)>, Problem> {
    let now = app.clock.now();
    let digest = secrets::digest(secret.expose_secret());
    let Some(token) = db::tokens::find(app.db.read(), &digest, now).await? else {
        return Ok(None);
    };
    // Rights are read anew with each request: a change holds from the next one on.
    let person = db::people::get(app.db.read(), token.person).await?;
    if person.state != people::State::Active {
        return Ok(None);
    }
    let organisation = db::organisations::get(app.db.read(), person.organisation).await?;
    note_use(app, &token, now).await;
    let member = Member {
        person: person.id,
        organisation: person.organisation,
        role: person.role,
        standing: organisation.state(),
    };
    Ok(Some((member, token)))
}

/// Notes that a session was used. Reading goes on where nothing can be written.
async fn note_use(app: &App, token: &Token, now: DateTime<Utc>) {
    let Some(idle_at) = app.identity.sessions.worth_noting(token, now) else { return };
    let noted = app.db.write(async |tx| db::tokens::touch(tx, token.id, (now, idle_at)).await);
    if let Err(err) = noted.await {
        tracing::warn!(%err, "the use of a session was not noted");
    }
}

/// Lets through those to whom the operation is ever granted, and tells the handler which operation
/// it serves. Whoever may not is put on record.
pub(crate) async fn gate(
    (clock, operation): (db::Clock, Operation),
    mut request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions();
    let (Some(caller), Some(RequestId(request_id)), Some(denials)) = (
        extensions.get::<Arc<Caller>>(),
        extensions.get::<RequestId>(),
        extensions.get::<Denials>(),
    ) else {
        return Problem::internal("a gate outside the layers").into_response();
    };
    let reach = caller.proof.as_ref().map_or(Ok(()), |it| it.reach.allows(operation));
    let allowed = caller.principal.may_ever(operation).and(reach);
    let (denials, path) = (denials.clone(), request.uri().path().to_owned());
    let (caller, request_id) = (Arc::clone(caller), Arc::clone(request_id));
    let origin = Origin::of(extensions);
    let call = Call { caller, now: clock.now(), request_id, origin, operation };
    let line = audit::Line { object: denials::named(&path), ..call.line("", None, json!({})) };
    let answer = if let Err(refusal) = allowed {
        Problem::from(refusal).into_response()
    } else {
        request.extensions_mut().insert(call);
        next.run(request).await
    };
    denials.watch(line, answer).await
}
