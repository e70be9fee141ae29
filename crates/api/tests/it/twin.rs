//! Two markets that differ by one hidden need. Whoever may not know of it must get the same answers
//! from both: the same hits, totals, scores, order, explanations, tags and refusals. A search for
//! the hidden words alone would find no leak through a count, a rank or a page.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, Someone, VISITOR, World, achievement, need};

/// Words that stand only in the hidden need, one for each of its texts.
const CANARIES: [&str; 9] = [
    "锑烯铼钆甲",
    "锑烯铼钆乙",
    "锑烯铼钆丙",
    "锑烯铼钆丁",
    "锑烯铼钆戊",
    "锑烯铼钆己",
    "锑烯铼钆庚",
    "锑烯铼",
    "13512345678",
];

/// How the need came to be hidden.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hidden {
    /// It was confidential from the start.
    FromTheStart,
    /// It was public until now, and the index does not know yet.
    ByTightening,
    /// It was public until it was withdrawn, and the index does not know yet.
    ByWithdrawal,
    /// As the two before, and the index knows.
    ByTighteningLongAgo,
}

/// A market, and what of it the questions are about.
struct Twin {
    world: World,
    colleague: Someone,
    rival: Someone,
    /// The hidden need; in the market without it, an id that nothing has.
    hidden: String,
    public_need: String,
    achievement: String,
}

fn secret_need(visibility: &str) -> Value {
    let [title, summary, problem, goal, tried, keyword, partner, _, phone] = CANARIES;
    let mut form = need(&format!("球墨铸铁件{title}气孔率降低"));
    form["summary"] = json!(format!("{summary}报废率高"));
    form["problem"] =
        json!(format!("球墨铸铁件气孔率高，每月报废四十吨，{problem}需要降到百分之二以下。"));
    form["goal"] = json!(goal);
    form["tried"] = json!(tried);
    form["keywords"] = json!(["球墨铸铁", "气孔", keyword]);
    form["intended_partner"] = json!(partner);
    form["contact"] = json!({ "name": "李伟", "phone": phone });
    form["visibility"] = json!(visibility);
    form["readiness"] = json!(8);
    form["fields"] = json!(["401", "802"]);
    form
}

impl Twin {
    async fn new(hidden: Option<Hidden>) -> Self {
        let mut twin = Self::without_secret().await;
        // The scores of what was suggested while it was public are of that time, and may stay: it is
        // published after the others were matched.
        if hidden != Some(Hidden::FromTheStart) {
            twin.world.settle().await;
        }
        twin.live_through(hidden).await;
        twin
    }

    async fn without_secret() -> Self {
        let world = World::new().await;
        let mut other = achievement("铸造废砂再生利用技术");
        other["description"] = json!("废砂经热法再生后回用，报废率下降，已在两家铸造厂运行。");
        world.publish_achievement(other).await;
        Self {
            colleague: world.colleague_of(&world.enterprise, "plant.chen").await,
            rival: world.competitor().await,
            hidden: crate::matrix::ABSENT.to_owned(),
            public_need: world.published_need("铸件报废率降低与气孔控制").await,
            achievement: world.published_achievement("球墨铸铁气孔缺陷控制工艺").await,
            world,
        }
    }

    async fn live_through(&mut self, hidden: Option<Hidden>) {
        let Some(hidden) = hidden else { return self.world.settle().await };
        let confidential = hidden == Hidden::FromTheStart;
        let visibility = if confidential { "confidential" } else { "public" };
        self.hidden = self.world.publish_need(secret_need(visibility)).await;
        self.world.settle().await;
        // That a pair of a public need was accepted is known: it may stay in the figures.
        if hidden != Hidden::ByWithdrawal {
            self.accept_a_pair().await;
        }
        self.hide(hidden).await;
    }

    /// The responsible matchmaker accepts what was suggested for the need that is to be hidden.
    async fn accept_a_pair(&self) {
        let matchmaker = &self.world.matchmaker;
        let queue = self.world.get(matchmaker, &format!("/pairs?need={}", self.hidden)).await;
        let pair = queue.body["items"][0]["id"].as_str().expect("a pair of the need");
        let at = |act: &str| format!("/pairs/{pair}/{act}");
        self.world.post(matchmaker, &at("take"), json!(null)).await;
        let graded = self.world.post(matchmaker, &at("grade"), json!({ "grade": "strong" })).await;
        assert_eq!(graded.status, StatusCode::OK, "{}", graded.body);
    }

    async fn hide(&mut self, how: Hidden) {
        let at = format!("/needs/{}", self.hidden);
        match how {
            Hidden::FromTheStart => return,
            Hidden::ByWithdrawal => {
                let at = format!("{at}/withdraw");
                let gone = self.world.post(&self.world.enterprise, &at, json!(null)).await;
                assert_eq!(gone.status, StatusCode::OK, "{}", gone.body);
                return;
            }
            Hidden::ByTightening | Hidden::ByTighteningLongAgo => {}
        }
        let world = &self.world;
        let seen = world.get(&world.enterprise, &at).await;
        let put = (Method::PUT, at.as_str());
        let form = Some(secret_need("confidential"));
        let written = world.edit(&world.enterprise, put, &seen.tag(), form).await;
        assert_eq!(written.status, StatusCode::OK, "{}", written.body);
        world.submit(&world.enterprise, "/needs", &written).await;
        world.review("/needs", &self.hidden, "approve").await;
        if how == Hidden::ByTighteningLongAgo {
            self.world.settle().await;
        }
    }

