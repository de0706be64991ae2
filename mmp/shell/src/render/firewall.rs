//! `firewall` (`mmp.md` section 8.3).

use std::fmt::Write;

use mmp_control::reply::Firewall;

use super::or_none;

/// Policy, then the rules in order with their tags.
pub fn show(firewall: &Firewall) -> String {
    let own = &firewall.firewall;
    let default = or_none(own.default.map(mmp_model::firewall::Policy::word));
    let mut text =
        format!("Firewall enabled   : {}\nDefault policy     : {default}\nTag  Rule\n---  ----", own.enabled);
    for rule in &own.rules {
        let _ = write!(text, "\n{:>3}  {:<6}{}", rule.tag, rule.policy.word(), rule.service);
        if let Some(from) = rule.from {
            let _ = write!(text, " from {from}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use mmp_model::{
        Letter,
        firewall::{InterfaceFirewall, Policy, Rule, source},
    };

    use super::*;

    #[test]
    fn the_table_is_as_documented() {
        let rule = |tag, policy, service: &str, from: Option<&str>| Rule {
            tag,
            policy,
            service: service.parse().unwrap(),
            from: from.map(|text| source(text).unwrap()),
        };
        let rules = vec![rule(0, Policy::Deny, "22", None), rule(12, Policy::Allow, "ntp", Some("192.0.2.7"))];
        let own = InterfaceFirewall { enabled: true, default: Some(Policy::Allow), rules };
        insta::assert_snapshot!(show(&Firewall { interface: Letter::A, firewall: own }), @r"
        Firewall enabled   : true
        Default policy     : allow
        Tag  Rule
        ---  ----
          0  deny  22/tcp
         12  allow 123/udp from 192.0.2.7/32
        ");
        insta::assert_snapshot!(show(&Firewall { interface: Letter::A, firewall: InterfaceFirewall::default() }), @r"
        Firewall enabled   : false
        Default policy     : none
        Tag  Rule
        ---  ----
        ");
    }
}
