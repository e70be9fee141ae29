use std::{collections::HashMap, marker::PhantomData};

use db::Conn;
use domain::{
    codes::{CooperationMode, Industry, Region, TechField},
    days::Day,
    listings::{Audience, Form, Kind, Listing, Number, State},
    money::Band,
    organisations::OrganisationId,
    people::Role,
    policy::{self, ListingFacts, Principal, Tie, View},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{moment::Moment, problem::Problem};

/// A listing, as one reader may see it. What the reader may not see is not there.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListingOf{F}")]
pub(crate) struct ListingBody<F> {
    #[serde(flatten)]
    card: CardBody,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<F>")]
    form: Option<Value>,
    /// The change on its way: for its owner, and for matchmakers once it is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<RevisionBody<F>>,
    /// Which published edition this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<i32>,
    #[serde(skip)]
    form_type: PhantomData<F>,
}

/// A change to what is published.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RevisionOf{F}")]
pub(crate) struct RevisionBody<F> {
    /// Draft, submitted, returned or rejected.
    state: State,
    /// What the listing is to say.
    #[schemars(with = "F")]
    form: Value,
    #[serde(skip)]
    form_type: PhantomData<F>,
}

/// What lists and search results show of a listing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListingCard")]
pub(crate) struct CardBody {
    /// Names this listing.
    id: Uuid,
    kind: Kind,
    /// The number people use.
    #[schemars(with = "String")]
    number: Number,
    state: State,
    /// How far the working copy has come; for its owner and for matchmakers.
    #[serde(skip_serializing_if = "Option::is_none")]
    working_state: Option<State>,
    /// How much of it this reader may see: metadata, masked, public, partner, business or full.
    view: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<Owner>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    fields: Vec<TechField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<Industry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    cooperation: Vec<CooperationMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    readiness: Option<u8>,
    /// The band of the planned investment.
    #[serde(skip_serializing_if = "Option::is_none")]
    investment_band: Option<Band>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Moment>,
    /// The last day it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Day>,
    created_at: Moment,
    updated_at: Moment,
}

/// Whose a listing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Owner {
    id: OrganisationId,
    name: String,
}

/// The names of the organisations that own some listings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners(HashMap<OrganisationId, String>);

impl Owners {
    pub(crate) async fn of(
        conn: &impl Conn,
        ids: impl IntoIterator<Item = OrganisationId>,
    ) -> db::Result<Self> {
        let mut ids: Vec<OrganisationId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let found = db::organisations::several(conn, &ids).await?;
        Ok(Self(found.into_iter().map(|it| (it.id, it.shown_name().to_string())).collect()))
    }

    pub(crate) fn owner(&self, id: OrganisationId) -> Owner {
        Owner { id, name: self.0.get(&id).cloned().unwrap_or_default() }
    }
}

/// What of a listing bears on who may read it.
pub(crate) fn facts<F: Form>(it: &Listing<F>, tie: Tie) -> ListingFacts {
    ListingFacts {
        organisation: it.organisation,
        author: it.author,
        matchmaker: it.matchmaker,
        state: it.state(),
        visibility: it.form().visibility(),
        suspended: it.suspended,
        tie,
    }
}

/// How much of a listing someone may see. A change on its way has a state and a visibility of its
/// own: it is not shown to everyone who may read what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) view: View,
    pub(crate) revision: View,
    /// What binds the reader to the listing.
    pub(crate) tie: Tie,
}

impl Sight {
    pub(crate) fn of<F: Form>(reader: &Principal, listing: &Listing<F>, tie: Tie) -> Self {
        let published = facts(listing, tie);
        let view = policy::view(reader, &published);
        let revision = listing.revision().map_or(view, |it| {
            let visibility = it.form.visibility();
            policy::view(reader, &ListingFacts { state: it.state, visibility, ..published })
        });
        Self { view, revision, tie }
    }

    /// The same, of a listing that is put to the reader, who is shown that much of it.
    pub(crate) fn at_least(self, least: View) -> Self {
        Self { view: self.view.max(least), ..self }
    }

