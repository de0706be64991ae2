//! Changes of the firewall (`mmp.md` section 8.3).

use mmp_control::{Kind, Refusal, Reply, request::Firewall as Ask};
use mmp_model::{
    Letter, Subnet,
    firewall::{Firewall, InterfaceFirewall, MAX_RULES, Policy, Rule, Service},
};

pub fn change(firewall: &mut Firewall, letter: Letter, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    let own = firewall.interfaces.entry(letter).or_default();
    let done = match ask {
        Ask::Show => return None,
        Ask::Default(policy) => {
            own.default = Some(*policy);
            Ok(())
        }
        Ask::Enable if own.default.is_none() => Err(Refusal::new(Kind::Conflict, "FAILURE: default policy not set")
            .hint(format!("set it with `firewall {letter} default allow` or `firewall {letter} default deny`"))),
        Ask::Enable => {
            own.enabled = true;
            Ok(())
        }
        Ask::Disable => {
            own.enabled = false;
            Ok(())
        }
        Ask::Add(policy, service, from) => add(own, letter, *policy, *service, *from),
        Ask::Delete(tag) => delete(own, letter, *tag),
    };
    firewall.interfaces.retain(|_, own| *own != InterfaceFirewall::default());
    Some(done.map(|()| Reply::Nothing))
}

fn add(
    own: &mut InterfaceFirewall,
    letter: Letter,
    policy: Policy,
    service: Service,
    from: Option<Subnet>,
) -> Result<(), Refusal> {
    // A second rule for the same packets would never be reached.
    if let Some(rule) = own.rules.iter().find(|rule| rule.service == service && rule.from == from) {
        let exists = format!("Rule already exists: {} {service} has tag {}", rule.policy.word(), rule.tag);
        return Err(Refusal::new(Kind::Conflict, exists)
            .hint(format!("remove it first with `firewall {letter} delete {}`", rule.tag)));
    }
    if own.rules.len() >= MAX_RULES {
        return Err(Refusal::new(Kind::Conflict, format!("Maximum of {MAX_RULES} rules: rule not added"))
            .hint(format!("see `firewall {letter}`")));
    }
    own.rules.push(Rule { tag: own.next_tag(), policy, service, from });
    Ok(())
}

fn delete(own: &mut InterfaceFirewall, letter: Letter, tag: u16) -> Result<(), Refusal> {
    let before = own.rules.len();
    own.rules.retain(|rule| rule.tag != tag);
    if own.rules.len() == before {
        return Err(Refusal::new(Kind::Absent, format!("No such rule: {tag}"))
            .hint(format!("list the rules with `firewall {letter}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    fn ask(ask: Ask) -> Request {
        Request::Firewall(Letter::A, ask)
    }

    fn add(policy: Policy, service: &str) -> Request {
        ask(Ask::Add(policy, service.parse().unwrap(), None))
    }

    #[test]
    fn the_default_policy_comes_first() {
        assert_eq!(refused(&clean(), &ask(Ask::Enable)), "FAILURE: default policy not set");
        let settings = after(&[ask(Ask::Default(Policy::Allow)), ask(Ask::Enable)]);
        assert!(settings.firewall.interfaces[&Letter::A].enabled);
    }

    #[test]
    fn tags_stay_when_other_rules_go() {
        let rules = [add(Policy::Deny, "22"), add(Policy::Allow, "443"), add(Policy::Deny, "80")];
        let settings = after(&[&rules[..], &[ask(Ask::Delete(0)), add(Policy::Allow, "22/udp")]].concat());
        let tags: Vec<u16> = settings.firewall.interfaces[&Letter::A].rules.iter().map(|rule| rule.tag).collect();
        assert_eq!(tags, [1, 2, 3]);
        assert_eq!(refused(&settings, &ask(Ask::Delete(0))), "No such rule: 0");
        assert_eq!(refused(&settings, &add(Policy::Deny, "443")), "Rule already exists: allow 443/tcp has tag 1");
    }

    #[test]
    fn without_rules_and_policy_nothing_is_left() {
        assert_eq!(after(&[add(Policy::Deny, "22"), ask(Ask::Delete(0))]), clean());
    }
}
