//! What a change of the thesaurus would do to suggestions, before anything is saved.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract::State, http::Method};
use db::{Clock, Db};
use domain::{
    Faults, Id,
    achievements::AchievementForm,
    form::{Field, Object},
    listings::{Form, Listing},
    needs::NeedForm,
    policy::{Operation, View},
    thesaurus::{Group, GroupForm, GroupId, Word},
};
use schemars::JsonSchema;
use search::{
    Entry, Reader, Thesaurus,
    matching::{Depth, Effort, Profile},
    thesaurus::{Containing, Way, changes::Changes},
};
use serde::Serialize;
use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::{
    Answer, App,
    call::Call,
    extract::Body,
    listings::Sight,
    problem::Problem,
    routes::{Doc, Routes},
};

pub(super) fn routes(clock: Clock) -> Routes {
    let doc = Doc::new(
        "previewSynonyms",
        "预览词组的影响：受影响最大的十项需求（不保存）",
        "What a group would do to the ten needs it affects most; nothing is saved",
    );
    Routes::new(clock).add(
        (Method::POST, "/thesaurus/preview"),
        Operation::TryThesaurus,
        doc.body::<PreviewForm>().answers::<PreviewBody>(),
        preview,
    )
}

/// A group that may come to be.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PreviewForm {
    /// What the group would say; nothing where one would be removed.
    group: Option<GroupForm>,
    /// The group that it would take the place of.
    replaces: Option<GroupId>,
}

/// What a change of the thesaurus would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ThesaurusPreview")]
struct PreviewBody {
    /// How many needs have one of the words.
    needs: usize,
    /// How many of those were looked at: those that say the words most and that the caller may read,
    /// 50 at the most, as far as the time went.
    examined: usize,
    /// The needs whose first twenty suggestions change most, ten at the most.
    affected: Vec<AffectedBody>,
}

/// A need whose suggestions would change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AffectedNeed")]
struct AffectedBody {
    id: Uuid,
    title: String,
    /// What would be suggested now.
    entered: Vec<RankedBody>,
    /// What would be no longer.
    left: Vec<RankedBody>,
    /// What would stand elsewhere.
    moved: Vec<RankedBody>,
}

/// An achievement, and where it stands among those suggested that the caller may read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RankedAchievement")]
struct RankedBody {
    id: Uuid,
    title: String,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<usize>,
}

/// How many needs are looked at, and how many are told.
const EXAMINED: usize = 50;
const TOLD: usize = 10;
/// How many suggestions of a need are compared: as many as are made by default.
const DEPTH: Depth = Depth { most: 20, floor: 0.3 };
/// How long needs are looked at.
const TIME: Duration = Duration::from_secs(3);

/// Two lists of suggestions of one need.
struct Compared {
    need: Uuid,
    before: Vec<Uuid>,
    after: Vec<Uuid>,
}

async fn preview(
    State(App { db, engine, .. }): State<App>,
    call: Call,
    body: Body<PreviewForm>,
) -> Answer<PreviewBody> {
    let reader = engine.reader()?;
    let PreviewForm { group, replaces } = body.form;
    let mut groups = db::thesaurus::all(db.read()).await?;
    let replaced = match replaces {
        Some(id) => Some(db::thesaurus::get(db.read(), id).await?.form),
        None => None,
    };
    let words: Arc<[Word]> =
        group.iter().chain(&replaced).flat_map(|it| it.words.clone()).collect();
    let looking = Arc::clone(&reader);
    let Containing { total, ids } =
        spawn_blocking(move || looking.needs_with(&*words, EXAMINED)).await??;
    let needs = readable::<NeedForm>(&db, &call, &ids).await?;
    let entries: Vec<Entry> = needs.values().map(Entry::of).collect();
    let compared = spawn_blocking(move || {
        let present = Thesaurus::new(groups.iter().map(|it| &it.form));
        groups.retain(|it| Some(it.id) != replaces);
        let proposed = Thesaurus::new(groups.iter().map(|it: &Group| &it.form).chain(&group));
        compare(&reader, &entries, (&present, &proposed))
    });
    let (examined, compared) = compared.await??;
    let affected = tell(&db, &call, &needs, compared).await?;
    Ok(Json(PreviewBody { needs: total, examined, affected }))
}

