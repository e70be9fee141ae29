use domain::{
    days::Day,
    form,
    listings::{
        Form, Kind, Listing, ListingId, Number, Origin, Progress, Publication, Revision, State,
    },
    organisations::OrganisationId,
    people::PersonId,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use super::{Edition, Submission};
use crate::{
    Error, Result,
    error::{corrupt, unknown},
};

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "listings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub version: i32,
    pub number: String,
    pub organisation_id: Uuid,
    pub author_id: Uuid,
    pub matchmaker_id: Option<Uuid>,
    pub external_id: Option<String>,
    pub title: String,
    pub state: String,
    pub visibility: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub form: Json,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub revision: Option<Json>,
    pub revision_state: Option<String>,
    pub working_state: String,
    pub edition: i32,
    pub matter: i32,
    pub digest: i64,
    pub published_at: Option<ChronoDateTimeUtc>,
    pub valid_until: Option<ChronoDate>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Every column of a listing.
pub(super) fn columns<F: Form>(it: &Listing<F>) -> Result<ActiveModel> {
    let publication = it.publication();
    let revision = it.revision();
    Ok(ActiveModel {
        id: Set(it.id.as_uuid()),
        kind: Set(F::KIND.as_str().to_owned()),
        version: Set(it.version),
        number: Set(it.number.as_str().to_owned()),
        organisation_id: Set(it.organisation.as_uuid()),
        author_id: Set(it.author.as_uuid()),
        matchmaker_id: Set(it.matchmaker.map(PersonId::as_uuid)),
        external_id: Set(it.external_id.clone()),
        title: Set(it.form().card().title.to_owned()),
        state: Set(it.state().as_str().to_owned()),
        visibility: Set(it.form().visibility().as_str().to_owned()),
        form: Set(to_json(it.form())?),
        revision: Set(revision.map(|it| to_json(&it.form)).transpose()?),
        revision_state: Set(revision.map(|it| it.state.as_str().to_owned())),
        working_state: Set(it.working_state().as_str().to_owned()),
        edition: Set(publication.map_or(0, |it| it.edition)),
        matter: Set(publication.map_or(0, |it| it.matter)),
        digest: Set(publication.map_or(0, |it| it.digest)),
        published_at: Set(publication.map(|it| it.at)),
        valid_until: Set(publication.map(|it| it.until.0)),
        created_at: Set(it.created_at),
        updated_at: Set(it.updated_at),
    })
}

pub(super) fn to_json<F: Form>(form: &F) -> Result<Json> {
    serde_json::to_value(form).map_err(corrupt("listings.form"))
}

fn from_json<F: Form>(json: &Json) -> Result<F> {
    form::read(json).map_err(corrupt("listings.form"))
}

fn state(name: &str) -> Result<State> {
    State::named(name).ok_or_else(|| unknown("listings.state"))
}

impl Model {
    fn publication(&self) -> Option<Publication> {
        let (at, until) = self.published_at.zip(self.valid_until)?;
        let (edition, matter, digest) = (self.edition, self.matter, self.digest);
        Some(Publication { edition, matter, digest, at, until: Day(until) })
    }

    fn revision<F: Form>(&self) -> Result<Option<Revision<F>>> {
        let Some((form, name)) = self.revision.as_ref().zip(self.revision_state.as_deref()) else {
            return Ok(None);
        };
        Ok(Some(Revision { form: from_json(form)?, state: state(name)? }))
    }
}

impl<F: Form> TryFrom<Model> for Listing<F> {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let progress = Progress {
            form: from_json(&row.form)?,
            state: state(&row.state)?,
            revision: row.revision()?,
            publication: row.publication(),
        };
        let origin = Origin {
            organisation: OrganisationId::from_uuid(row.organisation_id),
            author: PersonId::from_uuid(row.author_id),
            external_id: row.external_id,
        };
        let matchmaker = row.matchmaker_id.map(PersonId::from_uuid);
        Ok(Self::restore(
            (ListingId::from_uuid(row.id), row.version),
            Number::restore(row.number),
            origin,
            (matchmaker, row.created_at, row.updated_at),
            progress,
        ))
    }
}

impl TryFrom<Model> for Submission {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            kind: Kind::named(&row.kind).ok_or_else(|| unknown("listings.kind"))?,
            id: row.id,
            number: Number::restore(row.number),
            organisation: OrganisationId::from_uuid(row.organisation_id),
            title: row.title,
            is_revision: row.revision.is_some(),
            since: row.updated_at,
        })
    }
}

impl<F: Form> TryFrom<edition::Model> for Edition<F> {
    type Error = Error;

    fn try_from(row: edition::Model) -> Result<Self> {
        let form = from_json(&row.form)?;
        Ok(Self { number: row.edition, form, published_at: row.published_at })
    }
}

pub(super) mod edition {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "editions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub listing_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub edition: i32,
        #[sea_orm(column_type = "JsonBinary")]
        pub form: Json,
        pub published_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
