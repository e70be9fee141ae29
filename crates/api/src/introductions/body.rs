use chrono::{DateTime, Utc};
use domain::{
    achievements::AchievementForm,
    introductions::{Answer, AnswerForm, CONTACT_EXCHANGE, Introduction, IntroductionId, State},
    listings::{Form, Kind, Listing},
    needs::NeedForm,
    pairs::{PairId, Phrase},
    people::PersonId,
    policy::View,
};
use schemars::JsonSchema;
use search::text;
use serde::Serialize;
use uuid::Uuid;

use super::{Seen, Stand};
use crate::{
    language,
    listings::{ListingBody, Owners, Sight},
    moment::Moment,
    problem::Problem,
};

/// An introduction, in short.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Introduction")]
pub(super) struct IntroductionBody {
    id: IntroductionId,
    state: State,
    /// The pair; for the office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<PairId>,
    /// Which side the reader is on; absent for the office.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<Kind>,
    /// The reader's own listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<Uuid>,
    asked_at: Moment,
    /// When it is too late to answer.
    expires_at: Moment,
}

/// An introduction with what the reader may read of both sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct IntroductionDetail {
    #[serde(flatten)]
    introduction: IntroductionBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    need: Option<ListingBody<NeedForm>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    achievement: Option<ListingBody<AchievementForm>>,
    /// What both texts say, as far as the reader may read it in both.
    phrases: Vec<Phrase>,
    /// What the need's side said; the other side reads it after both agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    need_answer: Option<AnswerBody>,
    /// What the achievement's side said; the other side reads it after both agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    achievement_answer: Option<AnswerBody>,
    /// What a yes agrees to; for a side that has not answered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<ConsentBody>,
}

/// What a side said.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "IntroductionAnswer")]
struct AnswerBody {
    #[serde(flatten)]
    form: AnswerForm,
    by: PersonId,
    at: Moment,
}

/// What a yes agrees to, apart from the introduction itself.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ContactConsent")]
struct ConsentBody {
    purpose: &'static str,
    /// To be sent back as `contact_exchange`.
    version: &'static str,
    /// The words, in Chinese.
    zh: &'static str,
    /// The words, in English.
    en: &'static str,
}

impl IntroductionBody {
    pub(super) fn new(it: &Introduction, stand: Stand, now: DateTime<Utc>) -> Self {
        let side = match stand {
            Stand::Side(side) => Some(side),
            Stand::Matchmaker | Stand::Auditor => None,
        };
        let own = side.map(|it_is| match it_is {
            Kind::Need => it.sides.need.0.as_uuid(),
            Kind::Achievement => it.sides.achievement.0.as_uuid(),
        });
        Self {
            id: it.id,
            state: it.state(now),
            pair: side.is_none().then_some(it.sides.pair),
            side,
            own,
            asked_at: Moment(it.asked_at),
            expires_at: Moment(it.expires_at),
        }
    }
}

impl IntroductionDetail {
    pub(super) fn new(
        seen: &Seen,
        phrases: Vec<Phrase>,
        owners: &Owners,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let Seen { introduction, need, achievement, stand } = seen;
        let need_sight = sight(*stand, Kind::Need, need);
        let achievement_sight = sight(*stand, Kind::Achievement, achievement);
        let readable = match stand {
            Stand::Side(Kind::Need) => Some(normal(&achievement.0, achievement_sight)),
            Stand::Side(Kind::Achievement) => Some(normal(&need.0, need_sight)),
            Stand::Matchmaker | Stand::Auditor => None,
        };
        let said = |it: &Phrase| readable.as_ref().is_none_or(|text| text.contains(&it.text));
        let answers = |side| answer(introduction, *stand, side);
        Ok(Self {
            introduction: IntroductionBody::new(introduction, *stand, now),
            need: whole(&need.0, need_sight, owners)?,
            achievement: whole(&achievement.0, achievement_sight, owners)?,
            phrases: phrases.into_iter().filter(said).collect(),
            need_answer: answers(Kind::Need),
            achievement_answer: answers(Kind::Achievement),
            consent: consent(introduction, *stand, now),
        })
    }
}

/// How much of a listing someone sees in an introduction: of the other side's, at least its field and
/// region while it is offered; of what they read by another right, as much as always.
fn sight<F: Form>(stand: Stand, kind: Kind, (listing, sight): &(Listing<F>, Sight)) -> Sight {
    let others = matches!(stand, Stand::Side(side) if side != kind);
    let least = if others && listing.is_offered() { View::Masked } else { View::Nothing };
    sight.at_least(least)
}

fn whole<F: Form>(
    listing: &Listing<F>,
    sight: Sight,
    owners: &Owners,
) -> Result<Option<ListingBody<F>>, Problem> {
    let known = sight.view > View::Nothing;
    known.then(|| ListingBody::new(listing, sight, owners)).transpose()
}

/// What someone may read of a listing, as the matcher writes its phrases: an explanation must not
/// say in words what the listing hides. What is beyond the public text was never matched by.
fn normal<F: Form>(listing: &Listing<F>, sight: Sight) -> String {
    if sight.view < View::Public {
        return String::new();
    }
    let card = listing.form().card();
    let text = format!("{}\n{}\n{}", card.title, card.summary, listing.form().text());
    text::glyphs(&text).iter().map(|it| it.it).collect()
}

fn answer(introduction: &Introduction, stand: Stand, side: Kind) -> Option<AnswerBody> {
    let open = match stand {
        Stand::Side(own) => own == side || introduction.is_released(),
        Stand::Matchmaker => true,
        Stand::Auditor => false,
    };
    let body = |it: &Answer| AnswerBody { form: it.form.clone(), by: it.by, at: Moment(it.at) };
    introduction.answer(side).filter(|_| open).map(body)
}

fn consent(introduction: &Introduction, stand: Stand, now: DateTime<Utc>) -> Option<ConsentBody> {
    let Stand::Side(side) = stand else { return None };
    let open = introduction.state(now) == State::Asked && introduction.answer(side).is_none();
    let (zh, en) = language::CONTACT_EXCHANGE;
    let version = CONTACT_EXCHANGE;
    open.then_some(ConsentBody { purpose: "contact_exchange", version, zh, en })
}