/// The suggestions of some needs by the one thesaurus and by the other, where they differ; and how
/// many needs were looked at before the time was over.
fn compare(
    reader: &Reader,
    needs: &[Entry],
    (present, proposed): (&Thesaurus, &Thesaurus),
) -> search::Result<(usize, Vec<Compared>)> {
    let started = Instant::now();
    let mut compared = Vec::new();
    for (examined, need) in needs.iter().enumerate() {
        if started.elapsed() > TIME {
            return Ok((examined, compared));
        }
        let [now, then] = [present, proposed].map(|it| Profile::from(need).with(it, Way::Forth));
        if now.asks_the_same_as(&then) {
            continue;
        }
        let ranked = |profile: &Profile| -> search::Result<Vec<Uuid>> {
            Ok(reader
                .rank(profile, (DEPTH, Effort::default()))?
                .into_iter()
                .map(|it| it.0)
                .collect())
        };
        let (before, after) = (ranked(&now)?, ranked(&then)?);
        compared.push(Compared { need: need.id, before, after });
    }
    Ok((needs.len(), compared))
}

/// Of some listings, those that are offered and of which the caller may read the public text at
/// least. What is confidential is left out, also for those who may read it: a preview is no reason to.
async fn readable<F: Form>(
    db: &Db,
    call: &Call,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Listing<F>>, Problem> {
    let found = db::listings::several::<F>(db.read(), ids).await?;
    let ties = db::ties::of(db.read(), call.principal(), ids).await?;
    let shown = found.into_iter().filter(|it| {
        let sight = Sight::of(call.principal(), it, ties.to(it.id.as_uuid()));
        let closed = it.form().visibility() == domain::listings::Visibility::Confidential;
        it.is_offered() && sight.view >= View::Public && !closed
    });
    Ok(shown.map(|it| (it.id.as_uuid(), it)).collect())
}

/// The needs whose suggestions change most. Ranks are counted among what the caller may read, so that
/// a gap tells nothing.
async fn tell(
    db: &Db,
    call: &Call,
    needs: &HashMap<Uuid, Listing<NeedForm>>,
    mut compared: Vec<Compared>,
) -> Result<Vec<AffectedBody>, Problem> {
    let ids: Vec<Uuid> =
        compared.iter().flat_map(|it| it.before.iter().chain(&it.after)).copied().collect();
    let titles = readable::<AchievementForm>(db, call, &ids).await?;
    let titles: HashMap<Uuid, String> =
        titles.iter().map(|(id, it)| (*id, it.form().card().title.to_owned())).collect();
    for it in &mut compared {
        it.before.retain(|it| titles.contains_key(it));
        it.after.retain(|it| titles.contains_key(it));
    }
    let changes = compared.iter().map(|it| (it.need, Changes::between(&it.before, &it.after)));
    let mut changes: Vec<(Uuid, Changes)> = changes.filter(|it| !it.1.is_empty()).collect();
    changes.sort_by_key(|(id, it)| (std::cmp::Reverse(it.extent()), *id));
    let affected = changes.into_iter().take(TOLD).filter_map(|(id, it)| {
        let title = needs.get(&id)?.form().card().title.to_owned();
        Some(AffectedBody::new((id, title), &it, &titles))
    });
    Ok(affected.collect())
}

impl AffectedBody {
    fn new((id, title): (Uuid, String), changes: &Changes, titles: &HashMap<Uuid, String>) -> Self {
        let ranked = |id: Uuid, before: Option<usize>, after: Option<usize>| {
            let title = titles.get(&id).cloned().unwrap_or_default();
            RankedBody { id, title, before, after }
        };
        let entered = changes.entered.iter().map(|(id, at)| ranked(*id, None, Some(*at)));
        let left = changes.left.iter().map(|(id, at)| ranked(*id, Some(*at), None));
        let moved = changes.moved.iter().map(|(id, then, at)| ranked(*id, Some(*then), Some(*at)));
        Self { id, title, entered: entered.collect(), left: left.collect(), moved: moved.collect() }
    }
}

impl Field for PreviewForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let group = object.optional("group");
        let replaces = object.optional::<Id<Group>>("replaces");
        if !object.has("group") && !object.has("replaces") {
            object.fault("group", domain::Fault::Missing);
        }
        object.close();
        Some(Self { group, replaces })
    }
}
