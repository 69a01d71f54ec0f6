//! Which hosts and addresses a run may reach. Two layers: the name, by the run's policy, and every address it is
//! resolved to, by rules that only the operator can loosen. Both are asked again at each redirect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::{Host, Url};

use crate::EngineError;

/// Which hosts a run may reach; addresses that are not public stay refused whatever it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EgressPolicy {
    /// Any public address.
    #[default]
    Public,
    /// Nothing.
    None,
    /// These host names; `*.example.com` is every name below `example.com`.
    Hosts(Vec<String>),
}

impl EgressPolicy {
    /// Whether the policy lets a request through to this host.
    pub(crate) fn permits(&self, host: &str) -> bool {
        match self {
            Self::Public => true,
            Self::None => false,
            Self::Hosts(patterns) => patterns.iter().any(|pattern| matches(pattern, host)),
        }
    }
}

fn matches(pattern: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let pattern = pattern.trim_end_matches('.');
    match pattern.strip_prefix("*.") {
        None => pattern.eq_ignore_ascii_case(host),
        Some(parent) => {
            let Some(cut) = host.len().checked_sub(parent.len() + 1) else { return false };
            cut > 0
                && host
                    .get(cut..)
                    .is_some_and(|tail| tail.strip_prefix('.').is_some_and(|t| t.eq_ignore_ascii_case(parent)))
        }
    }
}

/// An address range, `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    network: u128,
    mask: u128,
    v4: bool,
}

impl Range {
    fn contains(&self, address: IpAddr) -> bool {
        let (bits, v4) = bits(address);
        v4 == self.v4 && bits & self.mask == self.network
    }
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), true),
        IpAddr::V6(v6) => (v6.to_bits(), false),
    }
}

impl FromStr for Range {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(drop)?)),
            None => (text, None),
        };
        let (network, v4) = bits(address.parse().map_err(drop)?);
        let width = if v4 { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        let host_bits = width.checked_sub(prefix).ok_or(())?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0) & u128::MAX.checked_shr(128 - width).unwrap_or(0);
        Ok(Self { network: network & mask, mask, v4 })
    }
}

/// What the operator lists although it is not public.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowList {
    ranges: Vec<Range>,
    hosts: Vec<String>,
}

impl AllowList {
    pub(crate) fn parse(entries: &[String]) -> Result<Self, EngineError> {
        let mut list = Self::default();
        for entry in entries {
            if let Ok(range) = entry.parse::<Range>() {
                list.ranges.push(range);
            } else if matches!(Host::parse(entry.trim_start_matches("*.")), Ok(Host::Domain(_))) && !entry.contains('/')
            {
                list.hosts.push(entry.clone());
            } else {
                return Err(EngineError::EgressAllow { entry: entry.clone() });
            }
        }
        Ok(list)
    }

    /// Whether this host may have the address that it was resolved to.
    pub(crate) fn permits(&self, host: &str, address: IpAddr) -> bool {
        is_public(address)
            || self.ranges.iter().any(|range| range.contains(address) || range.contains(unfolded(address)))
            || self.hosts.iter().any(|pattern| matches(pattern, host))
    }
}

/// Why a request may not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EgressRefusal {
    #[error("`{scheme}:` addresses cannot be fetched, only http and https")]
    Scheme { scheme: String },
    #[error("the address names no host")]
    NoHost,
    #[error("an address with a user name or password in it is refused")]
    Credentials,
    #[error("the egress policy does not list the host `{host}`")]
    Host { host: String },
    #[error("`{host}` is not at a public address")]
    Address { host: String },
}

/// Checks what can be checked before a name is resolved.
pub(crate) fn check_url(url: &Url, policy: &EgressPolicy, allow: &AllowList) -> Result<(), EgressRefusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EgressRefusal::Scheme { scheme: url.scheme().to_owned() });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EgressRefusal::Credentials);
    }
    let host = url.host().ok_or(EgressRefusal::NoHost)?;
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    if !policy.permits(name) {
        return Err(EgressRefusal::Host { host: name.to_owned() });
    }
    let literal = match host {
        Host::Domain(_) => return Ok(()),
        Host::Ipv4(v4) => IpAddr::V4(v4),
        Host::Ipv6(v6) => IpAddr::V6(v6),
    };
    if allow.permits(name, literal) { Ok(()) } else { Err(EgressRefusal::Address { host: name.to_owned() }) }
}

