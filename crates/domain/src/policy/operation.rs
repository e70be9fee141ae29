use super::{
    Grant, Relation, Standing,
    grantees::{
        ACTING_ADMINISTRATORS, ACTING_KEEPERS, ADMINISTRATORS, AUDITORS, AUTHORS,
        AUTHORS_AND_MATCHMAKERS, EVERYONE, HOSTS, INVITERS, KEEPERS, MARKET, MATCHER_READERS,
        MATCHMAKERS, OFFICE, OTHER_MATCHMAKERS, OWN_ORGANISATION, PROOF_READERS, READERS, SECURITY,
        SECURITY_OF_OTHERS, SIDES_AND_OFFICE, SIGNED_IN, SYSTEM, WORD_KEEPERS, WORD_READERS,
        WORD_TRIERS, grant,
    },
};
use crate::{listings::Kind, people::Role};

/// Something that can be asked of the program. Each is one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Ask whether the program lives, is ready, and how it is doing.
    Health,
    /// Read the description of the API.
    Describe,
    /// Read the code tables.
    ReadCodes,
    /// Read the figures everyone may know.
    ReadMarket,
    /// Search what is public.
    Search,
    /// Sign in.
    SignIn,
    /// Read by way of which provider one can sign in, besides by password.
    ReadProvider,
    /// Sign out.
    SignOut,
    /// Read one's own account.
    ReadSelf,
    /// Read what one was told.
    ReadNotices,
    /// Correct one's own account.
    EditSelf,
    /// Read everything that is kept of oneself.
    ExportSelf,
    /// Close one's own account for good.
    EraseSelf,
    /// Read what people consent to.
    ReadConsentTexts,
    /// Read, give and withdraw one's own consents.
    OwnConsents,
    /// Change one's own password.
    ChangePassword,
    /// Set a new password by a link from a mail.
    ResetPassword,
    /// Read one's own mail address, and give another.
    OwnMail,
    /// Prove that a mail address is one's own, by a link from a mail.
    ConfirmMail,
    /// Read, make and revoke one's own tokens.
    OwnTokens,
    /// List and end one's own sessions.
    OwnSessions,
    /// Prove one's second factor, in the middle of signing in.
    ProveSecondFactor,
    /// Set up one's own second factor, and take it away.
    OwnSecondFactor,
    /// List, link and unlink who one is at another provider.
    OwnIdentities,
    /// Take someone else's second factor away.
    ResetSecondFactor,
    /// Register an organisation and its first member.
    RegisterOrganisation,
    /// List organisations.
    ListOrganisations,
    /// Read an organisation's profile.
    ReadOrganisation,
    /// Change one's own organisation's profile.
    EditOrganisation,
    /// Verify, refuse, suspend, reinstate.
    DecideOrganisation,
    /// List accounts.
    ListPeople,
    /// List those of one's own organisation.
    ListColleagues,
    /// Make an account.
    CreatePerson,
    /// Invite someone to an organisation.
    Invite,
    /// List invitations that nobody has accepted yet.
    ListInvitations,
    /// Take an invitation back.
    WithdrawInvitation,
    /// Make an account by an invitation.
    AcceptInvitation,
    /// Ask to join an organisation.
    Apply,
    /// List those who ask to join one's own organisation.
    ListApplications,
    /// Let someone join, or not.
    DecideApplication,
    /// Disable or enable an account.
    SwitchPerson,
    /// List and read who was given which role, and what waits for a second person.
    ReadGrants,
    /// Give or take a role, or ask for it where that takes two.
    AskGrant,
    /// Confirm or refuse as the second person; take back what one asked for.
    DecideGrant,
    /// List and read what was opened to an administrator in an emergency.
    ReadEmergencies,
    /// Ask to read a listing in an emergency, and end it.
    AskEmergency,
    /// Agree to it or refuse it as the second person.
    DecideEmergency,
    /// Read the listing that was opened.
    UseEmergency,
    /// Close an account for good, at its owner's request.
    ErasePerson,
    /// List what waits for review.
    ListSubmissions,
    /// List suggested pairs.
    ListPairs,
    /// Read a suggested pair.
    ReadPair,
    /// What was done to a pair.
    ReadPairLog,
    /// Take, release, grade or defer a pair.
    WorkPair,
    /// Search the audit log.
    ReadAudit,
    /// Take the audit log elsewhere.
    ExportAudit,
    /// See whether the audit log is what was written.
    VerifyAudit,
    /// Read what the audit log has of oneself.
    ReadOwnAudit,
    /// Put an accepted pair to both sides.
    AskIntroduction,
    /// List the introductions that are one's own business.
    ListIntroductions,
    /// Read an introduction.
    ReadIntroduction,
    /// Say yes or no to an introduction.
    AnswerIntroduction,
    /// Take a yes back, or the question.
    WithdrawIntroduction,
    /// Download an attachment.
    ReadAttachment,
    /// Remove an attachment.
    RemoveAttachment,
    /// Send what proves who one's own organisation is.
    SendProof,
    /// Read what proves who an organisation is.
    ReadProofs,
    /// List and read the thesaurus.
    ReadThesaurus,
    /// Write, change and remove groups of the thesaurus.
    EditThesaurus,
    /// See what a change of the thesaurus would do to suggestions.
    TryThesaurus,
    /// Read which versions of the matcher there are, and how well each does.
    ReadMatchers,
    /// Have another version of the matcher suggest.
    ActivateMatcher,
    /// An act on listings of one kind.
    Listing(Kind, Act),
}

