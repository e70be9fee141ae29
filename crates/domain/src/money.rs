//! Money: whole fen 分 (1/100 yuan), shown in 万元 (10,000 yuan).

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Fault, Faults,
    form::{Field, Object, Whole},
    text,
};

/// The largest amount: a million million yuan.
const MOST: i64 = 100_000_000_000_000;

/// An amount in fen, zero or more.
pub type Fen = Whole<0, MOST>;

/// What an enterprise plans to spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Investment {
    /// How the amount is given.
    pub form: InvestmentForm,
    /// The amount, or the lower end of the range, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_fen: Option<Fen>,
    /// The upper end of the range, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_fen: Option<Fen>,
}

/// How an investment is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvestmentForm {
    /// 面议: no amount.
    Negotiable,
    /// One amount.
    Fixed,
    /// From one amount to another.
    Range,
}

/// What an owner asks for an achievement.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Price {
    /// How the price is given.
    pub form: PriceForm,
    /// The price, or the lower end of the range, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_fen: Option<Fen>,
    /// The upper end of the range, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_fen: Option<Fen>,
    /// The share of sales, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub royalty_percent: Option<f64>,
}

/// How a price is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceForm {
    /// 面议.
    Negotiable,
    /// 一口价.
    Fixed,
    /// 区间.
    Range,
    /// 提成.
    Royalty,
    /// 入股.
    Shares,
}

/// The band an investment falls in, which is all that strangers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// 面议.
    Negotiable,
    /// Below 10万元.
    Below10Wan,
    /// 10万元 to below 50万元.
    From10Wan,
    /// 50万元 to below 100万元.
    From50Wan,
    /// 100万元 to below 500万元.
    From100Wan,
    /// 500万元 and more.
    From500Wan,
}

impl Investment {
    /// The band of the upper end.
    pub fn band(&self) -> Band {
        self.high_fen.or(self.low_fen).map_or(Band::Negotiable, Band::of)
    }
}

impl Band {
    /// The band of an amount.
    pub const fn of(amount: Fen) -> Self {
        const WAN: i64 = 1_000_000;
        match amount.get() {
            it if it < 10 * WAN => Self::Below10Wan,
            it if it < 50 * WAN => Self::From10Wan,
            it if it < 100 * WAN => Self::From50Wan,
            it if it < 500 * WAN => Self::From100Wan,
            _ => Self::From500Wan,
        }
    }

    /// The code of the band.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negotiable => "negotiable",
            Self::Below10Wan => "below10_wan",
            Self::From10Wan => "from10_wan",
            Self::From50Wan => "from50_wan",
            Self::From100Wan => "from100_wan",
            Self::From500Wan => "from500_wan",
        }
    }
}

impl PriceForm {
    /// The code of the form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negotiable => "negotiable",
            Self::Fixed => "fixed",
            Self::Range => "range",
            Self::Royalty => "royalty",
            Self::Shares => "shares",
        }
    }
}

impl Field for Investment {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let form = object.required("form");
        let ends = match form {
            None => Ends::Any,
            Some(InvestmentForm::Negotiable) => Ends::None,
            Some(InvestmentForm::Fixed) => Ends::Low,
            Some(InvestmentForm::Range) => Ends::Both,
        };
        let (low_fen, high_fen) = ends.read(&mut object);
        object.close();
        Some(Self { form: form?, low_fen, high_fen })
    }
}

impl Field for Price {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let form = object.required("form");
        let ends = match form {
            None => Ends::Any,
            Some(PriceForm::Fixed) => Ends::Low,
            Some(PriceForm::Range) => Ends::Both,
            Some(PriceForm::Negotiable | PriceForm::Royalty | PriceForm::Shares) => Ends::None,
        };
        let (low_fen, high_fen) = ends.read(&mut object);
        let royalty_percent = royalty(&mut object, form);
        object.close();
        Some(Self { form: form?, low_fen, high_fen, royalty_percent })
    }
}

fn royalty(object: &mut Object<'_>, form: Option<PriceForm>) -> Option<f64> {
    if form != Some(PriceForm::Royalty) {
        if form.is_some() && object.has("royalty_percent") {
            object.fault("royalty_percent", Fault::NotAllowed { because_of: "form" });
        }
        object.has("royalty_percent");
        return None;
    }
    let percent = object.required::<f64>("royalty_percent")?;
    if percent < 0.0 {
        object.fault("royalty_percent", Fault::TooSmall { min: 0 });
    }
    if percent > 100.0 {
        object.fault("royalty_percent", Fault::TooLarge { max: 100 });
    }
    Some(percent)
}

