//! Refusals, as RFC 9457 tells them, in Chinese or English.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Faults, policy::Refusal};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::language::{Language, describe, detail};

mod refusals;

/// A refusal.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of refusal it is.
    pub code: Code,
    /// Every bad field.
    pub faults: Faults,
    /// How many seconds to wait before trying again.
    pub retry_after: Option<u64>,
    /// What the program's keepers should know; logged once, never told.
    cause: Option<Arc<str>>,
    /// Whether what is said not to be there is only hidden from the caller; never told.
    hidden: bool,
}

/// On record, why something was not found that is not there.
pub(crate) const ABSENT: &str = "absent";

/// Every kind of refusal a client can meet. The names are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Sign in first, or again.
    SignInRequired,
    /// The sign-in name or the password is wrong.
    WrongCredentials,
    /// The code of the second factor is wrong, or was used before.
    WrongCode,
    /// There is no other provider to sign in by.
    NoProvider,
    /// The other provider cannot be reached, or cannot be understood.
    ProviderUnavailable,
    /// The sign-in by another provider was finished before, began in another browser, or took too
    /// long.
    FlowEnded,
    /// What the other provider said does not prove who it is.
    IdentityNotProved,
    /// Who it is at the other provider is linked with no account.
    IdentityNotLinked,
    /// The account is disabled.
    AccountDisabled,
    /// The link was used before, or has run out.
    LinkEnded,
    /// Too many failures: wait.
    TooManyAttempts,
    /// The code of the second factor is awaited.
    CodeRequired,
    /// A second factor must be set up first.
    SecondFactorRequired,
    /// The password must be changed first.
    PasswordExpired,
    /// The token was made for other things.
    ScopeMissing,
    /// Another site made the browser send it.
    CrossSite,
    /// A cookie and a token at once.
    TwoCredentials,
    /// There are as many already as there may be.
    LimitReached,
    /// Not with this role, or not on this object.
    Forbidden,
    /// Nobody decides on what is their own organisation's.
    OwnOrganisation,
    /// The organisation has not been verified.
    OrganisationNotVerified,
    /// The organisation is suspended.
    OrganisationSuspended,
    /// There is nothing here, or nothing that may be known to the caller.
    NotFound,
    /// The address knows other methods than this one.
    MethodNotAllowed,
    /// The body is not JSON, or the query cannot be read.
    Unreadable,
    /// The body is of another type than JSON.
    UnsupportedMediaType,
    /// The body is larger than allowed.
    TooLarge,
    /// The address is longer than allowed.
    AddressTooLong,
    /// The body took too long to arrive.
    SlowBody,
    /// The file is of a type that is not taken.
    FileTypeRefused,
    /// The file is known to be harmful.
    Infected,
    /// Files cannot be looked at, and so not be taken.
    ScannerUnavailable,
    /// There is no room for more files.
    QuotaExceeded,
    /// The licence or the letter of authority is missing.
    ProofsMissing,
    /// Some fields are bad; `errors` tells which.
    Invalid,
    /// The public text gives its owner away; `errors` tells where.
    Revealing,
    /// The state of the object does not allow it.
    WrongState,
    /// Another matchmaker holds the pair.
    HeldByAnother,
    /// It takes another person: neither who asked nor whom it concerns.
    AnotherPerson,
    /// Nobody of that administrator's kind would be left.
    LastAdministrator,
    /// It exists already.
    AlreadyExists,
    /// It was changed at the same time.
    Conflict,
    /// Without this consent there is no account.
    ConsentNeeded,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// It changed since it was read.
    Stale,
    /// The Idempotency-Key was used for another request.
    KeyReused,
    /// Too many at once.
    TooManyRequests,
    /// It took too long.
    Timeout,
    /// The index is being made anew.
    SearchRebuilding,
    /// The database cannot be reached.
    Unavailable,
    /// The server failed.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 51] = [
        Self::SignInRequired,
        Self::WrongCredentials,
        Self::WrongCode,
        Self::NoProvider,
        Self::ProviderUnavailable,
        Self::FlowEnded,
        Self::IdentityNotProved,
        Self::IdentityNotLinked,
        Self::AccountDisabled,
        Self::LinkEnded,
        Self::TooManyAttempts,
        Self::CodeRequired,
        Self::SecondFactorRequired,
        Self::PasswordExpired,
        Self::ScopeMissing,
        Self::CrossSite,
        Self::TwoCredentials,
        Self::LimitReached,
        Self::Forbidden,
        Self::OwnOrganisation,
        Self::OrganisationNotVerified,
        Self::OrganisationSuspended,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Unreadable,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::AddressTooLong,
        Self::SlowBody,
        Self::FileTypeRefused,
        Self::Infected,
        Self::ScannerUnavailable,
        Self::QuotaExceeded,
        Self::ProofsMissing,
        Self::Invalid,
        Self::Revealing,
        Self::WrongState,
        Self::HeldByAnother,
        Self::AnotherPerson,
        Self::LastAdministrator,
        Self::AlreadyExists,
        Self::Conflict,
        Self::ConsentNeeded,
        Self::PreconditionRequired,
        Self::Stale,
        Self::KeyReused,
        Self::TooManyRequests,
        Self::Timeout,
        Self::SearchRebuilding,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The status it is answered with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::SignInRequired
            | Self::WrongCredentials
            | Self::WrongCode
            | Self::IdentityNotProved => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::CodeRequired
            | Self::IdentityNotLinked
            | Self::AccountDisabled
            | Self::SecondFactorRequired
            | Self::PasswordExpired
            | Self::ScopeMissing
            | Self::CrossSite
            | Self::OwnOrganisation
            | Self::AnotherPerson
            | Self::OrganisationNotVerified
            | Self::OrganisationSuspended => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::LinkEnded => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unreadable | Self::TwoCredentials => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType | Self::FileTypeRefused => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AddressTooLong => StatusCode::URI_TOO_LONG,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Invalid | Self::Revealing | Self::KeyReused | Self::Infected => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::WrongState
            | Self::HeldByAnother
            | Self::LastAdministrator
            | Self::AlreadyExists
            | Self::ConsentNeeded
            | Self::LimitReached
            | Self::QuotaExceeded
            | Self::ProofsMissing
            | Self::NoProvider
            | Self::FlowEnded
            | Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooManyRequests | Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout
            | Self::SearchRebuilding
            | Self::ScannerUnavailable
            | Self::ProviderUnavailable
            | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether it says that the caller may not, whatever is asked.
    const fn is_denial(self) -> bool {
        matches!(
            self,
            Self::Forbidden
                | Self::PasswordExpired
                | Self::FlowEnded
                | Self::ScopeMissing
                | Self::OwnOrganisation
                | Self::OrganisationNotVerified
                | Self::OrganisationSuspended
        )
    }

    /// The name on the wire.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|it| it.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

