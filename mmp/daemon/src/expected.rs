//! What the kernel must show of the interfaces once settings are carried out. Pure.
//!
//! Invariant: what somebody else decides (a DHCP server) is waited for at boot, where nobody waits for an answer, and
//! not after a change.

use std::net::Ipv4Addr;

use mmp_model::{
    Ipv4Prefix, Letter, Settings,
    interface::{self, Addressing},
};

/// What one interface must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Which.
    pub letter: Letter,
    /// Its IPv4 side.
    pub ipv4: Ipv4,
}

/// IPv4 addresses and the default route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv4 {
    /// No address at all.
    Nothing,
    /// Some address, and on the default interface a way to everywhere.
    Leased {
        /// A default route belongs to it.
        routed: bool,
    },
    /// This address alone, and on the default interface the way through the gateway.
    Fixed {
        /// Address and prefix length.
        address: Ipv4Prefix,
        /// Next hop of the default route; `None`: none is waited for.
        gateway: Option<Ipv4Addr>,
    },
}

/// After a change: interfaces whose addresses or default route the change touches.
pub fn after_change(old: &Settings, new: &Settings) -> Vec<Expected> {
    let of = |settings: &Settings, letter| {
        let ipv4 = settings.interfaces.ipv4.get(&letter).cloned().unwrap_or_default();
        (ipv4.enabled, ipv4.addressing, settings.interfaces.default == letter)
    };
    let touched = Letter::ALL.into_iter().filter(|letter| of(old, *letter) != of(new, *letter));
    touched
        .map(|letter| Expected { letter, ipv4: ipv4(letter, new) })
        .filter(|expected| !matches!(expected.ipv4, Ipv4::Leased { .. }))
        .collect()
}

/// At boot: every interface that is to have an address.
pub fn at_boot(settings: &Settings) -> Vec<Expected> {
    let all = Letter::ALL.into_iter().map(|letter| Expected { letter, ipv4: ipv4(letter, settings) });
    all.filter(|expected| expected.ipv4 != Ipv4::Nothing).collect()
}

fn ipv4(letter: Letter, settings: &Settings) -> Ipv4 {
    let routed = settings.interfaces.default == letter;
    match settings.interfaces.ipv4.get(&letter) {
        Some(interface::Ipv4 { enabled: true, addressing: Addressing::Static { address, gateway }, .. }) => {
            Ipv4::Fixed { address: *address, gateway: routed.then_some(*gateway) }
        }
        Some(interface::Ipv4 { enabled: true, addressing: Addressing::Dhcp, .. }) => Ipv4::Leased { routed },
        _ => Ipv4::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, request};

    use super::*;
    use crate::change::tests::{after, clean};

    fn ipv4_of(letter: &str, ask: request::Ipv4) -> Request {
        Request::Ipv4(letter.parse().unwrap(), ask)
    }

    #[test]
    fn a_lease_is_waited_for_at_boot_only() {
        let settings = after(&[ipv4_of("a", request::Ipv4::Disable), ipv4_of("b", request::Ipv4::Dhcp)]);
        let b = Expected { letter: "b".parse().unwrap(), ipv4: Ipv4::Leased { routed: false } };
        assert_eq!(at_boot(&settings), [b]);
        assert_eq!(after_change(&clean(), &settings), [Expected { letter: Letter::A, ipv4: Ipv4::Nothing }]);
    }

    #[test]
    fn a_moved_default_route_is_waited_for_on_the_new_interface() {
        let add = |address: &str, gateway: &str| request::Ipv4::Add(address.parse().unwrap(), gateway.parse().unwrap());
        let set = [ipv4_of("b", add("192.0.2.10/24", "192.0.2.1"))];
        let moved = [&set[..], &[ipv4_of("b", request::Ipv4::Default)]].concat();
        let expected = after_change(&after(&set), &after(&moved));
        let [Expected { ipv4: Ipv4::Fixed { gateway, .. }, .. }] = expected[..] else { panic!("{expected:?}") };
        assert_eq!(gateway, Some([192, 0, 2, 1].into()));
    }
}
