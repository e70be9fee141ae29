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
    policy::{Operation, Reach, Scope},
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
    problem::{Code, Problem},
    routes::{Doc, Routes},
    secrets,
};

/// How many tokens a person can have at a time.
const MOST: usize = 20;

pub(crate) fn routes(clock: Clock) -> Routes {
    let create = Doc::new(
        "createToken",
        "新建程序令牌（只显示一次）",
        "Make a token for a program; shown once, so it takes no Idempotency-Key. It reaches no \
         further than its owner",
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
    /// What it can be used for; to `read` if not given.
    #[serde(default)]
    scopes: Vec<Scope>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Token")]
struct TokenBody {
    id: TokenId,
    name: String,
    /// What it can be used for.
    scopes: Vec<Scope>,
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
    let mine = (call.member()?.person, Kind::Program);
    let tokens = db::tokens::list(db.read(), mine, call.now).await?;
    let items = tokens.iter().map(TokenBody::new).collect();
    Ok(Json(Listed { items, next: None }))
}

async fn create_one(
    State(db): State<Db>,
    call: Call,
    body: Body<TokenForm>,
) -> Result<(StatusCode, Json<NewTokenBody>), Problem> {
    let TokenForm { name, days, scopes } = body.form;
    let secret = secrets::new_token(Kind::Program)?;
    let days = days.map_or(90, Whole::get);
    let scopes = if scopes.is_empty() { vec![Scope::Read] } else { scopes };
    let detail = json!({ "days": days, "scopes": scopes });
    let expires_at = call.now + TimeDelta::days(days);
    let token = Token {
        id: TokenId::generate(),
        person: call.member()?.person,
        reach: Reach::Program(scopes),
        name: name.to_string(),
        origin: call.origin.map(crate::Origin::address),
        agent: call.caller.agent.clone(),
        created_at: call.now,
        used_at: call.now,
        idle_at: expires_at,
        expires_at,
    };
    db.write(async |tx| {
        db::people::hold(tx, token.person).await?;
        let mine = (token.person, Kind::Program);
        if db::tokens::list(tx, mine, call.now).await?.len() >= MOST {
            return Err(Problem::new(Code::LimitReached));
        }
        db::tokens::insert(tx, &token, &secrets::digest(secret.expose_secret())).await?;
        let object = Some(("token", token.id.as_uuid()));
        db::audit::append(tx, call.line("create", object, detail)).await?;
        Ok(())
    })
    .await?;
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(NewTokenBody { secret, token: TokenBody::new(&token) })))
}

async fn end(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Token>,
) -> Result<StatusCode, Problem> {
    let person = call.member()?.person;
    db.write(async |tx| {
        db::tokens::remove(tx, (person, Kind::Program), id).await?;
        let object = Some(("token", id.as_uuid()));
        db::audit::append(tx, call.line("end", object, json!({}))).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl TokenBody {
    fn new(token: &Token) -> Self {
        let scopes = match &token.reach {
            Reach::Program(scopes) => scopes.clone(),
            Reach::Session(_) => Vec::new(),
        };
        Self {
            id: token.id,
            name: token.name.clone(),
            scopes,
            created_at: Moment(token.created_at),
            expires_at: Moment(token.expires_at),
        }
    }
}

impl Field for TokenForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (name, days) = (object.required("name"), object.optional("days"));
        let scopes = object.set("scopes", Scope::ALL.len());
        object.close();
        Some(Self { name: name?, days, scopes })
    }
}
