//! How often each caller may ask what: right across processes, since they tell each other through
//! the database, and told with every answer (`RateLimit` and `RateLimit-Policy`, as the draft of the
//! IETF's HTTPAPI group has them).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use db::Db;
use domain::{
    people::PersonId,
    policy::{Operation, Principal},
    rates::{Bucket, Pace, Word},
};
use tokio::time::timeout;

use crate::{
    Origin,
    call::Caller,
    problem::{Code, Problem},
    secrets,
};

/// The names of the headers, kept also where a refusal takes an answer's place.
pub(crate) const HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("ratelimit"), HeaderName::from_static("ratelimit-policy")];

/// How many requests a minute a caller may make of each class. A class without a pace has no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paces {
    /// Signing in.
    pub sign_in: Option<Pace>,
    /// What visitors may send besides: registrations, applications, resets.
    pub entry: Option<Pace>,
    /// Searching.
    pub search: Option<Pace>,
    /// Whatever else changes something.
    pub write: Option<Pace>,
    /// Whatever else only reads.
    pub read: Option<Pace>,
}

/// What kind of request is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Class {
    SignIn,
    Entry,
    Search,
    Write,
    Read,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asker {
    Person(PersonId),
    /// A visitor.
    Address(IpAddr),
    /// A visitor from nowhere, as tests in process are.
    Somewhere,
}

/// What this process knows of who has asked how often. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    db: Db,
    paces: Paces,
    known: Arc<Mutex<HashMap<(Class, Asker), Bucket>>>,
}

/// A request that was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    class: Class,
    pace: Pace,
    bucket: Bucket,
    word: Word,
    now: DateTime<Utc>,
}

/// How many buckets a process remembers. Who has more addresses than that gains a hundredth of a
/// minute's worth for each that is forgotten.
const KNOWN: usize = 100_000;
/// How long a request waits for the others to be told: longer than a write takes to get its turn.
const PATIENCE: Duration = Duration::from_secs(3);

impl Rates {
    pub(crate) fn new(db: Db, paces: Paces) -> Self {
        Self { db, paces, known: Arc::default() }
    }

    /// Counts a request, if it is of a class that is counted.
    pub(crate) async fn count(
        &self,
        request: Asked<'_>,
        operation: Operation,
        now: DateTime<Utc>,
    ) -> Option<Counted> {
        let class = request.class(operation)?;
        let pace = self.paces.of(class)?;
        let asker = request.asker();
        let (mut bucket, mut word) = self.take((class, asker), pace, now);
        if let Word::Tell(requests) = word {
            let told = self.tell((class, asker), pace.span(requests), now).await;
            (bucket, word) = self.learn((class, asker), told.ok_or(requests), pace, now);
        }
        Some(Counted { class, pace, bucket, word, now })
    }

    fn take(&self, key: (Class, Asker), pace: Pace, now: DateTime<Utc>) -> (Bucket, Word) {
        let mut known = self.known();
        if known.len() >= KNOWN && !known.contains_key(&key) {
            known.retain(|_, bucket| !bucket.is_full(now));
            if known.len() >= KNOWN {
                known.clear();
            }
        }
        let bucket = known.entry(key).or_insert_with(|| Bucket::full(now));
        let word = bucket.take(pace, now);
        (*bucket, word)
    }

    /// Tells the others, and what they have told. If that takes too long the request goes on with
    /// what this process knows.
    async fn tell(
        &self,
        key: (Class, Asker),
        span: chrono::TimeDelta,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let name = secrets::digest(&format!("{key:?}"));
        let told = self.db.write(async |tx| db::rates::tell(tx, &name, span, now).await);
        match timeout(PATIENCE, told).await {
            Ok(Ok(full_at)) => Some(full_at),
            Ok(Err(err)) => {
                tracing::warn!(error = %err, "a rate could not be told to the other processes");
                None
            }
            Err(_too_long) => None,
        }
    }

    fn learn(
        &self,
        key: (Class, Asker),
        told: Result<DateTime<Utc>, u32>,
        pace: Pace,
        now: DateTime<Utc>,
    ) -> (Bucket, Word) {
        let mut known = self.known();
        let bucket = known.entry(key).or_insert_with(|| Bucket::full(now));
        let word = match told {
            Ok(full_at) => bucket.learn(full_at, pace, now),
            Err(requests) => {
                bucket.untold(requests);
                Word::Granted
            }
        };
        (*bucket, word)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Class, Asker), Bucket>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a request bears on how it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    caller: &'a Caller,
    method: &'a Method,
    origin: Option<Origin>,
}

impl<'a> Asked<'a> {
    /// Of a request whose caller is known.
    pub(crate) fn of(request: &'a Request) -> Option<(Self, Rates)> {
        let extensions = request.extensions();
        let caller = extensions.get::<Arc<Caller>>()?;
        let asked = Self { caller, method: request.method(), origin: Origin::of(extensions) };
        Some((asked, extensions.get::<Rates>()?.clone()))
    }

    fn asker(&self) -> Asker {
        match (&self.caller.principal, self.origin) {
            (Principal::Member(member), _) => Asker::Person(member.person),
            (Principal::Visitor, Some(origin)) => Asker::Address(origin.client()),
            (Principal::Visitor, None) => Asker::Somewhere,
        }
    }

    /// Whether the program lives may be asked as often as one likes.
    fn class(&self, operation: Operation) -> Option<Class> {
        let is_visitor = self.caller.principal.member().is_none();
        let class = if operation == Operation::SignIn {
            Class::SignIn
        } else if operation == Operation::Search {
            Class::Search
        } else if self.method.is_safe() {
            Class::Read
        } else if is_visitor {
            Class::Entry
        } else {
            Class::Write
        };
        (operation != Operation::Health).then_some(class)
    }
}

impl Counted {
    /// The refusal, if it was one too many.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        let seconds = self.bucket.more_in(self.pace, self.now).max(1);
        let refused = || Problem::later(Code::TooManyRequests, seconds);
        (self.word == Word::Refused).then(refused)
    }

    /// The answer, saying how many requests are left.
    pub(crate) fn told(&self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        let (class, quota) = (self.class.name(), self.pace.quota());
        let left = self.bucket.left(self.pace, self.now);
        let full_in = self.bucket.full_in(self.now);
        let [limit, policy] = HEADERS;
        for (name, value) in [
            (limit, format!("\"{class}\";r={left};t={full_in}")),
            (policy, format!("\"{class}\";q={quota};w=60")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Entry => "entry",
            Self::Search => "search",
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

impl Paces {
    const fn of(&self, class: Class) -> Option<Pace> {
        match class {
            Class::SignIn => self.sign_in,
            Class::Entry => self.entry,
            Class::Search => self.search,
            Class::Write => self.write,
            Class::Read => self.read,
        }
    }
}
