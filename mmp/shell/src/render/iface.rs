//! `iface` (`mmp.md` section 6.1).

use mmp_control::reply::Iface;
use mmp_model::interface::{Duplex, LinkMode};

use super::or_none;

/// MAC address, settings, and what the card does now.
pub fn show(iface: &Iface) -> String {
    let default = || String::from("default");
    let (negotiation, speed, duplex) = match iface.configured.mode {
        LinkMode::Default => (default(), default(), default()),
        LinkMode::Auto => ("on".into(), default(), default()),
        LinkMode::Off => ("off".into(), default(), default()),
        LinkMode::Fixed(speed, duplex) => {
            let duplex = if duplex == Duplex::Full { "full" } else { "half" };
            ("off".into(), speed.mbit().to_string(), duplex.into())
        }
    };
    // Without a living peer there is no speed; with one, the driver may still not tell.
    let unknown = || String::from(if iface.carrier { "unknown" } else { "none" });
    [
        format!("Mac address {}", or_none(iface.mac.as_ref())),
        "Configured values:".into(),
        format!("  Auto-negotiation: {negotiation}"),
        format!("  Speed           : {speed}"),
        format!("  Duplex          : {duplex}"),
        format!("  MTU             : {}", iface.configured.mtu.bytes()),
        "Observed values:".into(),
        format!("  Speed           : {}", iface.speed.map_or_else(unknown, |speed| speed.to_string())),
        format!("  Duplex          : {}", iface.duplex.clone().unwrap_or_else(unknown)),
        format!("  MTU             : {}", or_none(iface.mtu)),
    ]
    .join("\n")
        + &super::fault(iface.fault.as_deref())
}

#[cfg(test)]
mod tests {
    use mmp_model::{Letter, interface::Link};

    use super::*;

    fn iface() -> Iface {
        Iface {
            interface: Letter::A,
            mac: Some("00:50:56:00:5A:5B".into()),
            configured: Link::default(),
            speed: Some(10000),
            duplex: Some("full".into()),
            mtu: Some(1500),
            carrier: true,
            fault: None,
        }
    }

    #[test]
    fn the_block_is_as_documented() {
        insta::assert_snapshot!(show(&iface()), @r"
        Mac address 00:50:56:00:5A:5B
        Configured values:
          Auto-negotiation: default
          Speed           : default
          Duplex          : default
          MTU             : 1500
        Observed values:
          Speed           : 10000
          Duplex          : full
          MTU             : 1500
        ");
    }

    #[test]
    fn an_absent_card_has_no_values() {
        let mode = LinkMode::Fixed(1000.try_into().unwrap(), Duplex::Half);
        let configured = Link { mode, mtu: 1400.try_into().unwrap() };
        let absent = Iface { mac: None, configured, speed: None, duplex: None, mtu: None, carrier: false, ..iface() };
        let absent = Iface { fault: Some("the card is missing".into()), ..absent };
        insta::assert_snapshot!(show(&absent), @r"
        Mac address none
        Configured values:
          Auto-negotiation: off
          Speed           : 1000
          Duplex          : half
          MTU             : 1400
        Observed values:
          Speed           : none
          Duplex          : none
          MTU             : none
        WARNING: the card is missing
        ");
    }
}
