//! `kezhuan serve`: the whole program, wired together.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use api::{App, Files, Limits, Office};
use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use db::{Clock, Db, Keys, Schema};
use jobs::{Folder, Postman, Worker};
use metrics_exporter_prometheus::PrometheusHandle;
use search::{Engine, Veil};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    Outcome,
    anchors::{self, Anchors},
    cli::ServeArgs,
    console, server,
    settings::{Metrics, Settings, Tls},
    telemetry,
};

pub(crate) async fn run(mut settings: Settings, args: ServeArgs) -> anyhow::Result<Outcome> {
    if let Some(port) = args.port {
        settings.server.listen.set_port(port);
    }
    telemetry::log(&settings.log)?;
    if let Some(what) = settings.default_secret() {
        bail!("{what}");
    }
    let market = Market::open(&settings).await?;
    let listener = listen(&settings).await?;
    market
        .serve(&settings, listener, |address| {
            console::say(&format!(
                "Kezhuan is at http://{address}/ and its API at http://{address}/api/docs"
            ));
        })
        .await?;
    Ok(Outcome::Done)
}

/// A market that is ready to be served.
pub(crate) struct Market {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) worker: Worker,
    engine: Engine,
}

impl Market {
    /// The index.
    pub(crate) fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// Opens the database and takes the index folder.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let db = open_database(settings).await?;
        let (clock, engine) = (Clock::system(), Engine::default());
        let veil = veil(db.keys())?;
        let folder = Folder::take(&settings.folder.join("index"), settings.index_threads, veil)
            .context("is another kezhuan serving this data folder?")?;
        let files = db::files::Files::new(settings.uploads.folder(&settings.folder));
        let depth = settings.matching;
        let wanted = jobs::Settings { depth, audit_kept: settings.audit.kept, files };
        let worker = Worker::new(db.clone(), clock.clone(), engine.clone(), folder, wanted);
        Ok(Self { db, clock, worker, engine })
    }

    /// Serves until a signal says to stop. `ready` is called once everything is in place.
    pub(crate) async fn serve(
        self,
        settings: &Settings,
        listener: TcpListener,
        ready: impl FnOnce(SocketAddr),
    ) -> anyhow::Result<()> {
        let Self { db, clock, worker, engine } = self;
        let anchors = Anchors::new(settings.audit.anchors(&settings.folder));
        let mut identity = settings.identity()?;
        let address = settings.server.address(listener.local_addr()?);
        identity.provider = settings.oidc.provider(&address)?;
        let limits = Limits {
            body_bytes: settings.server.body_bytes,
            request: settings.server.request,
            body: settings.server.body,
            paces: settings.paces,
        };
        let prefix = Arc::from(settings.prefix.as_str());
        let office = Office { prefix, answer_days: settings.answer_days };
        let folder = db::files::Files::new(settings.uploads.folder(&settings.folder));
        let files = Files::new(folder, settings.uploads.rules.clone());
        let metrics = telemetry::metrics()?;
        let api = api::router(App {
            db: db.clone(),
            clock: clock.clone(),
            engine,
            identity,
            limits,
            files,
            office,
        });
        let router = api
            .clone()
            .merge(web::router(api))
            .merge(metrics_route(metrics, settings.server.metrics));
        let router = strictly(router, settings.server.tls);
        let address = listener.local_addr()?;
        ready(address);
        let stop = CancellationToken::new();
        let working = tokio::spawn(worker.run(stop.clone()));
        let postman = Postman::new(db.clone(), clock.clone(), settings.post(address));
        let posting = tokio::spawn(postman.run(stop.clone()));
        let anchoring = tokio::spawn(anchors::keep(anchors, db.clone(), clock, stop.clone()));
        tokio::spawn(signalled(stop.clone()));
        server::run(listener, router, &settings.server, stop.clone()).await;
        stop.cancel();
        working.await?;
        posting.await?;
        anchoring.await?;
        db.close().await?;
        Ok(())
    }
}

/// Takes the address. Connections wait from then on, until the market serves them.
pub(crate) async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.server.listen;
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Connects to the database, whose schema must be ours when this returns.
pub(crate) async fn open_database(settings: &Settings) -> anyhow::Result<Db> {
    make_folder(&settings.folder)?;
    let address = settings.database();
    let keys = settings.keys()?;
    let db = Db::open(address.expose_secret(), settings.database_connections, keys)
        .await
        .context("cannot open the database")?;
    match db.schema().await? {
        Schema::Current => {}
        Schema::Ahead(step) => bail!(
            "the database was made by a newer version of the program (it has step `{step}`): use that \
             version or a newer one"
        ),
        Schema::Behind(_) if settings.migrate => {
            db.migrate().await.context("the schema could not be brought up to date")?;
        }
        Schema::Behind(steps) => {
            bail!("the schema lacks {}: run `kezhuan migrate` first", steps.join(", "))
        }
    }
    admit(&db).await?;
    Ok(db)
}

/// What keeps the words of confidential listings from being read in the index.
pub(crate) fn veil(keys: &Keys) -> anyhow::Result<Veil> {
    Ok(Veil::new(&keys.derive("index")?))
}

/// Sees to it that everything in the database can be opened.
async fn admit(db: &Db) -> anyhow::Result<()> {
    let file = db.keys().file().unwrap_or(Path::new("")).display().to_string();
    match db::sealed::admit(db, Clock::system().now()).await {
        Err(db::Error::NoKey(id)) => bail!(
            "the database holds what is sealed under the key {id}, which {file} has not: give the \
             file that has it (keys.file); every replica must be given the same"
        ),
        other => Ok(other?),
    }
}

/// Makes the data folder, if it is not there. It will hold contacts and password hashes: it is for
/// nobody but whoever runs the program.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.recursive(true).create(folder);
    made.with_context(|| format!("cannot make the data folder {}", folder.display()))
}

/// Tells browsers to come by TLS only, for a year, if a proxy before this program has it.
fn strictly(router: Router, tls: Tls) -> Router {
    match tls {
        Tls::No => router,
        Tls::Proxy => router.layer(map_response(async |mut response: Response| {
            let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
            response
        })),
    }
}

fn metrics_route(handle: PrometheusHandle, who: Metrics) -> Router {
    let tell = move |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
        tell_metrics(&handle, who, peer)
    };
    Router::new().route("/metrics", get(tell))
}

fn tell_metrics(handle: &PrometheusHandle, who: Metrics, peer: SocketAddr) -> Response {
    if who == Metrics::Loopback && !peer.ip().to_canonical().is_loopback() {
        return StatusCode::NOT_FOUND.into_response();
    }
    handle.render().into_response()
}

/// Tells the program to stop at Ctrl-C or SIGTERM.
async fn signalled(stop: CancellationToken) {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
    tracing::info!("told to stop; answering what is under way");
    stop.cancel();
}

async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}
