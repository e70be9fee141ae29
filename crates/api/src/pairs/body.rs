use std::collections::BTreeMap;

use db::{
    audit,
    pairs::{Counts, Entry, Side},
};
use domain::{
    achievements::AchievementForm,
    codes::DeclineReason,
    days::Day,
    listings::{Form, Listing, Number},
    needs::NeedForm,
    pairs::{Explanation, Grade, Pair, PairId, State},
    people::PersonId,
    policy::{Principal, Tie, View},
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Seen,
    places::{PhraseBody, places},
};
use crate::{
    listings::{ListingBody, Owner, Owners, Sight},
    moment::Moment,
    page::Listed,
    problem::Problem,
};

/// A suggested pair.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Pair")]
pub(super) struct PairBody {
    id: PairId,
    state: State,
    need: SideBody,
    achievement: SideBody,
    /// How well the two fit, and why.
    explanation: Explanation,
    suggested_at: Moment,
    /// Who is looking at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_by: Option<PersonId>,
    /// Whether that is the caller.
    mine: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_until: Option<Day>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictBody>,
}

/// A side of a pair, in short.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PairSide")]
pub(super) struct SideBody {
    id: Uuid,
    #[schemars(with = "String")]
    number: Number,
    title: String,
    organisation: Owner,
    /// The edition that was paired.
    edition: i32,
}

/// What a matchmaker found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Verdict")]
struct VerdictBody {
    grade: Grade,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<DeclineReason>,
    note: String,
    by: PersonId,
    at: Moment,
}

/// A pair with both texts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct PairDetail {
    pair: PairBody,
    need: ListingBody<NeedForm>,
    achievement: ListingBody<AchievementForm>,
    /// Where the phrases of the explanation stand in both texts.
    places: Vec<PhraseBody>,
}

/// What was done to a pair.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PairStep")]
pub(super) struct StepBody {
    at: Moment,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<PersonId>,
    /// What it came to: taken, suggested (given back), accepted, declined or deferred.
    what: String,
}

impl From<audit::Line> for StepBody {
    fn from(line: audit::Line) -> Self {
        let what = line.action.rsplit(':').next().unwrap_or_default().to_owned();
        Self { at: Moment(line.at), by: line.actor, what }
    }
}

/// A page of the queue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Queue")]
pub(super) struct QueueBody {
    #[serde(flatten)]
    page: Listed<PairBody>,
    /// How many pairs there are of each state, whatever was asked for; on the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<BTreeMap<&'static str, u64>>,
}

impl QueueBody {
    pub(super) fn new(page: Listed<PairBody>, counts: Option<Counts>) -> Self {
        let named = |it: Counts| it.into_iter().map(|(state, count)| (state.as_str(), count));
        Self { page, counts: counts.map(|it| named(it).collect()) }
    }
}

impl PairBody {
    pub(super) fn of_entry(entry: &Entry, me: PersonId, owners: &Owners) -> Self {
        let Entry { pair, need, achievement, readable } = entry;
        let view = if *readable { View::Business } else { View::Metadata };
        let side = |side: &Side, id, edition| SideBody {
            id,
            number: side.number.clone(),
            title: side.title.clone(),
            organisation: owners.owner(side.organisation),
            edition,
        };
        let sides = pair.sides;
        let need = side(need, sides.need.as_uuid(), sides.need_edition);
        let achievement = side(achievement, sides.achievement.as_uuid(), sides.achievement_edition);
        Self::new(pair, (me, (view, view)), (need, achievement))
    }

    pub(super) fn of(seen: &Seen, me: PersonId, owners: &Owners) -> Self {
        let sides = seen.pair.sides;
        let need = SideBody::of(&seen.need, sides.need_edition, owners);
        let achievement = SideBody::of(&seen.achievement, sides.achievement_edition, owners);
        Self::new(&seen.pair, (me, seen.views), (need, achievement))
    }

    /// What may be read of the sides may be read of the explanation.
    fn new(
        pair: &Pair,
        (me, views): (PersonId, (View, View)),
        (need, achievement): (SideBody, SideBody),
    ) -> Self {
        Self {
            id: pair.id,
            state: pair.state(),
            need,
            achievement,
            explanation: pair.explanation.clone().shown(views.0, views.1),
            suggested_at: Moment(pair.suggested_at),
            taken_by: pair.taken_by(),
            mine: pair.taken_by() == Some(me),
            deferred_until: pair.deferred_until(),
            verdict: pair.verdict().map(|it| VerdictBody {
                grade: it.form.grade,
                reason: it.form.reason,
                note: it.form.note.to_string(),
                by: it.by,
                at: Moment(it.at),
            }),
        }
    }
}

impl SideBody {
    fn of<F: Form>(listing: &Listing<F>, edition: i32, owners: &Owners) -> Self {
        Self {
            id: listing.id.as_uuid(),
            number: listing.number.clone(),
            title: listing.form().card().title.to_owned(),
            organisation: owners.owner(listing.organisation),
            edition,
        }
    }
}

impl PairDetail {
    pub(super) fn new(
        seen: &Seen,
        (reader, me): (&Principal, PersonId),
        owners: &Owners,
    ) -> Result<Self, Problem> {
        let Seen { need, achievement, .. } = seen;
        let pair = PairBody::of(seen, me, owners);
        Ok(Self {
            places: places(seen, &pair.explanation)?,
            pair,
            need: ListingBody::new(need, Sight::of(reader, need, Tie::None), owners)?,
            achievement: ListingBody::new(
                achievement,
                Sight::of(reader, achievement, Tie::None),
                owners,
            )?,
        })
    }
}