    /// Those who may not know of the hidden need; a colleague may know of one that is only withdrawn.
    fn strangers(&self, how: Hidden) -> Vec<(&'static str, &Someone)> {
        let world = &self.world;
        let mut all = vec![
            ("a visitor", &VISITOR),
            ("a rival", &self.rival),
            ("a researcher", &world.research),
            ("the lead", &world.lead),
            ("the system administrator", &world.system_admin),
            ("the security administrator", &world.security_admin),
        ];
        if how != Hidden::ByWithdrawal {
            all.push(("a colleague", &self.colleague));
            all.push(("another matchmaker", &world.other_matchmaker));
        }
        all
    }

    /// Everything that can be asked without changing anything, with what names a thing put in.
    fn questions(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for (path, methods) in api::description()["paths"].as_object().unwrap() {
            if methods.get("get").is_none() {
                continue;
            }
            let ids = match path.split('/').nth(1) {
                Some("needs") => vec![&self.hidden, &self.public_need],
                Some("achievements") => vec![&self.achievement],
                _ => vec![&self.hidden],
            };
            let filled = ids.into_iter().map(|id| path.replace("{id}", id));
            all.extend(filled.map(|it| it.replace("{table}", "grade")));
        }
        let words = CANARIES.map(encoded).into_iter();
        all.extend(words.map(|it| format!("/search?q={it}")));
        for words in ["气孔", "报废率", "球墨铸铁件气孔率降低", "铼钆", "烯铼", "铸件 报废率"]
        {
            let words = encoded(words);
            all.extend(
                ["", "&kind=need", "&limit=1", "&order=newest", "&field=8", "&readiness=8"]
                    .map(|more| format!("/search?q={words}{more}")),
            );
        }
        all.extend(
            [
                "/search?field=802",
                "/search?field=4&kind=need",
                "/search?industry=C33",
                "/search?region=1405",
                "/search?cooperation=joint",
                "/search?readiness=7",
                "/search?order=newest&limit=2",
                "/needs?limit=1",
                "/needs?state=published",
                "/needs?state=withdrawn",
                "/submissions?kind=need",
                "/pairs?state=suggested,accepted,declined,taken",
                "/pairs?state=accepted&order=newest",
            ]
            .map(str::to_owned),
        );
        let owner = self.world.enterprise.person.as_ref().unwrap().organisation;
        all.extend(["/needs", "/pairs"].map(|it| format!("{it}?organisation={owner}")));
        all.push(format!("/pairs?need={}", self.hidden));
        all
    }
}

fn encoded(text: &str) -> String {
    let escaped: Vec<String> = text.bytes().map(|it| format!("%{it:02X}")).collect();
    escaped.concat()
}

/// An answer without what differs between any two markets: ids become the order in which they
/// appear, numbers of listings lose their count.
fn comparable(answer: &Answer) -> Value {
    let mut seen: Vec<String> = Vec::new();
    let mut body = answer.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    settle_names(&mut body, &mut seen);
    let tag = answer.headers.get("etag").map(|it| it.to_str().unwrap().to_owned());
    json!({ "status": answer.status.as_u16(), "tag": tag, "body": body })
}

fn settle_names(value: &mut Value, seen: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            let place = seen.iter().position(|it| it == text).unwrap_or_else(|| {
                seen.push(text.clone());
                seen.len() - 1
            });
            *text = format!("id {place}");
        }
        Value::String(text) if text.starts_with("GPN-") || text.starts_with("GPA-") => {
            text.truncate(12);
        }
        Value::Array(entries) => entries.iter_mut().for_each(|it| settle_names(it, seen)),
        Value::Object(fields) => {
            // A cursor names an id: it cannot be compared, but that there is one can.
            if let Some(next) = fields.get_mut("next") {
                *next = json!("there is more");
            }
            fields.values_mut().for_each(|it| settle_names(it, seen));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn compare(how: Hidden) {
    let (with, without) = (Twin::new(Some(how)).await, Twin::new(None).await);
    let mut asked = 0;
    let mut found = 0;
    for ((who, knows_not), (_, as_well)) in
        with.strangers(how).into_iter().zip(without.strangers(how))
    {
        for (question, same) in with.questions().iter().zip(&without.questions()) {
            let told = with.world.get(knows_not, question).await;
            let twin = without.world.get(as_well, same).await;
            let text = told.body.to_string();
            for canary in CANARIES {
                assert!(!text.contains(canary), "{who} is told {canary} by {question}: {text}");
            }
            assert_eq!(comparable(&told), comparable(&twin), "{who} at {question} ({how:?})");
            found += told.body["items"].as_array().map_or(0, Vec::len);
            asked += 1;
        }
    }
    assert!(asked > 500 && found > 150, "{asked} questions, {found} entries");
}

#[tokio::test]
async fn a_need_that_was_always_confidential_changes_no_answer() {
    Box::pin(compare(Hidden::FromTheStart)).await;
}

#[tokio::test]
async fn a_need_made_confidential_changes_no_answer_before_the_index_knows() {
    Box::pin(compare(Hidden::ByTightening)).await;
}

#[tokio::test]
async fn a_need_made_confidential_changes_no_answer_afterwards() {
    Box::pin(compare(Hidden::ByTighteningLongAgo)).await;
}

#[tokio::test]
async fn a_withdrawn_need_changes_no_answer_before_the_index_knows() {
    Box::pin(compare(Hidden::ByWithdrawal)).await;
}
