//! Whether the program lives, and whether it is ready.
//!
//! Living means that it answers: a slow database is no reason to be killed. Ready means that the
//! database answers and the schema is ours; an index that is being made does not count against it,
//! since everything but search works.

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db, Schema};
use domain::policy::Operation;
use search::Engine;
use serde_json::{Value, json};

use crate::{
    Answer, App,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::GET, "/healthz"),
            Operation::Health,
            Doc::new("health", "存活", "It answers").answers::<Value>(),
            live,
        )
        .add(
            (Method::GET, "/readyz"),
            Operation::Health,
            Doc::new("ready", "就绪", "The database answers").answers::<Value>(),
            ready,
        )
}

async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn ready(State(app): State<App>) -> Answer<Value> {
    let App { db, engine, .. } = app;
    match db.schema().await {
        Ok(Schema::Current) => Ok(Json(readiness(&db, &engine))),
        Ok(Schema::Behind(_) | Schema::Ahead(_)) => Err(Problem::later(Code::Unavailable, 5)),
        Err(err) => {
            tracing::warn!(error = %err, "not ready: the database does not answer");
            Err(Problem::later(Code::Unavailable, 2))
        }
    }
}

fn readiness(db: &Db, engine: &Engine) -> Value {
    let search = match engine.reader() {
        Ok(_) => json!({ "status": "ok", "watermark": engine.watermark() }),
        Err(it) => json!({ "status": "rebuilding", "done": it.done, "total": it.total }),
    };
    json!({ "status": "ok", "database": db.kind(), "search": search })
}