/// What can be asked of listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// List them.
    List,
    /// Read one.
    Read,
    /// Begin one.
    Create,
    /// Write its working copy, retract or delete it.
    Write,
    /// Become the author of a colleague's.
    Adopt,
    /// Send the working copy to review.
    Submit,
    /// Pause, resume, withdraw, close, reopen, renew.
    Run,
    /// Decide on a submission.
    Review,
    /// Read what reviewers said.
    ReadReviews,
    /// Stop offering someone else's.
    Hide,
    /// Name the colleagues who may read it though it is confidential.
    NameReaders,
    /// Give it to a colleague of an author who is no longer there.
    Reassign,
    /// Name another matchmaker where the responsible one is no longer there.
    Entrust,
    /// See what it gives away of its owner.
    ReadLeaks,
}

impl Operation {
    /// The row: to whom, on which objects, and how their organisation must stand.
    #[expect(clippy::too_many_lines, reason = "one line a row, to be read as a table")]
    pub const fn grants(self) -> &'static [Grant] {
        match self {
            Self::Health
            | Self::Describe
            | Self::ReadConsentTexts
            | Self::ReadCodes
            | Self::ReadMarket
            | Self::SignIn
            | Self::ReadProvider
            | Self::RegisterOrganisation
            | Self::ResetPassword
            | Self::ConfirmMail
            | Self::AcceptInvitation
            | Self::Apply
            | Self::ReadOrganisation
            | Self::ReadAttachment => EVERYONE,
            Self::Search => READERS,
            Self::SignOut
            | Self::ReadSelf
            | Self::ReadNotices
            | Self::EditSelf
            | Self::ExportSelf
            | Self::EraseSelf
            | Self::OwnConsents
            | Self::ChangePassword
            | Self::OwnMail
            | Self::OwnTokens
            | Self::OwnSessions
            | Self::ProveSecondFactor
            | Self::OwnSecondFactor
            | Self::OwnIdentities
            | Self::ReadOwnAudit => SIGNED_IN,
            Self::ReadAudit | Self::ExportAudit | Self::VerifyAudit => AUDITORS,
            Self::ListOrganisations => OFFICE,
            Self::EditOrganisation
            | Self::SendProof
            | Self::ListApplications
            | Self::DecideApplication => OWN_ORGANISATION,
            Self::Invite => INVITERS,
            Self::ListInvitations | Self::WithdrawInvitation => HOSTS,
            Self::DecideOrganisation => SECURITY_OF_OTHERS,
            Self::RemoveAttachment | Self::AnswerIntroduction => AUTHORS,
            Self::ReadProofs => PROOF_READERS,
            Self::ListPeople => KEEPERS,
            Self::ListColleagues => MARKET,
            Self::CreatePerson
            | Self::SwitchPerson
            | Self::ErasePerson
            | Self::ResetSecondFactor
            | Self::ActivateMatcher => SYSTEM,
            Self::ReadMatchers => MATCHER_READERS,
            Self::ReadGrants | Self::ReadEmergencies => ADMINISTRATORS,
            Self::AskEmergency | Self::UseEmergency => ACTING_ADMINISTRATORS,
            Self::AskGrant => SECURITY,
            Self::DecideGrant | Self::DecideEmergency => ACTING_KEEPERS,
            Self::ListSubmissions | Self::ListPairs | Self::ReadPair | Self::ReadPairLog => {
                MATCHMAKERS
            }
            Self::WorkPair | Self::AskIntroduction => OTHER_MATCHMAKERS,
            Self::ListIntroductions | Self::ReadIntroduction => SIDES_AND_OFFICE,
            Self::WithdrawIntroduction => AUTHORS_AND_MATCHMAKERS,
            Self::ReadThesaurus => WORD_READERS,
            Self::EditThesaurus => WORD_KEEPERS,
            Self::TryThesaurus => WORD_TRIERS,
            Self::Listing(kind, act) => act.grants(kind),
        }
    }

    /// Whether those without a grant are to be told that there is nothing (404) rather than that
    /// they may not (403).
    pub const fn is_hidden(self) -> bool {
        matches!(
            self,
            Self::ReadPair
                | Self::ReadPairLog
                | Self::WorkPair
                | Self::AskIntroduction
                | Self::ReadIntroduction
                | Self::AnswerIntroduction
                | Self::WithdrawIntroduction
        )
    }

    /// The name of the row, as the API's description gives it.
    #[expect(clippy::too_many_lines, reason = "one line a row, to be read as a table")]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Describe => "describe",
            Self::ReadCodes => "codes.read",
            Self::ReadMarket => "market.read",
            Self::Search => "search",
            Self::SignIn => "sessions.create",
            Self::ReadProvider => "sessions.provider",
            Self::SignOut => "sessions.end",
            Self::ReadAudit => "audit.read",
            Self::ExportAudit => "audit.export",
            Self::VerifyAudit => "audit.verify",
            Self::ReadOwnAudit => "me.audit",
            Self::ReadSelf => "me.read",
            Self::ReadNotices => "me.notices",
            Self::EditSelf => "me.edit",
            Self::ExportSelf => "me.export",
            Self::EraseSelf => "me.erase",
            Self::ReadConsentTexts => "consents.texts",
            Self::OwnConsents => "consents.own",
            Self::ChangePassword => "me.password",
            Self::ResetPassword => "passwords.reset",
            Self::OwnMail => "me.mail",
            Self::ConfirmMail => "me.mail.confirm",
            Self::OwnTokens => "tokens.own",
            Self::OwnSessions => "sessions.own",
            Self::ProveSecondFactor => "sessions.code",
            Self::OwnSecondFactor => "me.second_factor",
            Self::OwnIdentities => "me.identities",
            Self::ResetSecondFactor => "people.second_factor",
            Self::RegisterOrganisation => "organisations.register",
            Self::ListOrganisations => "organisations.list",
            Self::ReadOrganisation => "organisations.read",
            Self::EditOrganisation => "organisations.edit",
            Self::DecideOrganisation => "organisations.decide",
            Self::ListPeople => "people.list",
            Self::ListColleagues => "colleagues.list",
            Self::CreatePerson => "people.create",
            Self::Invite => "invitations.create",
            Self::ListInvitations => "invitations.list",
            Self::WithdrawInvitation => "invitations.withdraw",
            Self::AcceptInvitation => "invitations.accept",
            Self::Apply => "applications.create",
            Self::ListApplications => "applications.list",
            Self::DecideApplication => "applications.decide",
            Self::SwitchPerson => "people.switch",
            Self::ReadGrants => "grants.read",
            Self::AskGrant => "grants.ask",
            Self::DecideGrant => "grants.decide",
            Self::ReadEmergencies => "emergencies.read",
            Self::AskEmergency => "emergencies.ask",
            Self::DecideEmergency => "emergencies.decide",
            Self::UseEmergency => "emergencies.use",
            Self::ErasePerson => "people.erase",
            Self::ListSubmissions => "submissions.list",
            Self::ListPairs => "pairs.list",
            Self::ReadPair => "pairs.read",
            Self::ReadPairLog => "pairs.log",
            Self::WorkPair => "pairs.work",
            Self::AskIntroduction => "introductions.ask",
            Self::ListIntroductions => "introductions.list",
            Self::ReadIntroduction => "introductions.read",
            Self::AnswerIntroduction => "introductions.answer",
            Self::WithdrawIntroduction => "introductions.withdraw",
            Self::ReadAttachment => "attachments.read",
            Self::RemoveAttachment => "attachments.remove",
            Self::SendProof => "proofs.send",
            Self::ReadProofs => "proofs.read",
            Self::ReadThesaurus => "thesaurus.read",
            Self::EditThesaurus => "thesaurus.edit",
            Self::TryThesaurus => "thesaurus.preview",
            Self::ReadMatchers => "matchers.read",
            Self::ActivateMatcher => "matchers.activate",
            Self::Listing(Kind::Need, act) => act.name().0,
            Self::Listing(Kind::Achievement, act) => act.name().1,
        }
    }
}

