//! What needs and achievements have in common: a form, a life cycle, editions and their review.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Faults, Id,
    codes::{CooperationMode, Industry, Region, TechField},
    contacts::Contact,
    days::Day,
    form::Field,
    money::Band,
    organisations::OrganisationId,
    people::PersonId,
};

mod number;
mod review;
mod state;
#[cfg(test)]
mod tests;
mod words;

pub use number::Number;
pub use review::{Decision, Review, ReviewForm, Rubric, Score};
pub use state::{Action, NotAllowed, State};
pub use words::{Audience, Kind, Visibility};

/// Identifies a [`Listing`].
pub type ListingId<F> = Id<Listing<F>>;

/// What an owner writes; a need or an achievement.
pub trait Form: Field + Serialize + JsonSchema + Clone + PartialEq + Send + Sync + 'static {
    /// Which kind of listing the form makes.
    const KIND: Kind;

    /// Who may read which field. A field that is not named is for everyone.
    const AUDIENCES: &[(&str, Audience)];

    /// What is missing or wrong before the form may be submitted.
    fn gaps(&self) -> Faults;

    /// Whom to talk to.
    fn contact(&self) -> &Contact;

    /// The parts that lists, search and matching look at.
    fn card(&self) -> Card<'_>;

    /// The words to search and match by, besides title and summary; only what everyone may read.
    fn text(&self) -> String;

    /// Who may find it.
    fn visibility(&self) -> Visibility;

    /// The band of the planned investment, which strangers are told in place of the amount.
    fn investment_band(&self) -> Option<Band> {
        None
    }

    /// The form without what does not bear on matching, to see whether a change is material.
    #[must_use]
    fn matter(&self) -> Self;
}

/// The parts of a form that lists, search and matching look at.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    /// What it is about, in a line.
    pub title: &'a str,
    /// What it is about, in a few sentences.
    pub summary: &'a str,
    /// High-tech fields.
    pub fields: &'a [TechField],
    /// Industry.
    pub industry: Option<Industry>,
    /// Region.
    pub region: Option<Region>,
    /// Cooperation modes.
    pub cooperation: &'a [CooperationMode],
    /// Technology readiness level: the least wanted, or the one reached.
    pub readiness: Option<u8>,
}

/// A need or an achievement, and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<F> {
    /// Names this listing.
    pub id: ListingId<F>,
    /// Counts saved changes, so that a stale copy cannot be saved.
    pub version: i32,
    /// The number people use.
    pub number: Number,
    /// Whose it is. It stays with the organisation when the author leaves.
    pub organisation: OrganisationId,
    /// Who wrote it.
    pub author: PersonId,
    /// The matchmaker who looks after it; whoever reviewed it first.
    pub matchmaker: Option<PersonId>,
    /// What another system calls it, for repeated imports.
    pub external_id: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Whether its owner is suspended, and nothing of theirs is offered meanwhile.
    pub suspended: bool,
    /// What readers see; before the first publication, what the author has written so far.
    form: F,
    state: State,
    revision: Option<Revision<F>>,
    publication: Option<Publication>,
}

/// A change to a published listing, on its way to being published.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision<F> {
    /// What the listing is to say.
    pub form: F,
    /// How far the change has come: draft, submitted, returned or rejected.
    pub state: State,
}

/// Since when, in which edition and until when a listing is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Counts the published editions, from 1.
    pub edition: i32,
    /// The edition that last changed anything that matters to matching.
    pub matter: i32,
    /// A digest of what the present edition says that matters to matching.
    pub digest: i64,
    /// When the present edition was published.
    pub at: DateTime<Utc>,
    /// The last day it is offered.
    pub until: Day,
}

/// What storage holds of a listing besides its public fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<F> {
    /// See [`Listing::form`].
    pub form: F,
    /// See [`Listing::state`].
    pub state: State,
    /// See [`Listing::revision`].
    pub revision: Option<Revision<F>>,
    /// See [`Listing::publication`].
    pub publication: Option<Publication>,
}

/// Who writes a new listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Who wrote it.
    pub author: PersonId,
    /// What another system calls it.
    pub external_id: Option<String>,
}

/// Why a listing cannot be submitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotSubmitted {
    /// Its state does not allow it.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Something is missing.
    #[error(transparent)]
    Incomplete(#[from] Faults),
}

/// How many months a listing is offered before it must be renewed.
pub const VALID_MONTHS: u32 = 12;

impl<F: Form> Listing<F> {
    /// Begins a draft.
    pub fn draft(
        id: ListingId<F>,
        number: Number,
        origin: Origin,
        form: F,
        now: DateTime<Utc>,
    ) -> Self {
        let progress = Progress { form, state: State::Draft, revision: None, publication: None };
        Self::restore((id, 0), number, origin, (None, now, now), progress)
    }

    /// Rebuilds a listing from storage; `kept` is matchmaker, creation and last change.
    pub fn restore(
        (id, version): (ListingId<F>, i32),
        number: Number,
        origin: Origin,
        kept: (Option<PersonId>, DateTime<Utc>, DateTime<Utc>),
        progress: Progress<F>,
    ) -> Self {
        let Origin { organisation, author, external_id } = origin;
        let (matchmaker, created_at, updated_at) = kept;
        let Progress { form, state, revision, publication } = progress;
        Self {
            id,
            version,
            number,
            organisation,
            author,
            matchmaker,
            external_id,
            created_at,
            updated_at,
            suspended: false,
            form,
            state,
            revision,
            publication,
        }
    }

    /// What readers see; before the first publication, what the author has written so far.
    pub const fn form(&self) -> &F {
        &self.form
    }

