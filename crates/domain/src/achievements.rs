//! An achievement 科技成果: something a university or institute has found and would pass on.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    Fault, Faults, Format,
    codes::{
        AchievementCategory, AchievementLevel, AchievementNature, CooperationMode, Evidence,
        Industry, IpKind, IpStatus, Region, TechField,
    },
    contacts::Contact,
    days::Day,
    form::{Field, Object, Whole},
    listings::{Audience, Card, Form, Kind, Listing, ListingId, Visibility},
    measures::Parameter,
    money::Price,
    needs::{Gaps, Readiness, level},
    text::{self, Line, Text, clean},
};

#[cfg(test)]
mod tests;

/// An achievement and how far it has come.
pub type Achievement = Listing<AchievementForm>;

/// Identifies an [`Achievement`].
pub type AchievementId = ListingId<AchievementForm>;

/// What a research partner writes. A draft may leave anything out; [`Form::gaps`] tells what a
/// submission still lacks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct AchievementForm {
    /// 6 to 60 characters when submitted.
    pub title: Line<0, 60>,
    /// What it is, in a few sentences.
    pub summary: Text<0, 300>,
    /// How it works, where it was tried, what came out; required.
    pub description: Text<0, 5000>,
    /// What it does better than existing solutions, with numbers.
    pub advantages: Text<0, 1000>,
    /// What it reaches.
    pub parameters: Vec<Parameter>,
    /// The technology readiness level reached, 1 to 9; required.
    pub readiness: Option<Readiness>,
    /// What proves that level.
    pub readiness_evidence: Vec<Evidence>,
    /// 类别.
    pub category: Option<AchievementCategory>,
    /// 属性.
    pub nature: Option<AchievementNature>,
    /// 水平.
    pub level: Option<AchievementLevel>,
    /// 3 to 5 keywords.
    pub keywords: Vec<Line<1, 15>>,
    /// 1 to 3 high-tech fields.
    pub fields: Vec<TechField>,
    /// The industry that could use it.
    pub industry: Option<Industry>,
    /// Where the owner is.
    pub region: Option<Region>,
    /// 合作方式; at least one.
    pub cooperation: Vec<CooperationMode>,
    /// Patents and other rights.
    pub rights: Vec<Right>,
    /// 完成单位, in order.
    pub completed_by: Vec<Line<1, 60>>,
    /// 完成人, in order.
    pub completers: Vec<Completer>,
    /// What the owner asks.
    pub price: Option<Price>,
    /// 先用后转: the terms of a trial.
    pub trial: Option<Trial>,
    /// Who could use it.
    pub target_users: Text<0, 500>,
    /// What using it costs to begin with.
    pub investment_needed: Text<0, 500>,
    /// 中试: what is still needed at scale.
    pub scale_up: Text<0, 1000>,
    /// 成果登记.
    pub registration: Option<Registration>,
    /// Whom to talk to.
    pub contact: Contact,
    /// Who may find it.
    pub visibility: Visibility,
    /// The author declares that nothing in it is classified (涉密); required.
    pub unclassified: bool,
}

/// A patent or other right.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Right {
    /// Which kind.
    pub kind: IpKind,
    /// Its number.
    #[serde(default)]
    pub number: Line<0, 40>,
    /// Its legal status.
    #[serde(default)]
    pub status: Option<IpStatus>,
    /// Who owns it.
    #[serde(default)]
    pub owner: Line<0, 100>,
    /// The last day it holds.
    #[serde(default)]
    pub expires: Option<Day>,
}

/// Someone who worked on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Completer {
    /// The name.
    pub name: Line<1, 30>,
    /// The role.
    #[serde(default)]
    pub role: Line<0, 30>,
}

/// The terms on which an enterprise may try it before paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Trial {
    /// How many months are free.
    pub months: Whole<1, 60>,
    /// When the trial counts as a success.
    #[serde(default)]
    pub conditions: Text<0, 500>,
    /// What is due after a success.
    #[serde(default)]
    pub fee_after: Text<0, 300>,
}

/// The registration of an achievement 成果登记.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Registration {
    /// 成果登记号.
    pub number: RegistrationNumber,
    /// When it was registered.
    #[serde(default)]
    pub date: Option<Day>,
}

/// 成果登记号: 12 digits or capital letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationNumber(String);

impl Form for AchievementForm {
    const KIND: Kind = Kind::Achievement;

