//! The start page: the market in figures, the newest listings, and the search box with what it
//! found.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use crate::{
    client::{Client, Refused},
    labels::Labels,
    page::html,
    queries,
};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    query: Asked,
    figures: Figures,
    /// What was found, or the newest of both kinds.
    lists: Vec<List>,
}

struct Figures {
    needs: u64,
    achievements: u64,
    organisations: u64,
    accepted_pairs: u64,
}

/// What was asked for.
#[derive(Default)]
struct Asked {
    words: String,
    kind: String,
    raw: String,
}

struct List {
    heading: String,
    note: &'static str,
    items: Vec<Item>,
    next: Option<String>,
}

/// A listing in a list.
struct Item {
    href: String,
    kind: &'static str,
    number: String,
    title: Vec<Piece>,
    snippet: Vec<Piece>,
    owner: String,
    facts: Vec<String>,
}

struct Piece {
    text: String,
    hit: bool,
}

pub(crate) async fn show(client: Client, RawQuery(raw): RawQuery) -> Response {
    match home(&client, raw.unwrap_or_default()).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(refused) => refused.into_response(),
    }
}

async fn home(client: &Client, raw: String) -> Result<Home, Refused> {
    let labels = client.labels().await?;
    let market = client.get("/v1/market").await?;
    let count = |name: &str| market.get(name).and_then(Value::as_u64).unwrap_or(0);
    let figures = Figures {
        needs: count("needs"),
        achievements: count("achievements"),
        organisations: count("organisations"),
        accepted_pairs: count("accepted_pairs"),
    };
    let query = Asked::read(raw);
    let lists = if query.raw.is_empty() {
        let newest = async |kind: &str, heading: &str| {
            let path = format!("/v1/search?kind={kind}&order=newest&limit=8");
            let found = client.get(&path).await;
            List::of(heading, found.map(|it| items(&it, labels)))
        };
        vec![newest("need", "最新需求").await?, newest("achievement", "最新成果").await?]
    } else {
        vec![query.found(client, labels).await?]
    };
    Ok(Home { query, figures, lists })
}

impl Asked {
    /// Keeps the query as the API will read it, and what the form shows again.
    fn read(raw: String) -> Self {
        let (words, kind) = (queries::field(&raw, "q"), queries::field(&raw, "kind"));
        let asked = !words.is_empty() || !kind.is_empty();
        Self { words, kind, raw: if asked { raw } else { String::new() } }
    }

    async fn found(&self, client: &Client, labels: &Labels) -> Result<List, Refused> {
        let found = match client.get(&format!("/v1/search?{}", self.raw)).await {
            Ok(found) => found,
            Err(refused) => return List::of("检索", Err(refused)),
        };
        let total = found.get("total").and_then(Value::as_u64).unwrap_or(0);
        let relaxed = found.get("relaxed").and_then(Value::as_bool).unwrap_or(false);
        let note = match (total, relaxed) {
            (0, _) => "没有找到。换几个词，或者少写几个词试试。",
            (_, true) => "没有同时包含全部词语的结果，以下是最接近的。",
            (_, false) => "",
        };
        let cursor = found.get("next").and_then(Value::as_str);
        Ok(List {
            heading: format!("找到 {total} 条"),
            note,
            items: items(&found, labels),
            next: cursor.map(|it| format!("/?{}&cursor={it}", without_cursor(&self.raw))),
        })
    }

    fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

impl List {
    /// A list, or a word in its place while there is no index to make it from.
    fn of(heading: &str, items: Result<Vec<Item>, Refused>) -> Result<Self, Refused> {
        let (note, items) = match items {
            Ok(items) => ("", items),
            Err(it) if it.status == StatusCode::SERVICE_UNAVAILABLE => {
                ("检索正在准备，请稍后刷新。", Vec::new())
            }
            Err(refused) => return Err(refused),
        };
        Ok(Self { heading: heading.to_owned(), note, items, next: None })
    }
}

fn without_cursor(raw: &str) -> String {
    let kept: Vec<&str> = raw.split('&').filter(|it| !it.starts_with("cursor=")).collect();
    kept.join("&")
}

fn items(found: &Value, labels: &Labels) -> Vec<Item> {
    let items = found.get("items").and_then(Value::as_array);
    items.into_iter().flatten().map(|it| Item::new(it, labels)).collect()
}

impl Item {
    fn new(hit: &Value, labels: &Labels) -> Self {
        let text = |name: &str| hit.get(name).and_then(Value::as_str).unwrap_or_default();
        let need = text("kind") == "need";
        let mut title = pieces(hit.get("marked_title"));
        if title.is_empty() {
            title.push(Piece { text: "（内容不公开）".into(), hit: false });
        }
        let owner = hit.pointer("/organisation/name").and_then(Value::as_str);
        let mut facts = labels.all("field", hit.get("fields"));
        facts.extend(labels.all("region", hit.get("region")));
        if let Some(level) = hit.get("readiness").and_then(Value::as_u64) {
            facts.push(if need {
                format!("成熟度不低于 {level} 级")
            } else {
                format!("成熟度 {level} 级")
            });
        }
        Self {
            href: format!("/{}s/{}", text("kind"), text("id")),
            kind: if need { "需求" } else { "成果" },
            number: text("number").to_owned(),
            title,
            snippet: pieces(hit.get("snippet")),
            owner: owner.unwrap_or_default().to_owned(),
            facts,
        }
    }
}

fn pieces(value: Option<&Value>) -> Vec<Piece> {
    let pieces = value.and_then(Value::as_array).into_iter().flatten();
    let piece = |it: &Value| Piece {
        text: it.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
        hit: it.get("hit").and_then(Value::as_bool).unwrap_or(false),
    };
    pieces.map(piece).collect()
}
