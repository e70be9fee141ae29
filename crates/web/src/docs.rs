//! The API in a readable page, made from its own description.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use crate::{client::Client, page::html};

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    version: String,
    introduction: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Shape>,
}

/// The operations on one kind of thing.
struct Group {
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    chinese: String,
    english: String,
    policy: String,
    parameters: Vec<Line>,
    body: Option<Link>,
    answer: Option<Link>,
    status: String,
}

/// A parameter or a field.
struct Line {
    name: String,
    kind: String,
    required: bool,
    link: Option<Link>,
    note: String,
}

/// A shape described elsewhere on the page.
#[derive(Clone)]
struct Link {
    name: String,
}

/// What a body looks like.
struct Shape {
    name: String,
    note: String,
    fields: Vec<Line>,
    /// What it is where it has no fields.
    kind: String,
}

pub(crate) async fn show(client: Client) -> Response {
    match client.get("/openapi.json").await {
        Ok(document) => html(StatusCode::OK, &Docs::new(&document)),
        Err(refused) => refused.into_response(),
    }
}

impl Docs {
    fn new(document: &Value) -> Self {
        let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
        for (path, methods) in object(document.get("paths")) {
            for (method, it) in object(Some(methods)) {
                let group = it.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
                let operation = Operation::new(method, path, it);
                groups.entry(group.to_owned()).or_default().push(operation);
            }
        }
        let schemas = object(document.pointer("/components/schemas"));
        let introduction = text(document.get("info"), "description");
        Self {
            version: text(document.get("info"), "version"),
            introduction: introduction
                .lines()
                .filter(|it| !it.is_empty())
                .map(plain_line)
                .collect(),
            groups: groups
                .into_iter()
                .map(|(name, operations)| Group { name, operations })
                .collect(),
            schemas: schemas.map(|(name, it)| Shape::new(name, it)).collect(),
        }
    }
}

/// A line of the introduction without its list mark.
fn plain_line(line: &str) -> String {
    line.trim_start_matches("- ").replace('`', "")
}

impl Operation {
    fn new(method: &str, path: &str, it: &Value) -> Self {
        let good = object(it.get("responses")).find(|(status, _)| status.starts_with('2'));
        let schema = |of: &Value| of.pointer("/content/application~1json/schema").and_then(link);
        Self {
            id: text(Some(it), "operationId"),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            chinese: text(Some(it), "summary"),
            english: text(Some(it), "description"),
            policy: text(Some(it), "x-policy"),
            parameters: array(it.get("parameters")).map(Line::of_parameter).collect(),
            body: it.get("requestBody").and_then(schema),
            answer: good.and_then(|(_, it)| schema(it)),
            status: good.map(|(status, _)| status.clone()).unwrap_or_default(),
        }
    }
}

impl Line {
    fn of_parameter(it: &Value) -> Self {
        let nothing = Value::Null;
        let schema = it.get("schema").unwrap_or(&nothing);
        Self {
            name: format!("{} ({})", text(Some(it), "name"), text(Some(it), "in")),
            kind: kind(schema),
            required: it.get("required").and_then(Value::as_bool).unwrap_or(false),
            link: None,
            note: text(Some(it), "description"),
        }
    }

    fn of_field(name: &str, schema: &Value, required: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind(schema),
            required: required.contains(&name),
            link: link(schema),
            note: text(Some(schema), "description").replace('\n', " "),
        }
    }
}

impl Shape {
    fn new(name: &str, schema: &Value) -> Self {
        let required: Vec<&str> = array(schema.get("required")).filter_map(Value::as_str).collect();
        let fields = object(schema.get("properties"));
        Self {
            name: name.to_owned(),
            note: text(Some(schema), "description").replace('\n', " "),
            fields: fields.map(|(name, it)| Line::of_field(name, it, &required)).collect(),
            kind: kind(schema),
        }
    }
}

/// The shape that a schema refers to, alone, in a list, or as one of two.
fn link(schema: &Value) -> Option<Link> {
    let direct = schema.get("$ref").and_then(Value::as_str);
    if let Some(name) = direct.and_then(|it| it.rsplit('/').next()) {
        return Some(Link { name: name.to_owned() });
    }
    let inner = schema.get("items").and_then(link);
    inner.or_else(|| array(schema.get("anyOf")).find_map(link))
}

/// What a value is, in a few words, with its limits.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    if let Some(values) = schema.get("oneOf").and_then(Value::as_array) {
        let names: Vec<&str> =
            values.iter().filter_map(|it| it.get("const").and_then(Value::as_str)).collect();
        return names.join(" | ");
    }
    let named = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).filter(|it| *it != "null").collect()
        }
        _ => String::new(),
    };
    let inner = schema.get("items").map(kind).filter(|it| !it.is_empty());
    let mut words = vec![inner.map_or(named.clone(), |it| format!("{named} of {it}"))];
    words.extend(schema.get("format").and_then(Value::as_str).map(str::to_owned));
    for (name, sign) in [("minLength", "≥"), ("maxLength", "≤"), ("minimum", "≥"), ("maximum", "≤")]
    {
        words.extend(schema.get(name).map(|it| format!("{sign} {it}")));
    }
    words.join(" ").trim().to_owned()
}

fn text(of: Option<&Value>, name: &str) -> String {
    of.and_then(|it| it.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> + Clone {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
