//! Files that belong to listings: sent by the author, read by whoever may read them at that moment.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use db::{Clock, Conn};
use domain::{
    Fault, Faults,
    achievements::AchievementForm,
    attachments::{Attachment, AttachmentId, FileName, FileType, Readers, Subject},
    form::{Field, Object},
    listings::{Form, Kind, Listing, ListingId, State as ListingState},
    needs::NeedForm,
    organisations::State as Standing,
    people::Role,
    policy::{self, Act, Operation, View},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Answer, App,
    call::Call,
    extract::{IdempotencyKey, Path, Query},
    files::Upload,
    listings::{Sight, may_read, shown},
    moment::Moment,
    once::Created,
    page::Listed,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

mod proofs;

pub(crate) use proofs::demanded;

/// The most attachments of a listing.
const MOST: usize = 20;

pub(crate) fn routes(clock: Clock) -> Routes {
    let read = Doc::new(
        "readAttachment",
        "下载附件",
        "Download an attachment; decided under the rights of this moment",
    );
    let remove = Doc::new("removeAttachment", "删除附件", "Remove an attachment");
    let routes = shelf::<NeedForm>(Routes::new(clock), "Need", "需求");
    let routes = shelf::<AchievementForm>(routes, "Achievement", "成果");
    let routes = routes
        .add(
            (Method::GET, "/attachments/{id}"),
            Operation::ReadAttachment,
            read.answers_bytes(),
            download,
        )
        .add(
            (Method::DELETE, "/attachments/{id}"),
            Operation::RemoveAttachment,
            remove.answers_nothing(),
            remove_one,
        );
    proofs::add_routes(routes)
}

fn shelf<F: Form>(routes: Routes, id: &str, zh: &str) -> Routes {
    let path = format!("/{}s/{{id}}/attachments", F::KIND);
    let send = Doc::new(
        format!("attachTo{id}"),
        format!("{zh}：上传附件（请求体即文件）"),
        "Attach a file, which is the body of the request",
    );
    let list = Doc::new(
        format!("listAttachmentsOf{id}"),
        format!("{zh}：附件列表"),
        "The attachments that one may read",
    );
    routes
        .add(
            (Method::POST, &path),
            Operation::Listing(F::KIND, Act::Write),
            send.query::<String>("name", "文件名 · what the file is called")
                .query::<Readers>("readers", "谁可读，默认 everyone · who may read it")
                .sends_bytes()
                .answers::<AttachmentBody>()
                .creates(),
            attach::<F>,
        )
        .add(
            (Method::GET, &path),
            Operation::Listing(F::KIND, Act::Read),
            list.answers::<Listed<AttachmentBody>>(),
            list_all::<F>,
        )
}

/// An attachment, but for its bytes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Attachment")]
struct AttachmentBody {
    id: AttachmentId,
    /// What it is called; it ends as files of its type do.
    name: String,
    /// What it is, by its contents.
    file_type: FileType,
    /// How many bytes it has.
    size: i64,
    sha256: String,
    /// `licence` or `letter`, of what proves who an organisation is.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<domain::attachments::Proof>,
    readers: Readers,
    sent_at: Moment,
}

impl AttachmentBody {
    fn new(it: &Attachment) -> Self {
        let proof = match it.subject {
            Subject::Listing(..) => None,
            Subject::Registration(proof) => Some(proof),
        };
        Self {
            id: it.id,
            name: it.name.to_string(),
            file_type: it.file_type,
            size: it.size,
            sha256: it.digest.clone(),
            proof,
            readers: it.readers,
            sent_at: Moment(it.sent_at),
        }
    }
}

/// What is said of a file that is sent.
struct Sending {
    name: String,
    readers: Readers,
}

async fn attach<F: Form>(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Listing<F>>,
    (key, Query(sending)): (IdempotencyKey, Query<Sending>),
    upload: Upload,
) -> Result<Response, Problem> {
    let listing = db::listings::get::<F>(app.db.read(), id).await?;
    owned(app.db.read(), &call, &listing).await?;
    let subject = Subject::Listing(F::KIND, id.as_uuid());
    let about = (sending.name.as_str(), sending.readers);
    let new = accepted(&app, &call, upload, (subject, listing.organisation, about)).await?;
    keep(&app, &call, key, &new, async |tx| {
        let listing = db::listings::get::<F>(tx, id).await?;
        owned(tx, &call, &listing).await?;
        let there = db::attachments::list(tx, F::KIND, id.as_uuid()).await?.len();
        if there >= MOST {
            let fault = Fault::TooMany { max: MOST, actual: there + 1 };
            return Err(Faults::one("", fault).into());
        }
        let detail = json!({ "attachment": new.id, "type": new.file_type, "size": new.size });
        let object = Some((F::KIND.as_str(), id.as_uuid()));
        Ok(db::audit::append(tx, call.line("attach", object, detail)).await?)
    })
    .await
}

/// Refuses unless the caller may attach something to a listing.
async fn owned<F: Form>(
    conn: &impl Conn,
    call: &Call,
    listing: &Listing<F>,
) -> Result<(), Problem> {
    shown(conn, call.principal(), listing).await?;
    call.may(&policy::Object::of(listing.organisation, listing.author))?;
    let open = listing.state() != ListingState::Archived;
    if open { Ok(()) } else { Err(Problem::new(Code::WrongState)) }
}

/// Stores the bytes of a file that may be taken. It becomes an attachment with [`keep`].
async fn accepted(
    app: &App,
    call: &Call,
    upload: Upload,
    (subject, organisation, (name, readers)): (
        Subject,
        domain::organisations::OrganisationId,
        (&str, Readers),
    ),
) -> Result<Attachment, Problem> {
    let bytes = upload.bytes.clone();
    let refused = || Problem::new(Code::FileTypeRefused);
    let file_type = FileType::of(&bytes, name).ok_or_else(refused)?;
    let size = i64::try_from(bytes.len()).map_err(Problem::internal)?;
    let (stored, digest) = app.files.keep(bytes).await?;
    Ok(Attachment {
        id: AttachmentId::generate(),
        subject,
        organisation,
        sender: call.member()?.person,
        readers,
        name: FileName::new(name, file_type),
        file_type,
        size,
        digest,
        stored,
        sent_at: call.now,
    })
}

/// Makes stored bytes an attachment, once, if the organisation has room for it and `check` agrees.
async fn keep(
    app: &App,
    call: &Call,
    key: IdempotencyKey,
    new: &Attachment,
    check: impl AsyncFnOnce(&db::Tx) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let fingerprint = format!("{} {} {}", new.digest, new.name, new.readers.as_str());
    let kept = call
        .once(&app.db, (key, fingerprint), async |tx| {
            check(tx).await?;
            let held = db::attachments::size(tx, new.organisation).await?;
            if held.saturating_add(new.size) > app.files.rules().organisation_bytes {
                return Err(Problem::new(Code::QuotaExceeded));
            }
            db::attachments::insert(tx, new).await?;
            let location = format!("/api/v1/attachments/{}", new.id);
            Created::new(location, None, &AttachmentBody::new(new))
        })
        .await;
    let replayed = |it: &Response| it.headers().contains_key("idempotency-replayed");
    if kept.as_ref().map_or(true, replayed) {
        app.files.drop(new.stored).await;
    }
    kept
}

async fn list_all<F: Form>(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Listing<F>>,
) -> Answer<Listed<AttachmentBody>> {
    let listing = db::listings::get::<F>(app.db.read(), id).await?;
    let (sight, _) = shown(app.db.read(), call.principal(), &listing).await?;
    let all = db::attachments::list(app.db.read(), F::KIND, id.as_uuid()).await?;
    let open = all.iter().filter(|it| is_open(it, &listing, sight));
    Ok(Json(Listed { items: open.map(AttachmentBody::new).collect(), next: None }))
}

/// Whether whoever sees so much of a listing may read one of its attachments.
fn is_open<F: Form>(it: &Attachment, listing: &Listing<F>, sight: Sight) -> bool {
    let audience = it.readers.audience();
    let named = audience.map_or(sight.view >= View::Public, |it| may_read(sight.view, it));
    let published_at = listing.publication().map(|it| it.at);
    named && (sight.view >= View::Business || it.was_reviewed(published_at))
}

async fn download(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Attachment>,
) -> Result<Response, Problem> {
    let attachment = db::attachments::get(app.db.read(), id).await?;
    if !may_download(app.db.read(), &call, &attachment).await? {
        return Err(Problem::new(Code::NotFound));
    }
    let bytes = app.files.read(&attachment).await?;
    Ok((headers(&attachment)?, bytes).into_response())
}

/// Whether the caller may read an attachment now.
async fn may_download(conn: &impl Conn, call: &Call, it: &Attachment) -> Result<bool, Problem> {
    match it.subject {
        Subject::Registration(_) => {
            let own = call.principal().member().map(|it| it.organisation);
            let checks = call.principal().role() == Some(Role::SecurityAdmin);
            Ok(checks || own == Some(it.organisation))
        }
        Subject::Listing(Kind::Need, id) => {
            let need = ListingId::<NeedForm>::from_uuid(id);
            may_read_of(conn, &db::listings::get(conn, need).await?, (call, it)).await
        }
        Subject::Listing(Kind::Achievement, id) => {
            let achievement = ListingId::<AchievementForm>::from_uuid(id);
            may_read_of(conn, &db::listings::get(conn, achievement).await?, (call, it)).await
        }
    }
}

async fn may_read_of<F: Form>(
    conn: &impl Conn,
    of: &Listing<F>,
    (call, it): (&Call, &Attachment),
) -> Result<bool, Problem> {
    let (sight, _) = shown(conn, call.principal(), of).await?;
    Ok(is_open(it, of, sight))
}

/// What keeps a file from being more than a file: it is saved, not shown, and what it is called is
/// only told as the name to save it under.
fn headers(it: &Attachment) -> Result<HeaderMap, Problem> {
    let escaped: String = it.name.as_str().bytes().map(escaped).collect();
    let ending = it.file_type.ending();
    let disposition =
        format!("attachment; filename=\"attachment.{ending}\"; filename*=UTF-8''{escaped}");
    let disposition = HeaderValue::try_from(disposition).map_err(Problem::internal)?;
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    let resource = HeaderName::from_static("cross-origin-resource-policy");
    let known = [
        (header::CONTENT_TYPE, HeaderValue::from_static(it.file_type.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_SECURITY_POLICY, policy),
        (resource, HeaderValue::from_static("same-origin")),
    ];
    Ok(known.into_iter().collect())
}

/// A byte as `filename*` has it (RFC 8187).
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

async fn remove_one(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Attachment>,
) -> Result<StatusCode, Problem> {
    let removed = app
        .db
        .write(async |tx| {
            let attachment = db::attachments::get(tx, id).await?;
            if !may_download(tx, &call, &attachment).await? {
                return Err(Problem::new(Code::NotFound));
            }
            let (kind, object) = removable(tx, &call, &attachment).await?;
            db::attachments::remove(tx, id).await?;
            let line = call.line("", Some((kind, object)), json!({ "attachment": id }));
            db::audit::append(tx, line).await?;
            Ok::<_, Problem>(attachment)
        })
        .await?;
    app.files.drop(removed.stored).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses unless the caller may remove an attachment, and tells what it belongs to.
async fn removable(
    tx: &db::Tx,
    call: &Call,
    it: &Attachment,
) -> Result<(&'static str, uuid::Uuid), Problem> {
    match it.subject {
        Subject::Registration(_) => {
            call.may(&policy::Object::of(it.organisation, it.sender))?;
            // Whoever verified the organisation has relied on it.
            let organisation = db::organisations::get(tx, it.organisation).await?;
            if organisation.state() == Standing::Verified {
                return Err(Problem::new(Code::WrongState));
            }
            Ok(("organisation", it.organisation.as_uuid()))
        }
        Subject::Listing(Kind::Need, id) => {
            let need = ListingId::<NeedForm>::from_uuid(id);
            owned(tx, call, &db::listings::get(tx, need).await?).await?;
            Ok((Kind::Need.as_str(), id))
        }
        Subject::Listing(Kind::Achievement, id) => {
            let achievement = ListingId::<AchievementForm>::from_uuid(id);
            owned(tx, call, &db::listings::get(tx, achievement).await?).await?;
            Ok((Kind::Achievement.as_str(), id))
        }
    }
}

impl Field for Sending {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let name = query.required::<String>("name");
        let readers = query.optional("readers").unwrap_or(Readers::Everyone);
        query.close();
        Some(Self { name: name?, readers })
    }
}
