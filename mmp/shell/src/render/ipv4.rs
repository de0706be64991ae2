//! `ipv4` (`mmp.md` section 6.2).

use std::fmt::Write;

use mmp_control::reply::Ipv4;

use super::or_none;

/// Settings with sorted keys and the value in column 21, then what the kernel has.
pub fn show(ipv4: &Ipv4) -> String {
    let mut text = String::from("IPv4 configuration:");
    let mut line = |key: &str, value: String| {
        let _ = write!(text, "\n    {key:<16}{value}");
    };
    line("address", or_none(ipv4.address));
    line("default", ipv4.default.to_string());
    line("dhcp", ipv4.dhcp.to_string());
    line("enabled", ipv4.enabled.to_string());
    line("gateway", or_none(ipv4.gateway));
    line("macaddress", or_none(ipv4.macaddress.as_ref()));
    line("prefixlen", or_none(ipv4.prefixlen));
    for route in &ipv4.routes {
        line("routes", route.to_string());
    }
    text.push_str("\nIPv4 observed values\nAddresses:");
    for address in &ipv4.observed_addresses {
        let _ = write!(text, "\n{address}");
    }
    text.push_str("\nRoutes:\n    source          destination     gateway         global");
    for route in &ipv4.observed_routes {
        let (source, destination) = (route.source.to_string(), route.destination.to_string());
        let gateway = route.gateway.to_string();
        let _ = write!(text, "\n    {source:<16}{destination:<16}{gateway:<16}{}", route.global);
    }
    text.push_str(&super::fault(ipv4.fault.as_deref()));
    text
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use mmp_control::reply::Route;
    use mmp_model::Letter;

    use super::*;

    #[test]
    fn the_block_is_as_documented() {
        let route = |destination: &str, gateway: &str, prefixlen| Route {
            source: Ipv4Addr::UNSPECIFIED,
            destination: destination.parse().unwrap(),
            gateway: gateway.parse().unwrap(),
            global: gateway != "0.0.0.0",
            prefixlen,
        };
        let ipv4 = Ipv4 {
            interface: Letter::A,
            address: Some([192, 0, 2, 151].into()),
            default: true,
            dhcp: false,
            enabled: true,
            gateway: Some([192, 0, 2, 254].into()),
            macaddress: Some("00:50:56:00:FC:7D".into()),
            prefixlen: Some(24),
            routes: vec!["198.51.100.7/32".parse().unwrap()],
            observed_addresses: vec!["192.0.2.151/24".into()],
            observed_routes: vec![
                route("192.0.2.151", "0.0.0.0", 32),
                route("192.0.2.0", "0.0.0.0", 24),
                route("192.0.2.255", "0.0.0.0", 32),
                route("0.0.0.0", "192.0.2.254", 0),
            ],
            fault: None,
        };
        insta::assert_snapshot!(show(&ipv4), @r"
        IPv4 configuration:
            address         192.0.2.151
            default         true
            dhcp            false
            enabled         true
            gateway         192.0.2.254
            macaddress      00:50:56:00:FC:7D
            prefixlen       24
            routes          198.51.100.7/32
        IPv4 observed values
        Addresses:
        192.0.2.151/24
        Routes:
            source          destination     gateway         global
            0.0.0.0         192.0.2.151     0.0.0.0         false
            0.0.0.0         192.0.2.0       0.0.0.0         false
            0.0.0.0         192.0.2.255     0.0.0.0         false
            0.0.0.0         0.0.0.0         192.0.2.254     true
        ");
    }
}
