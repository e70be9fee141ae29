//! Stored introductions: pairs that were put to both sides, and what they said.

use domain::{
    Id,
    introductions::{Answer, AnswerForm, Answers, Introduction, IntroductionId, Sides, State},
    listings::{Kind, Visibility},
    organisations::OrganisationId,
    pairs::PairId,
    people::{PersonId, Role},
    policy::{Member, Principal},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, sea_query::SelectStatement,
};
use uuid::Uuid;

use crate::{
    Conn, Error, Page, Result, Tx,
    error::{corrupt, unknown},
    listings::row as listing,
};

/// The introduction of this id.
pub async fn get(conn: &impl Conn, id: IntroductionId) -> Result<Introduction> {
    let row = row::Entity::find_by_id(id.as_uuid()).one(conn).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The introductions of a pair, the newest first.
pub async fn of_pair(conn: &impl Conn, pair: PairId) -> Result<Vec<Introduction>> {
    let rows = row::Entity::find()
        .filter(row::Column::PairId.eq(pair.as_uuid()))
        .order_by_desc(row::Column::Round)
        .all(conn)
        .await?;
    rows.into_iter().map(Introduction::try_from).collect()
}

/// The introductions that are `reader`'s business, the newest first: those of listings that the
/// reader reads whole as their owner does, and that may be known to that side yet; those that a
/// matchmaker asked for; all of them for the auditor.
pub async fn list(conn: &impl Conn, reader: &Principal, page: Page) -> Result<Vec<Introduction>> {
    let mut query = row::Entity::find()
        .filter(concerning(reader))
        .order_by_desc(row::Column::Id)
        .limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(Introduction::try_from).collect()
}

/// Stores a new introduction; [`Error::Taken`] if the pair was put to the two in the same round.
pub async fn insert(tx: &Tx, new: &Introduction) -> Result<()> {
    row::Entity::insert(columns(new)?).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves an introduction that was read as `changed.version`, or fails as [`Error::Stale`].
pub async fn save(tx: &Tx, changed: &mut Introduction) -> Result<()> {
    let mut row = columns(changed)?;
    row.version = Set(changed.version + 1);
    let done = row::Entity::update_many()
        .set(row)
        .filter(row::Column::Id.eq(changed.id.as_uuid()))
        .filter(row::Column::Version.eq(changed.version))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::Stale);
    }
    changed.version += 1;
    Ok(())
}

/// Which of some listings an introduction that both agreed to opened to `partner`.
pub(crate) async fn admitted(
    conn: &impl Conn,
    partner: PersonId,
    of: &[Uuid],
) -> Result<Vec<Uuid>> {
    let [achievements, needs] = admitting(partner);
    let opened = Condition::any()
        .add(listing::Column::Id.in_subquery(achievements))
        .add(listing::Column::Id.in_subquery(needs));
    let found = listing::Entity::find()
        .select_only()
        .column(listing::Column::Id)
        .filter(listing::Column::Id.is_in(of.iter().copied()))
        .filter(opened)
        .into_tuple::<Uuid>()
        .all(conn)
        .await?;
    Ok(found)
}

/// The listings to which an introduction that both agreed to admits `partner`: those on the other
/// side of listings that are the partner's own.
pub(crate) fn admitting(partner: PersonId) -> [SelectStatement; 2] {
    let own = || {
        listing::Entity::find()
            .select_only()
            .column(listing::Column::Id)
            .filter(listing::Column::AuthorId.eq(partner.as_uuid()))
            .into_query()
    };
    let beyond = |mine: row::Column, theirs: row::Column| {
        row::Entity::find()
            .select_only()
            .column(theirs)
            .filter(row::Column::State.eq(State::Agreed.as_str()))
            .filter(mine.in_subquery(own()))
            .into_query()
    };
    [
        beyond(row::Column::NeedId, row::Column::AchievementId),
        beyond(row::Column::AchievementId, row::Column::NeedId),
    ]
}

fn concerning(reader: &Principal) -> Condition {
    let nothing = || Condition::any().add(sea_orm::sea_query::Expr::value(false));
    let Some(member) = reader.member() else { return nothing() };
    match member.role {
        Role::Enterprise => of_side(member, Kind::Need),
        Role::Research => of_side(member, Kind::Achievement),
        Role::Matchmaker => {
            let known = || {
                listing::Entity::find()
                    .select_only()
                    .column(listing::Column::Id)
                    .filter(crate::listings::visible_to(reader))
                    .into_query()
            };
            Condition::all()
                .add(row::Column::AskedBy.eq(member.person.as_uuid()))
                .add(row::Column::NeedId.in_subquery(known()))
                .add(row::Column::AchievementId.in_subquery(known()))
        }
        Role::Auditor => Condition::all(),
        Role::Lead | Role::SystemAdmin | Role::SecurityAdmin | Role::Unassigned => nothing(),
    }
}

