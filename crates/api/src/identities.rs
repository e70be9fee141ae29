//! Who one is at another provider: linked with the account, and unlinked.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use db::{
    Clock, Db,
    identities::{self, Identity, IdentityId},
};
use domain::{
    Faults,
    form::{Field, Object},
    policy::Operation,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App,
    call::{Call, Carrier},
    extract::{Body, Path},
    moment::Moment,
    oidc::{Begun, BegunBody, FinishForm, Purpose, arrived, begin, finish, noted, provider},
    page::Listed,
    problem::Problem,
    routes::{Doc, Routes},
    second_factor::{PasswordForm, sure},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let own = Operation::OwnIdentities;
    let begin_doc = Doc::new(
        "beginIdentityLink",
        "绑定统一身份认证：取得要前往的地址（须再次输入密码）",
        "Link who one is at another provider: get the address to go to. Takes the password again",
    );
    let finish_doc = Doc::new(
        "finishIdentityLink",
        "绑定统一身份认证：返回之后",
        "Link who one is at another provider, once back from there",
    );
    let begin_doc = begin_doc.body::<IdentityForm>().answers::<BegunBody>();
    let finish_doc = finish_doc.body::<FinishForm>().answers::<IdentityBody>();
    let created = StatusCode::CREATED;
    Routes::new(clock)
        .add(
            (Method::GET, "/me/identities"),
            own,
            Doc::new("listIdentities", "我绑定的外部身份", "Who one is at other providers")
                .answers::<Listed<IdentityBody>>(),
            list,
        )
        .add(
            (Method::POST, "/me/identities"),
            own,
            Doc { status: created, ..begin_doc },
            begin_link,
        )
        .add(
            (Method::POST, "/me/identities/finish"),
            own,
            Doc { status: created, ..finish_doc },
            finish_link,
        )
        .add(
            (Method::POST, "/me/identities/{id}/unlink"),
            own,
            Doc::new(
                "unlinkIdentity",
                "解除绑定（须再次输入密码）",
                "Unlink it; takes the password again",
            )
            .body::<PasswordForm>()
            .answers_nothing(),
            unlink,
        )
}

/// That one is somebody at another provider.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Identity")]
struct IdentityBody {
    id: IdentityId,
    /// The provider's address.
    issuer: String,
    linked_at: Moment,
    /// When it was last signed in by.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<Moment>,
}

/// The present password, and how the link is to go.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct IdentityForm {
    /// The present password: a session left open is not enough.
    #[schemars(with = "String")]
    password: SecretString,
    /// Where the browser keeps its proof: `token` in the answer, `cookie` for pages.
    #[serde(default, rename = "as")]
    carrier: Carrier,
}

async fn list(State(db): State<Db>, call: Call) -> Answer<Listed<IdentityBody>> {
    let mine = identities::list(db.read(), call.member()?.person).await?;
    Ok(Json(Listed { items: mine.into_iter().map(IdentityBody::new).collect(), next: None }))
}

async fn begin_link(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    body: Body<IdentityForm>,
) -> Result<Begun, Problem> {
    provider(&app)?;
    let IdentityForm { password, carrier } = body.form;
    let person = sure(&app, &call, PasswordForm { password }).await?;
    begin(&app, (&call, &headers), (Purpose::Link(person.id), carrier)).await
}

async fn finish_link(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    body: Body<FinishForm>,
) -> Result<Response, Problem> {
    let person = call.member()?.person;
    let carrier = body.form.carrier;
    let proved = finish(&app, (&call, &headers), (Purpose::Link(person), body.form)).await;
    let subject = match proved {
        Ok(subject) => subject,
        Err(problem) => return Err(noted(&app, &call, (problem, Some(person))).await?),
    };
    let issuer = provider(&app)?.issuer().to_owned();
    let digest = identities::digest(&issuer, &subject);
    let id = IdentityId::generate();
    let new = Identity { id, person, issuer, linked_at: call.now, used_at: None };
    app.db
        .write(async |tx| {
            identities::insert(tx, &new, &digest).await?;
            let object = Some(("person", person.as_uuid()));
            db::audit::append(tx, call.line("link", object, json!({ "identity": id }))).await
        })
        .await?;
    Ok(arrived(&app, carrier, (StatusCode::CREATED, Json(IdentityBody::new(new)))))
}

async fn unlink(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Identity>,
    body: Body<PasswordForm>,
) -> Result<StatusCode, Problem> {
    let person = sure(&app, &call, body.form).await?;
    app.db
        .write(async |tx| {
            identities::remove(tx, person.id, id).await?;
            let object = Some(("person", person.id.as_uuid()));
            db::audit::append(tx, call.line("unlink", object, json!({ "identity": id }))).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl IdentityBody {
    fn new(identity: Identity) -> Self {
        let Identity { id, issuer, linked_at, used_at, .. } = identity;
        Self { id, issuer, linked_at: Moment(linked_at), used_at: used_at.map(Moment) }
    }
}

impl Field for IdentityForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let password = object.required::<String>("password");
        let carrier = object.or_default("as");
        object.close();
        Some(Self { password: password?.into(), carrier })
    }
}
