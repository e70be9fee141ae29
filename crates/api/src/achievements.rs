//! Achievements over HTTP: the routes that all listings have.

use db::Clock;
use domain::achievements::AchievementForm;

use crate::{
    listings::{self, Names},
    routes::Routes,
};

pub(crate) fn routes(clock: Clock) -> Routes {
    let names = Names { id: "Achievement", zh: "成果", en: "achievement" };
    listings::routes::<AchievementForm>(clock, names)
}
