//! A suggested pair: a need, an achievement that may meet it, why, and what a matchmaker thinks.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Fault, Faults, Id,
    achievements::AchievementId,
    codes::DeclineReason,
    days::Day,
    form::{Field, Object},
    needs::NeedId,
    people::PersonId,
    text::{self, Text},
};

mod explanation;
mod feedback;
mod reconcile;
mod state;
#[cfg(test)]
mod tests;

pub use explanation::{Explanation, Parts, Phrase, Term};
pub use feedback::{Likeness, Verdicts, rerank};
pub use reconcile::{Offered, Reconciled, reconcile};
pub use state::{Action, NotAllowed, State};

/// Identifies a [`Pair`].
pub type PairId = Id<Pair>;

/// A suggested pair and how far its review has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Names this pair.
    pub id: PairId,
    /// Counts saved changes.
    pub version: i32,
    /// Which editions of which listings are paired: what makes a pair the same pair.
    pub sides: Sides,
    /// Why it was suggested.
    pub explanation: Explanation,
    /// When it was suggested.
    pub suggested_at: DateTime<Utc>,
    state: State,
    taken_by: Option<PersonId>,
    deferred_until: Option<Day>,
    verdict: Option<Verdict>,
}

/// Which editions of which listings are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sides {
    /// The need.
    pub need: NeedId,
    /// The edition of the need that last changed anything material.
    pub need_edition: i32,
    /// The achievement.
    pub achievement: AchievementId,
    /// The edition of the achievement that last changed anything material.
    pub achievement_edition: i32,
}

/// What a matchmaker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How well the two fit, and why not.
    pub form: GradeForm,
    /// Who said so.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
}

/// How well the two sides fit, on the scale that professionals use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// 无相关.
    Unrelated,
    /// 弱相关.
    Weak,
    /// 较强相关.
    FairlyStrong,
    /// 强相关.
    Strong,
}

/// What a matchmaker writes to grade a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GradeForm {
    /// How well the two fit.
    pub grade: Grade,
    /// Why not; required where the grade is 弱 or 无.
    #[serde(default)]
    pub reason: Option<DeclineReason>,
    /// Anything else worth keeping.
    #[serde(default)]
    pub note: Text<0, 500>,
}

/// What a matchmaker writes to put a pair off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeferForm {
    /// The day it is to come back; after today, at most a year away.
    pub until: Day,
}

/// What storage holds of a pair's review.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// See [`Pair::state`].
    pub state: State,
    /// See [`Pair::taken_by`].
    pub taken_by: Option<PersonId>,
    /// See [`Pair::deferred_until`].
    pub deferred_until: Option<Day>,
    /// See [`Pair::verdict`].
    pub verdict: Option<Verdict>,
}

/// Why a pair was not changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Its state does not allow it.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Another matchmaker holds it.
    #[error("another matchmaker holds the pair")]
    HeldByAnother,
    /// What was written does not do.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

impl Pair {
    /// Suggests a pair.
    pub fn suggest(id: PairId, sides: Sides, explanation: Explanation, now: DateTime<Utc>) -> Self {
        let progress = Progress {
            state: State::Suggested,
            taken_by: None,
            deferred_until: None,
            verdict: None,
        };
        Self::restore((id, 0), sides, explanation, now, progress)
    }

    /// Rebuilds a pair from storage.
    pub fn restore(
        (id, version): (PairId, i32),
        sides: Sides,
        explanation: Explanation,
        suggested_at: DateTime<Utc>,
        progress: Progress,
    ) -> Self {
        let Progress { state, taken_by, deferred_until, verdict } = progress;
        Self {
            id,
            version,
            sides,
            explanation,
            suggested_at,
            state,
            taken_by,
            deferred_until,
            verdict,
        }
    }

    /// Where the review stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Who is looking at it.
    pub const fn taken_by(&self) -> Option<PersonId> {
        self.taken_by
    }

    /// The day a deferred pair comes back.
    pub const fn deferred_until(&self) -> Option<Day> {
        self.deferred_until
    }

