//! The accept loop: `axum::serve` has no limit on how long the head of a request may take, nor on
//! how many connections there are.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use metrics::{counter, gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{proxies::Proxies, settings::Server};

mod places;
mod prompt;

use places::{Place, Places};
use prompt::Prompt;

/// The most header lines of a request, and the most bytes they may take together.
const HEADERS: usize = 100;
const HEAD_BYTES: usize = 16 * 1024;

/// Serves until told to stop; then answers what is under way, for as long as the settings allow.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    settings: &Server,
    stop: CancellationToken,
) {
    let places = Places::new(settings.connections, settings.connections_each);
    let patience = Patience { head: settings.head, write: settings.write };
    let told = Told { router, proxies: Arc::new(settings.proxies.clone()), patience };
    let graceful = GracefulShutdown::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Some((stream, peer)) = taken(accepted).await else { continue };
        if let Some(place) = place(&places, &told.proxies, peer) {
            talk(Client { stream, peer, place }, told.clone(), &graceful);
        }
    }
    drop(listener);
    drain(graceful, settings.drain).await;
}

/// Lets what is under way be answered, for as long as the settings allow.
async fn drain(graceful: GracefulShutdown, limit: Duration) {
    if timeout(limit, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were not answered before the program stopped");
    }
}

/// A place for a connection. Where there is none the connection is closed at once, rather than left
/// to wait. A proxy has as many as there are: its connections are those of many clients.
fn place(places: &Places, proxies: &Proxies, peer: SocketAddr) -> Option<Place> {
    let proxy = proxies.hold(peer.ip());
    let place = if proxy { places.take_for_many() } else { places.take(peer.ip()) };
    if place.is_none() {
        counter!("kezhuan_connections_refused_total").increment(1);
    }
    place
}

/// A connection, if one could be accepted. If not, the program is out of file descriptors, most
/// likely: after a moment some will have been given back.
async fn taken(
    accepted: std::io::Result<(TcpStream, SocketAddr)>,
) -> Option<(TcpStream, SocketAddr)> {
    if let Err(err) = &accepted {
        tracing::warn!(error = %err, "a connection could not be accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    accepted.ok()
}

/// What answers, and whose word is believed on where a request comes from.
#[derive(Clone)]
struct Told {
    router: Router,
    proxies: Arc<Proxies>,
    patience: Patience,
}

/// How long clients are waited for.
#[derive(Clone, Copy)]
struct Patience {
    /// Until the head of a request is there.
    head: Duration,
    /// Until some of an answer is taken.
    write: Duration,
}

/// A client that found a place.
struct Client {
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
}

fn talk(client: Client, told: Told, graceful: &GracefulShutdown) {
    let Client { stream, peer, place } = client;
    let _ = stream.set_nodelay(true);
    let Told { router, proxies, patience } = told;
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        let client = proxies.client(peer, request.headers());
        request.extensions_mut().insert(ConnectInfo(client));
        request.map(axum::body::Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(
            TokioIo::new(Prompt::new(stream, patience.write)),
            TowerToHyperService::new(service),
        );
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        gauge!("kezhuan_connections").increment(1);
        // A client that hangs up or dawdles is its own affair.
        let _ = connection.await;
        gauge!("kezhuan_connections").decrement(1);
        drop(place);
    });
}