    const AUDIENCES: &[(&str, Audience)] =
        &[("contact", Audience::Contact), ("unclassified", Audience::Staff)];

    fn gaps(&self) -> Faults {
        let mut gaps = Gaps::default();
        gaps.text("/title", self.title.chars(), 6);
        gaps.text("/description", self.description.chars(), 20);
        gaps.given("/readiness", self.readiness.is_some());
        gaps.entries("/keywords", self.keywords.len(), 3);
        gaps.entries("/fields", self.fields.len(), 1);
        gaps.entries("/cooperation", self.cooperation.len(), 1);
        let offers_trial = self.cooperation.iter().any(|it| it.as_str() == "try_first");
        gaps.given("/trial", !offers_trial || self.trial.is_some());
        gaps.contact(&self.contact);
        gaps.declared("/unclassified", self.unclassified);
        gaps.0
    }

    fn contact(&self) -> &Contact {
        &self.contact
    }

    fn card(&self) -> Card<'_> {
        Card {
            title: self.title.as_str(),
            summary: self.summary.as_str(),
            fields: &self.fields,
            industry: self.industry,
            region: self.region,
            cooperation: &self.cooperation,
            readiness: level(self.readiness),
        }
    }

    fn text(&self) -> String {
        let mut parts = vec![self.description.to_string(), self.advantages.to_string()];
        parts.extend(self.parameters.iter().map(|it| format!("{}{}", it.name, it.unit)));
        parts.extend(self.keywords.iter().map(ToString::to_string));
        parts.push(self.target_users.to_string());
        parts.join("\n")
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn matter(&self) -> Self {
        Self {
            rights: Vec::new(),
            completed_by: Vec::new(),
            completers: Vec::new(),
            price: None,
            investment_needed: Text::default(),
            registration: None,
            contact: Contact::default(),
            visibility: Visibility::default(),
            unclassified: true,
            ..self.clone()
        }
    }
}

impl RegistrationNumber {
    /// Reads a number; full-width and lower-case characters will do.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let number = clean(raw).to_uppercase();
        if number.len() == 12 && number.chars().all(|it| it.is_ascii_alphanumeric()) {
            return Ok(Self(number));
        }
        Err(Fault::BadFormat { expected: Format::RegistrationNumber })
    }
}

impl Field for AchievementForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let form = Self {
            title: object.or_default("title"),
            summary: object.or_default("summary"),
            description: object.or_default("description"),
            advantages: object.or_default("advantages"),
            parameters: object.list("parameters", 30),
            readiness: object.optional("readiness"),
            readiness_evidence: object.set("readiness_evidence", 5),
            category: object.optional("category"),
            nature: object.optional("nature"),
            level: object.optional("level"),
            keywords: object.set("keywords", 5),
            fields: object.set("fields", 3),
            industry: object.optional("industry"),
            region: object.optional("region"),
            cooperation: object.set("cooperation", 11),
            rights: object.list("rights", 30),
            completed_by: object.set("completed_by", 20),
            completers: object.list("completers", 50),
            price: object.optional("price"),
            trial: object.optional("trial"),
            target_users: object.or_default("target_users"),
            investment_needed: object.or_default("investment_needed"),
            scale_up: object.or_default("scale_up"),
            registration: object.optional("registration"),
            contact: object.or_default("contact"),
            visibility: object.or_default("visibility"),
            unclassified: object.or_default("unclassified"),
        };
        object.close();
        Some(form)
    }
}

impl Field for Right {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let kind = object.required("kind");
        let (number, owner) = (object.or_default("number"), object.or_default("owner"));
        let (status, expires) = (object.optional("status"), object.optional("expires"));
        object.close();
        Some(Self { kind: kind?, number, status, owner, expires })
    }
}

impl Field for Completer {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (name, role) = (object.required("name"), object.or_default("role"));
        object.close();
        Some(Self { name: name?, role })
    }
}

impl Field for Trial {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let months = object.required("months");
        let (conditions, fee_after) =
            (object.or_default("conditions"), object.or_default("fee_after"));
        object.close();
        Some(Self { months: months?, conditions, fee_after })
    }
}

impl Field for Registration {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (number, date) = (object.required("number"), object.optional("date"));
        object.close();
        Some(Self { number: number?, date })
    }
}

impl Field for RegistrationNumber {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl Serialize for RegistrationNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for RegistrationNumber {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RegistrationNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9A-Za-z]{12}$" })
    }
}