/// Which of the two amounts a form has.
#[derive(Clone, Copy)]
enum Ends {
    None,
    Low,
    Both,
    /// The form could not be read: nothing can be said of the amounts.
    Any,
}

impl Ends {
    fn read(self, object: &mut Object<'_>) -> (Option<Fen>, Option<Fen>) {
        match self {
            Self::None => {
                refuse(object, "low_fen");
                refuse(object, "high_fen");
                (None, None)
            }
            Self::Low => {
                refuse(object, "high_fen");
                (object.required("low_fen"), None)
            }
            Self::Both => {
                let (low, high) = (object.required("low_fen"), object.required("high_fen"));
                if let (Some(low), Some(high)) = (low, high)
                    && low > high
                {
                    object.fault("high_fen", Fault::WrongOrder { after: "low_fen" });
                }
                (low, high)
            }
            Self::Any => (object.optional("low_fen"), object.optional("high_fen")),
        }
    }
}

fn refuse(object: &mut Object<'_>, name: &'static str) {
    if object.has(name) {
        object.fault(name, Fault::NotAllowed { because_of: "form" });
    }
}

impl Field for InvestmentForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, |raw| match raw {
            "negotiable" => Ok(Self::Negotiable),
            "fixed" => Ok(Self::Fixed),
            "range" => Ok(Self::Range),
            _ => Err(Fault::UnknownCode { table: "investment_form" }),
        })
    }
}

impl Field for PriceForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, |raw| match raw {
            "negotiable" => Ok(Self::Negotiable),
            "fixed" => Ok(Self::Fixed),
            "range" => Ok(Self::Range),
            "royalty" => Ok(Self::Royalty),
            "shares" => Ok(Self::Shares),
            _ => Err(Fault::UnknownCode { table: "price_form" }),
        })
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negotiable => "面议",
            Self::Below10Wan => "10万元以下",
            Self::From10Wan => "10万-50万元",
            Self::From50Wan => "50万-100万元",
            Self::From100Wan => "100万-500万元",
            Self::From500Wan => "500万元以上",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::form;

    fn faults<T: Field>(value: &Value) -> Vec<(String, Fault)> {
        let faults = form::read::<T>(value).err().unwrap_or_default();
        faults.0.into_iter().map(|it| (it.pointer, it.fault)).collect()
    }

    #[test]
    fn amounts_follow_their_form() {
        let below = faults::<Investment>(&json!({ "form": "fixed", "low_fen": -1 }));
        assert_eq!(below, [("/low_fen".into(), Fault::TooSmall { min: 0 })]);
        let turned = json!({ "form": "range", "low_fen": 2, "high_fen": 1 });
        let order = Fault::WrongOrder { after: "low_fen" };
        assert_eq!(faults::<Investment>(&turned), [("/high_fen".into(), order)]);
        let extra = json!({ "form": "negotiable", "low_fen": 2, "royalty_percent": 3 });
        let refused = Fault::NotAllowed { because_of: "form" };
        assert_eq!(
            faults::<Price>(&extra),
            [("/low_fen".into(), refused.clone()), ("/royalty_percent".into(), refused)]
        );
        let unknown = faults::<Price>(&json!({ "form": "gold", "low_fen": "x" }));
        let pointers: Vec<&str> = unknown.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(pointers, ["/form", "/low_fen"]);
        let royalty = json!({ "form": "royalty", "royalty_percent": 101 });
        assert_eq!(
            faults::<Price>(&royalty),
            [("/royalty_percent".into(), Fault::TooLarge { max: 100 })]
        );
    }

    #[test]
    fn codes_are_what_is_sent() {
        for it in [
            Band::Negotiable,
            Band::Below10Wan,
            Band::From10Wan,
            Band::From50Wan,
            Band::From100Wan,
            Band::From500Wan,
        ] {
            assert_eq!(json!(it), json!(it.as_str()));
        }
        for it in [
            PriceForm::Negotiable,
            PriceForm::Fixed,
            PriceForm::Range,
            PriceForm::Royalty,
            PriceForm::Shares,
        ] {
            assert_eq!(json!(it), json!(it.as_str()));
        }
    }

    #[test]
    fn strangers_are_told_a_band() {
        let of = |value| form::read::<Investment>(&value).unwrap().band();
        assert_eq!(of(json!({ "form": "negotiable" })), Band::Negotiable);
        assert_eq!(of(json!({ "form": "fixed", "low_fen": 9_999_999 })), Band::Below10Wan);
        let range = json!({ "form": "range", "low_fen": 10_000_000, "high_fen": 80_000_000 });
        assert_eq!(of(range), Band::From50Wan);
    }
}
