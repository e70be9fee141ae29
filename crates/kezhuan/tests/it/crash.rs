use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use domain::{
    achievements::AchievementForm,
    listings::Kind,
    needs::{Need, NeedForm},
    people::Role,
    policy,
};
use uuid::Uuid;

use crate::program::{Place, Token, need, send};

/// How many times the program is killed.
const KILLS: usize = 20;
/// How many clients write meanwhile.
const CLIENTS: usize = 8;

/// What the clients were told, and what they tried.
#[derive(Default)]
struct Ledger {
    /// The highest version and the state of each need that an answer confirmed.
    acknowledged: Mutex<BTreeMap<Uuid, (i64, String)>>,
    /// How many drafts were asked for, each under a key of its own.
    attempted: AtomicUsize,
}

impl Ledger {
    fn confirm(&self, body: &serde_json::Value, tag: &str) -> Option<Uuid> {
        let id: Uuid = body["id"].as_str()?.parse().ok()?;
        let version: i64 = tag.trim_start_matches('"').split('-').next()?.parse().ok()?;
        let state = body["state"].as_str()?.to_owned();
        self.acknowledged.lock().unwrap().insert(id, (version, state));
        Some(id)
    }
}

/// Kills the program again and again while clients write needs, submit them and have them
/// approved; then holds what is there against what was acknowledged.
#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    let place = Place::new();
    place.people();
    place.publish_an_achievement();
    let ledger = Arc::new(Ledger::default());
    let mut random = Random::seeded();
    for round in 0..KILLS {
        let server = place.serve();
        let ready = server.wait_until_ready();
        assert!(ready < Duration::from_secs(10), "round {round}: ready after {ready:?}");
        let (plant, office) = (server.sign_in("plant.li"), server.sign_in("office.feng"));
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let client = Client {
                    base: server.base.clone(),
                    plant: plant.clone(),
                    office: office.clone(),
                    ledger: Arc::clone(&ledger),
                    stop: Arc::clone(&stop),
                };
                thread::spawn(move || client.work())
            })
            .collect();
        thread::sleep(Duration::from_millis(200 + random.below(1200)));
        server.kill();
        stop.store(true, Ordering::SeqCst);
        for client in clients {
            client.join().unwrap();
        }
    }
    let server = place.serve();
    server.wait_until_ready();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(wait_until_quiet(&place));
    assert!(server.terminate().success());
    place.ok(&["audit", "verify"]);
    let acknowledged = ledger.acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > 50, "only {} writes were acknowledged", acknowledged.len());
    runtime.block_on(async {
        let found = look(&place).await;
        assert_eq!(found.lost(&acknowledged), Vec::<String>::new());
        let attempted = ledger.attempted.load(Ordering::SeqCst);
        assert!(found.needs.len() <= attempted, "{} of {attempted}", found.needs.len());
        assert_eq!(found.half_done, Vec::<String>::new());
        assert_eq!(found.indexed, found.published, "the index is what the database is");

        // The control: one acknowledged need taken away, one published need indexed twice.
        let mut broken = found;
        broken.needs.remove(acknowledged.keys().next().unwrap());
        assert_eq!(broken.lost(&acknowledged).len(), 1);
        broken.indexed.insert(0, broken.published[0]);
        assert_ne!(broken.indexed, broken.published);
    });
}

struct Client {
    base: String,
    plant: Token,
    office: Token,
    ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
}

