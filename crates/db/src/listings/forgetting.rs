//! Taking a person off the listings that name them as the contact.

use domain::{listings::Form, organisations::OrganisationId};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};

use super::row;
use crate::{Conn as _, Result, Tx, keys::Place};

/// Removes the contact of this name from every listing of a kind of an organisation, from changes
/// on their way and from editions. Tells how many listings changed; who has read one of them
/// before cannot save it over this.
pub(crate) async fn forget_contact<F: Form>(
    tx: &Tx,
    organisation: OrganisationId,
    name: &str,
) -> Result<u64> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.as_uuid()))
        .filter(row::Column::Kind.eq(F::KIND.as_str()))
        .all(tx)
        .await?;
    let mut changed = 0;
    for row in rows {
        if from_row::<F>(tx, &row, name).await? | from_editions::<F>(tx, &row, name).await? {
            changed += 1;
        }
    }
    Ok(changed)
}

async fn from_row<F: Form>(tx: &Tx, it: &row::Model, name: &str) -> Result<bool> {
    let without = |column: &str, stored| {
        let place = Place::new(row::TABLE, column, it.id);
        row::without_contact::<F>(tx.keys(), (&place, stored), name)
    };
    let form = without("form", &it.form)?;
    let revision = match &it.revision {
        Some(revision) => without("revision", revision)?,
        None => None,
    };
    let mut update = row::Entity::update_many()
        .filter(row::Column::Id.eq(it.id))
        .col_expr(row::Column::Version, Expr::value(it.version + 1));
    if form.is_none() && revision.is_none() {
        return Ok(false);
    }
    for (column, changed) in [(row::Column::Form, form), (row::Column::Revision, revision)] {
        if let Some(json) = changed {
            update = update.col_expr(column, Expr::value(json));
        }
    }
    update.exec(tx).await?;
    Ok(true)
}

async fn from_editions<F: Form>(tx: &Tx, listing: &row::Model, name: &str) -> Result<bool> {
    let editions = row::edition::Entity::find()
        .filter(row::edition::Column::ListingId.eq(listing.id))
        .all(tx)
        .await?;
    let mut any = false;
    for it in editions {
        let place = row::edition::Model::place(it.listing_id, it.edition);
        let without = row::without_contact::<F>(tx.keys(), (&place, &it.form), name)?;
        let Some(form) = without else { continue };
        row::edition::Entity::update_many()
            .col_expr(row::edition::Column::Form, Expr::value(form))
            .filter(row::edition::Column::ListingId.eq(it.listing_id))
            .filter(row::edition::Column::Edition.eq(it.edition))
            .exec(tx)
            .await?;
        any = true;
    }
    Ok(any)
}
