//! Searching what is public.

use std::{collections::HashMap, sync::Arc};

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db};
use domain::{
    Fault, Faults,
    achievements::AchievementForm,
    codes::{CooperationMode, Industry, Region, TechField},
    form::{Field, Object},
    listings::{Form, Kind, Listing},
    needs::NeedForm,
    policy::{Operation, Principal, View},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use search::{
    Filters, Found, Order, Question, Words,
    snippets::{Piece, snippet},
};
use serde::Serialize;
use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{
    Answer, App,
    call::Call,
    cursor::Depth,
    extract::{Digits, Query},
    listings::{CardBody, Owners, Sight},
    page::Limit,
    problem::Problem,
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let doc = Doc::new(
        "search",
        "检索需求与成果：词语须同时出现；没有时给出最接近的（relaxed）",
        "Search needs and achievements: all words must be there; where nothing fits, the nearest are found (relaxed)",
    )
    .query::<String>("q", "检索词，最多 256 字 · words, at most 256 characters")
    .query::<Kind>("kind", "种类 · need or achievement")
    .query::<TechField>("field", "高新技术领域（含下级） · high-tech field and those below it")
    .query::<Industry>("industry", "行业（含下级） · industry and those below it")
    .query::<Region>("region", "地区（含下级） · region and those below it")
    .query::<CooperationMode>("cooperation", "合作方式 · cooperation mode")
    .query::<domain::form::Whole<1, 9>>("readiness", "技术成熟度不低于 · at least this readiness level")
    .query::<OrderName>("order", "排序 · relevance or newest")
    .paged();
    let at = (Method::GET, "/search");
    Routes::new(clock).add(at, Operation::Search, doc.answers::<FoundBody>(), find)
}

/// What was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Found")]
struct FoundBody {
    /// How many hits there are in all.
    total: usize,
    /// Whether nothing fits all the words, so that these fit only some.
    relaxed: bool,
    items: Vec<HitBody>,
    /// What to send as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// One hit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hit")]
struct HitBody {
    #[serde(flatten)]
    card: CardBody,
    /// The title in pieces, with what was looked for marked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    marked_title: Vec<PieceBody>,
    /// The part of the text that shows why it was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    snippet: Vec<PieceBody>,
}

/// A piece of a text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Piece")]
struct PieceBody {
    /// The text as its author wrote it; it is not markup.
    text: String,
    /// Whether it is what was looked for.
    hit: bool,
}

/// The deepest that pages go: further down, better words help more than more pages.
const DEEPEST: usize = 1000;

async fn find(State(app): State<App>, call: Call, Query(asked): Query<Asked>) -> Answer<FoundBody> {
    let reader = app.engine.reader()?;
    // What was hidden since the index was last written is neither found nor counted.
    let without = db::outbox::hidden_since(app.db.read(), app.engine.watermark()).await?;
    let thesaurus = app.engine.thesaurus();
    let words = asked.question.words.map(|it| it.with(&thesaurus));
    let question = Arc::new(Question { without, words, ..asked.question });
    let asked_again = Arc::clone(&question);
    let found = spawn_blocking(move || reader.search(&asked_again)).await??;
    let Found { total, hits, relaxed } = found;
    let ids: Vec<Uuid> = hits.iter().map(|it| it.id).collect();
    let asked_for = (ids.as_slice(), &question);
    let mut found = cards::<NeedForm>(&app.db, call.principal(), asked_for).await?;
    found.extend(cards::<AchievementForm>(&app.db, call.principal(), asked_for).await?);
    let items: Vec<HitBody> = ids.iter().filter_map(|it| found.remove(it)).collect();
    // A listing may have been hidden between the two looks.
    let total = total - (ids.len() - items.len());
    let seen = question.offset + ids.len();
    let more = seen < total.min(DEEPEST) && !ids.is_empty();
    let next = more.then(|| u16::try_from(seen).ok()).flatten();
    let next = next.map(|offset| Depth { offset, question: asked.fingerprint }.encode());
    Ok(Json(FoundBody { total, relaxed, items, next }))
}

/// The hits of one kind as they are now, as far as the reader may see them.
async fn cards<F: Form>(
    db: &Db,
    reader: &Principal,
    (ids, question): (&[Uuid], &Arc<Question>),
) -> Result<HashMap<Uuid, HitBody>, Problem> {
    if ids.is_empty() || question.kind.is_some_and(|it| it != F::KIND) {
        return Ok(HashMap::new());
    }
    let listings = db::listings::several::<F>(db.read(), ids).await?;
    let owners = Owners::of(db.read(), listings.iter().map(|it| it.organisation)).await?;
    let ties = db::ties::of(db.read(), reader, ids).await?;
    let (reader, question) = (*reader, Arc::clone(question));
    // A hundred long texts are looked through for the words: not on a thread that others wait for.
    let cards = spawn_blocking(move || {
        let seen = listings.iter().map(|it| (it, Sight::of(&reader, it, ties.to(it.id.as_uuid()))));
        let seen = seen.filter(|(it, sight)| sight.view >= View::Masked && it.is_offered());
        let words = question.words.as_ref();
        let card = |(it, sight): (&Listing<F>, Sight)| HitBody::new(it, (sight, words), &owners);
        seen.map(|it| (it.0.id.as_uuid(), card(it))).collect()
    });
    Ok(cards.await?)
}

impl HitBody {
    fn new<F: Form>(
        listing: &Listing<F>,
        (sight, words): (Sight, Option<&Words>),
        owners: &Owners,
    ) -> Self {
        const TITLE: usize = 80;
        const SNIPPET: usize = 120;
        let card = CardBody::new(listing, sight, owners);
        if sight.view < View::Public {
            return Self { card, marked_title: Vec::new(), snippet: Vec::new() };
        }
        let parts = listing.form().card();
        let text = format!("{}\n{}", parts.summary, listing.form().text());
        let pieces = |text: &str, most| {
            let pieces = snippet(text.trim(), words, most).into_iter();
            pieces.map(|Piece { text, hit }| PieceBody { text, hit }).collect()
        };
        Self { card, marked_title: pieces(parts.title, TITLE), snippet: pieces(&text, SNIPPET) }
    }
}

struct Asked {
    question: Question,
    /// Which question it is, so that a cursor of another is refused.
    fingerprint: u32,
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let words = query.optional::<Typed>("q");
        let kind = query.optional("kind");
        let filters = Filters {
            field: query.optional::<TechField>("field").map(|it| it.to_string()),
            industry: query.optional::<Industry>("industry").map(|it| it.to_string()),
            region: query.optional::<Region>("region").map(|it| it.to_string()),
            cooperation: query.optional::<CooperationMode>("cooperation").map(|it| it.to_string()),
            readiness: query
                .optional::<Digits<1, 9>>("readiness")
                .and_then(|it| u8::try_from(it.0).ok()),
        };
        let order = query.optional::<OrderName>("order").unwrap_or_default().into();
        let limit = Limit::read(&mut query);
        let cursor = query.optional::<Depth>("cursor");
        let words = words.and_then(|it| it.0);
        let fingerprint = fingerprint(&format!("{words:?}{kind:?}{filters:?}{order:?}"));
        let offset = cursor.map_or(0, |it| usize::from(it.offset));
        if cursor.is_some_and(|it| it.question != fingerprint) || offset >= DEEPEST {
            query.fault("cursor", Fault::NotOurs);
        }
        query.close();
        let limit = usize::try_from(limit.0).unwrap_or(20);
        let without = Vec::new();
        let question = Question { words, kind, filters, order, offset, limit, without };
        Some(Self { question, fingerprint })
    }
}

/// FNV-1a: enough to tell questions apart, and the same on every replica.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// What a person typed into the search box.
struct Typed(Option<Words>);

impl Field for Typed {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let typed = String::read(value, at, faults)?;
        Words::parse(&typed).map_err(|it| faults.push(at, it)).map(Self).ok()
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum OrderName {
    #[default]
    Relevance,
    Newest,
}

impl From<OrderName> for Order {
    fn from(name: OrderName) -> Self {
        match name {
            OrderName::Relevance => Self::Relevance,
            OrderName::Newest => Self::Newest,
        }
    }
}

impl Field for OrderName {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("relevance") => Some(Self::Relevance),
            Some("newest") => Some(Self::Newest),
            _ => {
                faults.push(at, Fault::UnknownCode { table: "order" });
                None
            }
        }
    }
}

impl JsonSchema for OrderName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Order".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["relevance", "newest"] })
    }
}
