use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Fault, Faults,
    codes::DeclineReason,
    form::{Field, Object},
    people::PersonId,
    text::{self, Text},
};

/// The version of the words by which one agrees that contact data goes to the other side. Whoever
/// says yes names it, so that it is on record what they agreed to.
pub const CONTACT_EXCHANGE: &str = "2026-01";

/// What a side said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was said.
    pub form: AnswerForm,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a side writes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum AnswerForm {
    /// They would like to talk.
    Yes(Yes),
    /// They would not.
    No(No),
}

/// The three standard questions, and the consent to pass on contact data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Yes {
    /// 希望的合作方式: what cooperation is wanted.
    pub cooperation: Text<2, 500>,
    /// 还缺什么: what is missing.
    pub missing: Text<2, 500>,
    /// 你们是谁: who they are.
    pub about: Text<2, 500>,
    /// The version of the words by which contact data goes to the other side.
    pub contact_exchange: Consent,
}

/// Why not; for the matchmaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct No {
    /// From the list.
    pub reason: DeclineReason,
    /// Anything else worth knowing.
    pub note: Text<0, 500>,
}

/// The version of the words that someone agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consent(String);

impl Answer {
    /// Whether it is a yes.
    pub const fn is_yes(&self) -> bool {
        matches!(self.form, AnswerForm::Yes(_))
    }
}

impl AnswerForm {
    /// What it is, in a word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Yes(_) => "yes",
            Self::No(_) => "no",
        }
    }

    /// Reads an answer that was stored: the words that were agreed to then may have changed since.
    pub fn restore(value: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let read = read_as(value, "", &mut faults, |raw| Ok(Consent(raw.to_owned())));
        read.filter(|_| faults.0.is_empty()).ok_or(faults)
    }
}

impl Field for AnswerForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        read_as(value, at, faults, |raw| {
            let unknown = Fault::UnknownCode { table: "contact_exchange" };
            (raw == CONTACT_EXCHANGE).then(|| Consent(raw.to_owned())).ok_or(unknown)
        })
    }
}

fn read_as(
    value: &Value,
    at: &str,
    faults: &mut Faults,
    consent: impl FnOnce(&str) -> Result<Consent, Fault>,
) -> Option<AnswerForm> {
    let mut object = Object::open(value, at, faults)?;
    let answer = object.required::<YesOrNo>("answer");
    let form = match answer? {
        YesOrNo::Yes => {
            let cooperation = object.required("cooperation");
            let (missing, about) = (object.required("missing"), object.required("about"));
            let given = object.required::<String>("contact_exchange");
            let agreed = given.map(|it| consent(&text::clean(&it)));
            if let Some(Err(fault)) = &agreed {
                object.fault("contact_exchange", fault.clone());
            }
            let agreed = agreed.and_then(Result::ok);
            object.close();
            AnswerForm::Yes(Yes {
                cooperation: cooperation?,
                missing: missing?,
                about: about?,
                contact_exchange: agreed?,
            })
        }
        YesOrNo::No => {
            let (reason, note) = (object.required("reason"), object.or_default("note"));
            object.close();
            AnswerForm::No(No { reason: reason?, note })
        }
    };
    Some(form)
}

#[derive(Clone, Copy)]
enum YesOrNo {
    Yes,
    No,
}

impl Field for YesOrNo {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, |raw| match raw {
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err(Fault::UnknownCode { table: "answer" }),
        })
    }
}

/// What either answer may say, as the API describes it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "a description")]
struct Written {
    /// `yes` or `no`.
    answer: String,
    /// What cooperation is wanted; with a yes.
    cooperation: Option<Text<2, 500>>,
    /// What is missing; with a yes.
    missing: Option<Text<2, 500>>,
    /// Who they are; with a yes.
    about: Option<Text<2, 500>>,
    /// The version of the words by which contact data goes to the other side; with a yes.
    contact_exchange: Option<String>,
    /// Why not; with a no.
    reason: Option<DeclineReason>,
    /// Anything else worth knowing; with a no.
    note: Option<Text<0, 500>>,
}

impl JsonSchema for AnswerForm {
    fn schema_name() -> Cow<'static, str> {
        "AnswerForm".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}
