//! Code tables: what a field, an industry or a cooperation mode may be called.
//!
//! The tables are data (`config/codes/*.tsv`: code, Chinese label, English label), compiled in.

use std::{borrow::Cow, fmt, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{Fault, Faults, form::Field, text};

/// One row of a code table.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is stored and sent.
    pub code: &'static str,
    /// The Chinese label.
    pub zh: &'static str,
    /// The English label; empty where the source gives none.
    pub en: &'static str,
}

/// A code table.
#[derive(Debug)]
pub struct Table {
    /// What the table is called in addresses and faults.
    pub name: &'static str,
    /// The rows in the order of the source.
    pub rows: Vec<Row>,
    by_code: Vec<usize>,
}

/// A code of the table number `TABLE` (see [`TABLES`]).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code<const TABLE: usize>(&'static Row);

/// High-tech field 高新技术领域, of any of three levels: `60`, `603`, `60302`.
pub type TechField = Code<0>;
/// Industry, GB/T 4754-2017: a letter and none to four digits.
pub type Industry = Code<1>;
/// Region, GB/T 2260: six digits.
pub type Region = Code<2>;
/// Cooperation mode 合作方式.
pub type CooperationMode = Code<3>;
/// Need kind 需求类型.
pub type NeedKind = Code<4>;
/// Urgency 紧急程度.
pub type Urgency = Code<5>;
/// Kind of intellectual property.
pub type IpKind = Code<6>;
/// Legal status of intellectual property.
pub type IpStatus = Code<7>;
/// Who is to own what comes out of the cooperation.
pub type IpOwnership = Code<8>;
/// Achievement category 类别.
pub type AchievementCategory = Code<9>;
/// Achievement nature 属性.
pub type AchievementNature = Code<10>;
/// Achievement level 水平.
pub type AchievementLevel = Code<11>;
/// What proves the readiness of an achievement.
pub type Evidence = Code<12>;
/// Organisation kind 机构类型.
pub type OrganisationKind = Code<13>;
/// Organisation label, such as 高新技术企业.
pub type OrganisationLabel = Code<14>;
/// Why a pair was declined.
pub type DeclineReason = Code<15>;

/// Every table, in the order of the numbers above; those without a type come last.
pub static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| SOURCES.iter().map(|(name, source)| Table::parse(name, source)).collect());

const SOURCES: [(&str, &str); 23] = [
    ("field", include_str!("../../../config/codes/field.tsv")),
    ("industry", include_str!("../../../config/codes/industry.tsv")),
    ("region", include_str!("../../../config/codes/region.tsv")),
    ("cooperation_mode", include_str!("../../../config/codes/cooperation_mode.tsv")),
    ("need_kind", include_str!("../../../config/codes/need_kind.tsv")),
    ("urgency", include_str!("../../../config/codes/urgency.tsv")),
    ("ip_kind", include_str!("../../../config/codes/ip_kind.tsv")),
    ("ip_status", include_str!("../../../config/codes/ip_status.tsv")),
    ("ip_ownership", include_str!("../../../config/codes/ip_ownership.tsv")),
    ("achievement_category", include_str!("../../../config/codes/achievement_category.tsv")),
    ("achievement_nature", include_str!("../../../config/codes/achievement_nature.tsv")),
    ("achievement_level", include_str!("../../../config/codes/achievement_level.tsv")),
    ("evidence", include_str!("../../../config/codes/evidence.tsv")),
    ("organisation_kind", include_str!("../../../config/codes/organisation_kind.tsv")),
    ("organisation_label", include_str!("../../../config/codes/organisation_label.tsv")),
    ("decline_reason", include_str!("../../../config/codes/decline_reason.tsv")),
    ("grade", include_str!("../../../config/codes/grade.tsv")),
    ("readiness", include_str!("../../../config/codes/readiness.tsv")),
    ("readiness_label", include_str!("../../../config/codes/readiness_label.tsv")),
    ("price_form", include_str!("../../../config/codes/price_form.tsv")),
    ("investment_form", include_str!("../../../config/codes/investment_form.tsv")),
    ("contract_field", include_str!("../../../config/codes/contract_field.tsv")),
    ("listing_state", include_str!("../../../config/codes/listing_state.tsv")),
];

