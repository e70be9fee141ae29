//! The description of the API (OpenAPI 3.1), made from the routes themselves.

use axum::http::Method;
use domain::attachments::FileType;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    cookies::Cookies,
    problem::Code,
    routes::{Described, Doc, Way},
};

/// The document for these routes, which stand under `/api/v1`.
pub(crate) fn document(routes: &[Described]) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|it| it.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            let method = route.method.as_str().to_ascii_lowercase();
            path.insert(method, operation(route, &mut generator));
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.values_mut().for_each(nullable_where_optional);
    schemas.insert("Problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "科转 Kezhuan",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{}, { "token": [] }, { "cookie": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "cookie": { "type": "apiKey", "in": "cookie", "name": Cookies::Secure.name() },
            },
            "responses": {
                "Problem": {
                    "description": "拒绝及原因（RFC 9457） · A refusal, and why",
                    "content": {
                        "application/problem+json": {
                            "schema": { "$ref": "#/components/schemas/Problem" },
                        },
                    },
                },
            },
        },
    })
}

const INTRODUCTION: &str = "科技成果转化市场：企业发布技术需求，高校院所发布科技成果，系统推荐并解释匹配，技术经纪人评级。\n\n\
A technology-transfer marketplace: enterprises publish needs, universities publish achievements, \
the system suggests pairs and says why, matchmakers grade them.\n\n\
- 登录：`POST /sessions` 得到令牌，放入 `Authorization: Bearer …`。Sign in there, and send the token.\n\
- 网页可用 Cookie 登录（`as` 为 `cookie`），修改须由本站页面发出。Pages sign in with a cookie; changes must come from pages of this site.\n\
- 出错时返回 `application/problem+json`，一次列出全部问题；语言随 `Accept-Language`。Refusals list every fault at once.\n\
- 修改须带 `If-Match`（读取时的 `ETag`）。Edits need the ETag you read.\n\
- 新建可带 `Idempotency-Key`，重发不会重复。Creating operations can be sent twice under one key.\n\
- 列表分页：把 `next` 作为 `cursor` 传回。Send `next` back as `cursor`.\n\
- 每位调用者每分钟请求数有限，余量见 `RateLimit`；超出时为 429，`Retry-After` 秒后再试。Each caller has a number of \
requests a minute; `RateLimit` tells what is left, a 429 when to come back.\n\
- `x-policy` 是权限表中的行。It names the row of the policy table.";

fn operation(route: &Described, generator: &mut SchemaGenerator) -> Value {
    let Described { doc, path, method, operation } = route;
    let mut described = json!({
        "operationId": doc.id,
        "summary": doc.summary.0,
        "description": doc.summary.1,
        "tags": [path.trim_start_matches('/').split('/').next()],
        "x-policy": operation.name(),
        "parameters": parameters(path, doc, generator),
        "responses": responses(doc, method, generator),
    });
    if let (Some(body), Some(described)) = (doc.body, described.as_object_mut()) {
        let content = json!({ "application/json": { "schema": body(generator) } });
        described.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    if let (Some(Way::Sent), Some(described)) = (doc.file, described.as_object_mut()) {
        let content = json!({ "application/octet-stream": {} });
        described.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    described
}

fn parameters(path: &str, doc: &Doc, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters = Vec::new();
    for part in path.split('/') {
        let Some(name) = part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
            continue;
        };
        let uuid = json!({ "type": "string", "format": "uuid" });
        let schema = if name == "id" { uuid } else { json!({ "type": "string" }) };
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    for it in &doc.query {
        parameters.push(json!({
            "name": it.name,
            "in": "query",
            "description": it.description,
            // Forms of browsers send what was left empty: it counts as not given.
            "schema": { "anyOf": [(it.schema)(generator), { "type": "string", "maxLength": 0 }] },
        }));
    }
    if doc.edits {
        parameters.push(json!({
            "name": "If-Match",
            "in": "header",
            "required": true,
            "description": "读取时得到的 ETag · the ETag you read",
            "schema": { "type": "string" },
        }));
    }
    if doc.creates {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "同一请求的名字，重发不重复 · names the request, so that it can be sent twice",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    parameters
}

fn responses(doc: &Doc, method: &Method, generator: &mut SchemaGenerator) -> Value {
    let mut good = json!({ "description": doc.summary.1 });
    if let Some(good) = good.as_object_mut() {
        if let Some(answer) = doc.answer {
            let content = json!({ "application/json": { "schema": answer(generator) } });
            good.insert("content".into(), content);
        }
        if doc.file == Some(Way::Answered) {
            let files = FileType::ALL.map(|it| (it.media_type().to_owned(), json!({})));
            good.insert("content".into(), Value::Object(files.into_iter().collect()));
        }
        let mut headers = Map::new();
        if doc.tagged {
            headers.insert("ETag".into(), json!({ "schema": { "type": "string" } }));
        }
        if doc.creates {
            headers.insert("Location".into(), json!({ "schema": { "type": "string" } }));
        }
        good.insert("headers".into(), headers.into());
    }
    let mut responses = Map::new();
    responses.insert(doc.status.as_str().into(), good);
    if doc.tagged && *method == Method::GET {
        responses.insert("304".into(), json!({ "description": "未变 · unchanged" }));
    }
    responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
    responses.into()
}

/// A form's field that may be left out may also be null: both are read alike. Forms are told by
/// allowing no other fields.
fn nullable_where_optional(schema: &mut Value) {
    if schema["additionalProperties"] != json!(false) {
        return;
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, field) in fields {
        if !required.contains(&json!(name)) && !allows_null(field) {
            make_nullable(field);
        }
    }
}

fn make_nullable(field: &mut Value) {
    let Some(said) = field.as_object_mut() else { return };
    if let Some(Value::String(kind)) = said.get("type").cloned() {
        said.insert("type".into(), json!([kind, "null"]));
        if let Some(Value::Array(codes)) = said.get_mut("enum") {
            codes.push(Value::Null);
        }
        return;
    }
    let words = said.get("description").cloned();
    let given = field.take();
    let ways = json!([given, { "type": "null" }]);
    let mut either = Map::new();
    either.insert("anyOf".into(), ways);
    either.extend(words.map(|it| ("description".to_owned(), it)));
    *field = either.into();
}

fn allows_null(field: &Value) -> bool {
    let null = json!("null");
    let listed = |it: &Value| it.as_array().is_some_and(|it| it.contains(&null));
    let ways = field["anyOf"].as_array();
    field["type"] == null
        || listed(&field["type"])
        || ways.is_some_and(|it| it.iter().any(|way| way["type"] == null))
}

/// What every refusal looks like.
fn problem() -> Value {
    let codes: Vec<String> = Code::ALL.into_iter().map(Code::name).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "enum": codes, "description": "the contract; detail is for people" },
            "detail": { "type": "string" },
            "request_id": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        "pointer": { "type": "string", "description": "RFC 6901" },
                        "code": { "type": "string" },
                        "detail": { "type": "string" },
                    },
                },
            },
        },
    })
}
