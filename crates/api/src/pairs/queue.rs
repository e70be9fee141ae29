use db::pairs::{Entry, Order, Place, Queue};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    organisations::OrganisationId,
    pairs::State,
    people::PersonId,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use uuid::Uuid;

use super::QueueBody;
use crate::{
    cursor::ByScore,
    extract::{AnyId, Decimal, Names},
    page::Limit,
    routes::Doc,
};

/// What a matchmaker asks of the queue.
pub(super) struct Asked {
    pub(super) limit: Limit,
    mine: bool,
    queue: Queue,
}

pub(super) fn doc() -> Doc {
    Doc::new("listPairs", "推荐队列：筛选、排序、计数", "The queue: filters, order, counts")
        .query::<String>(
            "state",
            "状态，逗号分隔，默认 suggested · states, with commas between them",
        )
        .query::<bool>("mine", "只看我领取的 · those I took")
        .query::<Uuid>("need", "某一需求 · of this need")
        .query::<Uuid>("achievement", "某一成果 · of this achievement")
        .query::<OrganisationId>("organisation", "某一单位 · of this organisation")
        .query::<f64>("least_score", "得分不低于 · with at least this score")
        .query::<RequirementsName>(
            "requirements",
            "not_contradicted：无必须指标不达标 · no must-requirement that is not met",
        )
        .query::<OrderName>("order", "排序，默认 score · score, newest or oldest")
        .paged()
        .answers::<QueueBody>()
}

/// Where a pair stands in the queue.
pub(super) fn place(entry: &Entry) -> String {
    ByScore(entry.pair.explanation.score, entry.pair.id.as_uuid()).encode()
}

impl Asked {
    /// The queue as `me` asks for it.
    pub(super) fn queue(&self, me: PersonId) -> Queue {
        Queue { taken_by: self.mine.then_some(me), ..self.queue.clone() }
    }
}

impl Field for Asked {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let mine = query.optional::<YesNo>("mine").is_some_and(|it| it.0);
        let usual = if mine { State::Taken } else { State::Suggested };
        let names = query.optional::<Names>("state");
        let mut states = if names.is_none() { vec![usual] } else { Vec::new() };
        for name in names.map_or(Vec::new(), |it| it.0) {
            match State::named(&name) {
                Some(state) => states.push(state),
                None => query.fault("state", Fault::UnknownCode { table: "pair_state" }),
            }
        }
        let limit = Limit::read(&mut query);
        let queue = Queue {
            states,
            taken_by: None,
            need: query.optional::<AnyId>("need").map(|it| it.0),
            achievement: query.optional::<AnyId>("achievement").map(|it| it.0),
            organisation: query.optional("organisation"),
            least_score: query.optional::<Decimal>("least_score").map(|it| it.0),
            not_contradicted: query.optional::<RequirementsName>("requirements").is_some(),
            order: query.optional::<OrderName>("order").unwrap_or_default().into(),
            after: query.optional::<ByScore>("cursor").map(|it| Place { score: it.0, id: it.1 }),
            limit: limit.and_one(),
        };
        query.close();
        Some(Self { limit, mine, queue })
    }
}

struct YesNo(bool);

impl Field for YesNo {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("true") => Some(Self(true)),
            Some("false") => Some(Self(false)),
            _ => {
                faults.push(at, Fault::WrongType { expected: domain::Shape::YesNo });
                None
            }
        }
    }
}

/// What is asked of requirements.
enum RequirementsName {
    NotContradicted,
}

impl Field for RequirementsName {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        if value.as_str() == Some("not_contradicted") {
            return Some(Self::NotContradicted);
        }
        faults.push(at, Fault::UnknownCode { table: "requirements" });
        None
    }
}

impl JsonSchema for RequirementsName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "QueueRequirements".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["not_contradicted"] })
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum OrderName {
    #[default]
    Score,
    Newest,
    Oldest,
}

impl From<OrderName> for Order {
    fn from(name: OrderName) -> Self {
        match name {
            OrderName::Score => Self::Score,
            OrderName::Newest => Self::Newest,
            OrderName::Oldest => Self::Oldest,
        }
    }
}

impl Field for OrderName {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("score") => Some(Self::Score),
            Some("newest") => Some(Self::Newest),
            Some("oldest") => Some(Self::Oldest),
            _ => {
                faults.push(at, Fault::UnknownCode { table: "order" });
                None
            }
        }
    }
}

impl JsonSchema for OrderName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "QueueOrder".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["score", "newest", "oldest"] })
    }
}
