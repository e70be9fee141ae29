//! Tokens for programs: each acts for the person who made it.

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
};
use chrono::TimeDelta;
use db::{
    Clock, Db,
    tokens::{Kind, Token, TokenId},
};
use domain::{
    Faults,
    form::{Field, Object, Whole},
    policy::Operation,
    text::Line,
};
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer,
    call::Call,
    extract::{Body, Path},
    moment::Moment,
    page::Listed,
    problem::Problem,
    routes::{Doc, Routes},
    secrets,
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let create = Doc::new(
        "createToken",
        "新建程序令牌（只显示一次）",
        "Make a token for a program; shown once, so it takes no Idempotency-Key",
    );
    Routes::new(clock)
        .add(
            (Method::GET, "/tokens"),
            Operation::OwnTokens,
            Doc::new("listTokens", "我的令牌", "One's own tokens").answers::<Listed<TokenBody>>(),
            list,
        )
        .add(
            (Method::POST, "/tokens"),
            Operation::OwnTokens,
            Doc {
                status: StatusCode::CREATED,
                ..create.body::<TokenForm>().answers::<NewTokenBody>()
            },
            create_one,
        )
        .add(
            (Method::DELETE, "/tokens/{id}"),
            Operation::OwnTokens,
            Doc::new("endToken", "撤销令牌", "End one of one's own tokens").answers_nothing(),
            end,
        )
}

/// What is needed to make a token.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct TokenForm {
    /// What it is for.
    name: Line<1, 60>,
    /// How many days it lasts; 90 if not given.
    #[serde(default)]
    days: Option<Whole<1, 366>>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Token")]
struct TokenBody {
    id: TokenId,
    /// `session` or `program`.
    kind: &'static str,
    name: String,
    /// Whether it is the one this request was made with.
    current: bool,
    created_at: Moment,
    expires_at: Moment,
}

/// A new token, with its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewToken")]
struct NewTokenBody {
    /// What to send as `Authorization: Bearer …`; it is not shown again.
    secret: String,
    #[serde(flatten)]
    token: TokenBody,
}

async fn list(State(db): State<Db>, call: Call) -> Answer<Listed<TokenBody>> {
    let tokens = db::tokens::list(db.read(), call.member()?.person, call.now).await?;
    let items = tokens.iter().map(|it| TokenBody::new(it, &call)).collect();
    Ok(Json(Listed { items, next: None }))
}

async fn create_one(
    State(db): State<Db>,
    call: Call,
    body: Body<TokenForm>,
) -> Result<(StatusCode, Json<NewTokenBody>), Problem> {
    let secret = secrets::new_token()?;
    let days = body.form.days.map_or(90, Whole::get);
    let token = Token {
        id: TokenId::generate(),
        person: call.member()?.person,
        kind: Kind::Program,
        name: body.form.name.to_string(),
        created_at: call.now,
        expires_at: call.now + TimeDelta::days(days),
    };
    db.write(async |tx| {
        db::tokens::insert(tx, &token, &secrets::digest(secret.expose_secret())).await?;
        let object = Some(("token", token.id.as_uuid()));
        db::audit::append(tx, call.line("create", object, json!({ "days": days }))).await
    })
    .await?;
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(NewTokenBody { secret, token: TokenBody::new(&token, &call) })))
}

async fn end(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Token>,
) -> Result<StatusCode, Problem> {
    let person = call.member()?.person;
    db.write(async |tx| {
        db::tokens::remove(tx, person, id).await?;
        let object = Some(("token", id.as_uuid()));
        db::audit::append(tx, call.line("end", object, json!({}))).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl TokenBody {
    fn new(token: &Token, call: &Call) -> Self {
        Self {
            id: token.id,
            kind: token.kind.as_str(),
            name: token.name.clone(),
            current: call.caller.token == Some(token.id),
            created_at: Moment(token.created_at),
            expires_at: Moment(token.expires_at),
        }
    }
}

impl Field for TokenForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (name, days) = (object.required("name"), object.optional("days"));
        object.close();
        Some(Self { name: name?, days })
    }
}
