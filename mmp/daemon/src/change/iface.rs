//! Changes of link mode and MTU (`mmp.md` section 6.1).

use mmp_control::{Kind, Refusal, Reply, request::Iface};
use mmp_model::{
    Letter,
    interface::{Interfaces, Link},
};

use super::ipv6::LEAST_MTU;

pub fn change(interfaces: &mut Interfaces, letter: Letter, ask: &Iface) -> Option<Result<Reply, Refusal>> {
    if let Iface::Mtu(mtu) = ask
        && mtu.bytes() < LEAST_MTU
        && interfaces.ipv6.get(&letter).is_some_and(|ipv6| ipv6.enabled)
    {
        let least = format!("IPv6 needs an MTU of at least {LEAST_MTU}, not {}", mtu.bytes());
        return Some(Err(
            Refusal::new(Kind::Conflict, least).hint(format!("turn IPv6 off with `ipv6 {letter} disable`"))
        ));
    }
    let link = interfaces.link.entry(letter).or_default();
    match ask {
        Iface::Show => return None,
        Iface::Mode(mode) => link.mode = *mode,
        Iface::Mtu(mtu) => link.mtu = *mtu,
    }
    if *link == Link::default() {
        interfaces.link.remove(&letter);
    }
    Some(Ok(Reply::Nothing))
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::{
        super::tests::{after, clean},
        *,
    };

    #[test]
    fn going_back_to_the_default_leaves_no_trace() {
        let mtu = |bytes: u16| Request::Iface(Letter::A, Iface::Mtu(bytes.try_into().unwrap()));
        assert_eq!(after(&[mtu(1400)]).interfaces.link[&Letter::A].mtu.bytes(), 1400);
        assert_eq!(after(&[mtu(1400), mtu(1500)]), clean());
    }
}
