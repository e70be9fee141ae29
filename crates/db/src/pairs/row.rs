use domain::{
    achievements::AchievementId,
    codes::DeclineReason,
    days::Day,
    needs::NeedId,
    pairs::{Explanation, Grade, GradeForm, Pair, PairId, Progress, Sides, State, Verdict},
    people::PersonId,
    text::Text,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::{
    Keys, Result,
    error::{corrupt, unknown},
    keys::Place,
};

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "pairs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub need_id: Uuid,
    pub need_edition: i32,
    pub achievement_id: Uuid,
    pub achievement_edition: i32,
    pub state: String,
    pub matcher: String,
    #[sea_orm(column_type = "Double")]
    pub score: f64,
    /// See [`Explanation::position`].
    pub position: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub explanation: Json,
    pub suggested_at: ChronoDateTimeUtc,
    pub taken_by: Option<Uuid>,
    pub deferred_until: Option<ChronoDate>,
    pub grade: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub graded_by: Option<Uuid>,
    pub graded_at: Option<ChronoDateTimeUtc>,
    pub contradicted: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Every column of a pair.
pub(super) fn columns(it: &Pair, keys: &Keys) -> Result<ActiveModel> {
    let explanation =
        serde_json::to_value(&it.explanation).map_err(corrupt("pairs.explanation"))?;
    let explanation = keys.seal_json(&place(it.id.as_uuid(), "explanation"), &explanation)?;
    let verdict = it.verdict();
    let note = verdict.map(|it| it.form.note.as_str());
    let note = note.map(|text| keys.seal(&place(it.id.as_uuid(), "note"), text)).transpose()?;
    Ok(ActiveModel {
        id: Set(it.id.as_uuid()),
        version: Set(it.version),
        need_id: Set(it.sides.need.as_uuid()),
        need_edition: Set(it.sides.need_edition),
        achievement_id: Set(it.sides.achievement.as_uuid()),
        achievement_edition: Set(it.sides.achievement_edition),
        state: Set(it.state().as_str().to_owned()),
        matcher: Set(it.explanation.matcher.clone()),
        score: Set(it.explanation.score),
        position: Set(i32::try_from(it.explanation.position).unwrap_or(i32::MAX)),
        explanation: Set(explanation),
        suggested_at: Set(it.suggested_at),
        taken_by: Set(it.taken_by().map(PersonId::as_uuid)),
        deferred_until: Set(it.deferred_until().map(|it| it.0)),
        grade: Set(verdict.map(|it| it.form.grade.as_str().to_owned())),
        reason: Set(verdict.and_then(|it| it.form.reason).map(|it| it.as_str().to_owned())),
        note: Set(note),
        graded_by: Set(verdict.map(|it| it.by.as_uuid())),
        graded_at: Set(verdict.map(|it| it.at)),
        contradicted: Set(it.explanation.is_contradicted()),
    })
}

/// Explanation and note may quote what is confidential: they are sealed.
fn place(id: Uuid, column: &str) -> Place {
    Place::new("pairs", column, id)
}

impl Model {
    fn verdict(&self, keys: &Keys) -> Result<Option<Verdict>> {
        let (Some(grade), Some((by, at))) = (&self.grade, self.graded_by.zip(self.graded_at))
        else {
            return Ok(None);
        };
        let reason = self.reason.as_deref().map(DeclineReason::new).transpose();
        let note = self.note.as_deref().map(|it| keys.open(&place(self.id, "note"), it));
        let note = Text::new(&note.transpose()?.unwrap_or_default());
        let form = GradeForm {
            grade: Grade::named(grade).ok_or_else(|| unknown("pairs.grade"))?,
            reason: reason.map_err(corrupt("pairs.reason"))?,
            note: note.map_err(corrupt("pairs.note"))?,
        };
        Ok(Some(Verdict { form, by: PersonId::from_uuid(by), at }))
    }

    /// The pair that the row holds.
    pub(super) fn open(self, keys: &Keys) -> Result<Pair> {
        let row = self;
        let progress = Progress {
            state: State::named(&row.state).ok_or_else(|| unknown("pairs.state"))?,
            taken_by: row.taken_by.map(PersonId::from_uuid),
            deferred_until: row.deferred_until.map(Day),
            verdict: row.verdict(keys)?,
        };
        let sides = Sides {
            need: NeedId::from_uuid(row.need_id),
            need_edition: row.need_edition,
            achievement: AchievementId::from_uuid(row.achievement_id),
            achievement_edition: row.achievement_edition,
        };
        let sealed = row.explanation.as_str().ok_or_else(|| unknown("pairs.explanation"))?;
        let explanation = keys.open_json(&place(row.id, "explanation"), sealed)?;
        let explanation: Explanation =
            serde_json::from_value(explanation).map_err(corrupt("pairs.explanation"))?;
        let id = (PairId::from_uuid(row.id), row.version);
        Ok(Pair::restore(id, sides, explanation, row.suggested_at, progress))
    }
}
