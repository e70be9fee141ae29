use std::sync::Arc;

use chrono::{DateTime, Utc};
use db::{Db, Error, Keys};
use domain::{
    days::Day,
    form,
    listings::{Kind, Number, Origin},
    needs::{Need, NeedForm, NeedId},
    organisations::{Organisation, OrganisationId},
    people::{Login, Person, PersonId, Role, State},
    text::Line,
};
use serde_json::json;
use tempfile::TempDir;

/// A fresh store, and the folder its files are in.
pub(crate) struct Store {
    pub(crate) db: Db,
    _folder: Option<TempDir>,
}

impl Store {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = db::scratch::address(folder.path()).await.unwrap();
        let db = Db::open(&address, 5, Keys::passing().unwrap()).await.unwrap();
        db.migrate().await.unwrap();
        Self { db, _folder: Some(folder) }
    }

    /// A store that was opened elsewhere.
    pub(crate) const fn with(db: Db) -> Self {
        Self { db, _folder: None }
    }

    /// An organisation and someone in it.
    pub(crate) async fn member(&self, number: &str, role: Role) -> Person {
        let kind = if role == Role::Research { "university" } else { "enterprise" };
        let profile = json!({ "number": number, "name": "某某单位", "kind": kind });
        let profile = form::read(&profile).unwrap();
        let organisation = Organisation::register(OrganisationId::generate(), profile, now());
        let person = colleague(organisation.id, role);
        self.db
            .write(async |tx| {
                db::organisations::insert(tx, &organisation).await?;
                db::people::insert(tx, &person, "hash").await
            })
            .await
            .unwrap();
        person
    }

    /// A draft that is stored.
    pub(crate) async fn draft(&self, author: &Person) -> Need {
        let mut new = new_draft(author);
        self.db
            .write(async |tx| {
                let day = Day::at(now());
                let count = db::listings::take_numbers(tx, Kind::Need, day, 1).await?.start;
                new.number = Number::new("GP", Kind::Need, day, count);
                db::listings::insert(tx, &new).await
            })
            .await
            .unwrap();
        new
    }
}

/// Someone of an organisation who is not stored yet.
pub(crate) fn colleague(organisation: OrganisationId, role: Role) -> Person {
    let id = PersonId::generate();
    Person {
        id,
        version: 0,
        organisation,
        role,
        login: Login::new(&format!("u{id}")).unwrap(),
        name: Line::new("某人").unwrap(),
        state: State::Active,
        created_at: now(),
    }
}

pub(crate) fn new_draft(author: &Person) -> Need {
    let form: NeedForm = form::read(&json!({ "title": "铸件气孔率降低" })).unwrap();
    let origin = Origin { organisation: author.organisation, author: author.id, external_id: None };
    Need::draft(NeedId::generate(), number(1), origin, form, now())
}

pub(crate) fn number(count: i64) -> Number {
    Number::new("GP", Kind::Need, Day::at(now()), count)
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-01-02T03:04:05.000001Z".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_queue_instead_of_failing() {
    let store = Arc::new(Store::new().await);
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let need = store.draft(&author).await;
    let writers: Vec<_> = (0..40)
        .map(|_| {
            let (store, id) = (Arc::clone(&store), need.id);
            tokio::spawn(async move {
                loop {
                    let edited = store
                        .db
                        .write(async |tx| {
                            let mut need = db::listings::get::<NeedForm>(tx, id).await?;
                            tokio::task::yield_now().await;
                            need.updated_at = now();
                            db::listings::save(tx, &mut need).await
                        })
                        .await;
                    match edited {
                        // PostgreSQL lets both read; the second to save is told so.
                        Err(Error::Stale) => {}
                        other => return other,
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let saved = db::listings::get::<NeedForm>(store.db.read(), need.id).await.unwrap();
    assert_eq!(saved.version, 40, "each of the forty counts once");
}

#[tokio::test]
async fn a_stale_copy_is_not_saved() {
    let store = Store::new().await;
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let mut one = store.draft(&author).await;
    let mut other = one.clone();
    store.db.write(async |tx| db::listings::save(tx, &mut one).await).await.unwrap();
    let late = store.db.write(async |tx| db::listings::save(tx, &mut other).await).await;
    assert!(matches!(late, Err(Error::Stale)), "{late:?}");
}

#[tokio::test]
async fn a_taken_number_is_told_apart() {
    let store = Store::new().await;
    let person = store.member("91110000802100433B", Role::Enterprise).await;
    let organisation = db::organisations::get(store.db.read(), person.organisation).await.unwrap();
    let again = Organisation::register(OrganisationId::generate(), organisation.profile, now());
    let taken = store.db.write(async |tx| db::organisations::insert(tx, &again).await).await;
    let err = taken.unwrap_err();
    assert!(err.is_taken("number") && !err.is_taken("login"), "{err:?}");
}

#[tokio::test]
async fn what_is_stored_comes_back_the_same() {
    let store = Store::new().await;
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let mut need = store.draft(&author).await;
    need.publish(now());
    let form: NeedForm = form::read(&json!({
        "title": "铸件气孔率降低", "problem": "每月报废四十吨",
        "indicators": [{ "name": "气孔率", "operator": "at_most", "value": 0.1, "unit": "%" }],
        "investment": { "form": "fixed", "low_fen": 99_999_999_999_999_i64 },
    }))
    .unwrap();
    need.edit(form, now()).unwrap();
    store.db.write(async |tx| db::listings::save(tx, &mut need).await).await.unwrap();
    let read = db::listings::get::<NeedForm>(store.db.read(), need.id).await.unwrap();
    assert_eq!(read, need);
    assert_eq!(read.created_at, now(), "to the microsecond");
}

#[tokio::test]
async fn a_write_that_fails_or_is_dropped_leaves_nothing() {
    let store = Store::new().await;
    let author = store.member("91110000802100433B", Role::Enterprise).await;
    let one = new_draft(&author);
    let failed: Result<(), Error> = store
        .db
        .write(async |tx| {
            db::listings::insert(tx, &one).await?;
            Err(Error::NotFound)
        })
        .await;
    assert!(failed.is_err());
    let other = new_draft(&author);
    let hung = store.db.write(async |tx| {
        db::listings::insert(tx, &other).await?;
        std::future::pending::<Result<(), Error>>().await
    });
    let moment = std::time::Duration::from_millis(200);
    assert!(tokio::time::timeout(moment, hung).await.is_err());
    for id in [one.id, other.id] {
        let read = db::listings::get::<NeedForm>(store.db.read(), id).await;
        assert!(matches!(read, Err(Error::NotFound)), "{read:?}");
    }
    store.draft(&author).await;
}

#[tokio::test]
async fn numbers_of_a_day_follow_each_other() {
    let store = Store::new().await;
    let day = Day::at(now());
    let take = async |kind, count| {
        store.db.write(async |tx| db::listings::take_numbers(tx, kind, day, count).await).await
    };
    assert_eq!(take(Kind::Need, 1).await.unwrap(), 1..2);
    assert_eq!(take(Kind::Need, 200).await.unwrap(), 2..202);
    assert_eq!(take(Kind::Achievement, 1).await.unwrap(), 1..2);
    assert_eq!(take(Kind::Need, 1).await.unwrap(), 202..203);
}
