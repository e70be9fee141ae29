//! Introductions: an accepted pair is put to both sides, and each says yes or no.
//!
//! Before both have said yes each sees of the other what everyone may see. A side whose partner's
//! listing is confidential is not even asked before that partner has said yes.

use chrono::{DateTime, Utc};

use crate::{
    Id,
    achievements::AchievementId,
    listings::{Kind, Visibility},
    needs::NeedId,
    organisations::OrganisationId,
    pairs::PairId,
    people::PersonId,
};

mod answer;
mod state;
#[cfg(test)]
mod tests;

pub use answer::{Answer, AnswerForm, CONTACT_EXCHANGE, No, Yes};
pub use state::{Action, NotAllowed, State};

/// Identifies an [`Introduction`].
pub type IntroductionId = Id<Introduction>;

/// A pair that was put to both sides, and what they said.
#[derive(Clone, Debug, PartialEq)]
pub struct Introduction {
    /// Names this introduction.
    pub id: IntroductionId,
    /// Counts saved changes.
    pub version: i32,
    /// Which listings are brought together, and whose they are.
    pub sides: Sides,
    /// The matchmaker who asked.
    pub asked_by: PersonId,
    /// When both were asked.
    pub asked_at: DateTime<Utc>,
    /// When it is too late to answer.
    pub expires_at: DateTime<Utc>,
    state: State,
    answers: Answers,
}

/// Which listings are brought together, and whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// The pair that was accepted.
    pub pair: PairId,
    /// Counts how often the pair was put to the two, from 1.
    pub round: i32,
    /// The need, and whose it is.
    pub need: (NeedId, OrganisationId),
    /// The achievement, and whose it is.
    pub achievement: (AchievementId, OrganisationId),
}

/// What the two sides said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// Whoever wrote the need.
    pub need: Option<Answer>,
    /// Whoever listed the achievement.
    pub achievement: Option<Answer>,
}

impl Introduction {
    /// Puts a pair to both sides.
    pub fn ask(
        id: IntroductionId,
        sides: Sides,
        asked_by: PersonId,
        (now, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        Self::restore((id, 0), sides, (asked_by, now, until), State::Asked, Answers::default())
    }

    /// Rebuilds an introduction from storage; `asked` is by whom, when, and until when.
    pub fn restore(
        (id, version): (IntroductionId, i32),
        sides: Sides,
        asked: (PersonId, DateTime<Utc>, DateTime<Utc>),
        state: State,
        answers: Answers,
    ) -> Self {
        let (asked_by, asked_at, expires_at) = asked;
        Self { id, version, sides, asked_by, asked_at, expires_at, state, answers }
    }

    /// Where it stands as storage holds it: what expired is still [`State::Asked`] there.
    pub const fn stored_state(&self) -> State {
        self.state
    }

    /// Where it stands.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        if self.state == State::Asked && now >= self.expires_at {
            return State::Expired;
        }
        self.state
    }

    /// What a side said.
    pub const fn answer(&self, side: Kind) -> Option<&Answer> {
        match side {
            Kind::Need => self.answers.need.as_ref(),
            Kind::Achievement => self.answers.achievement.as_ref(),
        }
    }

    /// Whether a side may know that it is asked, where `own` and `other` say who may find the two
    /// listings. Where both are confidential the need's side is asked first.
    pub fn is_known_to(&self, side: Kind, (own, other): (Visibility, Visibility)) -> bool {
        let hidden = other == Visibility::Confidential;
        let first = side == Kind::Need && own == Visibility::Confidential;
        let consented = self.answer(side.counterpart()).is_some_and(Answer::is_yes);
        !hidden || first || consented || self.answer(side).is_some()
    }

    /// Takes a side's answer. The second yes releases what both agreed to; one no ends it.
    pub fn take(
        &mut self,
        side: Kind,
        form: AnswerForm,
        (by, now): (PersonId, DateTime<Utc>),
    ) -> Result<(), NotAllowed> {
        let other = self.answer(side.counterpart()).is_some();
        let action = match (&form, other) {
            (AnswerForm::No(_), _) => Action::Decline,
            (AnswerForm::Yes(_), true) => Action::Agree,
            (AnswerForm::Yes(_), false) => Action::Consent,
        };
        let next = self.state(now).after(action)?;
        let given = match side {
            Kind::Need => &mut self.answers.need,
            Kind::Achievement => &mut self.answers.achievement,
        };
        if given.is_some() {
            return Err(NotAllowed { from: self.state, action });
        }
        *given = Some(Answer { form, by, at: now });
        self.state = next;
        Ok(())
    }

    /// Takes back what a side agreed to, or what the matchmaker asked: what was released is closed
    /// again.
    pub fn withdraw(&mut self, now: DateTime<Utc>) -> Result<(), NotAllowed> {
        self.state = self.state(now).after(Action::Withdraw)?;
        Ok(())
    }

    /// Whether each side may now read what was meant for the other after both agreed.
    pub fn is_released(&self) -> bool {
        self.state == State::Agreed
    }
}
