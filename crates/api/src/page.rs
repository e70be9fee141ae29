//! Pages of lists.

use domain::{
    Faults,
    form::{Field, Object},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{cursor::ById, extract::Digits};

/// A part of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(crate) struct Listed<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// What to send as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// How many entries a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u64);

impl Limit {
    /// Reads `limit`: 1 to 100, 20 if it is not given.
    pub(crate) fn read(query: &mut Object<'_>) -> Self {
        let given = query.optional::<Digits<1, 100>>("limit").map_or(20, |it| it.0);
        Self(u64::try_from(given).unwrap_or(20))
    }

    /// One more than a page, to see whether there is a next one.
    pub(crate) const fn and_one(self) -> u64 {
        self.0 + 1
    }

    /// Cuts off the entry too many, and tells where the page ends if there was one.
    pub(crate) fn cut<R, T>(
        self,
        mut rows: Vec<R>,
        place: impl FnOnce(&R) -> String,
        body: impl Fn(R) -> T,
    ) -> Listed<T> {
        let most = usize::try_from(self.0).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(place);
        Listed { items: rows.into_iter().map(body).collect(), next }
    }
}

/// Reads `limit` and `cursor` of a list that is ordered by id.
pub(crate) fn read(query: &mut Object<'_>) -> (Limit, db::Page) {
    let limit = Limit::read(query);
    let after = query.optional::<ById>("cursor").map(|it| it.0);
    (limit, db::Page { after, limit: limit.and_one() })
}

/// What is asked of a list that has no filters.
pub(crate) struct Paged {
    pub(crate) limit: Limit,
    pub(crate) page: db::Page,
}

impl Field for Paged {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let (limit, page) = read(&mut query);
        query.close();
        Some(Self { limit, page })
    }
}
