use domain::{
    listings::Number,
    organisations::OrganisationId,
    pairs::{Pair, State},
    people::PersonId,
};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _,
    prelude::Json,
    sea_query::{
        Alias, CaseStatement, Expr, ExprTrait as _, IntoCondition, JoinType, Order as Direction,
    },
};
use uuid::Uuid;

use super::row;
use crate::{Conn, Keys, Result, listings};

/// Which pairs a matchmaker asks for; what is `None` or empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    /// In one of these states.
    pub states: Vec<State>,
    /// Taken by this matchmaker.
    pub taken_by: Option<PersonId>,
    /// Of this need.
    pub need: Option<Uuid>,
    /// Of this achievement.
    pub achievement: Option<Uuid>,
    /// With a need of this organisation, or an achievement of it.
    pub organisation: Option<OrganisationId>,
    /// With at least this score.
    pub least_score: Option<f64>,
    /// None whose must-requirements are contradicted.
    pub not_contradicted: bool,
    /// Which come first.
    pub order: Order,
    /// Where the page before ended.
    pub after: Option<Place>,
    /// The most pairs.
    pub limit: u64,
}

/// Which pairs come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The highest score.
    #[default]
    Score,
    /// The newest suggestion.
    Newest,
    /// The oldest suggestion.
    Oldest,
}

/// A pair's place in the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its score.
    pub score: f64,
    /// Its id.
    pub id: Uuid,
}

/// A pair in the queue, with enough of its sides to choose by.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The pair.
    pub pair: Pair,
    /// The need.
    pub need: Side,
    /// The achievement.
    pub achievement: Side,
    /// Whether the matchmaker may still read both texts, and not only know of the pair.
    pub readable: bool,
}

/// What the queue shows of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The listing's number.
    pub number: Number,
    /// Its title.
    pub title: String,
    /// Whose it is.
    pub organisation: OrganisationId,
}

/// How many pairs there are of each state that a matchmaker may see.
pub type Counts = Vec<(State, u64)>;

pub(super) const NEED: &str = "need";
const ACHIEVEMENT: &str = "achievement";

