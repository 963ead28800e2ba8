//! Where messages to the outside may go: not to the addresses of a cloud's metadata service, by whatever way they are written, nor
//! to those that are nobody's. Names are looked at when they are resolved, so one that changes its mind gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Metadata and host services of clouds that aren't link-local: Alibaba's, Oracle's, Azure's.
const SERVICES: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];
/// The same by IPv6: Amazon's, Google's, Oracle's.
const SERVICES_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd00, 0x00c1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// Whether nothing may be sent to an address.
#[must_use]
pub fn forbidden(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => forbidden_v4(v4),
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6.is_multicast()
                || SERVICES_V6.contains(&v6)
                || within(v6).is_some_and(forbidden_v4)
        }
    }
}

fn forbidden_v4(address: Ipv4Addr) -> bool {
    address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || SERVICES.contains(&address)
}

/// The IPv4 address to which a gateway translates: NAT64 (RFC 6052, and RFC 8215 for the own network) and 6to4 (RFC 3056).
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0x0064, 0xff9b, 0 | 1, .., high, low] | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// The address that stands in a URL in place of a name.
#[must_use]
pub fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok())
}

/// The addresses of a host that may be sent to, at the moment of connecting.
///
/// # Errors
/// When the name can't be resolved, or leads nowhere else.
pub async fn addresses(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((host, port)).await?;
    let allowed: Vec<SocketAddr> = found.filter(|address| !forbidden(address.ip())).collect();
    if allowed.is_empty() {
        return Err(std::io::Error::other("the name leads to no address that may be sent to"));
    }
    Ok(allowed)
}

/// Resolves names and leaves out addresses that nothing may be sent to. A client asks it of names alone; of an address in a
/// URL ask [`forbidden`].
#[derive(Debug, Clone, Copy)]
pub struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Addrs = Box::new(addresses(name.as_str(), 0).await?.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_to_a_metadata_service_however_it_is_written() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
        ] {
            assert!(forbidden(address.parse().unwrap()), "{address}");
        }
        for address in
            ["127.0.0.1", "10.0.0.7", "::1", "fd12::1", "64:ff9b::808:808", "2002:808:808::1", "8.8.8.8"]
        {
            assert!(!forbidden(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_nowhere_else_is_an_error() {
        assert!(addresses("169.254.169.254", 80).await.is_err());
        assert_eq!(addresses("127.0.0.1", 80).await.unwrap().len(), 1);
    }
}
