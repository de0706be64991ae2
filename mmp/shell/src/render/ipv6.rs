//! `ipv6` (`mmp.md` section 6.3), in the shape of `ipv4`.

use std::fmt::Write;

use mmp_control::reply::Ipv6;

use super::or_none;

/// Settings with sorted keys and the value in column 21, then what the kernel has.
pub fn show(ipv6: &Ipv6) -> String {
    let mut text = String::from("IPv6 configuration:");
    let mut line = |key: &str, value: String| {
        let _ = write!(text, "\n    {key:<16}{value}");
    };
    if ipv6.addresses.is_empty() {
        line("address", "none".into());
    }
    for address in &ipv6.addresses {
        line("address", address.to_string());
    }
    line("default", ipv6.default.to_string());
    line("enabled", ipv6.enabled.to_string());
    line("macaddress", or_none(ipv6.macaddress.as_ref()));
    line("router", or_none(ipv6.router));
    for route in &ipv6.routes {
        line("routes", route.to_string());
    }
    line("slaac", ipv6.slaac.to_string());
    text.push_str("\nIPv6 observed values\nAddresses:");
    for address in &ipv6.observed_addresses {
        let _ = write!(text, "\n{address}");
    }
    let _ = write!(text, "\nRoutes:\n    {:<26}{:<44}{:<26}global", "source", "destination", "gateway");
    for route in &ipv6.observed_routes {
        let (source, gateway) = (route.source.to_string(), route.gateway.to_string());
        let destination = format!("{}/{}", route.destination, route.prefixlen);
        let _ = write!(text, "\n    {source:<26}{destination:<44}{gateway:<26}{}", route.global);
    }
    text.push_str(&super::fault(ipv6.fault.as_deref()));
    text
}

#[cfg(test)]
mod tests {
    use mmp_control::reply::Route;
    use mmp_model::Letter;

    use super::*;

    #[test]
    fn the_block_has_the_shape_of_ipv4() {
        let route = |destination: &str, gateway: &str, prefixlen| Route {
            source: "::".parse().unwrap(),
            destination: destination.parse().unwrap(),
            gateway: gateway.parse().unwrap(),
            global: gateway != "::",
            prefixlen,
        };
        let ipv6 = Ipv6 {
            interface: Letter::A,
            addresses: vec!["2001:db8::10/64".parse().unwrap(), "2001:db8:1::10/64".parse().unwrap()],
            default: true,
            enabled: true,
            macaddress: Some("00:50:56:00:FC:7D".into()),
            router: Some("fe80::1".parse().unwrap()),
            routes: vec!["2001:db8:9::/48".parse().unwrap()],
            slaac: false,
            observed_addresses: vec!["2001:db8::10/64".into(), "fe80::250:56ff:fe00:fc7d/64".into()],
            observed_routes: vec![route("2001:db8::", "::", 64), route("::", "fe80::1", 0)],
            fault: None,
        };
        insta::assert_snapshot!(show(&ipv6), @r"
        IPv6 configuration:
            address         2001:db8::10/64
            address         2001:db8:1::10/64
            default         true
            enabled         true
            macaddress      00:50:56:00:FC:7D
            router          fe80::1
            routes          2001:db8:9::/48
            slaac           false
        IPv6 observed values
        Addresses:
        2001:db8::10/64
        fe80::250:56ff:fe00:fc7d/64
        Routes:
            source                    destination                                 gateway                   global
            ::                        2001:db8::/64                               ::                        false
            ::                        ::/0                                        fe80::1                   true
        ");
    }
}