impl Table {
    fn parse(name: &'static str, source: &'static str) -> Self {
        let rows: Vec<Row> = source.lines().skip(1).map(Row::parse).collect();
        let mut by_code: Vec<usize> = (0..rows.len()).collect();
        by_code.sort_by_key(|at| rows.get(*at).map(|row| row.code));
        Self { name, rows, by_code }
    }

    /// The row of this code.
    pub fn find(&self, code: &str) -> Option<&Row> {
        let key = |at: &usize| self.rows.get(*at).map(|row| row.code);
        let found = self.by_code.binary_search_by_key(&Some(code), key).ok()?;
        self.rows.get(*self.by_code.get(found)?)
    }
}

impl Row {
    fn parse(line: &'static str) -> Self {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        Self { code: cell(), zh: cell(), en: cell() }
    }
}

/// The table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|it| it.name == name)
}

impl<const TABLE: usize> Code<TABLE> {
    /// Looks a code up; full-width letters and digits will do.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let table = Self::table();
        let code = text::clean(raw);
        let row = table.and_then(|it| it.find(&code)).map(Self);
        row.ok_or(Fault::UnknownCode { table: table.map_or("", |it| it.name) })
    }

    /// The code itself.
    pub const fn as_str(self) -> &'static str {
        self.0.code
    }

    /// The Chinese label.
    pub const fn zh(self) -> &'static str {
        self.0.zh
    }

    /// The English label.
    pub const fn en(self) -> &'static str {
        self.0.en
    }

    fn table() -> Option<&'static Table> {
        TABLES.get(TABLE)
    }
}

impl<const TABLE: usize> Field for Code<TABLE> {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl<const TABLE: usize> fmt::Debug for Code<TABLE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl<const TABLE: usize> fmt::Display for Code<TABLE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl<const TABLE: usize> Serialize for Code<TABLE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code)
    }
}

impl<const TABLE: usize> JsonSchema for Code<TABLE> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Self::table().map_or("", |it| it.name).into()
    }

    /// Short tables are spelt out; of long ones only the address is given.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let Some(table) = Self::table() else { return json_schema!({ "type": "string" }) };
        let description =
            format!("A code of the table `{0}`: see `/api/v1/codes/{0}`.", table.name);
        if table.rows.len() > 40 {
            return json_schema!({ "type": "string", "description": description });
        }
        let codes: Vec<&str> = table.rows.iter().map(|it| it.code).collect();
        json_schema!({ "type": "string", "enum": codes, "description": description })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_whole() {
        for table in TABLES.iter() {
            assert!(!table.rows.is_empty(), "{}", table.name);
            for row in &table.rows {
                assert!(!row.code.is_empty() && !row.zh.is_empty(), "{}: {row:?}", table.name);
                assert_eq!(table.find(row.code), Some(row), "{}: twice", table.name);
            }
        }
    }

    #[test]
    fn each_type_has_its_own_table() {
        let labels = [
            (TechField::new("603").unwrap().zh(), "新型高效能量转换与储存技术"),
            (Industry::new("C33").unwrap().zh(), "金属制品业"),
            (Region::new("１４０５８１").unwrap().zh(), "高平市"),
            (CooperationMode::new("try_first").unwrap().zh(), "先用后转"),
            (NeedKind::new("pilot").unwrap().zh(), "中试"),
            (Urgency::new("urgent").unwrap().zh(), "紧急"),
            (IpKind::new("invention").unwrap().zh(), "发明专利"),
            (IpStatus::new("granted").unwrap().zh(), "授权"),
            (IpOwnership::new("shared").unwrap().zh(), "共有"),
            (AchievementCategory::new("applied").unwrap().zh(), "应用技术"),
            (AchievementNature::new("original").unwrap().zh(), "原始性创新"),
            (AchievementLevel::new("unrated").unwrap().zh(), "未评价"),
            (Evidence::new("patent").unwrap().zh(), "专利"),
            (OrganisationKind::new("enterprise").unwrap().zh(), "企业"),
            (OrganisationLabel::new("specialised").unwrap().zh(), "专精特新"),
            (DeclineReason::new("too_early").unwrap().zh(), "阶段太早"),
        ];
        for (found, expected) in labels {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn an_unknown_code_names_its_table() {
        assert_eq!(TechField::new("99"), Err(Fault::UnknownCode { table: "field" }));
        assert_eq!(Region::new(""), Err(Fault::UnknownCode { table: "region" }));
    }
}