/// The queue as one matchmaker may see it.
pub async fn queue(conn: &impl Conn, matchmaker: PersonId, asked: &Queue) -> Result<Vec<Entry>> {
    let direction = match asked.order {
        Order::Score | Order::Newest => Direction::Desc,
        Order::Oldest => Direction::Asc,
    };
    let mut query =
        joined().filter(seen_by(matchmaker)).filter(asked.condition()).limit(asked.limit);
    if let Some(after) = asked.after {
        query = query.filter(asked.order.beyond(after));
    }
    let select = sea_orm::QuerySelect::query(&mut query);
    if asked.order == Order::Score {
        select.order_by((row::Entity, row::Column::Score), direction.clone());
    }
    select.order_by((row::Entity, row::Column::Id), direction);
    for side in [NEED, ACHIEVEMENT] {
        for column in ["number", "title", "organisation_id"] {
            let name = Alias::new(format!("{side}_{column}"));
            select.expr_as(Expr::col((Alias::new(side), Alias::new(column))), name);
        }
        // The title of what is sealed is in the form.
        let column = |it: &str| Expr::col((Alias::new(side), Alias::new(it)));
        let form = CaseStatement::new().case(column("title").eq(""), column("form"));
        select.expr_as(form, Alias::new(format!("{side}_form")));
    }
    let readable = CaseStatement::new().case(readable_by(matchmaker), 1).finally(0);
    sea_orm::QuerySelect::query(&mut query).expr_as(readable, Alias::new("readable"));
    let rows = query.into_model::<Joined>().all(conn).await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// How many pairs there are of each state, as one matchmaker may see them.
pub async fn counts(conn: &impl Conn, matchmaker: PersonId) -> Result<Counts> {
    #[derive(FromQueryResult)]
    struct Counted {
        state: String,
        pairs: i64,
    }
    let rows = joined()
        .filter(seen_by(matchmaker))
        .select_only()
        .column(row::Column::State)
        .column_as(row::Column::Id.count(), "pairs")
        .group_by(row::Column::State)
        .into_model::<Counted>()
        .all(conn)
        .await?;
    let count = |state: State| {
        let row = rows.iter().find(|it| it.state == state.as_str());
        (state, row.map_or(0, |it| u64::try_from(it.pairs).unwrap_or(0)))
    };
    Ok(State::ALL.map(count).into())
}

/// How many pairs were accepted, of those that everyone may count.
pub async fn count_accepted(conn: &impl Conn) -> Result<u64> {
    use sea_orm::PaginatorTrait as _;
    let accepted = countable().filter(row::Column::State.eq(State::Accepted.as_str()));
    Ok(accepted.count(conn).await?)
}

/// The pairs that figures may tell of: one with a confidential side must not even be felt in a sum.
pub(super) fn countable() -> sea_orm::Select<row::Entity> {
    joined()
        .filter(listings::known_afterwards(NEED))
        .filter(listings::known_afterwards(ACHIEVEMENT))
}

fn joined() -> sea_orm::Select<row::Entity> {
    let mut query = row::Entity::find();
    let select = sea_orm::QuerySelect::query(&mut query);
    for (side, id) in [(NEED, row::Column::NeedId), (ACHIEVEMENT, row::Column::AchievementId)] {
        let listing = listings::row::Entity;
        let on = Expr::col((Alias::new(side), listings::row::Column::Id))
            .equals((row::Entity, id))
            .into_condition();
        select.join_as(JoinType::InnerJoin, listing, Alias::new(side), on);
    }
    query
}

/// A matchmaker sees a pair both sides of which the matchmaker may read, and keeps seeing a pair
/// that they took when a side is no longer offered, unless it became confidential.
fn seen_by(matchmaker: PersonId) -> Condition {
    let worked_on = Condition::all()
        .add(row::Column::TakenBy.eq(matchmaker.as_uuid()))
        .add(listings::known_afterwards(NEED))
        .add(listings::known_afterwards(ACHIEVEMENT));
    Condition::any().add(readable_by(matchmaker)).add(worked_on)
}

/// Both sides may be read.
fn readable_by(matchmaker: PersonId) -> Condition {
    Condition::all()
        .add(listings::readable_by_matchmaker(NEED, matchmaker))
        .add(listings::readable_by_matchmaker(ACHIEVEMENT, matchmaker))
}

impl Queue {
    fn condition(&self) -> Condition {
        let states = self.states.iter().map(|it| it.as_str());
        let states = (!self.states.is_empty()).then(|| row::Column::State.is_in(states));
        let owned = self.organisation.map(|it| {
            let by = |side: &str| Expr::col((Alias::new(side), Alias::new("organisation_id")));
            Condition::any().add(by(NEED).eq(it.as_uuid())).add(by(ACHIEVEMENT).eq(it.as_uuid()))
        });
        Condition::all()
            .add_option(states)
            .add_option(self.taken_by.map(|it| row::Column::TakenBy.eq(it.as_uuid())))
            .add_option(self.need.map(|it| row::Column::NeedId.eq(it)))
            .add_option(self.achievement.map(|it| row::Column::AchievementId.eq(it)))
            .add_option(self.least_score.map(|it| row::Column::Score.gte(it)))
            .add_option(self.not_contradicted.then(|| row::Column::Contradicted.eq(false)))
            .add_option(owned)
    }
}

impl Order {
    /// What comes after a place.
    fn beyond(self, place: Place) -> Condition {
        match self {
            Self::Score => {
                let equal = Condition::all()
                    .add(row::Column::Score.eq(place.score))
                    .add(row::Column::Id.lt(place.id));
                Condition::any().add(row::Column::Score.lt(place.score)).add(equal)
            }
            Self::Newest => row::Column::Id.lt(place.id).into_condition(),
            Self::Oldest => row::Column::Id.gt(place.id).into_condition(),
        }
    }
}

/// A pair with what the joined listings add.
#[derive(FromQueryResult)]
struct Joined {
    #[sea_orm(nested)]
    pair: row::Model,
    need_number: String,
    need_title: String,
    need_form: Option<Json>,
    need_organisation_id: Uuid,
    achievement_number: String,
    achievement_title: String,
    achievement_form: Option<Json>,
    achievement_organisation_id: Uuid,
    readable: i32,
}

impl Joined {
    fn open(self, keys: &Keys) -> Result<Entry> {
        let (need, achievement) = (self.pair.need_id, self.pair.achievement_id);
        let need_title = listings::row::title(keys, need, (self.need_title, self.need_form))?;
        let title = (self.achievement_title, self.achievement_form);
        let achievement_title = listings::row::title(keys, achievement, title)?;
        let side = |number, title, organisation| Side {
            number: Number::restore(number),
            title,
            organisation: OrganisationId::from_uuid(organisation),
        };
        Ok(Entry {
            readable: self.readable == 1,
            pair: self.pair.open(keys)?,
            need: side(self.need_number, need_title, self.need_organisation_id),
            achievement: side(
                self.achievement_number,
                achievement_title,
                self.achievement_organisation_id,
            ),
        })
    }
}
