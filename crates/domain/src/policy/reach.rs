use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Act, Operation, Refusal};
use crate::{Fault, Faults, form::Field, text};

/// How far what a caller proved themselves with reaches. It never gives a right: it takes from
/// those of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A session, as far as its sign-in has come.
    Session(Stage),
    /// A token for a program, with what it was made for.
    Program(Vec<Scope>),
}

/// How far a sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The password was right; the code of the second factor is awaited.
    Code,
    /// The password must be changed, and nothing else can be done.
    Password,
    /// A second factor is demanded, and there is none yet.
    Enrolment,
    /// Nothing is missing.
    Whole,
}

/// What a token for a program can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// 读取: whatever its owner may read.
    Read,
    /// 发布: write, submit and run listings, and one's organisation's profile.
    Write,
    /// 审核评级: review listings, work on pairs.
    Review,
    /// 管理: keep organisations and accounts.
    Office,
}

impl Reach {
    /// Refuses an operation that lies beyond it.
    pub fn allows(&self, operation: Operation) -> Result<(), Refusal> {
        match self {
            Self::Session(stage) => stage.allows(operation),
            Self::Program(scopes) => {
                let scope = operation.scope();
                let has = scope.is_some_and(|it| scopes.contains(&it));
                if has { Ok(()) } else { Err(Refusal::Scope) }
            }
        }
    }
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::Code, Self::Password, Self::Enrolment, Self::Whole];

    /// What can be done at this stage is a closed list.
    fn allows(self, operation: Operation) -> Result<(), Refusal> {
        use Operation::{ChangePassword, OwnSecondFactor, ProveSecondFactor, ReadSelf, SignOut};
        let (open, refusal): (&[Operation], _) = match self {
            Self::Whole => return Ok(()),
            Self::Code => (&[SignOut, ProveSecondFactor], Refusal::CodeRequired),
            Self::Password => (&[SignOut, ReadSelf, ChangePassword], Refusal::PasswordExpired),
            Self::Enrolment => {
                (&[SignOut, ReadSelf, OwnSecondFactor], Refusal::SecondFactorRequired)
            }
        };
        if open.contains(&operation) { Ok(()) } else { Err(refusal) }
    }

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Password => "password",
            Self::Enrolment => "enrolment",
            Self::Whole => "whole",
        }
    }

    /// The stage of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Review, Self::Office];

    /// The name used in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Review => "review",
            Self::Office => "office",
        }
    }

    /// The scope of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Field for Scope {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let unknown = Fault::UnknownCode { table: "read, write, review, office" };
        text::read(value, at, faults, |raw| Self::named(raw).ok_or(unknown))
    }
}

impl Operation {
    /// What a token for a program must have been made for to do this; nothing will do where someone
    /// has to have signed in.
    #[expect(clippy::too_many_lines, reason = "one line a row, to be read as a table")]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Health
            | Self::Describe
            | Self::ReadCodes
            | Self::ReadMarket
            | Self::ReadProvider
            | Self::Search
            | Self::ReadSelf
            | Self::ReadNotices
            | Self::ReadGrants
            | Self::ReadEmergencies
            | Self::ListColleagues
            | Self::ListInvitations
            | Self::ListApplications
            | Self::ListIntroductions
            | Self::ReadIntroduction
            | Self::ReadConsentTexts
            | Self::ListOrganisations
            | Self::ReadOrganisation
            | Self::ListPeople
            | Self::ListSubmissions
            | Self::ListPairs
            | Self::ReadPair
            | Self::ReadPairLog
            | Self::ReadAudit
            | Self::ExportAudit
            | Self::VerifyAudit
            | Self::ReadOwnAudit
            | Self::ReadAttachment
            | Self::ReadProofs
            | Self::ReadThesaurus
            | Self::ReadMatchers => Some(Scope::Read),
            Self::EditOrganisation | Self::RemoveAttachment | Self::SendProof => Some(Scope::Write),
            Self::WorkPair | Self::AskIntroduction | Self::EditThesaurus | Self::TryThesaurus => {
                Some(Scope::Review)
            }
            Self::Listing(_, act) => act.scope(),
            Self::DecideOrganisation | Self::CreatePerson | Self::SwitchPerson => {
                Some(Scope::Office)
            }
            Self::SignIn
            | Self::SignOut
            | Self::EditSelf
            | Self::ExportSelf
            | Self::EraseSelf
            | Self::ErasePerson
            | Self::OwnConsents
            | Self::ChangePassword
            | Self::ResetPassword
            | Self::OwnMail
            | Self::ConfirmMail
            | Self::Invite
            | Self::WithdrawInvitation
            | Self::AcceptInvitation
            | Self::Apply
            | Self::DecideApplication
            | Self::OwnTokens
            | Self::OwnSessions
            | Self::ProveSecondFactor
            | Self::OwnSecondFactor
            | Self::OwnIdentities
            | Self::ResetSecondFactor
            | Self::RegisterOrganisation
            | Self::AskGrant
            | Self::DecideGrant
            | Self::AskEmergency
            | Self::DecideEmergency
            | Self::UseEmergency
            | Self::AnswerIntroduction
            | Self::WithdrawIntroduction
            | Self::ActivateMatcher => None,
        }
    }
}

impl Act {
    const fn scope(self) -> Option<Scope> {
        match self {
            Self::List | Self::Read | Self::ReadReviews | Self::ReadLeaks => Some(Scope::Read),
            Self::Create | Self::Write | Self::Adopt | Self::Submit | Self::Run => {
                Some(Scope::Write)
            }
            Self::Review | Self::Hide => Some(Scope::Review),
            Self::NameReaders | Self::Reassign | Self::Entrust => None,
        }
    }
}
