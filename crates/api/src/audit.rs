//! The audit log: for the auditor all of it, for everyone else their own part.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};
use db::{
    Clock, Db,
    audit::{self, Numbered, Outcome, Part, Place, Search},
};
use domain::{days::Day, people::PersonId, policy::Operation};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Answer, audit_sheet,
    call::Call,
    cursor::ByNumber,
    extract::Query,
    moment::Moment,
    page::Listed,
    problem::Problem,
    routes::{Doc, Routes},
};

mod asked;

use asked::{Asked, Exported, Held, Mine, Sheet};

/// How many lines are read at a time.
const BATCH: u64 = 1000;

pub(crate) fn routes(clock: Clock) -> Routes {
    let search =
        Doc::new("searchAudit", "查询审计日志", "Lines of the audit log, the newest first");
    let export = Doc::new("exportAudit", "导出审计日志", "Lines of the audit log as a file");
    let verify = Doc::new(
        "verifyAudit",
        "校验审计日志的哈希链",
        "Whether the log is what was written; with seq and hash, whether it agrees with an anchor",
    );
    let mine = Doc::new("readOwnAudit", "我的操作记录", "What one did oneself, the newest first");
    Routes::new(clock)
        .add(
            (Method::GET, "/audit"),
            Operation::ReadAudit,
            filtered(search).paged().answers::<Listed<LineBody>>(),
            list,
        )
        .add(
            (Method::GET, "/audit/export"),
            Operation::ExportAudit,
            filtered(export).query::<Sheet>("format", "格式 · jsonl (or csv)"),
            export_all,
        )
        .add(
            (Method::GET, "/audit/verification"),
            Operation::VerifyAudit,
            verify
                .query::<i64>("seq", "锚点行号 · the line an anchor names")
                .query::<String>("hash", "锚点哈希 · the hash an anchor names")
                .answers::<VerdictBody>(),
            verification,
        )
        .add(
            (Method::GET, "/me/audit"),
            Operation::ReadOwnAudit,
            mine.query::<Day>("from", "首日 · the first day")
                .query::<Day>("to", "末日 · the last day")
                .query::<domain::form::Whole<1, 100>>("limit", "条数 · how many")
                .answers::<Listed<OwnBody>>(),
            own,
        )
}

fn filtered(doc: Doc) -> Doc {
    doc.query::<PersonId>("actor", "操作人 · who did it")
        .query::<String>("action", "操作 · a policy row, or that and what it came to")
        .query::<Uuid>("object", "对象 · to what")
        .query::<OutcomeName>("outcome", "结果 · done, denied or failed")
        .query::<String>("request_id", "请求编号 · in which request")
        .query::<Day>("from", "首日 · the first day")
        .query::<Day>("to", "末日 · the last day")
}

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLine")]
struct LineBody {
    /// Its number in the chain.
    seq: i64,
    at: Moment,
    /// Who did it; absent where the program did, or a visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<PersonId>,
    /// The address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    origin: Option<std::net::IpAddr>,
    /// The policy row, and what it came to.
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Uuid>,
    #[schemars(with = "OutcomeName")]
    outcome: &'static str,
    /// Why it was done or denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    request_id: String,
    detail: Value,
    /// The hash of the line, over it and the hash of the line before.
    hash: String,
}

/// Something one did oneself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnAuditLine")]
struct OwnBody {
    at: Moment,
    /// The address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    origin: Option<std::net::IpAddr>,
    /// The policy row, and what it came to.
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Uuid>,
    request_id: String,
}

/// Whether something was done.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Outcome")]
#[expect(dead_code, reason = "only described")]
enum OutcomeName {
    Done,
    Denied,
    Failed,
}

/// What a verification found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditVerdict")]
struct VerdictBody {
    /// How many lines were looked at.
    lines: u64,
    /// The last line that was purged; 0 if none was.
    purged_through: i64,
    /// The last line, and its hash.
    seq: i64,
    hash: String,
    /// Whether the anchor that was given names a line that is still there, and agrees.
    anchored: bool,
    /// What is wrong, if anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
}

async fn list(State(db): State<Db>, Query(asked): Query<Asked>) -> Answer<Listed<LineBody>> {
    let Asked { search, page } = asked;
    let part = Part::Before(page.before);
    let lines = audit::list(db.read(), &search, part, page.limit.and_one()).await?;
    let place = |it: &Numbered| ByNumber(it.seq).encode();
    Ok(Json(page.limit.cut(lines, place, LineBody::from)))
}

/// What was done, and not what was denied: that would tell that there was something to be denied.
/// There is no cursor, which would tell how much others did.
async fn own(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Mine>,
) -> Answer<Listed<OwnBody>> {
    let Mine { search, limit } = asked;
    let actor = Some(call.member()?.person);
    let search = Search { actor, outcome: Some(Outcome::Done), ..search };
    let lines = audit::list(db.read(), &search, Part::Before(None), limit.0).await?;
    Ok(Json(Listed { items: lines.into_iter().map(OwnBody::from).collect(), next: None }))
}

/// The file is sent as it is read, up to the line that was the last when it was asked for.
async fn export_all(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Exported>,
) -> Result<Response, Problem> {
    let Exported { search, sheet } = asked;
    let head = audit::head(db.read()).await?.seq;
    let line = call.line("", None, json!({ "through": head }));
    db.write(async |tx| audit::append(tx, line).await).await?;
    let begin = (sheet == Sheet::Csv).then(|| format!("{}\n", audit_sheet::HEADER));
    let state = (0, begin);
    let file = stream::try_unfold(state, move |(after, begin)| {
        let (db, search) = (db.clone(), search.clone());
        async move {
            let part = Part::After(after);
            let mut lines = audit::list(db.read(), &search, part, BATCH).await?;
            lines.retain(|it| it.seq <= head);
            let Some(last) = lines.last().map(|it| it.seq) else {
                return Ok::<_, db::Error>(begin.map(|it| (Bytes::from(it), (head, None))));
            };
            let text: String = lines.iter().map(|it| sheet.line(it)).collect();
            let text = begin.unwrap_or_default() + &text;
            Ok(Some((Bytes::from(text), (last, None))))
        }
    });
    let kind = HeaderValue::from_static(sheet.media_type());
    let name = HeaderValue::from_static(sheet.disposition());
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(file)).into_response())
}

async fn verification(State(db): State<Db>, Query(held): Query<Held>) -> Answer<VerdictBody> {
    let anchors: Vec<Place> = held.0.into_iter().collect();
    let verdict = audit::verify(db.read(), &anchors).await?;
    Ok(Json(VerdictBody {
        lines: verdict.lines,
        purged_through: verdict.floor.seq,
        seq: verdict.head.seq,
        hash: verdict.head.hash.to_string(),
        anchored: verdict.anchors > 0,
        broken: verdict.broken.map(|it| it.to_string()),
    }))
}

impl From<Numbered> for LineBody {
    fn from(Numbered { seq, line, hash }: Numbered) -> Self {
        let (object_kind, object) = line.object.unzip();
        Self {
            seq,
            at: Moment(line.at),
            actor: line.actor,
            origin: line.origin,
            action: line.action,
            object_kind,
            object,
            outcome: Outcome::as_str(line.outcome),
            reason: line.reason,
            request_id: line.request_id,
            detail: line.detail,
            hash,
        }
    }
}

impl From<Numbered> for OwnBody {
    fn from(Numbered { line, .. }: Numbered) -> Self {
        let (object_kind, object) = line.object.unzip();
        Self {
            at: Moment(line.at),
            origin: line.origin,
            action: line.action,
            object_kind,
            object,
            request_id: line.request_id,
        }
    }
}
