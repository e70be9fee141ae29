//! Everyone in the market of a test, and their organisations.

use chrono::{DateTime, TimeDelta, Utc};
use db::{
    Db,
    tokens::{Token, TokenId},
};
use domain::{
    form,
    organisations::{Action, Organisation, OrganisationId},
    people::{Login, Person, PersonId, Role, State},
    policy::{Reach, Stage},
    text::Line,
};
use serde_json::json;

use super::Someone;

/// Someone in every role.
pub(super) struct People {
    pub(super) enterprise: Someone,
    pub(super) research: Someone,
    pub(super) staff: [Someone; 6],
}

impl People {
    pub(super) async fn new(db: &Db) -> Self {
        let plant = organisation(db, "91110000802100433B", "高平市丹河铸造有限公司", "enterprise");
        let plant = plant.await;
        let school = organisation(db, "12100000400009821G", "晋东理工大学", "university").await;
        let office = organisation(db, "11320000MB151840XJ", "高平市转化中心", "transfer_agency");
        let office = office.await;
        Self {
            enterprise: member(db, plant, Role::Enterprise, "plant.li").await,
            research: member(db, school, Role::Research, "school.zhou").await,
            staff: [
                member(db, office, Role::Matchmaker, "office.wang").await,
                member(db, office, Role::Matchmaker, "office.zhao").await,
                member(db, office, Role::Lead, "office.lead").await,
                member(db, office, Role::SystemAdmin, "sys").await,
                member(db, office, Role::SecurityAdmin, "sec").await,
                member(db, office, Role::Auditor, "aud").await,
            ],
        }
    }
}

pub(super) async fn organisation(db: &Db, number: &str, name: &str, kind: &str) -> OrganisationId {
    let profile = form::read(&json!({ "number": number, "name": name, "kind": kind })).unwrap();
    let mut organisation = Organisation::register(OrganisationId::generate(), profile, epoch());
    organisation.decide(Action::Verify, None).unwrap();
    db.write(async |tx| db::organisations::insert(tx, &organisation).await).await.unwrap();
    organisation.id
}

/// Someone with a session; the password is hashed where a test signs in with it.
pub(crate) async fn member(
    db: &Db,
    organisation: OrganisationId,
    role: Role,
    login: &str,
) -> Someone {
    let person = Person {
        id: PersonId::generate(),
        version: 0,
        organisation,
        role,
        login: Login::new(login).unwrap(),
        name: Line::new("某人").unwrap(),
        state: State::Active,
        created_at: epoch(),
    };
    let insert = async |tx: &db::Tx| db::people::insert(tx, &person, "$argon2id$none").await;
    db.write(insert).await.unwrap();
    let someone = Someone { person: Some(person), token: Some(format!("kzs_{login}")) };
    session(db, &someone, epoch() + TimeDelta::days(1000)).await;
    someone
}

/// Gives someone a session, in place of any they have.
pub(crate) async fn session(db: &Db, someone: &Someone, expires_at: DateTime<Utc>) {
    let (Some(person), Some(secret)) = (&someone.person, &someone.token) else { return };
    let token = session_of(person.id, expires_at);
    db.write(async |tx| {
        db::tokens::remove_all(tx, person.id, None).await?;
        db::tokens::insert(tx, &token, &api::secrets::digest(secret)).await
    })
    .await
    .unwrap();
}

/// A session that lives so long, used or not.
pub(crate) fn session_of(person: PersonId, expires_at: DateTime<Utc>) -> Token {
    Token {
        id: TokenId::generate(),
        person,
        reach: Reach::Session(Stage::Whole),
        name: String::new(),
        origin: None,
        agent: String::new(),
        created_at: epoch(),
        used_at: epoch(),
        idle_at: expires_at,
        expires_at,
    }
}

pub(super) fn epoch() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}
