use axum::{Json, extract::State, http::Method, response::Response};
use domain::{
    Faults,
    attachments::{Proof, Readers, Subject},
    form::{Field, Object},
    organisations::{Organisation, OrganisationId},
    policy::{self, Operation},
};
use serde_json::{Value, json};

use super::{AttachmentBody, accepted, keep};
use crate::{
    Answer, App,
    call::Call,
    extract::{IdempotencyKey, Path, Query},
    files::{Proofs, Upload},
    organisations,
    page::Listed,
    problem::{Code, Problem},
    routes::{Doc, Routes},
};

pub(super) fn add_routes(routes: Routes) -> Routes {
    let path = "/organisations/{id}/proofs";
    let send = Doc::new(
        "sendProof",
        "上传营业执照或授权书（请求体即文件）",
        "Send the licence or the letter of authority; the file is the body of the request",
    );
    let list = Doc::new("listProofs", "营业执照与授权书", "What proves who an organisation is");
    routes
        .add(
            (Method::POST, path),
            Operation::SendProof,
            send.query::<String>("name", "文件名 · what the file is called")
                .query::<Proof>("kind", "licence 营业执照, letter 授权书 · which of the two")
                .sends_bytes()
                .answers::<AttachmentBody>()
                .creates(),
            prove,
        )
        .add(
            (Method::GET, path),
            Operation::ReadProofs,
            list.answers::<Listed<AttachmentBody>>(),
            list_proofs,
        )
}

/// The most proofs of an organisation: both, and what replaces them.
const MOST: usize = 10;

/// What is said of a proof that is sent.
struct Sending {
    name: String,
    proof: Proof,
}

async fn prove(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Organisation>,
    (key, Query(sending)): (IdempotencyKey, Query<Sending>),
    upload: Upload,
) -> Result<Response, Problem> {
    organisations::known(app.db.read(), call.principal(), id).await?;
    call.may(&policy::Object::of_organisation(id))?;
    let subject = Subject::Registration(sending.proof);
    let about = (sending.name.as_str(), Readers::Staff);
    let new = accepted(&app, &call, upload, (subject, id, about)).await?;
    keep(&app, &call, key, &new, async |tx| {
        if db::attachments::proofs(tx, id).await?.len() >= MOST {
            return Err(Problem::new(Code::QuotaExceeded));
        }
        let detail = json!({ "attachment": new.id, "proof": sending.proof, "size": new.size });
        let object = Some(("organisation", id.as_uuid()));
        Ok(db::audit::append(tx, call.line("", object, detail)).await?)
    })
    .await
}

async fn list_proofs(
    State(app): State<App>,
    call: Call,
    Path(id): Path<Organisation>,
) -> Answer<Listed<AttachmentBody>> {
    organisations::known(app.db.read(), call.principal(), id).await?;
    call.may(&policy::Object::of_organisation(id))?;
    let all = db::attachments::proofs(app.db.read(), id).await?;
    Ok(Json(Listed { items: all.iter().map(AttachmentBody::new).collect(), next: None }))
}

/// Refuses to verify an organisation whose licence or letter is missing, where both are demanded.
pub(crate) async fn demanded(
    tx: &db::Tx,
    organisation: OrganisationId,
    proofs: Proofs,
) -> Result<(), Problem> {
    let sent = match proofs {
        Proofs::Optional => return Ok(()),
        Proofs::Required => db::attachments::proofs(tx, organisation).await?,
    };
    let has = |proof: Proof| sent.iter().any(|it| it.subject == Subject::Registration(proof));
    if Proof::ALL.into_iter().all(has) { Ok(()) } else { Err(Problem::new(Code::ProofsMissing)) }
}

impl Field for Sending {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut query = Object::open(value, at, faults)?;
        let (name, proof) = (query.required::<String>("name"), query.required("kind"));
        query.close();
        Some(Self { name: name?, proof: proof? })
    }
}
