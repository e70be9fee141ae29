//! A need 技术需求: a problem that an enterprise would pay to have solved.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Fault, Faults,
    codes::{
        CooperationMode, Industry, IpOwnership, NeedKind, OrganisationKind, Region, TechField,
        Urgency,
    },
    contacts::Contact,
    days::Day,
    form::{Field, Object, Whole},
    listings::{Audience, Card, Form, Kind, Listing, ListingId, Visibility},
    measures::Indicator,
    money::{Band, Investment},
    text::{Line, Text},
};

#[cfg(test)]
mod tests;

/// A need and how far it has come.
pub type Need = Listing<NeedForm>;

/// Identifies a [`Need`].
pub type NeedId = ListingId<NeedForm>;

/// What an enterprise writes. A draft may leave anything out; [`Form::gaps`] tells what a
/// submission still lacks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct NeedForm {
    /// 技术需求名称: names the object and the effect; 6 to 60 characters when submitted.
    pub title: Line<0, 60>,
    /// What it is about, in a few sentences.
    pub summary: Text<0, 300>,
    /// 主要问题: what goes wrong, where, and how much; required.
    pub problem: Text<0, 2000>,
    /// 主要指标: what a solution must reach.
    pub indicators: Vec<Indicator>,
    /// 预期目标.
    pub goal: Text<0, 2000>,
    /// 现有工作基础: what was tried; shown after both sides agreed.
    pub tried: Text<0, 2000>,
    /// 3 to 5 keywords.
    pub keywords: Vec<Line<1, 15>>,
    /// 1 to 3 high-tech fields.
    pub fields: Vec<TechField>,
    /// The industry of the plant.
    pub industry: Option<Industry>,
    /// Where the plant is.
    pub region: Option<Region>,
    /// 需求类型; required.
    pub kind: Option<NeedKind>,
    /// 紧急程度.
    pub urgency: Option<Urgency>,
    /// 合作方式; at least one.
    pub cooperation: Vec<CooperationMode>,
    /// The least technology readiness level of use, 1 to 9.
    pub readiness: Option<Readiness>,
    /// 拟投入资金; strangers see a band.
    pub investment: Option<Investment>,
    /// From when to when.
    pub time_limit: Option<TimeLimit>,
    /// Whom the enterprise would like to work with.
    pub partner_wanted: Option<PartnerWanted>,
    /// 意向合作单位; staff only.
    pub intended_partner: Line<0, 100>,
    /// Who is to own the results; shown after both sides agreed.
    pub ip_ownership: Option<IpOwnership>,
    /// Whom to talk to.
    pub contact: Contact,
    /// Who may find it.
    pub visibility: Visibility,
    /// The author declares that nothing in it is classified (涉密); required.
    pub unclassified: bool,
}

/// A technology readiness level, 1 to 9 (GB/T 22900).
pub type Readiness = Whole<1, 9>;

/// From when to when a solution is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TimeLimit {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// Whom the enterprise would like to work with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct PartnerWanted {
    /// Which kinds of organisation.
    pub kinds: Vec<OrganisationKind>,
    /// From which region.
    pub region: Option<Region>,
    /// In words.
    pub text: Text<0, 200>,
}

impl Form for NeedForm {
    const KIND: Kind = Kind::Need;

    const AUDIENCES: &[(&str, Audience)] = &[
        ("tried", Audience::AfterConsent),
        ("investment", Audience::AfterConsent),
        ("ip_ownership", Audience::AfterConsent),
        ("intended_partner", Audience::Staff),
        ("contact", Audience::Contact),
        ("unclassified", Audience::Staff),
    ];

