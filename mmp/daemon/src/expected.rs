//! What the kernel must show of the interfaces once settings are carried out. Pure.
//!
//! Invariant: what somebody else decides (a DHCP server) is waited for at boot, where nobody waits for an answer, and
//! not after a change.

use std::net::{Ipv4Addr, Ipv6Addr};

use mmp_model::{
    Ipv4Prefix, Ipv6Prefix, Letter, Settings,
    interface::{self, Addressing},
};

/// What one interface must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Which.
    pub letter: Letter,
    /// Its IPv4 side; `None` is not waited for.
    pub ipv4: Option<Ipv4>,
    /// Its IPv6 side; `None` is not waited for.
    pub ipv6: Option<Ipv6>,
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

/// IPv6 addresses and the default route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv6 {
    /// No address at all, not even a link-local one.
    Nothing,
    /// Some address beyond the link.
    Advertised,
    /// Static addresses, beside which there may be advertised ones.
    Fixed {
        /// Are there.
        present: Vec<Ipv6Prefix>,
        /// Were there before the change.
        gone: Vec<Ipv6Addr>,
        /// Next hop of the default route; `None`: none is waited for.
        router: Option<Ipv6Addr>,
    },
}

/// After a change: interfaces whose addresses or default route the change touches.
pub fn after_change(old: &Settings, new: &Settings) -> Vec<Expected> {
    let touched = |letter| Expected {
        letter,
        ipv4: (of_ipv4(old, letter) != of_ipv4(new, letter))
            .then(|| ipv4(new, letter))
            .filter(|ipv4| !matches!(ipv4, Ipv4::Leased { .. })),
        ipv6: (of_ipv6(old, letter) != of_ipv6(new, letter)).then(|| ipv6(old, new, letter)),
    };
    let waited = |expected: &Expected| expected.ipv4.is_some() || expected.ipv6.is_some();
    Letter::ALL.into_iter().map(touched).filter(waited).collect()
}

/// At boot: every interface that is to have an address.
pub fn at_boot(settings: &Settings) -> Vec<Expected> {
    let awaited = |letter| {
        let ipv4 = Some(ipv4(settings, letter)).filter(|ipv4| *ipv4 != Ipv4::Nothing);
        let ipv6 = match ipv6(settings, settings, letter) {
            Ipv6::Nothing => None,
            // Where the segment has no router, IPv4 does not wait for one.
            Ipv6::Fixed { present, .. } if present.is_empty() => ipv4.is_none().then_some(Ipv6::Advertised),
            fixed => Some(fixed),
        };
        Expected { letter, ipv4, ipv6 }
    };
    let waited = |expected: &Expected| expected.ipv4.is_some() || expected.ipv6.is_some();
    Letter::ALL.into_iter().map(awaited).filter(waited).collect()
}

fn of_ipv4(settings: &Settings, letter: Letter) -> (bool, Addressing, bool) {
    let ipv4 = settings.interfaces.ipv4.get(&letter).cloned().unwrap_or_default();
    (ipv4.enabled, ipv4.addressing, settings.interfaces.default == letter)
}

fn of_ipv6(settings: &Settings, letter: Letter) -> (bool, Vec<Ipv6Prefix>, Option<Ipv6Addr>, bool) {
    match settings.interfaces.ipv6.get(&letter) {
        Some(ipv6) if ipv6.enabled => {
            (true, ipv6.addresses.clone(), ipv6.router, settings.interfaces.default == letter)
        }
        _ => (false, Vec::new(), None, false),
    }
}

fn ipv4(settings: &Settings, letter: Letter) -> Ipv4 {
    let routed = settings.interfaces.default == letter;
    match settings.interfaces.ipv4.get(&letter) {
        Some(interface::Ipv4 { enabled: true, addressing: Addressing::Static { address, gateway }, .. }) => {
            Ipv4::Fixed { address: *address, gateway: routed.then_some(*gateway) }
        }
        Some(interface::Ipv4 { enabled: true, addressing: Addressing::Dhcp, .. }) => Ipv4::Leased { routed },
        _ => Ipv4::Nothing,
    }
}

fn ipv6(old: &Settings, new: &Settings, letter: Letter) -> Ipv6 {
    let (enabled, present, router, routed) = of_ipv6(new, letter);
    if !enabled {
        return Ipv6::Nothing;
    }
    let before = of_ipv6(old, letter).1.into_iter().map(|address| address.address());
    let gone = before.filter(|address| present.iter().all(|kept| kept.address() != *address)).collect();
    Ipv6::Fixed { present, gone, router: router.filter(|_| routed) }
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
        let b = Expected { letter: "b".parse().unwrap(), ipv4: Some(Ipv4::Leased { routed: false }), ipv6: None };
        assert_eq!(at_boot(&settings), [b]);
        let a = Expected { letter: Letter::A, ipv4: Some(Ipv4::Nothing), ipv6: None };
        assert_eq!(after_change(&clean(), &settings), [a]);
    }

    #[test]
    fn a_moved_default_route_is_waited_for_on_the_new_interface() {
        let add = |address: &str, gateway: &str| request::Ipv4::Add(address.parse().unwrap(), gateway.parse().unwrap());
        let set = [ipv4_of("b", add("192.0.2.10/24", "192.0.2.1"))];
        let moved = [&set[..], &[ipv4_of("b", request::Ipv4::Default)]].concat();
        let expected = after_change(&after(&set), &after(&moved));
        let [Expected { ipv4: Some(Ipv4::Fixed { gateway, .. }), .. }] = expected[..] else { panic!("{expected:?}") };
        assert_eq!(gateway, Some([192, 0, 2, 1].into()));
    }

    #[test]
    fn static_ipv6_addresses_are_waited_for_and_so_is_the_end_of_old_ones() {
        let ask = |ask| Request::Ipv6(Letter::A, ask);
        let one = [ask(request::Ipv6::Enable), ask(request::Ipv6::Add("2001:db8::10/64".parse().unwrap()))];
        let two = [
            &one[..],
            &[
                ask(request::Ipv6::Del("2001:db8::10".parse().unwrap())),
                ask(request::Ipv6::Add("2001:db8::11/64".parse().unwrap())),
            ],
        ]
        .concat();
        let expected = after_change(&after(&one), &after(&two));
        let fixed = Ipv6::Fixed {
            present: vec!["2001:db8::11/64".parse().unwrap()],
            gone: vec!["2001:db8::10".parse().unwrap()],
            router: None,
        };
        assert_eq!(expected, [Expected { letter: Letter::A, ipv4: None, ipv6: Some(fixed) }]);
        let off = after_change(&after(&two), &clean());
        assert_eq!(off[0].ipv6, Some(Ipv6::Nothing));
    }

    #[test]
    fn advertised_addresses_are_waited_for_at_boot_where_there_is_nothing_else() {
        let enable = |letter: &str| Request::Ipv6(letter.parse().unwrap(), request::Ipv6::Enable);
        let expected = at_boot(&after(&[enable("a"), enable("b")]));
        assert_eq!(expected.iter().map(|e| e.ipv6.clone()).collect::<Vec<_>>(), [None, Some(Ipv6::Advertised)]);
    }
}