    /// The same, with what binds the reader to the listing at this moment.
    pub(crate) async fn seen<F: Form>(
        conn: &impl Conn,
        reader: &Principal,
        listing: &Listing<F>,
    ) -> db::Result<Self> {
        let id = listing.id.as_uuid();
        let ties = db::ties::of(conn, reader, &[id]).await?;
        Ok(Self::of(reader, listing, ties.to(id)))
    }
}

/// How much of a listing someone may see, and the tag of that; what may not even be known to exist
/// is not found.
pub(crate) async fn shown<F: Form>(
    conn: &impl Conn,
    reader: &Principal,
    listing: &Listing<F>,
) -> Result<(Sight, String), Problem> {
    let sight = Sight::seen(conn, reader, listing).await?;
    if sight.view == View::Nothing {
        return Err(Problem::hidden());
    }
    // Two readers who see different things of one version must not share a tag.
    let staff = reader.role().is_some_and(Role::is_staff);
    let side = if staff { "-s" } else { "" };
    let (view, revision) = (name(sight.view), name(sight.revision));
    Ok((sight, format!("\"{}-{view}-{revision}{side}\"", listing.version)))
}

impl<F: Form> ListingBody<F> {
    pub(crate) fn new(
        listing: &Listing<F>,
        sight: Sight,
        owners: &Owners,
    ) -> Result<Self, Problem> {
        let Sight { view, revision: change, .. } = sight;
        let form = (view >= View::Masked).then(|| pruned(listing.form(), view)).transpose()?;
        let revision = listing.revision().filter(|_| change >= View::Business);
        let revision = revision.map(|it| {
            let form = pruned(&it.form, change)?;
            Ok::<_, Problem>(RevisionBody { state: it.state, form, form_type: PhantomData })
        });
        Ok(Self {
            card: CardBody::new(listing, sight, owners),
            form,
            revision: revision.transpose()?,
            edition: listing.publication().map(|it| it.edition),
            form_type: PhantomData,
        })
    }
}

impl CardBody {
    pub(crate) fn new<F: Form>(listing: &Listing<F>, sight: Sight, owners: &Owners) -> Self {
        let view = sight.view;
        let card = listing.form().card();
        let public = view >= View::Public;
        let masked = view >= View::Masked;
        let publication = listing.publication().filter(|_| view != View::Metadata);
        Self {
            id: listing.id.as_uuid(),
            kind: F::KIND,
            number: listing.number.clone(),
            state: listing.state(),
            working_state: (sight.revision >= View::Business).then(|| listing.working_state()),
            view: name(view),
            title: public.then(|| card.title.to_owned()),
            summary: public.then(|| card.summary.to_owned()),
            organisation: public.then(|| owners.owner(listing.organisation)),
            fields: if masked { card.fields.to_vec() } else { Vec::new() },
            industry: card.industry.filter(|_| public),
            region: card.region.filter(|_| masked),
            cooperation: if public { card.cooperation.to_vec() } else { Vec::new() },
            readiness: card.readiness.filter(|_| public),
            investment_band: listing.form().investment_band().filter(|_| public),
            published_at: publication.map(|it| Moment(it.at)),
            valid_until: publication.map(|it| it.until),
            created_at: Moment(listing.created_at),
            updated_at: Moment(listing.updated_at),
        }
    }
}

/// The form without what the reader may not see.
pub(crate) fn pruned<F: Form>(form: &F, view: View) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(form).map_err(Problem::internal)?;
    let Some(fields) = value.as_object_mut() else { return Ok(value) };
    if view <= View::Masked {
        fields.retain(|name, _| ["fields", "region"].contains(&name.as_str()));
    }
    for (name, audience) in F::AUDIENCES {
        if !may_read(view, *audience) {
            fields.remove(*name);
        }
    }
    Ok(value)
}

/// Whether whoever sees so much of a listing may read what is for an audience.
pub(crate) fn may_read(view: View, audience: Audience) -> bool {
    match audience {
        Audience::AfterConsent => view >= View::Partner,
        Audience::Staff => view >= View::Business,
        Audience::Contact => view == View::Partner || view >= View::Full,
    }
}

const fn name(view: View) -> &'static str {
    match view {
        View::Nothing => "nothing",
        View::Metadata => "metadata",
        View::Masked => "masked",
        View::Public => "public",
        View::Partner => "partner",
        View::Business => "business",
        View::Full => "full",
    }
}
