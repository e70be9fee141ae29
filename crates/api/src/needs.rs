//! Needs over HTTP: the routes that all listings have.

use db::Clock;
use domain::needs::NeedForm;

use crate::{
    listings::{self, Names},
    routes::Routes,
};

pub(crate) fn routes(clock: Clock) -> Routes {
    listings::routes::<NeedForm>(clock, Names { id: "Need", zh: "需求", en: "need" })
}
