//! Stored reviews of listings.

use domain::{
    form,
    listings::{Decision, Review, ReviewForm},
    people::PersonId,
    text::Text,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use crate::{
    Conn, Keys, Result, Tx,
    error::{corrupt, unknown},
    keys::Place,
};

/// Stores a review of a listing.
pub async fn insert(tx: &Tx, listing: Uuid, review: &Review) -> Result<()> {
    let rubric = serde_json::to_value(review.form.rubric).map_err(corrupt("reviews.rubric"))?;
    let id = Uuid::now_v7();
    let row = row::ActiveModel {
        id: Set(id),
        listing_id: Set(listing),
        reviewer_id: Set(review.reviewer.as_uuid()),
        decision: Set(review.form.decision.as_str().to_owned()),
        rubric: Set(rubric),
        reasons: Set(tx.keys().seal(&reasons_of(id), review.form.reasons.as_str())?),
        at: Set(review.at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A listing's reviews, the newest first.
pub async fn list(conn: &impl Conn, listing: Uuid) -> Result<Vec<Review>> {
    let rows = row::Entity::find()
        .filter(row::Column::ListingId.eq(listing))
        .order_by_desc(row::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(|it| it.open(conn.keys())).collect()
}

/// Removes what was said of a draft that is thrown away.
pub(crate) async fn remove_all(tx: &Tx, listing: Uuid) -> Result<()> {
    let all = row::Entity::delete_many().filter(row::Column::ListingId.eq(listing));
    all.exec(tx).await?;
    Ok(())
}

/// What a reviewer says may quote what is confidential.
fn reasons_of(review: Uuid) -> Place {
    Place::new("reviews", "reasons", review)
}

impl row::Model {
    fn open(self, keys: &Keys) -> Result<Review> {
        let row = self;
        let reasons = keys.open(&reasons_of(row.id), &row.reasons)?;
        let form = ReviewForm {
            decision: Decision::named(&row.decision).ok_or_else(|| unknown("reviews.decision"))?,
            rubric: form::read(&row.rubric).map_err(corrupt("reviews.rubric"))?,
            reasons: Text::new(&reasons).map_err(corrupt("reviews.reasons"))?,
        };
        Ok(Review { form, reviewer: PersonId::from_uuid(row.reviewer_id), at: row.at })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "reviews")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub listing_id: Uuid,
        pub reviewer_id: Uuid,
        pub decision: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub rubric: Json,
        pub reasons: String,
        pub at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
