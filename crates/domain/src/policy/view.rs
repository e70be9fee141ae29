use super::{Member, Principal};
use crate::{
    listings::{State, Visibility},
    organisations::OrganisationId,
    people::{PersonId, Role},
};

/// How much of a listing someone may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Not even that it exists.
    Nothing,
    /// Number, state and times.
    Metadata,
    /// Field and region.
    Masked,
    /// What everyone may read.
    Public,
    /// Everything but whom to contact.
    Business,
    /// Everything.
    Full,
}

/// What of a listing bears on who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingFacts {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Who wrote it.
    pub author: PersonId,
    /// Who looks after it.
    pub matchmaker: Option<PersonId>,
    /// Where it stands.
    pub state: State,
    /// Who may find it.
    pub visibility: Visibility,
}

/// How far a listing has come, as far as readers are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Draft,
    Submitted,
    Offered,
    Resting,
}

/// What someone is to a listing: the columns of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Stranger,
    Author,
    Colleague,
    Responsible,
    Matchmaker,
    Administrator,
    Auditor,
}

const N: View = View::Nothing;
const M: View = View::Metadata;
const K: View = View::Masked;
const P: View = View::Public;
const B: View = View::Business;
const F: View = View::Full;

/// The table. Columns: stranger, author, colleague, responsible matchmaker, other matchmaker,
/// system or security administrator, auditor.
#[rustfmt::skip]
const VIEWS: [(Stage, Visibility, [View; 7]); 12] = {
    use Stage::{Draft, Offered, Resting, Submitted};
    use Visibility::{Confidential, Masked, Public};
    [
        (Draft,     Public,       [N, F, F, N, N, N, M]),
        (Draft,     Masked,       [N, F, F, N, N, N, M]),
        (Draft,     Confidential, [N, F, N, N, N, N, M]),
        (Submitted, Public,       [N, F, F, F, B, N, M]),
        (Submitted, Masked,       [N, F, F, F, B, N, M]),
        (Submitted, Confidential, [N, F, N, F, B, N, M]),
        (Offered,   Public,       [P, F, F, F, B, N, M]),
        (Offered,   Masked,       [K, F, F, F, B, N, M]),
        (Offered,   Confidential, [N, F, N, F, N, N, M]),
        (Resting,   Public,       [N, F, F, F, M, N, M]),
        (Resting,   Masked,       [N, F, F, F, M, N, M]),
        (Resting,   Confidential, [N, F, N, F, N, N, M]),
    ]
};

/// How much of a listing `reader` may read.
pub fn view(reader: &Principal, facts: &ListingFacts) -> View {
    let stage = Stage::of(facts.state);
    let row = VIEWS.iter().find(|it| (it.0, it.1) == (stage, facts.visibility));
    let column = reader.member().map_or(Column::Stranger, |it| Column::of(it, facts));
    row.and_then(|it| it.2.get(column.place())).copied().unwrap_or(View::Nothing)
}

impl ListingFacts {
    const fn is_confided(&self) -> bool {
        matches!(self.visibility, Visibility::Confidential) && self.matchmaker.is_some()
    }
}

impl Stage {
    const fn of(state: State) -> Self {
        match state {
            State::Draft => Self::Draft,
            State::Submitted => Self::Submitted,
            State::Published => Self::Offered,
            State::Returned
            | State::Rejected
            | State::Paused
            | State::Matched
            | State::Closed
            | State::Withdrawn
            | State::Expired
            | State::Archived => Self::Resting,
        }
    }
}

impl Column {
    fn of(reader: &Member, facts: &ListingFacts) -> Self {
        let ours = reader.organisation == facts.organisation;
        match reader.role {
            Role::SystemAdmin | Role::SecurityAdmin => Self::Administrator,
            Role::Auditor => Self::Auditor,
            Role::Matchmaker if facts.matchmaker == Some(reader.person) => Self::Responsible,
            // What is confidential and has a matchmaker is not for the others, whatever its state.
            Role::Matchmaker if facts.is_confided() => Self::Stranger,
            Role::Matchmaker => Self::Matchmaker,
            Role::Enterprise | Role::Research if ours && facts.author == reader.person => {
                Self::Author
            }
            Role::Enterprise | Role::Research if ours => Self::Colleague,
            Role::Enterprise | Role::Research | Role::Lead => Self::Stranger,
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Stranger => 0,
            Self::Author => 1,
            Self::Colleague => 2,
            Self::Responsible => 3,
            Self::Matchmaker => 4,
            Self::Administrator => 5,
            Self::Auditor => 6,
        }
    }
}
