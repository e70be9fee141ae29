//! What the domain refuses, as problems.

use domain::{
    emergencies, grants, introductions,
    listings::{self, NotSubmitted},
    organisations,
    pairs::{self, Refused},
};

use super::{Code, Problem};

impl From<listings::NotAllowed> for Problem {
    fn from(_: listings::NotAllowed) -> Self {
        Self::new(Code::WrongState)
    }
}

impl From<organisations::NotAllowed> for Problem {
    fn from(_: organisations::NotAllowed) -> Self {
        Self::new(Code::WrongState)
    }
}

impl From<pairs::NotAllowed> for Problem {
    fn from(_: pairs::NotAllowed) -> Self {
        Self::new(Code::WrongState)
    }
}

impl From<emergencies::Refused> for Problem {
    fn from(why: emergencies::Refused) -> Self {
        Self::new(match why {
            emergencies::Refused::NotAllowed(_) => Code::WrongState,
            emergencies::Refused::AnotherPerson => Code::AnotherPerson,
        })
    }
}

impl From<grants::Refused> for Problem {
    fn from(why: grants::Refused) -> Self {
        Self::new(match why {
            grants::Refused::NotAllowed(_) | grants::Refused::OtherRole => Code::WrongState,
            grants::Refused::AnotherPerson => Code::AnotherPerson,
        })
    }
}

impl From<introductions::NotAllowed> for Problem {
    fn from(_: introductions::NotAllowed) -> Self {
        Self::new(Code::WrongState)
    }
}

impl From<NotSubmitted> for Problem {
    fn from(why: NotSubmitted) -> Self {
        match why {
            NotSubmitted::NotAllowed(it) => it.into(),
            NotSubmitted::Incomplete(it) => it.into(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(why: Refused) -> Self {
        match why {
            Refused::NotAllowed(it) => it.into(),
            Refused::HeldByAnother => Self::new(Code::HeldByAnother),
            Refused::Faulty(it) => it.into(),
        }
    }
}