/// What concerns someone as the owner of one side.
fn of_side(member: &Member, side: Kind) -> Condition {
    use row::Column::{
        AchievementAnsweredBy, AchievementConsented, AchievementId, NeedAnsweredBy, NeedConsented,
        NeedId,
    };
    let (mine, theirs) = match side {
        Kind::Need => (NeedId, AchievementId),
        Kind::Achievement => (AchievementId, NeedId),
    };
    let (answered, consented) = match side {
        Kind::Need => (NeedAnsweredBy, AchievementConsented),
        Kind::Achievement => (AchievementAnsweredBy, NeedConsented),
    };
    let confidential = || {
        let hidden = listing::Column::Visibility.eq(Visibility::Confidential.as_str());
        listing::Entity::find()
            .select_only()
            .column(listing::Column::Id)
            .filter(hidden)
            .into_query()
    };
    let own = listing::Entity::find()
        .select_only()
        .column(listing::Column::Id)
        .filter(crate::listings::owned_by(member))
        .into_query();
    let first = (side == Kind::Need).then(|| mine.in_subquery(confidential()));
    let known = Condition::any()
        .add(theirs.not_in_subquery(confidential()))
        .add(consented.eq(true))
        .add(answered.is_not_null())
        .add_option(first);
    Condition::all().add(mine.in_subquery(own)).add(known)
}

fn columns(it: &Introduction) -> Result<row::ActiveModel> {
    let stored = |kind: Kind| {
        let answer = it.answer(kind);
        let form = answer.map(|it| serde_json::to_value(&it.form)).transpose();
        let form = form.map_err(corrupt("introductions.answer"))?;
        let by = answer.map(|it| it.by.as_uuid());
        let yes = answer.is_some_and(Answer::is_yes);
        Ok::<_, Error>((form, by, answer.map(|it| it.at), yes))
    };
    let (need_answer, need_by, need_at, need_consented) = stored(Kind::Need)?;
    let (answer, by, at, consented) = stored(Kind::Achievement)?;
    Ok(row::ActiveModel {
        id: Set(it.id.as_uuid()),
        version: Set(it.version),
        pair_id: Set(it.sides.pair.as_uuid()),
        round: Set(it.sides.round),
        need_id: Set(it.sides.need.0.as_uuid()),
        need_organisation_id: Set(it.sides.need.1.as_uuid()),
        achievement_id: Set(it.sides.achievement.0.as_uuid()),
        achievement_organisation_id: Set(it.sides.achievement.1.as_uuid()),
        asked_by: Set(it.asked_by.as_uuid()),
        asked_at: Set(it.asked_at),
        expires_at: Set(it.expires_at),
        state: Set(it.stored_state().as_str().to_owned()),
        need_consented: Set(need_consented),
        need_answer: Set(need_answer),
        need_answered_by: Set(need_by),
        need_answered_at: Set(need_at),
        achievement_consented: Set(consented),
        achievement_answer: Set(answer),
        achievement_answered_by: Set(by),
        achievement_answered_at: Set(at),
    })
}

impl TryFrom<row::Model> for Introduction {
    type Error = Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let answer = |form: Option<serde_json::Value>, by: Option<Uuid>, at| {
            let Some(((form, by), at)) = form.zip(by).zip(at) else { return Ok(None) };
            let form = AnswerForm::restore(&form).map_err(corrupt("introductions.answer"))?;
            Ok::<_, Error>(Some(Answer { form, by: PersonId::from_uuid(by), at }))
        };
        let answers = Answers {
            need: answer(row.need_answer, row.need_answered_by, row.need_answered_at)?,
            achievement: answer(
                row.achievement_answer,
                row.achievement_answered_by,
                row.achievement_answered_at,
            )?,
        };
        let owner = OrganisationId::from_uuid;
        let sides = Sides {
            pair: PairId::from_uuid(row.pair_id),
            round: row.round,
            need: (Id::from_uuid(row.need_id), owner(row.need_organisation_id)),
            achievement: (
                Id::from_uuid(row.achievement_id),
                owner(row.achievement_organisation_id),
            ),
        };
        let state = State::named(&row.state).ok_or_else(|| unknown("introductions.state"))?;
        let asked = (PersonId::from_uuid(row.asked_by), row.asked_at, row.expires_at);
        let id = (IntroductionId::from_uuid(row.id), row.version);
        Ok(Self::restore(id, sides, asked, state, answers))
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "introductions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub pair_id: Uuid,
        pub round: i32,
        pub need_id: Uuid,
        pub need_organisation_id: Uuid,
        pub achievement_id: Uuid,
        pub achievement_organisation_id: Uuid,
        pub asked_by: Uuid,
        pub asked_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
        pub state: String,
        pub need_consented: bool,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub need_answer: Option<Json>,
        pub need_answered_by: Option<Uuid>,
        pub need_answered_at: Option<ChronoDateTimeUtc>,
        pub achievement_consented: bool,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub achievement_answer: Option<Json>,
        pub achievement_answered_by: Option<Uuid>,
        pub achievement_answered_at: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
