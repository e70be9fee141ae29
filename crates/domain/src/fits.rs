//! How the codes of a need and of an achievement go together: field, readiness, region,
//! cooperation mode, budget against price.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    achievements::AchievementForm,
    money::{Band, Investment, Price},
    needs::NeedForm,
    requirements::{Outcome, Requirement},
};

#[cfg(test)]
mod tests;

/// How one aspect of a need and an achievement go together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fit {
    /// Which aspect.
    pub aspect: Aspect,
    /// Whether it fits.
    pub agreement: Agreement,
    /// The need's codes. Of the planned investment it is the band, as everyone is shown it.
    pub need: Vec<String>,
    /// The achievement's codes. Of the price it is its form, and the band it falls in.
    pub achievement: Vec<String>,
}

/// What is held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// High-tech field.
    Field,
    /// Technology readiness level: least wanted against reached.
    Readiness,
    /// Region: of the partner wanted, else of the plant, against that of the owner.
    Region,
    /// Cooperation mode.
    Cooperation,
    /// Planned investment against price.
    Budget,
}

/// Whether two sides agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// They do.
    Fits,
    /// That cannot be said.
    Unclear,
    /// They do not.
    Contradicts,
}

/// Something that is not stated and would help to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// Whose it is.
    pub side: Side,
    /// What it is about.
    pub what: Lack,
    /// Which requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One side of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The need.
    Need,
    /// The achievement.
    Achievement,
}

/// What is not stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// High-tech field.
    Field,
    /// Technology readiness level.
    Readiness,
    /// Region.
    Region,
    /// Cooperation mode.
    Cooperation,
    /// Planned investment, in numbers.
    Investment,
    /// Price, in numbers.
    Price,
    /// A value for a requirement.
    Requirement,
}

/// Every aspect, in a fixed order.
pub fn all(need: &NeedForm, achievement: &AchievementForm) -> Vec<Fit> {
    vec![
        field(need, achievement),
        readiness(need, achievement),
        region(need, achievement),
        cooperation(need, achievement),
        budget(need.investment.as_ref(), achievement.price.as_ref()),
    ]
}

/// What is not stated: codes of either side, and a value for each requirement that is open; those
/// of must-requirements first.
pub fn missing(
    need: &NeedForm,
    achievement: &AchievementForm,
    requirements: &[Requirement],
) -> Vec<Missing> {
    let mut missing = Vec::new();
    for must in [true, false] {
        let open =
            requirements.iter().filter(|it| it.must == must && it.verdict == Outcome::NotStated);
        missing.extend(open.map(|it| Missing {
            side: Side::Achievement,
            what: Lack::Requirement,
            name: Some(it.name.clone()),
        }));
    }
    let investment = need.investment.as_ref().map(Investment::band);
    let price = achievement.price.as_ref().and_then(|it| it.low_fen);
    for (lacks, side, what) in [
        (need.fields.is_empty(), Side::Need, Lack::Field),
        (achievement.fields.is_empty(), Side::Achievement, Lack::Field),
        (need.readiness.is_none(), Side::Need, Lack::Readiness),
        (achievement.readiness.is_none(), Side::Achievement, Lack::Readiness),
        (achievement.region.is_none(), Side::Achievement, Lack::Region),
        (need.cooperation.is_empty(), Side::Need, Lack::Cooperation),
        (achievement.cooperation.is_empty(), Side::Achievement, Lack::Cooperation),
        (investment.is_none_or(|it| it == Band::Negotiable), Side::Need, Lack::Investment),
        (price.is_none(), Side::Achievement, Lack::Price),
    ] {
        if lacks {
            missing.push(Missing { side, what, name: None });
        }
    }
    missing
}

