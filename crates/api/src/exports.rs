//! Everything that is kept of the caller, for the caller.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};
use db::{Clock, Db};
use domain::policy::Operation;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    call::Call,
    moment::Moment,
    problem::Problem,
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock).add(
        (Method::GET, "/me/export"),
        Operation::ExportSelf,
        Doc::new("exportMe", "导出我的个人信息", "Everything that is kept of oneself")
            .answers::<ExportBody>(),
        export,
    )
}

/// Everything that is kept of someone.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Export")]
struct ExportBody {
    /// When it was read.
    at: Moment,
    /// The rows of each table, by its name; see docs/privacy.md for what the columns are.
    tables: Map<String, Value>,
}

async fn export(State(db): State<Db>, call: Call) -> Result<Response, Problem> {
    let person = call.member()?.person;
    let tables = db
        .write(async |tx| {
            let object = Some(("person", person.as_uuid()));
            db::audit::append(tx, call.line("", object, json!({}))).await?;
            db::exports::of_person(tx, person).await
        })
        .await?;
    let mut response = Json(ExportBody { at: Moment(call.now), tables }).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let file = HeaderValue::from_static("attachment; filename=\"kezhuan-export.json\"");
    headers.insert(header::CONTENT_DISPOSITION, file);
    Ok(response)
}
