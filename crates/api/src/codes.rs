//! Code tables.

use axum::{
    Json,
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};
use db::Clock;
use domain::{
    codes::{self, TABLES},
    policy::Operation,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    extract::Name,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock)
        .add(
            (Method::GET, "/codes"),
            Operation::ReadCodes,
            Doc::new("listCodeTables", "代码表目录", "The code tables").answers::<Vec<TableBody>>(),
            list,
        )
        .add(
            (Method::GET, "/codes/{table}"),
            Operation::ReadCodes,
            Doc::new("readCodeTable", "一张代码表", "One code table").answers::<Vec<RowBody>>(),
            read,
        )
}

/// A code table.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CodeTable")]
struct TableBody {
    /// Its name.
    name: &'static str,
    /// How many codes it has.
    rows: usize,
}

/// One code.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Code")]
struct RowBody {
    /// What is sent.
    code: &'static str,
    /// The Chinese label.
    zh: &'static str,
    /// The English label; empty where there is none.
    en: &'static str,
}

async fn list() -> Response {
    let tables: Vec<TableBody> =
        TABLES.iter().map(|it| TableBody { name: it.name, rows: it.rows.len() }).collect();
    for_an_hour(Json(tables).into_response())
}

async fn read(Name(name): Name) -> Result<Response, Problem> {
    let table = codes::table(&name).ok_or_else(|| Problem::new(Code::NotFound))?;
    let row = |it: &codes::Row| RowBody { code: it.code, zh: it.zh, en: it.en };
    let rows: Vec<RowBody> = table.rows.iter().map(row).collect();
    Ok(for_an_hour(Json(rows).into_response()))
}

/// The tables change with the program only.
fn for_an_hour(mut response: Response) -> Response {
    let hour = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(header::CACHE_CONTROL, hour);
    response
}