/// One code lies in the other: it fits. Only the first level in common: unclear.
fn field(need: &NeedForm, achievement: &AchievementForm) -> Fit {
    let codes = |it: &[crate::codes::TechField]| -> Vec<String> {
        it.iter().map(ToString::to_string).collect()
    };
    let (mine, theirs) = (codes(&need.fields), codes(&achievement.fields));
    let any =
        |fits: &dyn Fn(&str, &str) -> bool| mine.iter().any(|a| theirs.iter().any(|b| fits(a, b)));
    let agreement = if mine.is_empty() || theirs.is_empty() {
        Agreement::Unclear
    } else if any(&|a, b| {
        a.starts_with(b) || b.starts_with(a) || (a.get(..3).is_some() && a.get(..3) == b.get(..3))
    }) {
        Agreement::Fits
    } else if any(&|a, b| a.get(..2) == b.get(..2)) {
        Agreement::Unclear
    } else {
        Agreement::Contradicts
    };
    Fit { aspect: Aspect::Field, agreement, need: mine, achievement: theirs }
}

fn readiness(need: &NeedForm, achievement: &AchievementForm) -> Fit {
    let (least, reached) = (need.readiness, achievement.readiness);
    let agreement = match least.zip(reached) {
        Some((least, reached)) if reached >= least => Agreement::Fits,
        Some(_) => Agreement::Contradicts,
        None => Agreement::Unclear,
    };
    let level = |it: Option<crate::needs::Readiness>| {
        it.map(|it| it.get().to_string()).into_iter().collect()
    };
    Fit { aspect: Aspect::Readiness, agreement, need: level(least), achievement: level(reached) }
}

/// A wish for a region is held against the owner's; without one the same province fits, and
/// distance decides nothing.
fn region(need: &NeedForm, achievement: &AchievementForm) -> Fit {
    let wanted = need.partner_wanted.as_ref().and_then(|it| it.region);
    let (mine, theirs) = (wanted.or(need.region), achievement.region);
    let agreement = match mine.zip(theirs) {
        Some((mine, theirs)) if wanted.is_some() => {
            let within = theirs.as_str().starts_with(mine.as_str().trim_end_matches("00"));
            if within { Agreement::Fits } else { Agreement::Contradicts }
        }
        Some((mine, theirs)) if mine.as_str().get(..2) == theirs.as_str().get(..2) => {
            Agreement::Fits
        }
        Some(_) | None => Agreement::Unclear,
    };
    let code = |it: Option<crate::codes::Region>| it.map(|it| it.to_string()).into_iter().collect();
    Fit { aspect: Aspect::Region, agreement, need: code(mine), achievement: code(theirs) }
}

fn cooperation(need: &NeedForm, achievement: &AchievementForm) -> Fit {
    let codes = |it: &[crate::codes::CooperationMode]| -> Vec<String> {
        it.iter().map(ToString::to_string).collect()
    };
    let (mine, theirs) = (codes(&need.cooperation), codes(&achievement.cooperation));
    let open = |it: &[String]| it.is_empty() || it.iter().any(|it| it == "other");
    let agreement = if mine.iter().any(|it| it != "other" && theirs.contains(it)) {
        Agreement::Fits
    } else if open(&mine) || open(&theirs) {
        Agreement::Unclear
    } else {
        Agreement::Contradicts
    };
    Fit { aspect: Aspect::Cooperation, agreement, need: mine, achievement: theirs }
}

/// Band against band, so that an answer tells no more of the investment than its band. In the
/// same band it is unclear.
fn budget(investment: Option<&Investment>, price: Option<&Price>) -> Fit {
    let planned = investment.map(Investment::band);
    let least = price.and_then(|it| it.low_fen).map(Band::of);
    let most = price.and_then(|it| it.high_fen.or(it.low_fen)).map(Band::of);
    let agreement = match (planned, least.zip(most)) {
        (None | Some(Band::Negotiable), _) | (_, None) => Agreement::Unclear,
        (Some(planned), Some((least, _))) if least > planned => Agreement::Contradicts,
        (Some(planned), Some((_, most))) if most < planned => Agreement::Fits,
        (Some(_), Some(_)) => Agreement::Unclear,
    };
    let need = planned.map(|it| it.as_str().to_owned()).into_iter().collect();
    let mut achievement: Vec<String> =
        price.map(|it| it.form.as_str().to_owned()).into_iter().collect();
    achievement.extend(most.map(|it| it.as_str().to_owned()));
    Fit { aspect: Aspect::Budget, agreement, need, achievement }
}
