//! What a need asks for in numbers, held against what an achievement states.
//!
//! Only a quantity of the same name, of the same dimension, and level with level or change with
//! change, is compared. Where the names are not surely the same, or the numbers do not decide it,
//! the verdict is [`Outcome::NotStated`]: no verdict is better than a wrong one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    achievements::AchievementForm,
    measures::{Indicator, Operator, Parameter},
    needs::NeedForm,
    quantities::{self, Amount, Bound, Change, Quantity, Unit},
};

mod bounds;
mod names;
#[cfg(test)]
mod tests;

use bounds::answers;
use names::Likeness;

/// How much of a score all requirements met add to it.
pub const MET_ADDS: f64 = 0.05;
/// How much of a score all must-requirements not met take from it.
pub const NOT_MET_TAKES: f64 = 0.1;

/// The most requirements that are read from a need's texts, besides those in its table.
const MOST: usize = 20;

/// One thing a need asks for in numbers, and what an achievement states of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// What is measured.
    pub name: String,
    /// What is wanted, as the need has it.
    pub wanted: String,
    /// Whether a solution without it is of no use.
    pub must: bool,
    /// What came out.
    pub verdict: Outcome,
    /// What the achievement states, as it has it; absent if it states nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
}

/// What came of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What is stated is what is wanted.
    Met,
    /// What is stated is not what is wanted.
    NotMet,
    /// Nothing is stated that decides it.
    NotStated,
}

/// What a need asks for in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted(Vec<Wish>);

/// What an achievement states in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stated(Vec<Statement>);

#[derive(Clone, Debug, PartialEq)]
struct Wish {
    name: String,
    amount: Amount,
    /// Whether another value than the one told is known to be wrong.
    exact: bool,
    must: bool,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Statement {
    name: String,
    amount: Amount,
    in_table: bool,
    text: String,
}

impl Wanted {
    /// Reads a need: its table of indicators, then its texts. What the texts ask for is never a
    /// must, and counts only where the table does not say it.
    ///
    /// What a problem tells is mostly how things are; a number in it, or in the summary, is a wish
    /// only if its clause asks for something. A goal's numbers are wishes.
    pub fn of(need: &NeedForm) -> Self {
        let mut wishes: Vec<Wish> = need.indicators.iter().map(Wish::of).collect();
        let in_table = wishes.len();
        for (text, is_goal) in [
            (need.goal.as_str(), true),
            (need.problem.as_str(), false),
            (need.summary.as_str(), false),
        ] {
            for it in quantities::read(text) {
                let clause = clause(text, &it);
                let asked = if is_goal { !it.so_far } else { it.compared && asks(clause) };
                let known = |wish: &Wish| {
                    wish.amount.kind == it.amount.kind
                        && names::likeness(&wish.name, &it.name) != Likeness::None
                };
                let full = wishes.len() >= in_table + MOST;
                if asked
                    && !it.so_far
                    && names::says(&it.name)
                    && !full
                    && !wishes.iter().any(known)
                {
                    wishes.push(Wish::in_text(text, it));
                }
            }
        }
        Self(wishes)
    }

    /// Holds every requirement against what an achievement states.
    pub fn held_against(&self, stated: &Stated) -> Vec<Requirement> {
        self.0.iter().map(|it| it.held_against(&stated.0)).collect()
    }
}

impl Stated {
    /// Reads an achievement: its table of parameters, then its texts.
    pub fn of(achievement: &AchievementForm) -> Self {
        let mut stated: Vec<Statement> = achievement.parameters.iter().map(Statement::of).collect();
        for text in [
            achievement.summary.as_str(),
            achievement.advantages.as_str(),
            achievement.description.as_str(),
        ] {
            let found = quantities::read(text).into_iter();
            let found = found.filter(|it| !it.so_far && names::says(&it.name));
            stated.extend(found.map(|it| Statement::in_text(text, it)));
        }
        Self(stated)
    }
}

/// What an achievement states of each requirement of a need.
pub fn held(need: &NeedForm, achievement: &AchievementForm) -> Vec<Requirement> {
    Wanted::of(need).held_against(&Stated::of(achievement))
}

/// Whether a must-requirement is not met.
pub fn contradicted(requirements: &[Requirement]) -> bool {
    requirements.iter().any(|it| it.must && it.verdict == Outcome::NotMet)
}

/// What requirements do to a score: `1 + 0.05 met − 0.1 not met`, where *met* is the share of the
/// requirements that are met and *not met* the share of the must-requirements that are not.
/// From 0.9 to 1.05; 1 where nothing is asked for or nothing is stated.
pub fn factor(requirements: &[Requirement]) -> f64 {
    let share = |counted: usize, of: usize| match (u32::try_from(counted), u32::try_from(of)) {
        (Ok(counted), Ok(of)) if of > 0 => f64::from(counted) / f64::from(of),
        _ => 0.0,
    };
    let count = |wanted: &dyn Fn(&&Requirement) -> bool| requirements.iter().filter(wanted).count();
    let met = share(count(&|it| it.verdict == Outcome::Met), requirements.len());
    let failed = count(&|it| it.must && it.verdict == Outcome::NotMet);
    1.0 + MET_ADDS * met - NOT_MET_TAKES * share(failed, count(&|it| it.must))
}

impl Wish {
    fn of(row: &Indicator) -> Self {
        let (operator, value, upper) = (row.operator, row.value, row.upper);
        let (name, amount) =
            in_table(row.name.as_str(), (operator, value, upper), row.unit.as_str());
        let text = written(row.name.as_str(), (operator, value, upper), row.unit.as_str());
        Self { name, amount, exact: true, must: row.must, text }
    }

