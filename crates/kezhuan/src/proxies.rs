//! Who speaks for whom: behind a proxy every connection is the proxy's.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use domain::{Fault, Faults, form::Field};
use ipnet::IpNet;
use serde_json::Value;

#[cfg(test)]
mod tests;

/// The proxies whose word on where a request comes from is believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    /// The address of the client. The peer itself, unless it is a proxy that is believed: then the
    /// last address in `X-Forwarded-For` that is none of ours. What stands before that was written
    /// by whoever sent the request, and may be anything.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut nearest = peer;
        let hops = headers.get_all("x-forwarded-for").iter().rev();
        let hops = hops.flat_map(|it| it.to_str().unwrap_or_default().rsplit(','));
        for hop in hops {
            if !self.hold(nearest.ip()) {
                break;
            }
            let Some(address) = address(hop.trim()) else { break };
            nearest = SocketAddr::new(address, 0);
        }
        nearest
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every address of a kind is taken for a proxy's.
    pub(crate) fn hold_everyone(&self) -> bool {
        self.0.iter().any(|it| it.prefix_len() == 0)
    }

    /// Whether an address is that of one of them.
    pub(crate) fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|it| it.contains(&address))
    }
}

/// An address as proxies write it: bare, or with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = || hop.parse::<IpAddr>().ok();
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare().or_else(bracketed).or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
}

impl FromIterator<Network> for Proxies {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().map(|it| it.0).collect())
    }
}

/// A proxy, or a network of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network(IpNet);

impl Field for Network {
    fn read(value: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let text = value.as_str().map(str::trim).unwrap_or_default();
        let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        if network.is_none() {
            faults.push(at, Fault::UnknownCode { table: "ADDRESS or ADDRESS/BITS" });
        }
        network.map(Self)
    }
}
