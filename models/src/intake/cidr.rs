//! Networks as moderators write them: `203.0.113.0/24`, `2001:db8::/48`, or one address.

use crate::account::network_hash;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Wider than this is a continent, not a network.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

/// All addresses that begin with the same bits. IPv4 written as IPv6 counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// Its first address: the bits beyond `width` are zero.
    first: IpAddr,
    width: u8,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CidrError {
    #[error("Write a network such as 203.0.113.0/24 or 2001:db8::/48, or one address.")]
    Unreadable,
    #[error("This is wider than any one network: at most /8, or /16 for IPv6.")]
    TooWide,
}

impl Cidr {
    pub fn new(address: IpAddr, width: u8) -> Option<Cidr> {
        let first = match address {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(
                cut(v4.to_bits().into(), 32, width)? as u32
            )),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(cut(v6.to_bits(), 128, width)?)),
        };
        Some(Cidr { first, width })
    }

    /// The network of an address that the keyed hashes know: its /24, or its /48.
    pub fn around(address: IpAddr) -> Cidr {
        let address = address.to_canonical();
        let width = if address.is_ipv4() { 24 } else { 48 };
        Cidr {
            // Both widths fit.
            first: Cidr::new(address, width).map_or(address, |cidr| cidr.first),
            width,
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4()
            && Cidr::new(address, self.width).is_some_and(|other| other.first == self.first)
    }

    /// Its keyed hash, if it has the width at which hashes are kept.
    pub fn hash(&self, key: &str) -> Option<String> {
        (*self == Cidr::around(self.first)).then(|| network_hash(key, self.first))
    }
}

/// The bits of an address of `all` bits up to `width`.
fn cut(bits: u128, all: u8, width: u8) -> Option<u128> {
    let dropped = all.checked_sub(width)?;
    Some(
        bits.checked_shr(dropped.into())
            .and_then(|kept| kept.checked_shl(dropped.into()))
            .unwrap_or(0),
    )
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(typed: &str) -> Result<Cidr, CidrError> {
        let typed = typed.trim();
        let (address, width) = match typed.split_once('/') {
            Some((address, width)) => (address, Some(width)),
            None => (typed, None),
        };
        let written: IpAddr = address.parse().map_err(|_| CidrError::Unreadable)?;
        let address = written.to_canonical();
        let all = if address.is_ipv4() { 32 } else { 128 };
        let width = match width {
            None => all,
            // A sign or a space is no number here, though `parse` takes a plus.
            Some(width) if width.bytes().all(|b| b.is_ascii_digit()) => {
                let width: u8 = width.parse().map_err(|_| CidrError::Unreadable)?;
                // `::ffff:203.0.113.0/120` is the /24 that it holds.
                match written.is_ipv6() && address.is_ipv4() {
                    true => width.checked_sub(96).ok_or(CidrError::TooWide)?,
                    false => width,
                }
            }
            Some(_) => return Err(CidrError::Unreadable),
        };
        let widest = if address.is_ipv4() {
            WIDEST_V4
        } else {
            WIDEST_V6
        };
        if width < widest {
            return Err(CidrError::TooWide);
        }
        Cidr::new(address, width).ok_or(CidrError::Unreadable)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cidr(typed: &str) -> Cidr {
        typed.parse().unwrap()
    }

    fn ip(typed: &str) -> IpAddr {
        typed.parse().unwrap()
    }

    #[test]
    fn a_network_is_read_as_people_write_it() {
        for (typed, shown) in [
            ("203.0.113.77/24", "203.0.113.0/24"),
            (" 203.0.113.77 ", "203.0.113.77/32"),
            ("2001:DB8:1:2::3/48", "2001:db8:1::/48"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("::ffff:203.0.113.77", "203.0.113.77/32"),
            ("::ffff:203.0.113.77/120", "203.0.113.0/24"),
        ] {
            assert_eq!(cidr(typed).to_string(), shown, "{typed}");
        }
        for typed in [
            "",
            "ducks",
            "203.0.113",
            "203.0.113.0/33",
            "203.0.113.0/",
            "203.0.113.0/+24",
            "203.0.113.0/ 24",
            "2001:db8::/129",
            "203.0.113.0/24/8",
            "203.0.113.0/-1",
            "1.2.3.4/999",
        ] {
            assert_eq!(typed.parse::<Cidr>(), Err(CidrError::Unreadable), "{typed}");
        }
        for typed in [
            "0.0.0.0/0",
            "10.0.0.0/7",
            "::/0",
            "2001::/15",
            "::ffff:0.0.0.0/96",
        ] {
            assert_eq!(typed.parse::<Cidr>(), Err(CidrError::TooWide), "{typed}");
        }
    }

    #[test]
    fn only_the_widths_that_are_kept_as_hashes_have_one() {
        let same = |cidr: &str, address: &str| {
            self::cidr(cidr).hash("key") == Some(network_hash("key", ip(address)))
        };
        assert!(same("203.0.113.0/24", "203.0.113.200"));
        assert!(same("2001:db8:1::/48", "2001:db8:1:2::3"));
        assert!(!same("203.0.112.0/24", "203.0.113.200"));
        for other in [
            "203.0.113.0/25",
            "203.0.0.0/16",
            "203.0.113.7",
            "2001:db8::/32",
            "2001:db8:1::/56",
        ] {
            assert_eq!(cidr(other).hash("key"), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_network_holds_the_addresses_that_share_its_bits(bits: u32, width in 8u8..=32, flip in 0u32..32) {
            let cidr = Cidr::new(IpAddr::V4(Ipv4Addr::from_bits(bits)), width).unwrap();
            let other = IpAddr::V4(Ipv4Addr::from_bits(bits ^ (1 << (31 - flip))));
            prop_assert!(cidr.contains(IpAddr::V4(Ipv4Addr::from_bits(bits))));
            prop_assert_eq!(cidr.contains(other), flip >= u32::from(width));
            prop_assert_eq!(cidr.to_string().parse::<Cidr>().unwrap(), cidr);
            // The same address, written as IPv6.
            prop_assert!(cidr.contains(IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped())));
        }

        #[test]
        fn the_same_holds_for_the_long_addresses(bits: u128, width in 16u8..=128, flip in 0u32..128) {
            // Nothing that is IPv4 underneath.
            let bits = bits | (1 << 127);
            let cidr = Cidr::new(IpAddr::V6(Ipv6Addr::from_bits(bits)), width).unwrap();
            let other = Ipv6Addr::from_bits(bits ^ (1 << (127 - flip)));
            prop_assume!(other.to_ipv4_mapped().is_none());
            prop_assert!(cidr.contains(IpAddr::V6(Ipv6Addr::from_bits(bits))));
            prop_assert_eq!(cidr.contains(IpAddr::V6(other)), flip >= u32::from(width));
            prop_assert_eq!(cidr.to_string().parse::<Cidr>().unwrap(), cidr);
        }

        #[test]
        fn whatever_is_typed_is_answered(typed in "\\PC{0,40}") {
            let _ = typed.parse::<Cidr>();
        }
    }
}