    fn in_text(text: &str, it: Quantity) -> Self {
        let written = text.get(it.range.clone()).unwrap_or_default().to_owned();
        let mut amount = it.amount;
        if let (Change::Level, Bound::Reaches(value)) = (amount.kind, amount.bound) {
            let less = names::less_is_better(&it.name);
            amount.bound = if less { Bound::AtMost(value) } else { Bound::AtLeast(value) };
        }
        Self { name: it.name, amount, exact: false, must: false, text: written }
    }

    fn held_against(&self, stated: &[Statement]) -> Requirement {
        let (verdict, by) = self.verdict(stated);
        Requirement {
            name: self.name.clone(),
            wanted: self.text.clone(),
            must: self.must,
            verdict,
            stated: by.map(|it| it.text.clone()),
        }
    }

    /// The table has the say before the texts, and a name that is the same before one that is
    /// like it. Of values under the same name the best counts; under names that are only alike
    /// all must say the same.
    fn verdict<'a>(&self, stated: &'a [Statement]) -> (Outcome, Option<&'a Statement>) {
        let comparable = |it: &&Statement| {
            it.amount.dimension == self.amount.dimension && it.amount.kind == self.amount.kind
        };
        let named = |likeness| {
            let like = move |it: &&Statement| names::likeness(&self.name, &it.name) == likeness;
            stated.iter().filter(comparable).filter(like).collect::<Vec<_>>()
        };
        let mut same = named(Likeness::Same);
        if same.iter().any(|it| it.in_table) {
            same.retain(|it| it.in_table);
        }
        let alike = if same.is_empty() { named(Likeness::Alike) } else { Vec::new() };
        let answer = |it: &&Statement| answers(&self.amount, self.exact, &it.amount);
        let find = |among: &[&'a Statement], wanted| {
            among.iter().find(|it| answer(it) == Some(wanted)).copied()
        };
        let all = |wanted| !alike.is_empty() && alike.iter().all(|it| answer(it) == Some(wanted));
        if let Some(it) = find(&same, true).or_else(|| find(&alike, true).filter(|_| all(true))) {
            return (Outcome::Met, Some(it));
        }
        if let Some(it) = find(&same, false).or_else(|| find(&alike, false).filter(|_| all(false)))
        {
            return (Outcome::NotMet, Some(it));
        }
        (Outcome::NotStated, same.first().copied())
    }
}

impl Statement {
    fn of(row: &Parameter) -> Self {
        let (operator, value, upper) = (row.operator, row.value, row.upper);
        let (name, amount) =
            in_table(row.name.as_str(), (operator, value, upper), row.unit.as_str());
        let text = written(row.name.as_str(), (operator, value, upper), row.unit.as_str());
        Self { name, amount, in_table: true, text }
    }

    fn in_text(text: &str, it: Quantity) -> Self {
        let written = text.get(it.range.clone()).unwrap_or_default().to_owned();
        Self { name: it.name, amount: it.amount, in_table: false, text: written }
    }
}

/// A row of a table as a quantity. A name such as 效率提高 makes it a change.
fn in_table(
    name: &str,
    (operator, value, upper): (Operator, f64, Option<f64>),
    unit: &str,
) -> (String, Amount) {
    let unit = if unit.is_empty() { names::unit_in_brackets(name) } else { unit };
    let mut unit = Unit::of(unit);
    let (name, kind) = names::changing(&quantities::name(name));
    if kind != Change::Level {
        unit.offset = 0.0;
    }
    let bound = match operator {
        Operator::AtLeast => Bound::AtLeast(value),
        Operator::AtMost => Bound::AtMost(value),
        Operator::Equals => Bound::Equals(value),
        Operator::Between => Bound::Between(value, upper.unwrap_or(value)),
    };
    let bound = bound.map(|it| it * unit.factor + unit.offset);
    (name, Amount { kind, bound, dimension: unit.dimension })
}

fn written(
    name: &str,
    (operator, value, upper): (Operator, f64, Option<f64>),
    unit: &str,
) -> String {
    let space = if unit.is_empty() { "" } else { " " };
    match upper {
        Some(upper) => format!("{name} {value}~{upper}{space}{unit}"),
        None => format!("{name} {} {value}{space}{unit}", operator.sign()),
    }
}

/// The clause that a quantity stands in, up to its end.
fn clause<'a>(text: &'a str, it: &Quantity) -> &'a str {
    let before = text.get(..it.range.start).unwrap_or_default();
    let ends = |it: char| "，。；;！？\n".contains(it);
    // A clause of any length is looked at no farther than so many characters back.
    let near = before.char_indices().rev().take(40).last().map_or(0, |it| it.0);
    let from = before.get(near..).and_then(|it| it.rfind(ends)).map_or(near, |it| near + it);
    text.get(from..it.range.end).unwrap_or_default()
}

/// Whether a clause asks for something.
fn asks(clause: &str) -> bool {
    const ASKS: &[&str] =
        &["要求", "需", "希望", "实现", "目标", "指标", "保证", "确保", "必须", "力争", "拟", "应"];
    const TELLS: &[&str] = &["高达", "仅", "只有", "导致", "造成", "反应", "效应", "供应"];
    ASKS.iter().any(|it| clause.contains(it)) && !TELLS.iter().any(|it| clause.contains(it))
}
