use std::{net::SocketAddr, sync::Arc};

use api::{App, Files, Identity, Limits, Office, Proofs, Rules};
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header, request::Builder},
};
use chrono::TimeDelta;
use db::{Clock, Db, Keys};
use domain::{
    form,
    organisations::{Organisation, OrganisationId},
    people::{Person, Role},
};
use http_body_util::BodyExt as _;
use jobs::{Folder, Settings, Worker};
use search::{Engine, Veil, matching::Depth};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

mod forms;
mod letters;
mod people;

use people::{People, epoch, organisation};

pub(crate) use forms::{achievement, need};
pub(crate) use people::{member, session, session_of};

/// A market with verified organisations and someone in every role, and its API.
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) engine: Engine,
    pub(crate) worker: Worker,
    pub(crate) router: Router,
    pub(crate) enterprise: Someone,
    pub(crate) research: Someone,
    pub(crate) matchmaker: Someone,
    pub(crate) other_matchmaker: Someone,
    pub(crate) lead: Someone,
    pub(crate) system_admin: Someone,
    pub(crate) security_admin: Someone,
    pub(crate) auditor: Someone,
    pub(crate) files: db::files::Files,
    folder: TempDir,
}

/// Someone who has signed in, or a visitor.
#[derive(Clone, Debug)]
pub(crate) struct Someone {
    pub(crate) person: Option<Person>,
    token: Option<String>,
}

impl Someone {
    /// Whoever holds this secret.
    pub(crate) fn with(secret: &str) -> Self {
        Self { person: None, token: Some(secret.to_owned()) }
    }
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// Where every request of these tests comes from.
pub(crate) const HERE: ([u8; 4], u16) = ([192, 0, 2, 1], 40_000);

impl Someone {
    /// Whoever has this token.
    pub(crate) fn with_token(token: &str) -> Self {
        Self { person: None, token: Some(token.to_owned()) }
    }
}

pub(crate) const VISITOR: Someone = Someone { person: None, token: None };

impl World {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = db::scratch::address(folder.path()).await.unwrap();
        let db = Db::open(&address, 5, Keys::passing().unwrap()).await.unwrap();
        db.migrate().await.unwrap();
        let clock = Clock::stopped("2026-01-02T03:04:05Z".parse().unwrap());
        let engine = Engine::default();
        let index = Folder::take(&folder.path().join("index"), 1, Veil::thin()).unwrap();
        let stored = db::files::Files::new(folder.path().join("files"));
        let settings = Settings {
            depth: Depth { most: 20, floor: 0.3 },
            audit_kept: TimeDelta::days(400),
            files: stored.clone(),
        };
        let mut worker = Worker::new(db.clone(), clock.clone(), engine.clone(), index, settings);
        worker.settle().await.unwrap();
        let identity = Identity::new(2).unwrap();
        let router = router((&db, &clock, &engine), identity, files(stored.clone()));
        let people = People::new(&db).await;
        let People { enterprise, research, staff } = people;
        let [matchmaker, other_matchmaker, lead, system_admin, security_admin, auditor] = staff;
        Self {
            enterprise,
            research,
            matchmaker,
            other_matchmaker,
            lead,
            system_admin,
            security_admin,
            auditor,
            db,
            clock,
            engine,
            worker,
            router,
            files: stored,
            folder,
        }
    }

