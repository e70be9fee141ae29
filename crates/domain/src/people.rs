//! People: each has one role, in one organisation.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    Fault, Faults, Format, Id,
    codes::OrganisationKind,
    form::{Field, Object},
    organisations::OrganisationId,
    passwords::Password,
    text::{self, Line},
};

/// Identifies a [`Person`].
pub type PersonId = Id<Person>;

/// Someone who can sign in.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Names this person.
    pub id: PersonId,
    /// Counts saved changes.
    pub version: i32,
    /// Where the person belongs.
    pub organisation: OrganisationId,
    /// What the person may do.
    pub role: Role,
    /// The sign-in name.
    pub login: Login,
    /// The name that colleagues use.
    pub name: Line<1, 30>,
    /// Whether the person may sign in.
    pub state: State,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

/// What a person may do; see [`crate::policy`] for what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 企业用户: writes needs.
    Enterprise,
    /// 科研用户: lists achievements.
    Research,
    /// 技术经纪人: reviews listings, grades pairs.
    Matchmaker,
    /// 主管: sees the figures.
    Lead,
    /// 系统管理员: keeps it running, makes accounts.
    SystemAdmin,
    /// 安全管理员: verifies organisations, grants rights.
    SecurityAdmin,
    /// 审计员: reads the audit log.
    Auditor,
    /// 未授权: an account that was given no role yet, or no more.
    Unassigned,
}

/// Whether a person may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// May sign in.
    Active,
    /// May not, and every session has ended.
    Disabled,
}

/// A sign-in name: 3 to 40 of `a`-`z`, `0`-`9`, `.`, `_`, `-`, `@`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Login(String);

/// What is needed to make an account.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Account {
    /// The sign-in name.
    pub login: Login,
    /// The first password.
    pub password: Password,
    /// The person's name.
    pub name: Line<1, 30>,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Enterprise,
        Self::Research,
        Self::Matchmaker,
        Self::Lead,
        Self::SystemAdmin,
        Self::SecurityAdmin,
        Self::Auditor,
        Self::Unassigned,
    ];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Research => "research",
            Self::Matchmaker => "matchmaker",
            Self::Lead => "lead",
            Self::SystemAdmin => "system_admin",
            Self::SecurityAdmin => "security_admin",
            Self::Auditor => "auditor",
            Self::Unassigned => "unassigned",
        }
    }

    /// The name people use.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Enterprise => "企业用户",
            Self::Research => "科研用户",
            Self::Matchmaker => "技术经纪人",
            Self::Lead => "主管",
            Self::SystemAdmin => "系统管理员",
            Self::SecurityAdmin => "安全管理员",
            Self::Auditor => "审计员",
            Self::Unassigned => "未授权用户",
        }
    }

    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Whether the role serves the office, so that only the office can give it.
    pub const fn is_staff(self) -> bool {
        match self {
            Self::Enterprise | Self::Research | Self::Unassigned => false,
            Self::Matchmaker
            | Self::Lead
            | Self::SystemAdmin
            | Self::SecurityAdmin
            | Self::Auditor => true,
        }
    }

    /// Whether the role is one of the three that exclude every other (三员).
    pub const fn is_administrator(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::Auditor)
    }

    /// The role of whoever registers an organisation of this kind; `None` where the office has to.
    pub fn of_first_member(kind: OrganisationKind) -> Option<Self> {
        match kind.as_str() {
            "enterprise" => Some(Self::Enterprise),
            "university" | "institute" => Some(Self::Research),
            _ => None,
        }
    }
}

impl State {
    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled].into_iter().find(|it| it.as_str() == name)
    }
}

impl Login {
    /// Reads a sign-in name; upper case and full width will do.
    pub fn new(raw: &str) -> Result<Self, Fault> {
        let login = text::clean(raw).to_lowercase();
        let starts = login.starts_with(|it: char| it.is_ascii_lowercase());
        let allowed =
            |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "._-@".contains(it);
        if starts && (3..=40).contains(&login.len()) && login.chars().all(allowed) {
            return Ok(Self(login));
        }
        Err(Fault::BadFormat { expected: Format::Login })
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Account {
    /// Reads the fields of an account that stand in a larger form.
    pub fn read_from(object: &mut Object<'_>) -> Option<Self> {
        let login = object.required::<Login>("login");
        let password = object.required::<Password>("password");
        let name = object.required("name");
        Some(Self { login: login?, password: password?, name: name? })
    }
}

impl Field for Account {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let account = Self::read_from(&mut object);
        object.close();
        account
    }
}

impl Field for Login {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        text::read(value, at, faults, Self::new)
    }
}

impl Field for Role {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "role" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

impl Serialize for Login {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Login {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Login".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 3, "maxLength": 40 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_names_are_plain() {
        assert_eq!(Login::new("Ｌi.Wei@danhe").unwrap().as_str(), "li.wei@danhe");
        for wrong in ["ab", "1abc", "李伟", "a b c", "", "a'; drop table people"] {
            assert!(Login::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn roles_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.as_str()), Some(role));
            assert!(!role.is_administrator() || role.is_staff());
        }
    }
}