    /// What was found.
    pub const fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// Takes the pair, so that nobody else grades it meanwhile. Taking it twice changes nothing.
    pub fn take(&mut self, matchmaker: PersonId) -> Result<(), Refused> {
        if self.state == State::Taken {
            return self.held_by(matchmaker);
        }
        self.state = self.state.after(Action::Take)?;
        self.taken_by = Some(matchmaker);
        self.deferred_until = None;
        Ok(())
    }

    /// Gives the pair back to the queue.
    pub fn release(&mut self, matchmaker: PersonId) -> Result<(), Refused> {
        let next = self.state.after(Action::Release)?;
        self.held_by(matchmaker)?;
        self.state = next;
        self.taken_by = None;
        Ok(())
    }

    /// Gives the pair back to the queue if `holder` has it and cannot work on it any more. Says
    /// whether that changed anything.
    pub fn let_go(&mut self, holder: PersonId) -> bool {
        self.release(holder).is_ok()
    }

    /// Grades the pair: 强 and 较强 accept it, 弱 and 无 decline it.
    pub fn grade(
        &mut self,
        form: GradeForm,
        matchmaker: PersonId,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let next = self.state.after(form.grade.action())?;
        self.held_by(matchmaker)?;
        self.state = next;
        self.verdict = Some(Verdict { form, by: matchmaker, at: now });
        Ok(())
    }

    /// Puts the pair off; it comes back to the queue on the day named.
    pub fn defer(
        &mut self,
        form: &DeferForm,
        matchmaker: PersonId,
        today: Day,
    ) -> Result<(), Refused> {
        let next = self.state.after(Action::Defer)?;
        self.held_by(matchmaker)?;
        if form.until <= today {
            return Err(Faults::one("/until", Fault::WrongOrder { after: "today" }).into());
        }
        if form.until > today.plus_months(12) {
            return Err(Faults::one("/until", Fault::TooLarge { max: 365 }).into());
        }
        self.state = next;
        self.taken_by = None;
        self.deferred_until = Some(form.until);
        Ok(())
    }

    /// What happens to the pair by itself: it is outdated, expires, comes back.
    pub fn pass(&mut self, action: Action) -> Result<(), NotAllowed> {
        self.state = self.state.after(action)?;
        self.taken_by = None;
        self.deferred_until = None;
        Ok(())
    }

    fn held_by(&self, matchmaker: PersonId) -> Result<(), Refused> {
        if self.taken_by == Some(matchmaker) { Ok(()) } else { Err(Refused::HeldByAnother) }
    }
}

impl Grade {
    /// From 0 for 无相关 to 3 for 强相关.
    pub const fn value(self) -> f64 {
        match self {
            Self::Unrelated => 0.0,
            Self::Weak => 1.0,
            Self::FairlyStrong => 2.0,
            Self::Strong => 3.0,
        }
    }

    /// Whether the grade accepts the pair.
    pub const fn accepts(self) -> bool {
        matches!(self.action(), Action::Accept)
    }

    /// Every grade, the worst first.
    pub const ALL: [Self; 4] = [Self::Unrelated, Self::Weak, Self::FairlyStrong, Self::Strong];

    /// What the grade does to the pair.
    pub const fn action(self) -> Action {
        match self {
            Self::Strong | Self::FairlyStrong => Action::Accept,
            Self::Weak | Self::Unrelated => Action::Decline,
        }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unrelated => "unrelated",
            Self::Weak => "weak",
            Self::FairlyStrong => "fairly_strong",
            Self::Strong => "strong",
        }
    }

    /// The grade of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Field for Grade {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "grade" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

impl Field for GradeForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let grade = object.required("grade");
        let reason = match grade.map(Grade::action) {
            Some(Action::Decline) => object.required("reason"),
            _ => object.optional("reason"),
        };
        let note = object.or_default("note");
        if grade.map(Grade::action) == Some(Action::Accept) && reason.is_some() {
            object.fault("reason", Fault::NotAllowed { because_of: "grade" });
        }
        object.close();
        Some(Self { grade: grade?, reason, note })
    }
}

impl Field for DeferForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let until = object.required("until");
        object.close();
        Some(Self { until: until? })
    }
}
