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
    /// What the other side of an introduction may read that both agreed to: all but what is for
    /// staff.
    Partner,
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
    /// Whether its owner is suspended, and nothing of theirs is offered meanwhile.
    pub suspended: bool,
    /// What else binds the reader to it.
    pub tie: Tie,
}

/// What binds one reader to one listing, besides what the listing itself says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tie {
    /// Nothing.
    #[default]
    None,
    /// Its author named them, a colleague, as a reader.
    Named,
    /// They are the other side of an introduction that both agreed to.
    Partner,
}

/// How far a listing has come, as far as readers are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Draft,
    Submitted,
    Offered,
    Kept,
    Resting,
}

/// What someone is to a listing: the columns of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Stranger,
    Author,
    Colleague,
    Partner,
    Responsible,
    Matchmaker,
    Administrator,
    Auditor,
}

const N: View = View::Nothing;
const M: View = View::Metadata;
const K: View = View::Masked;
const P: View = View::Public;
const R: View = View::Partner;
const B: View = View::Business;
const F: View = View::Full;

/// The table. Columns: stranger, author (or a colleague whom the author named), colleague, partner,
/// responsible matchmaker, other matchmaker, system or security administrator, auditor.
#[rustfmt::skip]
const VIEWS: [(Stage, Visibility, [View; 8]); 15] = {
    use Stage::{Draft, Kept, Offered, Resting, Submitted};
    use Visibility::{Confidential, Masked, Public};
    [
        (Draft,     Public,       [N, F, F, N, N, N, N, M]),
        (Draft,     Masked,       [N, F, F, N, N, N, N, M]),
        (Draft,     Confidential, [N, F, N, N, N, N, N, M]),
        (Submitted, Public,       [N, F, F, N, F, B, N, M]),
        (Submitted, Masked,       [N, F, F, N, F, B, N, M]),
        (Submitted, Confidential, [N, F, N, N, F, B, N, M]),
        (Offered,   Public,       [P, F, F, R, F, B, N, M]),
        (Offered,   Masked,       [K, F, F, R, F, B, N, M]),
        (Offered,   Confidential, [N, F, N, R, F, N, N, M]),
        (Kept,      Public,       [N, F, F, R, F, M, N, M]),
        (Kept,      Masked,       [N, F, F, R, F, M, N, M]),
        (Kept,      Confidential, [N, F, N, R, F, N, N, M]),
        (Resting,   Public,       [N, F, F, M, F, M, N, M]),
        (Resting,   Masked,       [N, F, F, M, F, M, N, M]),
        (Resting,   Confidential, [N, F, N, M, F, N, N, M]),
    ]
};

/// How much of a listing `reader` may read.
pub fn view(reader: &Principal, facts: &ListingFacts) -> View {
    let stage = Stage::of(facts.state, facts.suspended);
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
    /// What a suspended owner has published or keeps rests; what they write is theirs as before.
    const fn of(state: State, suspended: bool) -> Self {
        match state {
            State::Draft => Self::Draft,
            State::Submitted => Self::Submitted,
            State::Published if !suspended => Self::Offered,
            State::Paused | State::Matched if !suspended => Self::Kept,
            State::Published
            | State::Paused
            | State::Matched
            | State::Returned
            | State::Rejected
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
            Role::Enterprise | Role::Research if ours => {
                let named = matches!(facts.tie, Tie::Named);
                if named || facts.author == reader.person { Self::Author } else { Self::Colleague }
            }
            Role::Enterprise | Role::Research if matches!(facts.tie, Tie::Partner) => Self::Partner,
            Role::Enterprise | Role::Research | Role::Lead | Role::Unassigned => Self::Stranger,
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Stranger => 0,
            Self::Author => 1,
            Self::Colleague => 2,
            Self::Partner => 3,
            Self::Responsible => 4,
            Self::Matchmaker => 5,
            Self::Administrator => 6,
            Self::Auditor => 7,
        }
    }
}
