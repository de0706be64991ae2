//! What is wrong with an interface that is to carry packets, and what to type. Pure but for the one reading.
//!
//! Invariants: an interface that nobody turned on has no fault, nor has one whose turn in the boot has not come.

use mmp_model::{Letter, Settings, interface::Addressing};

use crate::observe::{addresses6, links, machine};

/// Seconds since the start of the machine after which an interface that is still down is a fault.
const BOOT: u64 = 60;

/// What can be seen of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The card is there.
    pub card: bool,
    /// It was switched on.
    pub up: bool,
    /// The boot may still be on its way to it.
    pub booting: bool,
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
    let seen = Seen {
        card: links::is_present(letter),
        up: links::is_up(letter),
        booting: machine::uptime() < BOOT,
        carrier: links::card(letter).carrier,
        address: address(),
    };
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
        let family = if ipv4.is_some() { "ipv4" } else { "ipv6" };
        return Some(format!(
            "the card of interface {letter} is missing; its letter and settings are kept, and it works again by itself \
             when it is put back. To do without it type `{family} {letter} disable`"
        ));
    }
    if !seen.up {
        return (!seen.booting).then(|| {
            format!(
                "interface {letter} is not switched on; see `syslog search networkd`, and type `reboot` if it stays so"
            )
        });
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

    const FINE: Seen = Seen { card: true, up: true, booting: false, carrier: true, address: true };
    const NOTHING: Seen = Seen { card: false, up: false, booting: false, carrier: false, address: false };

    #[test]
    fn the_first_thing_that_is_wrong_is_said() {
        let said = |seen| fault(&clean(), Letter::A, seen).unwrap_or_default();
        assert_eq!(said(FINE), "");
        assert!(said(Seen { address: false, ..FINE }).starts_with("interface a has no address from DHCP"));
        assert!(said(Seen { address: false, carrier: false, ..FINE }).starts_with("interface a has no carrier"));
        assert!(said(Seen { card: true, ..NOTHING }).starts_with("interface a is not switched on"));
        assert!(said(NOTHING).starts_with("the card of interface a"));
    }

    #[test]
    fn what_is_off_has_no_fault() {
        assert_eq!(fault(&clean(), "b".parse().unwrap(), NOTHING), None);
        let off = after(&[Request::Ipv4(Letter::A, request::Ipv4::Disable)]);
        assert_eq!(fault(&off, Letter::A, NOTHING), None);
    }

    #[test]
    fn who_logs_in_before_the_network_has_come_up_is_told_nothing() {
        assert_eq!(fault(&clean(), Letter::A, Seen { card: true, booting: true, ..NOTHING }), None);
    }
}
