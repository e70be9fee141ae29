use db::{Db, audit};
use domain::{
    listings::{Form, Listing, Visibility},
    policy::View,
};
use serde_json::json;
use uuid::Uuid;

use super::Sight;
use crate::{call::Call, problem::Problem};

/// How much of a listing an answer shows to those who may see all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The title, the summary, or what was said of it.
    Short,
    /// Everything, also whom to contact.
    Whole,
}

/// What an answer is about to show.
#[derive(Clone, Debug)]
pub(crate) struct Reading(Vec<audit::Line>);

impl Reading {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A listing is to be shown. It is noted if it is confidential and the reader did not write it,
    /// and if it tells someone from elsewhere whom to contact.
    #[must_use]
    pub(crate) fn of<F: Form>(
        mut self,
        call: &Call,
        listing: &Listing<F>,
        sight: Sight,
        extent: Extent,
    ) -> Self {
        if let Some(what) = noteworthy(call, listing, sight, extent) {
            let object = Some((F::KIND.as_str(), listing.id.as_uuid()));
            self.0.push(call.line(what, object, json!({})));
        }
        self
    }

    /// Lists are to show the titles of these.
    pub(crate) async fn titles<F: Form>(
        self,
        db: &Db,
        call: &Call,
        ids: &[Uuid],
    ) -> Result<Self, Problem> {
        let found = db::listings::several::<F>(db.read(), ids).await?;
        let ties = db::ties::of(db.read(), call.principal(), ids).await?;
        let sight = |it: &Listing<F>| Sight::of(call.principal(), it, ties.to(it.id.as_uuid()));
        Ok(found.iter().fold(self, |all, it| all.of(call, it, sight(it), Extent::Short)))
    }

    /// Puts it on record. It is done before the answer: if it cannot be, nothing is shown.
    pub(crate) async fn note(self, db: &Db) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        Ok(db.write(async |tx| audit::append_all(tx, self.0).await).await?)
    }
}

fn noteworthy<F: Form>(
    call: &Call,
    listing: &Listing<F>,
    sight: Sight,
    extent: Extent,
) -> Option<&'static str> {
    let seen = sight.view.max(sight.revision);
    let member = call.principal().member();
    if member.is_some_and(|it| it.person == listing.author) || seen <= View::Metadata {
        return None;
    }
    let revised = listing.revision().map(|it| it.form.visibility());
    let confidential = [Some(listing.form().visibility()), revised];
    if confidential.contains(&Some(Visibility::Confidential)) {
        return Some("confidential");
    }
    let elsewhere = member.is_none_or(|it| it.organisation != listing.organisation);
    let reachable = matches!(seen, View::Partner | View::Full);
    (elsewhere && reachable && extent == Extent::Whole).then_some("contact")
}
