use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{extract::ConnectInfo, http::Extensions};

/// The address a request comes from: that of the connection, or what a trusted proxy says of it.
/// Whoever accepts connections decides between the two, and tells it as `ConnectInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(IpAddr);

impl Origin {
    /// An address; an IPv4 one in IPv6 clothes is the IPv4 one.
    pub const fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The origin of a request with these extensions, if it came over a connection.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(Self::new(peer.ip()))
    }

    /// The address.
    pub const fn address(self) -> IpAddr {
        self.0
    }

    /// What stands for one client where clients are counted. Whoever has one IPv6 address has the
    /// whole network of 64 bits: it counts as one.
    pub const fn client(self) -> IpAddr {
        const NETWORK: u128 = u128::MAX << 64;
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() & NETWORK)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_writing_and_a_network_is_one_client() {
        let origin = |it: &str| Origin::new(it.parse().unwrap());
        assert_eq!(origin("::ffff:192.0.2.7"), origin("192.0.2.7"));
        assert_eq!(origin("192.0.2.7").client(), origin("192.0.2.7").address());
        assert_eq!(origin("2001:db8::1:2:3:4").client(), origin("2001:db8::9").client());
        assert_ne!(origin("2001:db8::1").client(), origin("2001:db8:0:1::1").client());
    }
}