    /// Where the listing stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The change on its way, if any.
    pub const fn revision(&self) -> Option<&Revision<F>> {
        self.revision.as_ref()
    }

    /// Since when it has been published.
    pub const fn publication(&self) -> Option<Publication> {
        self.publication
    }

    /// What its author is writing: the change on its way, or else the form.
    pub fn working_copy(&self) -> &F {
        self.open_revision().map_or(&self.form, |it| &it.form)
    }

    /// How far the working copy has come.
    pub fn working_state(&self) -> State {
        self.open_revision().map_or(self.state, |it| it.state)
    }

    /// Whether anyone but its owner and staff may find it.
    pub fn is_offered(&self) -> bool {
        self.state == State::Published && !self.suspended
    }

    /// Writes a new working copy. What is published stays as it is until the change is approved.
    pub fn edit(&mut self, form: F, now: DateTime<Utc>) -> Result<(), NotAllowed> {
        let over = self.working_state() == State::Rejected && self.state.is_public();
        let from = if over { self.state } else { self.working_state() };
        let next = from.after(Action::Edit)?;
        if self.state.is_public() {
            self.revision = Some(Revision { form, state: State::Draft });
        } else {
            self.form = form;
            self.state = next;
        }
        self.updated_at = now;
        Ok(())
    }

    /// Drops the change on its way, unless it is being reviewed.
    pub fn discard_revision(&mut self, now: DateTime<Utc>) -> Result<(), NotAllowed> {
        let state = self.working_state();
        if self.open_revision().is_none() || state == State::Submitted {
            return Err(NotAllowed { from: state, action: Action::Discard });
        }
        self.revision = None;
        self.updated_at = now;
        Ok(())
    }

    /// Asks for the working copy to be reviewed.
    pub fn submit(&mut self, now: DateTime<Utc>) -> Result<(), NotSubmitted> {
        let next = self.working_state().after(Action::Submit)?;
        self.working_copy().gaps().or(())?;
        self.set_working_state(next, now);
        Ok(())
    }

    /// Takes a submitted working copy back.
    pub fn retract(&mut self, now: DateTime<Utc>) -> Result<(), NotAllowed> {
        let next = self.working_state().after(Action::Retract)?;
        self.set_working_state(next, now);
        Ok(())
    }

    /// Decides on the submitted working copy. Approval publishes it for [`VALID_MONTHS`].
    pub fn review(
        &mut self,
        decision: Decision,
        reviewer: PersonId,
        now: DateTime<Utc>,
    ) -> Result<(), NotAllowed> {
        let next = self.working_state().after(decision.action())?;
        self.matchmaker = self.matchmaker.or(Some(reviewer));
        if decision == Decision::Approve {
            self.publish(now);
        } else {
            self.set_working_state(next, now);
        }
        Ok(())
    }

    /// Publishes the working copy without review, for imports by staff.
    pub fn publish(&mut self, now: DateTime<Utc>) {
        let before = self.publication;
        if let Some(revision) = self.revision.take() {
            self.form = revision.form;
        }
        let digest = digest(&self.form.matter());
        let edition = before.map_or(1, |it| it.edition + 1);
        let same = before.filter(|it| it.digest == digest && digest != UNKNOWN);
        let matter = same.map_or(edition, |it| it.matter);
        let until = Day::at(now).plus_months(VALID_MONTHS);
        self.publication = Some(Publication { edition, matter, digest, at: now, until });
        if self.state != State::Paused {
            self.state = State::Published;
        }
        self.updated_at = now;
    }

    /// Moves the listing itself: pause, resume, withdraw, close, reopen, renew, expire, hide, archive.
    pub fn act(&mut self, action: Action, now: DateTime<Utc>) -> Result<(), NotAllowed> {
        self.state = self.state.after(action)?;
        if action == Action::Renew
            && let Some(publication) = &mut self.publication
        {
            publication.until = Day::at(now).plus_months(VALID_MONTHS);
        }
        self.revision = self.revision.take().map(|it| it.after_move(self.state));
        if matches!(action, Action::Reopen | Action::Hide)
            && let Some(revision) = self.revision.take()
        {
            self.form = revision.form;
        }
        self.updated_at = now;
        Ok(())
    }

    /// Whether the last day it is offered has passed.
    pub fn is_overdue(&self, today: Day) -> bool {
        self.state.after(Action::Expire).is_ok()
            && self.publication.is_some_and(|it| it.until < today)
    }

    fn open_revision(&self) -> Option<&Revision<F>> {
        self.revision.as_ref().filter(|_| self.state.is_public())
    }

    fn set_working_state(&mut self, state: State, now: DateTime<Utc>) {
        match &mut self.revision {
            Some(revision) => revision.state = state,
            None => self.state = state,
        }
        self.updated_at = now;
    }
}

/// The digest of what could not be read; it is like no other.
const UNKNOWN: i64 = 0;

/// A number that stands for what matters of a form, the same on every machine and in every run
/// (FNV-1a, 64 bits). A listing that was withdrawn is compared by it with what it last said: its
/// old form is not kept beside the working copy.
fn digest<F: Form>(matter: &F) -> i64 {
    let Ok(bytes) = serde_json::to_vec(matter) else { return UNKNOWN };
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    i64::from_ne_bytes(bytes.into_iter().fold(start, step).to_ne_bytes())
}

impl<F> Revision<F> {
    /// A listing that is no longer offered waits for no review.
    fn after_move(self, listing: State) -> Self {
        let state = match (listing.is_public(), self.state) {
            (false, State::Submitted) => State::Draft,
            (_, state) => state,
        };
        Self { state, ..self }
    }
}