    fn gaps(&self) -> Faults {
        let mut gaps = Gaps::default();
        gaps.text("/title", self.title.chars(), 6);
        gaps.text("/problem", self.problem.chars(), 20);
        gaps.entries("/keywords", self.keywords.len(), 3);
        gaps.entries("/fields", self.fields.len(), 1);
        gaps.entries("/cooperation", self.cooperation.len(), 1);
        gaps.given("/kind", self.kind.is_some());
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
        let mut parts = vec![self.problem.to_string(), self.goal.to_string()];
        parts.extend(self.indicators.iter().map(|it| format!("{}{}", it.name, it.unit)));
        parts.extend(self.keywords.iter().map(ToString::to_string));
        parts.join("\n")
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn investment_band(&self) -> Option<Band> {
        self.investment.as_ref().map(Investment::band)
    }

    fn matter(&self) -> Self {
        Self {
            tried: Text::default(),
            investment: None,
            time_limit: None,
            urgency: None,
            partner_wanted: None,
            intended_partner: Line::default(),
            ip_ownership: None,
            contact: Contact::default(),
            visibility: Visibility::default(),
            unclassified: true,
            ..self.clone()
        }
    }
}

impl Field for NeedForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let form = Self {
            title: object.or_default("title"),
            summary: object.or_default("summary"),
            problem: object.or_default("problem"),
            indicators: object.list("indicators", 30),
            goal: object.or_default("goal"),
            tried: object.or_default("tried"),
            keywords: object.set("keywords", 5),
            fields: object.set("fields", 3),
            industry: object.optional("industry"),
            region: object.optional("region"),
            kind: object.optional("kind"),
            urgency: object.optional("urgency"),
            cooperation: object.set("cooperation", 11),
            readiness: object.optional("readiness"),
            investment: object.optional("investment"),
            time_limit: object.optional("time_limit"),
            partner_wanted: object.optional("partner_wanted"),
            intended_partner: object.or_default("intended_partner"),
            ip_ownership: object.optional("ip_ownership"),
            contact: object.or_default("contact"),
            visibility: object.or_default("visibility"),
            unclassified: object.or_default("unclassified"),
        };
        object.close();
        Some(form)
    }
}

impl Field for TimeLimit {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let (from, to) = (object.required::<Day>("from"), object.required::<Day>("to"));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            object.fault("to", Fault::WrongOrder { after: "from" });
        }
        object.close();
        Some(Self { from: from?, to: to? })
    }
}

impl Field for PartnerWanted {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let wanted = Self {
            kinds: object.set("kinds", 6),
            region: object.optional("region"),
            text: object.or_default("text"),
        };
        object.close();
        Some(wanted)
    }
}

/// The level as a small number, for a [`Card`].
pub(crate) fn level(readiness: Option<Readiness>) -> Option<u8> {
    readiness.and_then(|it| u8::try_from(it.get()).ok())
}

/// What a form lacks before it may be submitted.
#[derive(Default)]
pub(crate) struct Gaps(pub(crate) Faults);

impl Gaps {
    pub(crate) fn text(&mut self, at: &str, actual: usize, min: usize) {
        match actual {
            0 => self.0.push(at, Fault::Missing),
            _ if actual < min => self.0.push(at, Fault::TooShort { min, actual }),
            _ => {}
        }
    }

    pub(crate) fn entries(&mut self, at: &str, actual: usize, min: usize) {
        match actual {
            0 => self.0.push(at, Fault::Missing),
            _ if actual < min => self.0.push(at, Fault::TooFew { min, actual }),
            _ => {}
        }
    }

    pub(crate) fn given(&mut self, at: &str, given: bool) {
        if !given {
            self.0.push(at, Fault::Missing);
        }
    }

    pub(crate) fn declared(&mut self, at: &str, declared: bool) {
        if !declared {
            self.0.push(at, Fault::NotDeclared);
        }
    }

    pub(crate) fn contact(&mut self, contact: &Contact) {
        self.given("/contact/name", contact.name.chars() > 0);
        if contact.name.chars() > 0 && !contact.is_reachable() {
            self.0.push("/contact/phone", Fault::Missing);
        }
    }
}