/// The IPv4 address that an IPv6 address stands for, if it does.
fn unfolded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f) {
        // Mapped, translated (SIIT) and compatible.
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) => v4(g, h),
        (0, 0, 0, 0, 0, 0) if v6 != Ipv6Addr::LOCALHOST && v6 != Ipv6Addr::UNSPECIFIED => v4(g, h),
        // NAT64, well-known prefix.
        (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        // 6to4 and Teredo, whose client address is kept inverted.
        (0x2002, _, _, _, _, _) => v4(b, c),
        (0x2001, 0, _, _, _, _) => v4(!g, !h),
        // ISATAP.
        (_, _, _, _, 0 | 0x200, 0x5efe) => v4(g, h),
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match unfolded(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)                         // this network, private, loopback
            | (100, 64..=127, _)                     // carrier-grade NAT
            | (169, 254, _)                          // link-local, cloud metadata
            | (172, 16..=31, _)                      // private
            | (192, 0, 0 | 2)                        // protocol assignments, documentation
            | (192, 31, 196) | (192, 52, 193)        // AS112, AMT
            | (192, 88, 99)                          // 6to4 relays
            | (192, 168, _) | (192, 175, 48)         // private, AS112
            | (198, 18..=19, _)                      // benchmarks
            | (198, 51, 100) | (203, 0, 113)         // documentation
            | (168, 63, 129)                         // Azure's host agent
            | (224..=255, _, _) // multicast, reserved, broadcast
    )
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, ..] = v6.segments();
    // Only global unicast is handed out; everything else is loopback, local, multicast or reserved.
    (0x2000..=0x3fff).contains(&a) && !matches!((a, b), (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_public() {
        for refused in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "192.0.0.192",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001:0:1:2:3:4:80ff:fffe",
            "2001:4860::5efe:127.0.0.1",
            "fec0::1",
            "100::1",
            "2001:10::1",
            "5f00::1",
        ] {
            assert!(!is_public(refused.parse().unwrap()), "{refused}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[track_caller]
    fn check(pattern: &str, host: &str, want: bool) {
        let policy = EgressPolicy::Hosts(vec![pattern.to_owned()]);
        assert_eq!(policy.permits(host), want, "{pattern} {host}");
    }

    #[test]
    fn matches_hosts() {
        check("example.com", "example.com", true);
        check("Example.com", "EXAMPLE.com.", true);
        check("example.com", "a.example.com", false);
        check("*.example.com", "a.example.com", true);
        check("*.example.com", "a.b.example.com", true);
        check("*.example.com", "example.com", false);
        check("*.example.com", ".example.com", false);
        check("*.example.com", "badexample.com", false);
        check("*.example.com", "example.com.evil.org", false);
        assert!(!EgressPolicy::None.permits("example.com"));
        assert!(EgressPolicy::Public.permits("example.com"));
    }

    #[test]
    fn operator_lists() {
        let list = |entry: &str| AllowList::parse(&[entry.to_owned()]);
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert!(list("127.0.0.0/8").unwrap().permits("x", loopback));
        assert!(list("127.0.0.1").unwrap().permits("x", "::ffff:127.0.0.1".parse().unwrap()));
        assert!(!list("127.0.0.2").unwrap().permits("x", loopback));
        assert!(list("0.0.0.0/0").unwrap().permits("x", loopback));
        assert!(!list("::/0").unwrap().permits("x", loopback));
        assert!(list("*.corp.example").unwrap().permits("db.corp.example", loopback));
        assert!(!list("*.corp.example").unwrap().permits("db.corp.example.org", loopback));
        for bad in ["10.0.0.0/33", "http://x", "", "10.0.0.0/x", "a b"] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[track_caller]
    fn check_literal(url: &str, want: Result<(), ()>) {
        let got = check_url(&url.parse().unwrap(), &EgressPolicy::Public, &AllowList::default());
        assert_eq!(got.clone().map_err(drop), want, "{url} {got:?}");
    }

    #[test]
    fn checks_literals() {
        check_literal("https://example.com/", Ok(()));
        check_literal("http://1.1.1.1/", Ok(()));
        check_literal("ftp://example.com/", Err(()));
        check_literal("file:///etc/passwd", Err(()));
        check_literal("http://u:p@example.com/", Err(()));
        for odd in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0/",
            "http://169.254.169.254/latest",
        ] {
            check_literal(odd, Err(()));
        }
    }
}
