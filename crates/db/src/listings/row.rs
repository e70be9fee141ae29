use domain::{
    days::Day,
    form,
    listings::{
        Audience, Form, Kind, Listing, ListingId, Number, Origin, Progress, Publication, Revision,
        State, Visibility,
    },
    organisations::OrganisationId,
    people::PersonId,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    entity::prelude::*,
};

use super::{Edition, Submission};
use crate::{
    Keys, Result,
    error::{corrupt, unknown},
    keys::{Confidential, Place},
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
    pub suspended: bool,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Every column of a listing.
pub(super) fn columns<F: Form>(it: &Listing<F>, keys: &Keys) -> Result<ActiveModel> {
    let publication = it.publication();
    let revision = it.revision();
    let id = it.id.as_uuid();
    let title = if is_sealed_whole(it.form(), keys) { "" } else { it.form().card().title };
    let sealed = |it: &Revision<F>| seal_form(keys, &Place::new(TABLE, "revision", id), &it.form);
    Ok(ActiveModel {
        id: Set(it.id.as_uuid()),
        kind: Set(F::KIND.as_str().to_owned()),
        version: Set(it.version),
        number: Set(it.number.as_str().to_owned()),
        organisation_id: Set(it.organisation.as_uuid()),
        author_id: Set(it.author.as_uuid()),
        matchmaker_id: Set(it.matchmaker.map(PersonId::as_uuid)),
        external_id: Set(it.external_id.clone()),
        title: Set(title.to_owned()),
        state: Set(it.state().as_str().to_owned()),
        visibility: Set(it.form().visibility().as_str().to_owned()),
        form: Set(seal_form(keys, &Place::new(TABLE, "form", id), it.form())?),
        revision: Set(revision.map(sealed).transpose()?),
        revision_state: Set(revision.map(|it| it.state.as_str().to_owned())),
        working_state: Set(it.working_state().as_str().to_owned()),
        edition: Set(publication.map_or(0, |it| it.edition)),
        matter: Set(publication.map_or(0, |it| it.matter)),
        digest: Set(publication.map_or(0, |it| it.digest)),
        published_at: Set(publication.map(|it| it.at)),
        valid_until: Set(publication.map(|it| it.until.0)),
        // Not the listing's own: `suspend` alone writes it.
        suspended: NotSet,
        created_at: Set(it.created_at),
        updated_at: Set(it.updated_at),
    })
}

pub(super) const TABLE: &str = "listings";

/// A form as it is stored: contacts are sealed, and of a confidential listing everything. What is
/// sealed is a text where the form has an object, so that the two cannot be taken for each other.
pub(super) fn seal_form<F: Form>(keys: &Keys, at: &Place, form: &F) -> Result<Json> {
    let json = serde_json::to_value(form).map_err(corrupt("listings.form"))?;
    if is_sealed_whole(form, keys) {
        keys.seal_json(at, &json)
    } else {
        seal_parts::<F>(keys, at, json)
    }
}

fn seal_parts<F: Form>(keys: &Keys, at: &Place, mut json: Json) -> Result<Json> {
    for name in contacts::<F>() {
        if let Some(contact) = json.get_mut(name) {
            *contact = keys.seal_json(&at.part(name), contact)?;
        }
    }
    Ok(json)
}

fn is_sealed_whole<F: Form>(form: &F, keys: &Keys) -> bool {
    form.visibility() == Visibility::Confidential && keys.confidential() == Confidential::Sealed
}

/// The fields of a form that hold personal data.
fn contacts<F: Form>() -> impl Iterator<Item = &'static str> {
    F::AUDIENCES.iter().filter(|(_, audience)| *audience == Audience::Contact).map(|it| it.0)
}

fn open_form<F: Form>(keys: &Keys, at: &Place, stored: Json) -> Result<F> {
    form::read(&open_parts::<F>(keys, at, stored)?).map_err(corrupt("listings.form"))
}

