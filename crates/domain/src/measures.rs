//! Numbers with a name and a unit: what a need asks for, and what an achievement reaches.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Fault, Faults,
    form::{Field, Object},
    text::{self, Line},
};

/// One row of a need's table of indicators 主要指标.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Indicator {
    /// What is measured, such as 抗压强度.
    pub name: Line<1, 40>,
    /// How the value is compared.
    pub operator: Operator,
    /// The value, or the lower end of a range.
    pub value: f64,
    /// The upper end of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// The unit, as it is written in the trade.
    #[serde(default)]
    pub unit: Line<0, 20>,
    /// Whether a solution without it is of no use.
    #[serde(default)]
    pub must: bool,
}

/// One row of an achievement's table of parameters.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Parameter {
    /// What is measured.
    pub name: Line<1, 40>,
    /// How the value is meant.
    pub operator: Operator,
    /// The value, or the lower end of a range.
    pub value: f64,
    /// The upper end of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// The unit, as it is written in the trade.
    #[serde(default)]
    pub unit: Line<0, 20>,
    /// How it was proven, such as 第三方检测.
    #[serde(default)]
    pub proof: Line<0, 50>,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// ≥
    AtLeast,
    /// ≤
    AtMost,
    /// =
    Equals,
    /// From `value` to `upper`.
    Between,
}

impl Operator {
    /// The sign people write.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::AtMost => "≤",
            Self::Equals => "=",
            Self::Between => "~",
        }
    }
}

impl Field for Operator {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, |raw| match raw {
            "at_least" => Ok(Self::AtLeast),
            "at_most" => Ok(Self::AtMost),
            "equals" => Ok(Self::Equals),
            "between" => Ok(Self::Between),
            _ => Err(Fault::UnknownCode { table: "operator" }),
        })
    }
}

impl Field for Indicator {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let amount = Amount::read(&mut object);
        let must = object.or_default("must");
        object.close();
        let Amount { name, operator, value, upper, unit } = amount?;
        Some(Self { name, operator, value, upper, unit, must })
    }
}

impl Field for Parameter {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let amount = Amount::read(&mut object);
        let proof = object.or_default("proof");
        object.close();
        let Amount { name, operator, value, upper, unit } = amount?;
        Some(Self { name, operator, value, upper, unit, proof })
    }
}

/// What both kinds of row share.
struct Amount {
    name: Line<1, 40>,
    operator: Operator,
    value: f64,
    upper: Option<f64>,
    unit: Line<0, 20>,
}

impl Amount {
    fn read(object: &mut Object<'_>) -> Option<Self> {
        let name = object.required("name");
        let operator = object.required("operator");
        let value = object.required::<f64>("value");
        let upper = match operator {
            Some(Operator::Between) => object.required("upper"),
            _ => object.optional::<f64>("upper"),
        };
        let unit = object.or_default("unit");
        if upper.is_some() && operator.is_some_and(|it| it != Operator::Between) {
            object.fault("upper", Fault::NotAllowed { because_of: "operator" });
        }
        if let (Some(value), Some(upper)) = (value, upper)
            && upper < value
        {
            object.fault("upper", Fault::WrongOrder { after: "value" });
        }
        Some(Self { name: name?, operator: operator?, value: value?, upper, unit })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::form;

    #[test]
    fn a_range_has_two_ends_in_order() {
        let faults = |value| form::read::<Indicator>(&value).unwrap_err().0;
        let open = faults(json!({ "name": "硬度", "operator": "between", "value": 3 }));
        assert_eq!((open[0].pointer.as_str(), &open[0].fault), ("/upper", &Fault::Missing));
        let turned = json!({ "name": "硬度", "operator": "between", "value": 3, "upper": 2 });
        assert_eq!(faults(turned)[0].fault, Fault::WrongOrder { after: "value" });
        let extra = json!({ "name": "硬度", "operator": "at_least", "value": 3, "upper": 4 });
        assert_eq!(faults(extra)[0].fault, Fault::NotAllowed { because_of: "operator" });
    }

    #[test]
    fn every_field_of_a_row_is_checked() {
        let row = json!({ "name": "", "operator": "ge", "value": "80", "colour": 1 });
        let faults = form::read::<Parameter>(&row).unwrap_err().0;
        let pointers: Vec<&str> = faults.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/operator", "/value", "/colour"]);
    }
}
