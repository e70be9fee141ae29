//! One's own notices.

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db};
use domain::{
    notices::{Notice, NoticeId, Subject},
    policy::Operation,
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Answer,
    call::Call,
    cursor::ById,
    extract::Query,
    moment::Moment,
    page::{Listed, Paged},
    routes::{Doc, Routes},
};

pub(crate) fn routes(clock: Clock) -> Routes {
    Routes::new(clock).add(
        (Method::GET, "/me/notices"),
        Operation::ReadNotices,
        Doc::new("listNotices", "我的通知", "What one was told, the newest first")
            .paged()
            .answers::<Listed<NoticeBody>>(),
        list,
    )
}

/// What someone was told.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Notice")]
struct NoticeBody {
    id: NoticeId,
    subject: Subject,
    /// Which object.
    object: Uuid,
    /// The reason that was given.
    reason: String,
    at: Moment,
}

async fn list(
    State(db): State<Db>,
    call: Call,
    Query(asked): Query<Paged>,
) -> Answer<Listed<NoticeBody>> {
    let rows = db::notices::list(db.read(), call.member()?.person, asked.page).await?;
    let place = |it: &Notice| ById(it.id.as_uuid()).encode();
    let body = |it: Notice| NoticeBody {
        id: it.id,
        subject: it.subject,
        object: it.object,
        reason: it.reason.to_string(),
        at: Moment(it.at),
    };
    Ok(Json(asked.limit.cut(rows, place, body)))
}
