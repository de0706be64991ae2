//! What is wrong with an interface that is to carry packets, and what to type. Pure but for the one reading.
//!
//! Invariant: an interface that nobody turned on has no fault.

use mmp_model::{Letter, Settings, interface::Addressing};

use crate::observe::{addresses6, links};

/// What can be seen of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The card is there.
    pub card: bool,
    /// A cable with a living peer.
    pub carrier: bool,
    /// It has an address beyond the link.
    pub address: bool,
}

/// The fault of an interface now.
pub fn now(settings: &Settings, letter: Letter) -> Option<String> {
    let address = || {
        let wide = |found: &addresses6::Address| !found.address.is_unicast_link_local();
        !links::ipv4_addresses(letter).is_empty() || addresses6::of(letter).iter().any(wide)
    };
    let seen = Seen { card: links::is_present(letter), carrier: links::card(letter).carrier, address: address() };
    fault(settings, letter, seen)
}

fn fault(settings: &Settings, letter: Letter, seen: Seen) -> Option<String> {
    let ipv4 = settings.interfaces.ipv4.get(&letter).filter(|ipv4| ipv4.enabled).map(|ipv4| &ipv4.addressing);
    let ipv4 = ipv4.filter(|addressing| **addressing != Addressing::None);
    let ipv6 = settings.interfaces.ipv6.get(&letter).is_some_and(|ipv6| ipv6.enabled);
    if ipv4.is_none() && !ipv6 {
        return None;
    }
    if !seen.card {
        return Some(format!(
            "the card of interface {letter} is missing; its letter and settings are kept. Put it back and type `reboot`"
        ));
    }
    if !seen.carrier {
        return Some(format!(
            "interface {letter} has no carrier; check its cable and the switch, and the link mode with `iface {letter}`"
        ));
    }
    if seen.address {
        return None;
    }
    Some(match ipv4 {
        Some(Addressing::Dhcp) => format!(
            "interface {letter} has no address from DHCP; see `ipv4 {letter}`, or set one with \
             `ipv4 {letter} add <address>/<prefix length> <gateway>`"
        ),
        Some(_) => format!("interface {letter} has not taken its address; see `ipv4 {letter}`"),
        None => format!(
            "interface {letter} has no IPv6 address from a router; see `ipv6 {letter}`, or set one with \
             `ipv6 {letter} add <address>/<prefix length>`"
        ),
    })
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, request};

    use super::*;
    use crate::change::tests::{after, clean};

    const FINE: Seen = Seen { card: true, carrier: true, address: true };

    #[test]
    fn the_first_thing_that_is_wrong_is_said() {
        let said = |seen| fault(&clean(), Letter::A, seen).unwrap_or_default();
        assert_eq!(said(FINE), "");
        assert!(said(Seen { address: false, ..FINE }).starts_with("interface a has no address from DHCP"));
        assert!(said(Seen { address: false, carrier: false, ..FINE }).starts_with("interface a has no carrier"));
        assert!(said(Seen { card: false, carrier: false, address: false }).starts_with("the card of interface a"));
    }

    #[test]
    fn what_is_off_has_no_fault() {
        let nothing = Seen { card: false, carrier: false, address: false };
        assert_eq!(fault(&clean(), "b".parse().unwrap(), nothing), None);
        let off = after(&[Request::Ipv4(Letter::A, request::Ipv4::Disable)]);
        assert_eq!(fault(&off, Letter::A, nothing), None);
    }
}
