//! What a listing gives away of its owner, told to the author before it is published.

use axum::{Json, extract::State, http::Method};
use db::{Conn, Db, Page};
use domain::{
    Fault, Faults,
    form::{Field, Object},
    leaks::{self, Known, Leak},
    listings::{Form, Listing, Visibility},
    organisations::OrganisationId,
    policy::{Act, Object as Target, View},
    text::Line,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{
    Names, Sight,
    change::{Changed, answer, change, close, open},
    op, shown,
};
use crate::{
    Answer,
    call::Call,
    extract::{Body, IfMatch, Path, Query},
    page::Listed,
    problem::{Code, Problem},
    routes::Routes,
};

/// Adds the routes that look for what a listing gives away.
pub(super) fn add_routes<F: Form>(routes: Routes, one: &str, names: Names) -> Routes {
    let submit_doc = names
        .doc(
            "submit",
            "提交审核（公开内容泄露身份时须先处理，或注明保留）",
            "Send the working copy to review; if its public text gives its owner away, it is told what does, and sent only with leaks=keep",
        )
        .query::<Keeping>("leaks", "keep：已知并保留 · keep: known, and to stay");
    routes
        .add(
            (Method::POST, &format!("{one}/submit")),
            op::<F>(Act::Submit),
            super::answering::<F>(submit_doc.edits()),
            submit::<F>,
        )
        .add(
            (Method::GET, &format!("{one}/leaks")),
            op::<F>(Act::ReadLeaks),
            names
                .doc(
                    "listLeaksOf",
                    "公开文字中可能泄露身份的内容",
                    "What the public text gives away of its owner",
                )
                .answers::<Listed<Leak>>(),
            list::<F>,
        )
        .add(
            (Method::POST, &format!("{one}/mask")),
            op::<F>(Act::Write),
            super::answering::<F>(
                names
                    .doc("mask", "一键遮盖泄露身份的内容", "Mask what the working copy gives away")
                    .body::<MaskForm>()
                    .edits(),
            ),
            mask::<F>,
        )
}

/// What is to be masked.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MaskForm {
    /// The pieces, as `leaks` gives them; all that surely give something away, if not given.
    #[serde(default)]
    texts: Option<Vec<Line<1, 200>>>,
}

async fn list<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Answer<Listed<Leak>> {
    let listing = db::listings::get::<F>(db.read(), id).await?;
    let (sight, _) = shown(db.read(), call.principal(), &listing).await?;
    call.may(&Target::of(listing.organisation, listing.author))?;
    let form = readable(&listing, sight).ok_or_else(|| Problem::new(Code::Forbidden))?;
    let known = known(db.read(), listing.organisation, form).await?;
    Ok(Json(Listed { items: leaks::find(form, &known), next: None }))
}

/// The newest text of a listing that a reader may see.
fn readable<F: Form>(listing: &Listing<F>, sight: Sight) -> Option<&F> {
    if sight.revision >= View::Business {
        return Some(listing.working_copy());
    }
    (sight.view >= View::Business).then(|| listing.form())
}

async fn submit<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    Query(Submitting { keep }): Query<Submitting>,
    expected: IfMatch,
) -> Changed<F> {
    let changed = db
        .write(async |tx| {
            let mut opened = open::<F>(tx, &call, id, Some(&expected)).await?;
            let form = opened.listing.working_copy();
            let mut certain = certain(tx, opened.listing.organisation, form).await?;
            if form.visibility() != Visibility::Public {
                certain.clear();
            }
            opened.listing.submit(call.now)?;
            if !certain.is_empty() && keep.is_none() {
                return Err(revealing(&certain));
            }
            let kinds: Vec<_> = certain.iter().map(|it| it.kind).collect();
            let kept = if kinds.is_empty() { json!({}) } else { json!({ "kept_leaks": kinds }) };
            close(tx, &call, opened, kept).await
        })
        .await?;
    answer(&db, &call, &changed).await
}

fn revealing(leaks: &[Leak]) -> Problem {
    let mut problem = Problem::new(Code::Revealing);
    for leak in leaks {
        problem.faults.push(&leak.pointer, Fault::Reveals { what: leak.kind });
    }
    problem
}

async fn mask<F: Form>(
    State(db): State<Db>,
    call: Call,
    Path(id): Path<Listing<F>>,
    expected: IfMatch,
    body: Body<MaskForm>,
) -> Changed<F> {
    let owner = call.member()?.organisation;
    let names = names_of(db.read(), owner).await?;
    let chosen = body.form.texts;
    change(&db, &call, (id, Some(expected)), |it| {
        let form = it.working_copy();
        let mut found = leaks::find(form, &with_contact(names, form));
        found.retain(|leak| match &chosen {
            Some(texts) => texts.iter().any(|it| it.as_str() == leak.text),
            None => leak.certain,
        });
        let masked = leaks::masked(form, &found)?;
        Ok(it.edit(masked, call.now)?)
    })
    .await
}

async fn certain<F: Form>(
    conn: &impl Conn,
    owner: OrganisationId,
    form: &F,
) -> Result<Vec<Leak>, Problem> {
    let known = known(conn, owner, form).await?;
    Ok(leaks::find(form, &known).into_iter().filter(|it| it.certain).collect())
}

/// By what the owner of a form could be recognised.
async fn known<F: Form>(
    conn: &impl Conn,
    owner: OrganisationId,
    form: &F,
) -> Result<Known, Problem> {
    Ok(with_contact(names_of(conn, owner).await?, form))
}

fn with_contact<F: Form>(mut known: Known, form: &F) -> Known {
    known.add_person(form.contact().name.as_str());
    known
}

/// The names of an organisation and of its people; of a thousand, if there are more.
async fn names_of(conn: &impl Conn, owner: OrganisationId) -> Result<Known, Problem> {
    let mut known = Known::default();
    let organisation = db::organisations::get(conn, owner).await?;
    known.add_organisation(organisation.profile.name.as_str());
    known.add_organisation(organisation.shown_name().as_str());
    let everyone = Page { after: None, limit: 1000 };
    for person in db::people::list(conn, Some(owner), everyone).await? {
        known.add_person(person.name.as_str());
    }
    Ok(known)
}

struct Submitting {
    keep: Option<Keeping>,
}

/// That what is given away is known, and is to stay.
struct Keeping;

impl Field for Submitting {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let keep = query.optional("leaks");
        query.close();
        Some(Self { keep })
    }
}

impl Field for Keeping {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        if value.as_str() == Some("keep") {
            return Some(Self);
        }
        faults.push(at, Fault::UnknownCode { table: "leaks" });
        None
    }
}

impl JsonSchema for Keeping {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Keeping".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["keep"] })
    }
}

impl Field for MaskForm {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let texts = object.optional::<Texts>("texts").map(|it| it.0);
        object.close();
        Some(Self { texts })
    }
}

struct Texts(Vec<Line<1, 200>>);

impl Field for Texts {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let Value::Array(entries) = value else {
            faults.push(at, Fault::WrongType { expected: domain::Shape::List });
            return None;
        };
        if entries.len() > 200 {
            faults.push(at, Fault::TooMany { max: 200, actual: entries.len() });
            return None;
        }
        let read = |(place, it)| Line::read(it, &format!("{at}/{place}"), faults);
        Some(Self(entries.iter().enumerate().filter_map(read).collect()))
    }
}
