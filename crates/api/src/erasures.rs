//! Closing an account for good.

use axum::{
    extract::State,
    http::{Method, StatusCode},
};
use db::{Clock, Db};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    people::{Person, PersonId},
    policy::Operation,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    App, attempts,
    call::Call,
    extract::{Body, Path},
    people,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::POST, "/me/erase"),
            Operation::EraseSelf,
            Doc::new(
                "eraseMe",
                "注销账号（删除个人信息，不可恢复）",
                "Close one's own account for good: personal data is removed",
            )
            .body::<ErasureForm>()
            .answers_nothing(),
            erase_self,
        )
        .add(
            (Method::POST, "/people/{id}/erase"),
            Operation::ErasePerson,
            Doc::new(
                "erasePerson",
                "应本人请求注销账号（不可恢复）",
                "Close an account for good, at its owner's request",
            )
            .answers_nothing(),
            erase,
        )
}

/// Proves that it is the owner who asks.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ErasureForm {
    /// The present password.
    #[schemars(with = "String")]
    password: SecretString,
}

async fn erase_self(
    State(app): State<App>,
    call: Call,
    body: Body<ErasureForm>,
) -> Result<StatusCode, Problem> {
    let id = call.member()?.person;
    let person = db::people::get(app.db.read(), id).await?;
    if !attempts::confirm_password(&app, &call, (&person, body.form.password)).await? {
        let fault = Fault::NotAllowed { because_of: "password" };
        return Err(Faults::one("/password", fault).into());
    }
    close(&app.db, &call, id).await
}

async fn erase(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Person>,
) -> Result<StatusCode, Problem> {
    if call.person() == Some(id) {
        return Err(Problem::new(Code::Forbidden));
    }
    close(&db, &call, id).await
}

async fn close(db: &Db, call: &Call, id: PersonId) -> Result<StatusCode, Problem> {
    db.write(async |tx| {
        let person = db::people::get(tx, id).await?;
        people::not_the_last(tx, &person).await?;
        db::pairs::let_go_all(tx, id, &call.line("released", None, json!({}))).await?;
        let listings = db::erasures::person(tx, &person).await?;
        let object = Some(("person", id.as_uuid()));
        let detail = json!({ "contact_of": listings });
        Ok::<_, Problem>(db::audit::append(tx, call.line("", object, detail)).await?)
    })
    .await?;
    if !db.settle().await? {
        tracing::warn!("the database was busy: what was removed is still in its log for a while");
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Field for ErasureForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let password = object.required::<String>("password");
        object.close();
        Some(Self { password: password?.into() })
    }
}
