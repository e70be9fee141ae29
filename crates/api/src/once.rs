//! Doing something once, however often it is asked for under one Idempotency-Key.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use db::{
    Db, Tx,
    answers::{self, Key, Known},
};
use domain::people::PersonId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    call::Call,
    extract::IdempotencyKey,
    problem::{Code, Problem},
};

/// What was made, as its maker is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Created {
    /// Where it is.
    location: String,
    /// The tag of its first version, where it has one.
    tag: Option<String>,
    /// What it is.
    body: Value,
}

impl Created {
    pub(crate) fn new(
        location: String,
        tag: Option<String>,
        body: &impl Serialize,
    ) -> Result<Self, Problem> {
        Ok(Self { location, tag, body: serde_json::to_value(body).map_err(Problem::internal)? })
    }
}

impl Call {
    /// Does `work` in a transaction that also remembers its answer; asked again with the same key
    /// and body by the same caller, answers the same without doing anything.
    pub(crate) async fn once(
        &self,
        db: &Db,
        (key, fingerprint): (IdempotencyKey, String),
        work: impl AsyncFnOnce(&Tx) -> Result<Created, Problem>,
    ) -> Result<Response, Problem> {
        // Visitors cannot be told apart: the body is part of their key, so that nobody takes the
        // key of another before they use it.
        let key = key.0.map(|key| Key {
            person: self.person().map_or(Uuid::nil(), PersonId::as_uuid),
            key: if self.person().is_some() { key } else { format!("{key} {fingerprint}") },
            operation: self.operation().name().to_owned(),
            fingerprint,
        });
        let (created, replayed) = db
            .write(async |tx| {
                let Some(key) = &key else { return Ok((work(tx).await?, false)) };
                match answers::look_up(tx, key, self.now).await? {
                    Known::Other => Err(Problem::new(Code::KeyReused)),
                    Known::Answer(answer) => {
                        Ok((serde_json::from_value(answer).map_err(Problem::internal)?, true))
                    }
                    Known::Nothing => {
                        let created = work(tx).await?;
                        let answer = serde_json::to_value(&created).map_err(Problem::internal)?;
                        answers::remember(tx, key, answer).await?;
                        Ok::<_, Problem>((created, false))
                    }
                }
            })
            .await?;
        let mut response = created.into_response();
        if replayed {
            let yes = HeaderValue::from_static("true");
            response.headers_mut().insert("idempotency-replayed", yes);
        }
        Ok(response)
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.body)).into_response();
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            headers.insert(header::LOCATION, location);
        }
        if let Some(tag) = self.tag.and_then(|it| HeaderValue::from_str(&it).ok()) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

/// A body with the tag of its version.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<T> {
    pub(crate) tag: String,
    pub(crate) body: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
