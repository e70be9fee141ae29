//! Signing in by another provider, as OpenID Connect has it.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use db::{Clock, identities};
use domain::{
    Faults,
    form::{Field, Object},
    people::{PersonId, State as PersonState},
    policy::Operation,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App,
    call::{Call, Carrier},
    extract::Body,
    identity::Proved,
    problem::{Code, Problem},
    routes::{Doc, Routes},
    sessions::{Opened, Opening, SessionBody, open},
};

mod fetching;
mod provider;
mod ways;

pub use provider::{Provider, Terms};
pub(crate) use ways::{Begun, BegunBody, FinishForm, Purpose, arrived, begin, finish, provider};

pub(crate) fn routes(clock: Clock) -> Routes {
    let begin_doc = Doc::new(
        "beginOidcSignIn",
        "用统一身份认证登录：取得要前往的地址",
        "Sign in by another provider: get the address to go to",
    );
    let finish_doc = Doc::new(
        "finishOidcSignIn",
        "用统一身份认证登录：返回之后",
        "Sign in by another provider, once back from there. Only the browser that left can finish \
         it, once, within ten minutes. The account must have been linked before",
    );
    let created = StatusCode::CREATED;
    let begin_doc = begin_doc.body::<BeginForm>().answers::<BegunBody>();
    let finish_doc = finish_doc.body::<FinishForm>().answers::<SessionBody>();
    Routes::new(clock)
        .add(
            (Method::GET, "/oidc"),
            Operation::ReadProvider,
            Doc::new("readProvider", "其他登录方式", "By which other provider one can sign in")
                .answers::<ProviderBody>(),
            read,
        )
        .add(
            (Method::POST, "/oidc/sign-ins"),
            Operation::SignIn,
            Doc { status: created, ..begin_doc },
            begin_one,
        )
        .add(
            (Method::POST, "/oidc/sign-ins/finish"),
            Operation::SignIn,
            Doc { status: created, ..finish_doc },
            finish_one,
        )
}

/// Another provider to sign in by.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OidcProvider")]
struct ProviderBody {
    /// What it is called; not there if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// How a sign-in by another provider is to go.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct BeginForm {
    /// Where the browser keeps its proof: `token` in the answer, `cookie` for pages.
    #[serde(default, rename = "as")]
    carrier: Carrier,
}

async fn read(State(app): State<App>) -> Answer<ProviderBody> {
    let name = app.identity.provider.as_ref().map(|it| it.name().to_owned());
    Ok(Json(ProviderBody { name }))
}

async fn begin_one(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    body: Body<BeginForm>,
) -> Result<Begun, Problem> {
    begin(&app, (&call, &headers), (Purpose::SignIn, body.form.carrier)).await
}

async fn finish_one(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    body: Body<FinishForm>,
) -> Result<Response, Problem> {
    let carrier = body.form.carrier;
    let proved = finish(&app, (&call, &headers), (Purpose::SignIn, body.form)).await;
    let opened = match proved {
        Ok(subject) => sign_in(&app, &call, (&subject, carrier)).await?,
        Err(problem) => return Err(noted(&app, &call, (problem, None)).await?),
    };
    Ok(arrived(&app, carrier, (StatusCode::CREATED, opened)))
}

/// Lets in whom the provider named, as far as a password would have.
async fn sign_in(
    app: &App,
    call: &Call,
    (subject, carrier): (&str, Carrier),
) -> Result<Opened, Problem> {
    let digest = identities::digest(provider(app)?.issuer(), subject);
    let Some(identity) = identities::find(app.db.read(), &digest).await? else {
        return Err(noted(app, call, (Problem::new(Code::IdentityNotLinked), None)).await?);
    };
    let person = &db::people::get(app.db.read(), identity.person).await?;
    if person.state != PersonState::Active {
        let refused = Problem::new(Code::AccountDisabled);
        return Err(noted(app, call, (refused, Some(person.id))).await?);
    }
    let stage = app.identity.stage(app.db.read(), (person, Proved::Password), call.now).await?;
    let organisation = &db::organisations::get(app.db.read(), person.organisation).await?;
    let opening = Opening { person, organisation, stage, carrier };
    app.db
        .write(async |tx| {
            identities::touch(tx, identity.id, call.now).await.map_err(unlinked)?;
            let opened = open(tx, call, app.identity.sessions, opening).await?;
            let detail = json!({ "stage": stage });
            let mut line = call.line("oidc", Some(("person", person.id.as_uuid())), detail);
            line.actor = Some(person.id);
            db::audit::append(tx, line).await?;
            Ok(opened)
        })
        .await
}

/// Somebody unlinked it meanwhile.
fn unlinked(err: db::Error) -> Problem {
    if matches!(err, db::Error::NotFound) {
        return Problem::new(Code::IdentityNotLinked);
    }
    err.into()
}

/// Puts on record that somebody who was at the provider is refused. What did not even get so far is
/// put there by the gate.
pub(crate) async fn noted(
    app: &App,
    call: &Call,
    (problem, person): (Problem, Option<PersonId>),
) -> Result<Problem, Problem> {
    let of_the_provider = [Code::IdentityNotProved, Code::IdentityNotLinked, Code::AccountDisabled];
    if !of_the_provider.contains(&problem.code) {
        return Ok(problem);
    }
    let object = person.map(|it| ("person", it.as_uuid()));
    let line = db::audit::Line {
        outcome: db::audit::Outcome::Denied,
        reason: Some(problem.code.name()),
        ..call.line("oidc", object, json!({}))
    };
    app.db.write(async |tx| db::audit::append(tx, line).await).await?;
    Ok(problem)
}

impl Field for BeginForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let carrier = object.or_default("as");
        object.close();
        Some(Self { carrier })
    }
}