impl Act {
    const fn grants(self, kind: Kind) -> &'static [Grant] {
        use Relation::{Authored, Own};
        use Role::{Enterprise, Research};
        match (self, kind) {
            (Self::List | Self::Read, _) => EVERYONE,
            (Self::Create | Self::Adopt, Kind::Need) => {
                const { &[grant(Enterprise, Own, Standing::NotSuspended)] }
            }
            (Self::Create | Self::Adopt, Kind::Achievement) => {
                const { &[grant(Research, Own, Standing::NotSuspended)] }
            }
            (Self::Write | Self::Run | Self::NameReaders, Kind::Need) => {
                const { &[grant(Enterprise, Authored, Standing::NotSuspended)] }
            }
            (Self::Write | Self::Run | Self::NameReaders, Kind::Achievement) => {
                const { &[grant(Research, Authored, Standing::NotSuspended)] }
            }
            (Self::Submit, Kind::Need) => {
                const { &[grant(Enterprise, Authored, Standing::Verified)] }
            }
            (Self::Submit, Kind::Achievement) => {
                const { &[grant(Research, Authored, Standing::Verified)] }
            }
            (Self::Review | Self::Hide, _) => OTHER_MATCHMAKERS,
            (Self::Reassign, _) => SECURITY,
            (Self::Entrust, _) => {
                const {
                    &[
                        grant(Role::Lead, Relation::Any, Standing::NotSuspended),
                        grant(Role::SecurityAdmin, Relation::Any, Standing::NotSuspended),
                    ]
                }
            }
            (Self::ReadReviews | Self::ReadLeaks, Kind::Need) => {
                const {
                    &[
                        grant(Enterprise, Own, Standing::Any),
                        grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended),
                    ]
                }
            }
            (Self::ReadReviews | Self::ReadLeaks, Kind::Achievement) => {
                const {
                    &[
                        grant(Research, Own, Standing::Any),
                        grant(Role::Matchmaker, Relation::Any, Standing::NotSuspended),
                    ]
                }
            }
        }
    }

    /// The names of the two rows: of needs, and of achievements.
    const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::List => ("needs.list", "achievements.list"),
            Self::Read => ("needs.read", "achievements.read"),
            Self::Create => ("needs.create", "achievements.create"),
            Self::Write => ("needs.write", "achievements.write"),
            Self::Adopt => ("needs.adopt", "achievements.adopt"),
            Self::Submit => ("needs.submit", "achievements.submit"),
            Self::Run => ("needs.run", "achievements.run"),
            Self::Review => ("needs.review", "achievements.review"),
            Self::ReadReviews => ("needs.reviews", "achievements.reviews"),
            Self::Hide => ("needs.hide", "achievements.hide"),
            Self::NameReaders => ("needs.readers", "achievements.readers"),
            Self::Reassign => ("needs.reassign", "achievements.reassign"),
            Self::Entrust => ("needs.matchmaker", "achievements.matchmaker"),
            Self::ReadLeaks => ("needs.leaks", "achievements.leaks"),
        }
    }
}