impl Problem {
    /// A refusal that says no more than its kind.
    pub fn new(code: Code) -> Self {
        Self { code, faults: Faults::default(), retry_after: None, cause: None, hidden: false }
    }

    /// What is there, and may not be known to the caller: told like what does not exist.
    pub(crate) fn hidden() -> Self {
        Self { hidden: true, ..Self::new(Code::NotFound) }
    }

    /// For the record: why this is a refusal for want of rights, if it is one. What is not there
    /// counts as one: noting only what is hidden would show in how long the answer takes.
    pub(crate) fn denial(&self) -> Option<String> {
        if self.code == Code::NotFound {
            return Some(if self.hidden { "hidden" } else { ABSENT }.to_owned());
        }
        self.code.is_denial().then(|| self.code.name())
    }

    /// A refusal of bad fields.
    pub const fn invalid(faults: Faults) -> Self {
        Self { code: Code::Invalid, faults, retry_after: None, cause: None, hidden: false }
    }

    /// A refusal for the time being.
    pub fn later(code: Code, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(code) }
    }

    /// A failure; `cause` is logged, and not told.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string().into()), ..Self::new(Code::Internal) }
    }

    /// The same; `cause` is logged, and not told.
    pub(crate) fn because(self, cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string().into()), ..self }
    }

    /// Why something was not saved; `overtaken` is said when someone else saved first.
    pub(crate) fn of_save(err: db::Error, overtaken: Code) -> Self {
        if matches!(err, db::Error::Stale) { Self::new(overtaken) } else { err.into() }
    }

    /// What the program's keepers should know.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The refusal that a bare status stands for, as the layers below the handlers give it.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(Code::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(Code::MethodNotAllowed),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Code::TooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(Code::UnsupportedMediaType),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => {
                Self::later(Code::Timeout, 5)
            }
            _ if status.is_client_error() => Self::new(Code::Unreadable),
            _ => Self::internal(status),
        }
    }

    /// The answer in a language, with the id of the request.
    pub(crate) fn render(&self, language: Language, request_id: &str) -> Response {
        let status = self.code.status();
        let errors: Vec<_> = self.faults.0.iter().map(|it| fault_body(it, language)).collect();
        let mut body = json!({
            "type": format!("urn:kezhuan:problem:{}", self.code.name()),
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "code": self.code,
            "detail": detail(self.code, language),
            "request_id": request_id,
        });
        if let (Some(body), false) = (body.as_object_mut(), errors.is_empty()) {
            body.insert("errors".into(), errors.into());
        }
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CONTENT_LANGUAGE, language.tag());
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// One bad field: where it stands, what is wrong with it, and that in words.
fn fault_body(fault: &domain::FieldFault, language: Language) -> serde_json::Value {
    let mut body = serde_json::to_value(fault).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.insert("detail".into(), describe(&fault.fault, language).into());
    }
    body
}