    /// Where the index is.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("index")
    }

    /// Another process that serves the same market, with limits of its own.
    pub(crate) fn limited_replica(&self, limits: Limits) -> Router {
        self.replica_with(limits, files(self.files.clone()))
    }

    /// The same, with rules of its own for files.
    pub(crate) fn replica_with(&self, limits: Limits, files: Files) -> Router {
        let identity = Identity::new(2).unwrap();
        limited_router((&self.db, &self.clock, &self.engine), identity, (limits, files))
    }

    /// Sends a file as the body.
    pub(crate) async fn send_file(&self, who: &Someone, to: &str, bytes: &[u8]) -> Answer {
        let request = Request::post(to).header(header::CONTENT_TYPE, "application/octet-stream");
        self.send(who.signed(request).body(Body::from(bytes.to_vec())).unwrap()).await
    }

    /// The names of the files in the folder.
    pub(crate) fn stored_files(&self) -> Vec<String> {
        let folder = self.folder.path().join("files");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// An organisation that was not verified yet, and someone in it.
    pub(crate) async fn newcomer(&self) -> (OrganisationId, Someone) {
        let profile =
            json!({ "number": "9144030071526726XG", "name": "某某铸业", "kind": "enterprise" });
        let profile = form::read(&profile).unwrap();
        let new = Organisation::register(OrganisationId::generate(), profile, epoch());
        self.db.write(async |tx| db::organisations::insert(tx, &new).await).await.unwrap();
        (new.id, member(&self.db, new.id, Role::Enterprise, "yang.chen").await)
    }

    /// A visitor, and someone in every role.
    pub(crate) fn everyone(&self) -> [&Someone; 8] {
        [
            &VISITOR,
            &self.enterprise,
            &self.research,
            &self.matchmaker,
            &self.lead,
            &self.system_admin,
            &self.security_admin,
            &self.auditor,
        ]
    }

    /// A colleague of someone, with the same role.
    pub(crate) async fn colleague_of(&self, someone: &Someone, login: &str) -> Someone {
        let person = someone.person.as_ref().unwrap();
        member(&self.db, person.organisation, person.role, login).await
    }

    /// An enterprise that is nobody's here.
    pub(crate) async fn competitor(&self) -> Someone {
        let number = "9144030071526726XG";
        let plant = organisation(&self.db, number, "晋城市某某铸造有限公司", "enterprise").await;
        member(&self.db, plant, Role::Enterprise, "rival.sun").await
    }

    /// Someone of an institute that is nobody's here.
    pub(crate) async fn institute(&self) -> Someone {
        let number = "91350100M000100Y43";
        let institute = organisation(&self.db, number, "晋东矿业研究院", "institute").await;
        member(&self.db, institute, Role::Research, "institute.gao").await
    }

    /// The API of another process on the same database.
    pub(crate) fn replica(&self) -> Router {
        self.replica_by(|_as_usual| ())
    }

    /// The API of another process, which goes by other rules.
    pub(crate) fn replica_by(&self, change: impl FnOnce(&mut Identity)) -> Router {
        let mut identity = Identity::new(2).unwrap();
        change(&mut identity);
        router((&self.db, &self.clock, &self.engine), identity, files(self.files.clone()))
    }

    /// What whoever holds a secret is told of themselves by one of several replicas.
    pub(crate) async fn on(&self, router: &Router, secret: &str) -> StatusCode {
        let request = Request::get("/api/v1/me");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
        let request = request.body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    }

    pub(crate) async fn settle(&mut self) {
        self.worker.settle().await.unwrap();
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body };
        answer.check();
        answer
    }

    pub(crate) async fn get(&self, who: &Someone, path: &str) -> Answer {
        self.call(who, (Method::GET, path), &[], None).await
    }

    pub(crate) async fn post(&self, who: &Someone, path: &str, body: Value) -> Answer {
        self.call(who, (Method::POST, path), &[], Some(body)).await
    }

    /// Sends a request that needs `If-Match`.
    pub(crate) async fn edit(
        &self,
        who: &Someone,
        at: (Method, &str),
        tag: &str,
        body: Option<Value>,
    ) -> Answer {
        self.call(who, at, &[("if-match", tag)], body).await
    }

    pub(crate) async fn call(
        &self,
        who: &Someone,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = begun(who, method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a request with just these headers.
    pub(crate) async fn raw(
        &self,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A draft of a complete need.
    pub(crate) async fn need_draft(&self, title: &str) -> Answer {
        let made = self.post(&self.enterprise, "/needs", need(title)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made
    }

    /// A need that was submitted and waits for review.
    pub(crate) async fn submitted_need(&self, form: Value) -> Answer {
        let made = self.post(&self.enterprise, "/needs", form).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        self.submit(&self.enterprise, "/needs", &made).await
    }

    pub(crate) async fn submit(&self, who: &Someone, shelf: &str, draft: &Answer) -> Answer {
        let at = format!("{shelf}/{}/submit", draft.id());
        let sent = self.edit(who, (Method::POST, &at), &draft.tag(), None).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
        sent
    }

    /// Reviews a submission, as the matchmaker sees it.
    pub(crate) async fn review(&self, shelf: &str, id: &str, decision: &str) -> Answer {
        let seen = self.get(&self.matchmaker, &format!("{shelf}/{id}")).await;
        let score = if decision == "approve" { 4 } else { 0 };
        let rubric =
            json!({ "advantage": 3, "clarity": score, "cooperation": 4, "completeness": 5 });
        let review = json!({ "decision": decision, "rubric": rubric, "reasons": "已阅，见评分" });
        let at = format!("{shelf}/{id}/review");
        let at = (Method::POST, at.as_str());
        let done = self.edit(&self.matchmaker, at, &seen.tag(), Some(review)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        done
    }

    pub(crate) async fn published_need(&self, title: &str) -> String {
        self.publish_need(need(title)).await
    }

    pub(crate) async fn publish_need(&self, form: Value) -> String {
        let sent = self.submitted_need(form).await;
        self.review("/needs", &sent.id(), "approve").await;
        sent.id()
    }

    pub(crate) async fn published_achievement(&self, title: &str) -> String {
        self.publish_achievement(achievement(title)).await
    }

    pub(crate) async fn publish_achievement(&self, form: Value) -> String {
        let made = self.post(&self.research, "/achievements", form).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        self.submit(&self.research, "/achievements", &made).await;
        self.review("/achievements", &made.id(), "approve").await;
        made.id()
    }

    /// A pair that waits in the queue.
    pub(crate) async fn suggested_pair(&mut self) -> String {
        self.published_achievement("球墨铸铁气孔缺陷控制工艺").await;
        self.published_need("球墨铸铁件气孔率降低技术").await;
        self.settle().await;
        let queue = self.get(&self.matchmaker, "/pairs").await;
        queue.body["items"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// A request as someone begins it.
pub(crate) fn begun(who: &Someone, method: Method, path: &str) -> Builder {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    let request = request.extension(ConnectInfo(SocketAddr::from(HERE)));
    match &who.token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

/// The most bytes of a body, and of a file.
pub(crate) const BODY: usize = 64 * 1024;
pub(crate) const FILE: usize = 100 * 1024;

fn files(folder: db::files::Files) -> Files {
    let rules = Rules {
        file_bytes: FILE,
        organisation_bytes: 1024 * 1024,
        scanner: None,
        proofs: Proofs::Optional,
    };
    Files::new(folder, rules)
}

fn router(market: (&Db, &Clock, &Engine), identity: Identity, files: Files) -> Router {
    let limits = Limits { body_bytes: BODY, ..Limits::default() };
    limited_router(market, identity, (limits, files))
}

fn limited_router(
    (db, clock, engine): (&Db, &Clock, &Engine),
    identity: Identity,
    (limits, files): (Limits, Files),
) -> Router {
    api::router(App {
        db: db.clone(),
        clock: clock.clone(),
        engine: engine.clone(),
        identity,
        limits,
        files,
        office: Office { prefix: Arc::from("GP"), answer_days: 14 },
    })
}

impl Someone {
    /// A request that this one sends.
    pub(crate) fn signed(&self, request: Builder) -> Builder {
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }
}

impl Answer {
    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn tag(&self) -> String {
        let tag = self.headers.get(header::ETAG).expect("an answer with a tag");
        tag.to_str().unwrap().to_owned()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Where the bad fields are.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect()
    }

    /// What must hold of every answer, whatever was asked.
    fn check(&self) {
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        assert_eq!(self.headers["x-content-type-options"], "nosniff");
        assert!(
            self.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
        if self.status.is_client_error() || self.status.is_server_error() {
            assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{self:?}");
            assert_eq!(self.body["status"], self.status.as_u16());
            assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap());
            let told = self.body.to_string().to_lowercase();
            for leak in ["select ", "sqlx", "panicked", ".rs:", "/tmp/", "sea_orm", "stack"] {
                assert!(!told.contains(leak), "{leak} in {told}");
            }
        }
    }
}

/// What everyone consents to who is to have an account.
pub(crate) fn consents() -> Value {
    json!([{ "purpose": "account_keeping", "version": 1 }])
}
