use std::{net::SocketAddr, time::Duration};

use domain::{
    Fault, Faults, Shape,
    form::{Field, Object, Whole},
};
use serde_json::Value;

use crate::proxies::{Network, Proxies};

/// How the program listens.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    /// The address that readers come by, without a slash at its end; empty: the one listened on.
    pub(crate) url: String,
    pub(crate) connections: usize,
    /// From one address.
    pub(crate) connections_each: usize,
    pub(crate) head: Duration,
    pub(crate) body: Duration,
    pub(crate) write: Duration,
    pub(crate) request: Duration,
    pub(crate) body_bytes: usize,
    pub(crate) drain: Duration,
    pub(crate) metrics: Metrics,
    pub(crate) proxies: Proxies,
    pub(crate) tls: Tls,
}

/// Who may read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metrics {
    Loopback,
    Everyone,
}

/// Who encrypts what goes between readers and this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Nobody.
    No,
    /// A proxy.
    Proxy,
}

impl Field for Server {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let mut object = Object::open(value, at, faults)?;
        let listen = object.required::<Address>("listen");
        let url = object.required::<String>("url");
        if url.as_ref().is_some_and(|it| !is_origin(it)) {
            object.fault("url", Fault::UnknownCode { table: "https://HOST" });
        }
        let connections = object.required::<Whole<1, 1_000_000>>("connections");
        let each = object.required::<Whole<1, 1_000_000>>("connections_each");
        let head = object.required::<Whole<1, 600>>("head_seconds");
        let body_time = object.required::<Whole<1, 600>>("body_seconds");
        let write = object.required::<Whole<1, 600>>("write_seconds");
        let request = object.required::<Whole<1, 600>>("request_seconds");
        let body = object.required::<Whole<16, 65_536>>("body_kib");
        let drain = object.required::<Whole<0, 600>>("drain_seconds");
        let metrics = object.required("metrics");
        let proxies = object.list::<Network>("proxies", 64).into_iter().collect();
        let tls = object.required("tls");
        object.close();
        Some(Self {
            listen: listen?.0,
            url: url?.trim_end_matches('/').to_owned(),
            connections: usize::try_from(connections?.get()).ok()?,
            connections_each: usize::try_from(each?.get()).ok()?,
            head: seconds(head?),
            body: seconds(body_time?),
            write: seconds(write?),
            request: seconds(request?),
            body_bytes: usize::try_from(body?.get()).ok()? * 1024,
            drain: seconds(drain?),
            metrics: metrics?,
            proxies,
            tls: tls?,
        })
    }
}

impl Server {
    /// The address that readers come by, where the program listens on this one.
    pub(crate) fn address(&self, listening: SocketAddr) -> String {
        if self.url.is_empty() { format!("http://{listening}") } else { self.url.clone() }
    }
}

/// Whether it is empty, or an address with no path.
fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|it| it.strip_suffix('/').unwrap_or(it));
    let plain = |it: char| it.is_ascii_alphanumeric() || ".:-[]".contains(it);
    url.is_empty() || host.is_some_and(|it| !it.is_empty() && it.chars().all(plain))
}

/// Numbers that settings allow are small and not negative.
fn seconds<const MIN: i64, const MAX: i64>(number: Whole<MIN, MAX>) -> Duration {
    Duration::from_secs(u64::try_from(number.get()).unwrap_or(0))
}

impl Field for Metrics {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("loopback") => Some(Self::Loopback),
            Some("everyone") => Some(Self::Everyone),
            _ => {
                faults.push(at, Fault::UnknownCode { table: "loopback, everyone" });
                None
            }
        }
    }
}

impl Field for Tls {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value.as_str() {
            Some("no") => Some(Self::No),
            Some("proxy") => Some(Self::Proxy),
            _ => {
                faults.push(at, Fault::UnknownCode { table: "no, proxy" });
                None
            }
        }
    }
}

struct Address(SocketAddr);

impl Field for Address {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let Some(text) = value.as_str() else {
            faults.push(at, Fault::WrongType { expected: Shape::Text });
            return None;
        };
        let address = text.parse().ok().map(Self);
        if address.is_none() {
            faults.push(at, Fault::UnknownCode { table: "ADDRESS:PORT" });
        }
        address
    }
}