/// The problem travels beside an empty answer until the language and the request are known: see
/// `layers::finish`.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SignIn => Self::new(Code::SignInRequired),
            Refusal::Hidden => Self::hidden(),
            Refusal::Forbidden => Self::new(Code::Forbidden),
            Refusal::OwnOrganisation => Self::new(Code::OwnOrganisation),
            Refusal::NotVerified => Self::new(Code::OrganisationNotVerified),
            Refusal::Suspended => Self::new(Code::OrganisationSuspended),
            Refusal::CodeRequired => Self::new(Code::CodeRequired),
            Refusal::SecondFactorRequired => Self::new(Code::SecondFactorRequired),
            Refusal::PasswordExpired => Self::new(Code::PasswordExpired),
            Refusal::Scope => Self::new(Code::ScopeMissing),
        }
    }
}

impl From<db::Error> for Problem {
    fn from(err: db::Error) -> Self {
        if err.is_unavailable() {
            let cause = Some(err.to_string().into());
            return Self { cause, ..Self::later(Code::Unavailable, 2) };
        }
        match err {
            db::Error::NotFound => Self::new(Code::NotFound),
            db::Error::Stale => Self::new(Code::Conflict),
            db::Error::Taken(_) => Self::new(Code::AlreadyExists),
            err @ (db::Error::Corrupt(_)
            | db::Error::Ahead(_)
            | db::Error::NoKey(_)
            | db::Error::KeyInUse(_)
            | db::Error::KeyFile(_)
            | db::Error::Driver(_)) => Self::internal(err),
        }
    }
}

impl From<search::Rebuilding> for Problem {
    fn from(_: search::Rebuilding) -> Self {
        Self::later(Code::SearchRebuilding, 5)
    }
}

impl From<search::Error> for Problem {
    fn from(err: search::Error) -> Self {
        Self::internal(err)
    }
}

impl From<tokio::task::JoinError> for Problem {
    fn from(err: tokio::task::JoinError) -> Self {
        Self::internal(err)
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults)
    }
}