impl Client {
    /// Writes until told to stop or until the server is gone.
    fn work(&self) {
        while !self.stop.load(Ordering::SeqCst) {
            if self.publish_one().is_none() {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn publish_one(&self) -> Option<()> {
        self.ledger.attempted.fetch_add(1, Ordering::SeqCst);
        let key = Uuid::now_v7().to_string();
        let draft = need("球墨铸铁件气孔率降低技术");
        let path = "/api/v1/needs";
        let (id, tag) = self.send(&self.plant, path, ("idempotency-key", &key), Some(&draft))?;
        let submit = format!("/api/v1/needs/{id}/submit");
        let (_, _) = self.send(&self.plant, &submit, ("if-match", &tag), None)?;
        let seen = format!("/api/v1/needs/{id}");
        let bearer = format!("Bearer {}", self.office.0);
        let headers = [("authorization", bearer.as_str())];
        let (_, _, tag) = send(&self.base, ("GET", &seen), &headers, None).ok()?;
        let rubric = serde_json::json!({ "advantage": 3, "clarity": 4, "cooperation": 4, "completeness": 5 });
        let review =
            serde_json::json!({ "decision": "approve", "rubric": rubric, "reasons": "同意" });
        let path = format!("/api/v1/needs/{id}/review");
        self.send(&self.office, &path, ("if-match", &tag), Some(&review))?;
        Some(())
    }

    /// Posts something; what is answered with success is noted before anything else is done.
    fn send(
        &self,
        who: &Token,
        path: &str,
        header: (&str, &str),
        body: Option<&serde_json::Value>,
    ) -> Option<(Uuid, String)> {
        let bearer = format!("Bearer {}", who.0);
        let headers = [("authorization", bearer.as_str()), header];
        let (status, body, tag) = send(&self.base, ("POST", path), &headers, body).ok()?;
        if status != 200 && status != 201 {
            return None;
        }
        Some((self.ledger.confirm(&body, &tag)?, tag))
    }
}

/// What is found afterwards.
struct Found {
    /// Version and state of every need.
    needs: BTreeMap<Uuid, (i64, String)>,
    /// What is offered, in order; what the index holds, in order and as often as it holds it.
    published: Vec<Uuid>,
    indexed: Vec<Uuid>,
    /// Needs with a part of what belongs together missing.
    half_done: Vec<String>,
}

impl Found {
    /// What was acknowledged and is not there, or only in an earlier version.
    fn lost(&self, acknowledged: &BTreeMap<Uuid, (i64, String)>) -> Vec<String> {
        let missing = acknowledged.iter().filter(|(id, told)| {
            let now = self.needs.get(*id);
            now.is_none_or(|now| now.0 < told.0 || (now.0 == told.0 && now.1 != told.1))
        });
        missing.map(|(id, told)| format!("{id}: {told:?}, now {:?}", self.needs.get(id))).collect()
    }
}

async fn look(place: &Place) -> Found {
    let db = place.database().await;
    assert_sound(&db).await;
    let everything = policy::Principal::Member(policy::Member {
        person: domain::people::PersonId::generate(),
        organisation: domain::organisations::OrganisationId::generate(),
        role: Role::Auditor,
        standing: domain::organisations::State::Verified,
    });
    let page = db::Page { after: None, limit: 1_000_000 };
    let filter = db::listings::Filter::default();
    let all = db::listings::list::<NeedForm>(db.read(), &everything, &filter, page).await.unwrap();
    let mut found = Found {
        needs: BTreeMap::new(),
        published: Vec::new(),
        indexed: Vec::new(),
        half_done: Vec::new(),
    };
    for need in &all {
        let id = need.id.as_uuid();
        found.needs.insert(id, (need.version.into(), need.state().as_str().to_owned()));
        if need.is_offered() {
            found.published.push(id);
        }
        found.half_done.extend(half_done(&db, need).await);
    }
    let index = place.folder.path().join("index").join("current");
    let search::Condition::Sound(opened) = search::index::open(&index, 1, &place.veil()) else {
        panic!("the index")
    };
    let all = db::listings::all::<AchievementForm>(db.read(), None, 9).await.unwrap().listings;
    found.published.extend(all.iter().map(|it| it.id.as_uuid()));
    found.published.sort_unstable();
    found.indexed = opened.reader.ids().unwrap();
    found.indexed.sort_unstable();
    found
}

/// What of that which belongs together is missing.
async fn half_done(db: &db::Db, need: &Need) -> Vec<String> {
    let id = need.id.as_uuid();
    let mut faults = Vec::new();
    // One line of the log for each version, the first included.
    let lines = db::audit::of_object(db.read(), id).await.unwrap();
    let changes = lines.iter().filter(|it| it.action.starts_with("needs.")).count();
    if i64::try_from(changes).unwrap() != i64::from(need.version) + 1 {
        faults.push(format!("{id}: version {} and {changes} lines", need.version));
    }
    if need.is_offered() {
        let pairs = db::pairs::of_listing(db.read(), Kind::Need, id).await.unwrap().len();
        let editions = db::listings::editions(db.read(), need.id).await.unwrap().len();
        let reviews = db::reviews::list(db.read(), id).await.unwrap().len();
        if [pairs, editions, reviews] != [1, 1, 1] {
            faults.push(format!("{id}: {pairs} pairs, {editions} editions, {reviews} reviews"));
        }
    }
    faults
}

async fn assert_sound(db: &db::Db) {
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
    if db::scratch::on_postgres() {
        return;
    }
    for (pragma, clean) in [("integrity_check", 1), ("foreign_key_check", 0)] {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        let rows = db.read().query_all_raw(statement).await.unwrap();
        assert_eq!(rows.len(), clean, "{pragma}");
        if let Some(row) = rows.first() {
            assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
        }
    }
}

/// Waits until every event has been read and every job done.
async fn wait_until_quiet(place: &Place) {
    use db::jobs::Kind;
    let db = place.database().await;
    let started = Instant::now();
    let mut quiet = 0;
    while quiet < 5 {
        assert!(started.elapsed() < Duration::from_mins(2), "work is left after two minutes");
        let jobs = [Kind::MatchNeed, Kind::MatchAchievement, Kind::MatchAll];
        let waiting = db::jobs::count(db.read(), &jobs).await.unwrap();
        quiet = if waiting == 0 { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Random enough for choosing moments; the seed is told when the test fails.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let seed = Uuid::now_v7().as_u64_pair().1;
        println!("seed {seed}");
        Self(seed | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
