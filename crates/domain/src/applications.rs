//! Applications: someone asks to join an organisation that is registered.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde_json::Value;

use crate::{
    Faults, Id,
    consents::Agreement,
    contacts::Mail,
    form::{Field, Object},
    organisations::Number,
    people::{Account, Login},
    text::{Line, Text},
};

/// Identifies an [`Application`].
pub type ApplicationId = Id<Application>;

/// How long an application waits for an answer.
pub const WAITS: TimeDelta = TimeDelta::days(30);

/// An application that nobody has answered yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// Names this application.
    pub id: ApplicationId,
    /// The number that was typed; there may be no organisation that has it.
    pub number: Number,
    /// Who applies.
    pub applicant: Applicant,
    /// When.
    pub applied_at: DateTime<Utc>,
}

/// Who applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Applicant {
    /// The sign-in name the account is to have.
    pub login: Login,
    /// The person's name.
    pub name: Line<1, 30>,
    /// Where the answer goes.
    pub mail: Mail,
    /// What the applicant says.
    pub words: Text<0, 500>,
    /// What the applicant consents to.
    pub consents: Vec<Agreement>,
    /// The request they consented in, for evidence.
    pub request_id: String,
}

/// What is needed to apply.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ApplicationForm {
    /// The organisation's 统一社会信用代码.
    pub organisation: Number,
    /// The account that is made if the application is accepted.
    pub account: Account,
    /// Where the answer goes.
    pub mail: Mail,
    /// What its members are told.
    #[serde(default)]
    pub words: Text<0, 500>,
    /// What the applicant consents to, as `GET /consents` has it; `account_keeping` is needed.
    pub consents: Vec<Agreement>,
}

impl Application {
    /// The moment from which on it cannot be answered.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.applied_at + WAITS
    }
}

impl Field for ApplicationForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let organisation = object.required("organisation");
        let account = object.required("account");
        let mail = object.required("mail");
        let words = object.or_default("words");
        let consents = Agreement::for_account(&mut object);
        object.close();
        Some(Self { organisation: organisation?, account: account?, mail: mail?, words, consents })
    }
}
