use chrono::{DateTime, Utc};
use domain::{
    codes::DeclineReason,
    matchers::Outcome,
    needs::NeedId,
    pairs::{Explanation, Grade},
};
use sea_orm::{
    ColumnTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _,
    sea_query::{Alias, Expr},
};

use super::{queue, row};
use crate::{
    Conn, Result,
    error::{corrupt, unknown},
};

/// A verdict of the past, and what the matcher had said.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// For which need.
    pub need: NeedId,
    /// Why the pair had been suggested.
    pub explanation: Explanation,
    /// What was found.
    pub grade: Grade,
    /// When.
    pub at: DateTime<Utc>,
}

/// What became of every suggestion that figures may tell of.
pub async fn outcomes(conn: &impl Conn) -> Result<Vec<Outcome>> {
    #[derive(FromQueryResult)]
    struct Found {
        matcher: String,
        need_id: uuid::Uuid,
        position: i32,
        grade: Option<String>,
        reason: Option<String>,
        graded_at: Option<DateTime<Utc>>,
        published_at: Option<DateTime<Utc>>,
    }
    let published = Expr::col((Alias::new(queue::NEED), Alias::new("published_at")));
    let rows = queue::countable()
        .select_only()
        .columns([
            row::Column::Matcher,
            row::Column::NeedId,
            row::Column::Position,
            row::Column::Grade,
            row::Column::Reason,
            row::Column::GradedAt,
        ])
        .column_as(published, "published_at")
        .into_model::<Found>()
        .all(conn)
        .await?;
    let outcome = |it: Found| {
        let grade = it.grade.as_deref().map(graded).transpose()?;
        let reason = it.reason.as_deref().map(DeclineReason::new).transpose();
        Ok(Outcome {
            matcher: it.matcher,
            need: NeedId::from_uuid(it.need_id),
            published_at: it.published_at,
            position: u32::try_from(it.position).map_err(corrupt("pairs.position"))?,
            found: grade.zip(it.graded_at),
            reason: reason.map_err(corrupt("pairs.reason"))?,
        })
    };
    rows.into_iter().map(outcome).collect()
}

/// Every verdict since a moment that figures may tell of, the oldest first.
pub async fn past(conn: &impl Conn, since: Option<DateTime<Utc>>) -> Result<Vec<Past>> {
    let mut query = queue::countable().filter(row::Column::Grade.is_not_null());
    if let Some(since) = since {
        query = query.filter(row::Column::GradedAt.gte(since));
    }
    let mut past = Vec::new();
    for row in query.all(conn).await? {
        let pair = row.open(conn.keys())?;
        let Some(verdict) = pair.verdict() else { continue };
        past.push(Past {
            need: pair.sides.need,
            grade: verdict.form.grade,
            at: verdict.at,
            explanation: pair.explanation,
        });
    }
    past.sort_by_key(|it| it.at);
    Ok(past)
}

fn graded(name: &str) -> Result<Grade> {
    Grade::named(name).ok_or_else(|| unknown("pairs.grade"))
}
