//! Stored applications, under the number that was typed.

use chrono::{DateTime, Utc};
use domain::{
    applications::{Applicant, Application, ApplicationId, WAITS},
    consents::{Agreement, Purpose},
    contacts::Mail,
    organisations::Number,
    people::Login,
    text::{Line, Text},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde_json::{Value, json};

use crate::{
    Conn, Error, Keys, Page, Result, Tx,
    error::{corrupt, unknown},
    keys::Place,
};

/// The application of this id that still waits, and the hash of the password its account is to have.
pub async fn get(
    conn: &impl Conn,
    id: ApplicationId,
    now: DateTime<Utc>,
) -> Result<(Application, String)> {
    let row = row::Entity::find_by_id(id.as_uuid()).filter(row::Column::AppliedAt.gt(now - WAITS));
    let row = row.one(conn).await?.ok_or(Error::NotFound)?;
    let hash = row.password_hash.clone();
    Ok((row.open(conn.keys())?, hash))
}

/// Applications for a number that still wait, the newest first.
pub async fn list(
    conn: &impl Conn,
    number: &Number,
    (page, now): (Page, DateTime<Utc>),
) -> Result<Vec<Application>> {
    let mut query = row::Entity::find()
        .filter(row::Column::Number.eq(number.as_str()))
        .filter(row::Column::AppliedAt.gt(now - WAITS))
        .order_by_desc(row::Column::Id)
        .limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after));
    }
    query.all(conn).await?.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Stores a new application.
pub async fn insert(tx: &Tx, new: &Application, password_hash: &str) -> Result<()> {
    let row = row::ActiveModel {
        id: Set(new.id.as_uuid()),
        number: Set(new.number.as_str().to_owned()),
        applicant: Set(tx.keys().seal(&place(new.id), &written(&new.applicant).to_string())?),
        password_hash: Set(password_hash.to_owned()),
        applied_at: Set(new.applied_at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Removes an application that was answered. Of many who try at once one succeeds.
pub async fn remove(tx: &Tx, id: ApplicationId) -> Result<bool> {
    let done = row::Entity::delete_by_id(id.as_uuid()).exec(tx).await?;
    Ok(done.rows_affected == 1)
}

/// Forgets the applications that nobody answered in time.
pub async fn forget(tx: &Tx, now: DateTime<Utc>) -> Result<u64> {
    let ended = row::Entity::delete_many().filter(row::Column::AppliedAt.lte(now - WAITS));
    Ok(ended.exec(tx).await?.rows_affected)
}

fn place(id: ApplicationId) -> Place {
    Place::new("applications", "applicant", id)
}

fn written(it: &Applicant) -> Value {
    let consent = |it: &Agreement| json!([it.purpose, it.version]);
    json!({
        "login": it.login,
        "name": it.name,
        "mail": it.mail,
        "words": it.words,
        "consents": it.consents.iter().map(consent).collect::<Vec<_>>(),
        "request_id": it.request_id,
    })
}

fn read(text: &str) -> Result<Applicant> {
    const WHERE: &str = "applications.applicant";
    let value: Value = serde_json::from_str(text).map_err(corrupt(WHERE))?;
    let part = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    // What was agreed to may have newer wordings by now; it was read when it came.
    let consent = |it: &Value| {
        let purpose = it.get(0).and_then(Value::as_str).and_then(Purpose::named)?;
        let version = it.get(1).and_then(Value::as_i64).and_then(|it| i32::try_from(it).ok())?;
        Some(Agreement { purpose, version })
    };
    let consents = value.get("consents").and_then(Value::as_array);
    let consents: Option<_> = consents.into_iter().flatten().map(consent).collect();
    Ok(Applicant {
        login: Login::new(part("login")).map_err(corrupt(WHERE))?,
        name: Line::new(part("name")).map_err(corrupt(WHERE))?,
        mail: Mail::new(part("mail")).map_err(corrupt(WHERE))?,
        words: Text::new(part("words")).map_err(corrupt(WHERE))?,
        consents: consents.ok_or_else(|| unknown(WHERE))?,
        request_id: part("request_id").to_owned(),
    })
}

impl row::Model {
    fn open(self, keys: &Keys) -> Result<Application> {
        let id = ApplicationId::from_uuid(self.id);
        Ok(Application {
            id,
            number: Number::new(&self.number).map_err(corrupt("applications.number"))?,
            applicant: read(&keys.open(&place(id), &self.applicant)?)?,
            applied_at: self.applied_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "applications")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: String,
        pub applicant: String,
        pub password_hash: String,
        pub applied_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
