//! What people consent to, and their consents.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};
use db::{Clock, Db};
use domain::{
    consents::{Agreement, Consent, ConsentId, NotWithdrawn, Purpose},
    policy::Operation,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{
    Answer,
    call::Call,
    extract::{Body, IdempotencyKey, Path},
    moment::Moment,
    once::Created,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::GET, "/consents"),
            Operation::ReadConsentTexts,
            Doc::new("listConsentTexts", "个人信息处理告知与同意书", "What people consent to")
                .answers::<Vec<WordingBody>>(),
            texts,
        )
        .add(
            (Method::GET, "/me/consents"),
            Operation::OwnConsents,
            Doc::new("listConsents", "我的同意记录", "One's own consents")
                .answers::<Vec<ConsentBody>>(),
            list,
        )
        .add(
            (Method::POST, "/me/consents"),
            Operation::OwnConsents,
            Doc::new("consent", "同意", "Consent")
                .body::<Agreement>()
                .answers::<ConsentBody>()
                .creates(),
            create,
        )
        .add(
            (Method::POST, "/me/consents/{id}/withdraw"),
            Operation::OwnConsents,
            Doc::new(
                "withdrawConsent",
                "撤回同意（开户的同意随注销账号撤回）",
                "Withdraw a consent; that to the account is withdrawn by closing it",
            )
            .answers_nothing(),
            withdraw,
        )
}

/// What is consented to now, for one purpose.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsentText")]
struct WordingBody {
    purpose: Purpose,
    /// What to send with the consent.
    version: i32,
    /// The text that holds.
    zh: &'static str,
    /// What it says, in English.
    en: &'static str,
}

/// A consent that was given.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Consent")]
struct ConsentBody {
    id: ConsentId,
    purpose: Purpose,
    version: i32,
    given_at: Moment,
    /// When it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Moment>,
}

async fn texts() -> Json<Vec<WordingBody>> {
    let present = |purpose: Purpose| {
        let it = purpose.wordings().last()?;
        Some(WordingBody { purpose, version: it.version, zh: it.zh, en: it.en })
    };
    Json(Purpose::ALL.into_iter().filter_map(present).collect())
}

async fn list(State(db): State<Db>, call: Call) -> Answer<Vec<ConsentBody>> {
    let given = db::consents::list(db.read(), call.member()?.person).await?;
    Ok(Json(given.iter().map(ConsentBody::from).collect()))
}

async fn create(
    State(db): State<Db>,
    call: Call,
    key: IdempotencyKey,
    body: Body<Agreement>,
) -> Result<Response, Problem> {
    let person = call.member()?.person;
    let consent = body.form.given(person, (call.now, &call.request_id));
    call.once(&db, (key, body.fingerprint), async |tx| {
        let before = db::consents::list(tx, person).await?;
        let same = |it: &Consent| it.agreement == consent.agreement && it.withdrawn_at.is_none();
        if before.iter().any(same) {
            return Err(Problem::new(Code::AlreadyExists));
        }
        db::consents::insert_all(tx, std::slice::from_ref(&consent)).await?;
        let Agreement { purpose, version } = consent.agreement;
        let object = Some(("consent", consent.id.as_uuid()));
        let detail = json!({ "purpose": purpose, "version": version });
        db::audit::append(tx, call.line("given", object, detail)).await?;
        let location = format!("/api/v1/me/consents/{}", consent.id);
        Created::new(location, None, &ConsentBody::from(&consent))
    })
    .await
}

async fn withdraw(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Consent>,
) -> Result<StatusCode, Problem> {
    let person = call.member()?.person;
    db.write(async |tx| {
        let mut consent = db::consents::get(tx, person, id).await?;
        consent.withdraw(call.now)?;
        db::consents::save_withdrawal(tx, &consent).await?;
        let object = Some(("consent", id.as_uuid()));
        let detail = json!({ "purpose": consent.agreement.purpose });
        Ok::<_, Problem>(db::audit::append(tx, call.line("withdrawn", object, detail)).await?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<NotWithdrawn> for Problem {
    fn from(why: NotWithdrawn) -> Self {
        match why {
            NotWithdrawn::Already => Self::new(Code::WrongState),
            NotWithdrawn::Needed => Self::new(Code::ConsentNeeded),
        }
    }
}

impl From<&Consent> for ConsentBody {
    fn from(it: &Consent) -> Self {
        Self {
            id: it.id,
            purpose: it.agreement.purpose,
            version: it.agreement.version,
            given_at: Moment(it.given_at),
            withdrawn_at: it.withdrawn_at.map(Moment),
        }
    }
}
