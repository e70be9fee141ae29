use chrono::{DateTime, TimeDelta, Utc};
use db::{Clock, Db, Keys};
use domain::{
    achievements::{Achievement, AchievementForm},
    days::Day,
    form,
    listings::{Action, Form, Kind, Listing, ListingId, Number, Origin},
    needs::{Need, NeedForm},
    organisations::{Organisation, OrganisationId},
    pairs::Pair,
    people::{Login, Person, PersonId, Role, State},
    text::Line,
};
use jobs::{Folder, Settings, Worker};
use search::{Engine, Veil, matching::Depth};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

/// A market with an organisation of each kind, and a process that works for it.
pub(crate) struct Market {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) engine: Engine,
    pub(crate) worker: Worker,
    pub(crate) enterprise: Person,
    pub(crate) research: Person,
    pub(crate) matchmaker: Person,
    pub(crate) folder: TempDir,
}

impl Market {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = db::scratch::address(folder.path()).await.unwrap();
        let db = Db::open(&address, 5, Keys::passing().unwrap()).await.unwrap();
        db.migrate().await.unwrap();
        let clock = Clock::stopped("2026-01-02T03:04:05Z".parse().unwrap());
        let (engine, worker) = process(&db, &clock, &folder, "index");
        let enterprise = member(&db, "91110000802100433B", Role::Enterprise).await;
        let research = member(&db, "12100000400009821G", Role::Research).await;
        let matchmaker = member(&db, "11320000MB151840XJ", Role::Matchmaker).await;
        Self { db, clock, engine, worker, enterprise, research, matchmaker, folder }
    }

    /// Another process on the same database, with an index of its own.
    pub(crate) fn another_process(&self) -> (Engine, Worker) {
        process(&self.db, &self.clock, &self.folder, "another")
    }

    /// Ends the process and begins another on the same index.
    pub(crate) fn restart(self) -> Self {
        let Self { db, clock, folder, enterprise, research, matchmaker, worker, .. } = self;
        drop(worker);
        let (engine, worker) = process(&db, &clock, &folder, "index");
        Self { db, clock, engine, worker, enterprise, research, matchmaker, folder }
    }

    pub(crate) async fn need(&self, title: &str, problem: &str) -> Need {
        let form: NeedForm = form::read(&json!({ "title": title, "problem": problem })).unwrap();
        self.publish(form, &self.enterprise).await
    }

    pub(crate) async fn achievement(&self, title: &str, description: &str) -> Achievement {
        let form = json!({ "title": title, "description": description });
        let form: AchievementForm = form::read(&form).unwrap();
        self.publish(form, &self.research).await
    }

    async fn publish<F: Form>(&self, form: F, author: &Person) -> Listing<F> {
        let now = self.clock.now();
        let origin =
            Origin { organisation: author.organisation, author: author.id, external_id: None };
        self.db
            .write(async |tx| {
                let day = Day::at(now);
                let count = db::listings::take_numbers(tx, F::KIND, day, 1).await?.start;
                let number = Number::new("GP", F::KIND, day, count);
                let mut listing = Listing::draft(ListingId::generate(), number, origin, form, now);
                listing.publish(now);
                db::listings::insert(tx, &listing).await?;
                db::outbox::announce(tx, F::KIND, listing.id.as_uuid(), now).await?;
                Ok::<_, db::Error>(listing)
            })
            .await
            .unwrap()
    }

    /// Changes a listing as `how` says, and announces it.
    pub(crate) async fn change<F: Form>(
        &self,
        id: ListingId<F>,
        how: impl FnOnce(&mut Listing<F>, DateTime<Utc>),
    ) -> Listing<F> {
        let now = self.clock.now();
        self.db
            .write(async |tx| {
                let mut listing = db::listings::get::<F>(tx, id).await?;
                how(&mut listing, now);
                db::listings::save(tx, &mut listing).await?;
                db::outbox::announce(tx, F::KIND, id.as_uuid(), now).await?;
                Ok::<_, db::Error>(listing)
            })
            .await
            .unwrap()
    }

    pub(crate) async fn act<F: Form>(&self, id: ListingId<F>, action: Action) {
        self.change(id, |it, now| it.act(action, now).unwrap()).await;
    }

    /// Publishes a new edition with this text.
    pub(crate) async fn rewrite(&self, need: &Need, problem: &str) {
        let form = json!({ "title": need.form().title, "problem": problem });
        let form: NeedForm = form::read(&form).unwrap();
        self.change(need.id, |it, now| {
            it.edit(form, now).unwrap();
            it.publish(now);
        })
        .await;
    }

    pub(crate) async fn settle(&mut self) {
        self.worker.settle().await.unwrap();
    }

    pub(crate) async fn pairs_of(&self, need: &Need) -> Vec<Pair> {
        let pairs = db::pairs::of_listing(self.db.read(), Kind::Need, need.id.as_uuid());
        let mut pairs = pairs.await.unwrap();
        pairs.sort_by(|a, b| b.explanation.score.total_cmp(&a.explanation.score));
        pairs
    }

    /// Grades or defers a pair, as `how` says.
    pub(crate) async fn work(&self, pair: &Pair, how: impl FnOnce(&mut Pair, PersonId)) {
        let mut pair = db::pairs::get(self.db.read(), pair.id).await.unwrap();
        how(&mut pair, self.matchmaker.id);
        self.db.write(async |tx| db::pairs::save(tx, &mut pair).await).await.unwrap();
    }

    /// The ids of everything that is offered, as the database has it.
    pub(crate) async fn offered(&self) -> Vec<Uuid> {
        let needs =
            db::listings::all::<NeedForm>(self.db.read(), None, 10_000).await.unwrap().listings;
        let mut ids: Vec<Uuid> = needs.iter().map(|it| it.id.as_uuid()).collect();
        let achievements = db::listings::all::<AchievementForm>(self.db.read(), None, 10_000).await;
        ids.extend(achievements.unwrap().listings.iter().map(|it| it.id.as_uuid()));
        ids.sort_unstable();
        ids
    }
}

pub(crate) fn process(db: &Db, clock: &Clock, folder: &TempDir, name: &str) -> (Engine, Worker) {
    let engine = Engine::default();
    let index = Folder::take(&folder.path().join(name), 1, Veil::thin()).unwrap();
    let files = db::files::Files::new(folder.path().join("files"));
    let settings =
        Settings { depth: Depth { most: 20, floor: 0.3 }, audit_kept: TimeDelta::days(400), files };
    let worker = Worker::new(db.clone(), clock.clone(), engine.clone(), index, settings);
    (engine, worker)
}

async fn member(db: &Db, number: &str, role: Role) -> Person {
    let profile = json!({ "number": number, "name": "某某单位", "kind": "other" });
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let profile = form::read(&profile).unwrap();
    let organisation = Organisation::register(OrganisationId::generate(), profile, now);
    let person = Person {
        id: PersonId::generate(),
        version: 0,
        organisation: organisation.id,
        role,
        login: Login::new(role.as_str()).unwrap(),
        name: Line::new("某人").unwrap(),
        state: State::Active,
        created_at: now,
    };
    db.write(async |tx| {
        db::organisations::insert(tx, &organisation).await?;
        db::people::insert(tx, &person, "hash").await
    })
    .await
    .unwrap();
    person
}
