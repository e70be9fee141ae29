//! The page of one listing, as a visitor sees it.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use crate::{
    client::{Client, Refused},
    labels::Labels,
    page::html,
};

#[derive(Template)]
#[template(path = "listing.html")]
struct ListingPage {
    kind: &'static str,
    number: String,
    title: String,
    owner: String,
    masked: bool,
    facts: Vec<(&'static str, String)>,
    /// Headings and what stands below them.
    sections: Vec<(&'static str, String)>,
    table: Table,
}

/// Indicators or parameters.
struct Table {
    heading: &'static str,
    rows: Vec<[String; 3]>,
}

pub(crate) async fn need(client: Client, id: Path<String>) -> Response {
    show(client, id, "needs").await
}

pub(crate) async fn achievement(client: Client, id: Path<String>) -> Response {
    show(client, id, "achievements").await
}

async fn show(client: Client, Path(id): Path<String>, shelf: &'static str) -> Response {
    match page(&client, &id, shelf).await {
        Ok(page) => html(StatusCode::OK, &page),
        Err(refused) => refused.into_response(),
    }
}

async fn page(client: &Client, id: &str, shelf: &str) -> Result<ListingPage, Refused> {
    let plain = id.chars().all(|it| it.is_ascii_hexdigit() || it == '-');
    if !plain {
        return Err(Refused::not_found());
    }
    let labels = client.labels().await?;
    let listing = client.get(&format!("/v1/{shelf}/{id}")).await?;
    Ok(ListingPage::new(&listing, shelf == "needs", labels))
}

const NEED_TEXTS: [(&str, &str); 3] =
    [("summary", "概述"), ("problem", "主要问题"), ("goal", "预期目标")];
const ACHIEVEMENT_TEXTS: [(&str, &str); 6] = [
    ("summary", "概述"),
    ("description", "成果说明"),
    ("advantages", "比现有方案好在哪里"),
    ("target_users", "适用对象"),
    ("scale_up", "中试与放大"),
    ("investment_needed", "所需投入"),
];
const FACTS: [(&str, &str, &str); 7] = [
    ("fields", "field", "技术领域"),
    ("industry", "industry", "行业"),
    ("region", "region", "地区"),
    ("kind", "need_kind", "需求类型"),
    ("urgency", "urgency", "紧急程度"),
    ("cooperation", "cooperation_mode", "合作方式"),
    ("level", "achievement_level", "成果水平"),
];

impl ListingPage {
    fn new(listing: &Value, is_need: bool, labels: &Labels) -> Self {
        let nothing = Value::Null;
        let form = listing.get("form").unwrap_or(&nothing);
        let text = |from: &Value, name: &str| {
            from.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let texts = if is_need { &NEED_TEXTS[..] } else { &ACHIEVEMENT_TEXTS[..] };
        let sections = texts.iter().map(|(name, heading)| (*heading, text(form, name)));
        let owner = listing.pointer("/organisation/name").and_then(Value::as_str);
        Self {
            kind: if is_need { "需求" } else { "成果" },
            number: text(listing, "number"),
            title: text(listing, "title"),
            owner: owner.unwrap_or_default().to_owned(),
            masked: text(listing, "view") == "masked",
            facts: facts(listing, form, is_need, labels),
            sections: sections.filter(|it| !it.1.is_empty()).collect(),
            table: Table::new(form, is_need),
        }
    }
}

fn facts(
    listing: &Value,
    form: &Value,
    is_need: bool,
    labels: &Labels,
) -> Vec<(&'static str, String)> {
    let mut facts: Vec<(&'static str, String)> = FACTS
        .iter()
        .map(|(name, table, heading)| (*heading, labels.all(table, form.get(*name)).join("、")))
        .collect();
    let heading = if is_need { "最低成熟度" } else { "成熟度" };
    let levels = labels.all("readiness", form.get("readiness"));
    let number = form.get("readiness").and_then(Value::as_u64);
    let level = number.zip(levels.first()).map(|(number, label)| format!("{number} 级 {label}"));
    facts.push((heading, level.unwrap_or_default()));
    facts.push(("关键词", list(form.get("keywords"))));
    let band = listing.get("investment_band").and_then(Value::as_str).map(band);
    facts.push(("拟投入", band.unwrap_or_default().to_owned()));
    let until = listing.get("valid_until").and_then(Value::as_str);
    facts.push(("有效期至", until.unwrap_or_default().to_owned()));
    facts.retain(|it| !it.1.is_empty());
    facts
}

fn list(value: Option<&Value>) -> String {
    let entries = value.and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(Value::as_str).collect::<Vec<_>>().join("、")
}

fn band(name: &str) -> &'static str {
    match name {
        "negotiable" => "面议",
        "below10_wan" => "10 万元以下",
        "from10_wan" => "10 万至 50 万元",
        "from50_wan" => "50 万至 100 万元",
        "from100_wan" => "100 万至 500 万元",
        "from500_wan" => "500 万元以上",
        _ => "",
    }
}

impl Table {
    fn new(form: &Value, is_need: bool) -> Self {
        let (name, heading) =
            if is_need { ("indicators", "主要指标") } else { ("parameters", "技术参数") };
        let rows = form.get(name).and_then(Value::as_array).into_iter().flatten();
        Self { heading, rows: rows.map(row).collect() }
    }
}

/// Name, value with its sign and unit, and whether it must be reached or how it was proven.
fn row(it: &Value) -> [String; 3] {
    let text = |name: &str| it.get(name).and_then(Value::as_str).unwrap_or_default();
    let number =
        |name: &str| it.get(name).filter(|it| it.is_number()).map(plain).unwrap_or_default();
    let (low, high, unit) = (number("value"), number("upper"), text("unit"));
    let value = match text("operator") {
        "at_least" => format!("≥ {low} {unit}"),
        "at_most" => format!("≤ {low} {unit}"),
        "between" => format!("{low} ~ {high} {unit}"),
        _ => format!("{low} {unit}"),
    };
    let note = match it.get("must").and_then(Value::as_bool) {
        Some(true) => "必须达到",
        Some(false) => "希望达到",
        None => text("proof"),
    };
    [text("name").to_owned(), value, note.to_owned()]
}

/// A number as people write it: `80`, not `80.0`.
fn plain(number: &Value) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