fn open_parts<F: Form>(keys: &Keys, at: &Place, stored: Json) -> Result<Json> {
    let mut json = match &stored {
        Json::String(sealed) => keys.open_json(at, sealed)?,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => stored,
    };
    for name in contacts::<F>() {
        if let Some(contact) = json.get_mut(name)
            && let Json::String(sealed) = contact
        {
            *contact = keys.open_json(&at.part(name), sealed)?;
        }
    }
    Ok(json)
}

/// A stored form in which nobody of this name is the contact; nothing if that is so already.
pub(super) fn without_contact<F: Form>(
    keys: &Keys,
    (at, stored): (&Place, &Json),
    name: &str,
) -> Result<Option<Json>> {
    let mut json = open_parts::<F>(keys, at, stored.clone())?;
    let mut changed = false;
    for part in contacts::<F>() {
        if let Some(contact) = json.get_mut(part)
            && contact.get("name").and_then(Json::as_str) == Some(name)
        {
            *contact = Json::Object(serde_json::Map::new());
            changed = true;
        }
    }
    if !changed {
        return Ok(None);
    }
    let sealed = match stored {
        Json::String(_) => keys.seal_json(at, &json)?,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            seal_parts::<F>(keys, at, json)?
        }
    };
    Ok(Some(sealed))
}

/// The title that stands in a listing's stored form; the column of titles is empty where the form
/// is sealed.
pub(crate) fn title(
    keys: &Keys,
    id: Uuid,
    (title, form): (String, Option<Json>),
) -> Result<String> {
    let Some(Json::String(sealed)) = form else { return Ok(title) };
    let form = keys.open_json(&Place::new(TABLE, "form", id), &sealed)?;
    Ok(form.get("title").and_then(Json::as_str).unwrap_or_default().to_owned())
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

    fn revision<F: Form>(&mut self, keys: &Keys) -> Result<Option<Revision<F>>> {
        let Some((form, name)) = self.revision.take().zip(self.revision_state.as_deref()) else {
            return Ok(None);
        };
        let form = open_form(keys, &Place::new(TABLE, "revision", self.id), form)?;
        Ok(Some(Revision { form, state: state(name)? }))
    }

    /// The listing that the row holds.
    pub(super) fn open<F: Form>(mut self, keys: &Keys) -> Result<Listing<F>> {
        let progress = Progress {
            revision: self.revision(keys)?,
            publication: self.publication(),
            form: open_form(keys, &Place::new(TABLE, "form", self.id), self.form)?,
            state: state(&self.state)?,
        };
        let origin = Origin {
            organisation: OrganisationId::from_uuid(self.organisation_id),
            author: PersonId::from_uuid(self.author_id),
            external_id: self.external_id,
        };
        let matchmaker = self.matchmaker_id.map(PersonId::from_uuid);
        let mut restored = Listing::restore(
            (ListingId::from_uuid(self.id), self.version),
            Number::restore(self.number),
            origin,
            (matchmaker, self.created_at, self.updated_at),
            progress,
        );
        restored.suspended = self.suspended;
        Ok(restored)
    }

    /// What the row holds for those who review.
    pub(super) fn open_submission(self, keys: &Keys) -> Result<Submission> {
        Ok(Submission {
            kind: Kind::named(&self.kind).ok_or_else(|| unknown("listings.kind"))?,
            id: self.id,
            number: Number::restore(self.number),
            organisation: OrganisationId::from_uuid(self.organisation_id),
            title: title(keys, self.id, (self.title, Some(self.form)))?,
            is_revision: self.revision.is_some(),
            since: self.updated_at,
        })
    }
}

impl edition::Model {
    /// Where an edition's form stands.
    pub(super) fn place(listing: Uuid, edition: i32) -> Place {
        Place::new("editions", "form", format!("{listing}/{edition}"))
    }

    /// The edition that the row holds.
    pub(super) fn open<F: Form>(self, keys: &Keys) -> Result<Edition<F>> {
        let form = open_form(keys, &Self::place(self.listing_id, self.edition), self.form)?;
        Ok(Edition { number: self.edition, form, published_at: self.published_at })
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
