//! Settings and a request to new settings, or a refusal. Pure: what has to be known of the appliance comes in as
//! [`Facts`].
//!
//! Invariant: a refused request changes nothing, and its text is the documented line.

mod dns;
mod dscp;
mod firewall;
mod iface;
mod ipv4;
mod ipv6;
pub mod load;
mod ntp;
mod restore;
pub mod ssh;
mod syslog;
mod text;
pub mod user;
pub mod webadmin;

use std::sync::Arc;

use mmp_control::{
    Kind, Refusal, Reply, Request,
    request::{self, HostnameAsk, SettingsAsk, Timezone},
};
use mmp_model::{Letter, Settings, Username, account::PasswordHash, account::UnixTime};

use crate::webadmin::Set;

/// What a change depends on besides the settings.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who asks.
    pub user: Username,
    /// Interfaces of this platform.
    pub letters: Vec<Letter>,
    /// Seconds since 1970 UTC.
    pub now: UnixTime,
    /// The time zone that is asked for exists.
    pub zone_exists: bool,
    /// The file that is named exists and holds keys in chrony's form, or certificates, as the request needs.
    pub key_file: KeyFile,
    /// The settings of the restore point that is asked for.
    pub restore_point: Option<Settings>,
    /// What the file that is to be loaded holds.
    pub loaded: Option<Result<Settings, Refusal>>,
    /// The new password's hash, where the request brings a password that meets the rules.
    pub new_hash: Option<PasswordHash>,
    /// What the checks of a service that is to be enabled say; they all passed.
    pub checklist: String,
    /// What Web Admin is to run by.
    pub webadmin: Option<Arc<Set>>,
}

/// State of a named file of keys or certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// No such file.
    Absent,
    /// No `ID TYPE KEY` line, or no certificate, in it.
    Unusable,
    /// Has at least one.
    Usable,
}

/// The line after changes that wait for a boot (`mmp.md` section 8.4).
pub const REBOOT_REQUIRED: &str = "A reboot is required for the change to take effect";

/// The line after `recovery disable`.
const NO_WAY_BACK: &str = "WARNING: when all administrators have lost their passwords and keys, nobody gets in again";

/// Carries the request out on a copy. `None` when it is no request to change settings.
pub fn change(settings: &Settings, request: &Request, facts: &Facts) -> Option<Result<(Settings, Reply), Refusal>> {
    if let Request::Iface(letter, _)
    | Request::Ipv4(letter, _)
    | Request::Ipv6(letter, _)
    | Request::Firewall(letter, _) = request
        && let Err(refusal) = present(*letter, &facts.letters)
    {
        return Some(Err(refusal));
    }
    let mut next = settings.clone();
    let done = match request {
        Request::Iface(letter, ask) => iface::change(&mut next.interfaces, *letter, ask)?,
        Request::Ipv4(letter, ask) => ipv4::change(&mut next.interfaces, *letter, ask)?,
        Request::Ipv6(letter, ask) => ipv6::change(&mut next.interfaces, *letter, ask)?,
        Request::Dns(ask) => dns::change(&mut next.dns, ask)?,
        Request::Dscp(ask) => dscp::change(&mut next.dscp, ask)?,
        Request::Firewall(letter, ask) => firewall::change(&mut next.firewall, *letter, ask)?,
        Request::Ntp(ask) => ntp::change(&mut next.ntp, ask, facts.key_file)?,
        Request::Syslog(ask) => syslog::change(&mut next.syslog, ask, facts.key_file)?,
        Request::Audit(ask) => syslog::audit(&mut next.audit, ask)?,
        Request::Recovery(request::Recovery::Enable(enabled)) => {
            next.recovery.enabled = *enabled;
            Ok(if *enabled { Reply::Nothing } else { Reply::Notice(NO_WAY_BACK.into()) })
        }
        Request::Ssh(ask) => ssh::change(&mut next.ssh, &next.accounts, ask)?,
        Request::Tls(ask) => webadmin::tls(&mut next.tls, next.webadmin.enabled, ask)?,
        Request::Webadmin(ask) => webadmin::change(&mut next, ask, facts)?,
        Request::Text(which, ask) => text::change(&mut next.texts, *which, ask)?,
        Request::User(ask) => {
            let done = user::change(&mut next.accounts, ask, facts)?;
            // A later account of the same name is another's.
            next.ssh.keys.retain(|name, _| next.accounts.accounts.contains_key(name));
            done
        }
        Request::Hostname(HostnameAsk::Set(name)) => {
            next.hostname = name.clone();
            Ok(Reply::Notice(REBOOT_REQUIRED.into()))
        }
        Request::Settings(SettingsAsk::Restore(point)) => restore::change(&mut next, *point, facts),
        Request::Settings(SettingsAsk::Load(_)) => load::change(&mut next, facts),
        Request::Timezone(Timezone::Set(zone)) if facts.zone_exists => {
            next.timezone.zone = zone.clone();
            Ok(Reply::Notice(REBOOT_REQUIRED.into()))
        }
        Request::Timezone(Timezone::Set(zone)) => {
            Err(Refusal::new(Kind::BadValue, format!("Invalid timezone: {zone}"))
                .hint("list them with `timezone list`"))
        }
        _ => return None,
    };
    Some(done.map(|reply| (next, reply)))
}

/// Refuses a letter that the platform does not have (`mmp.md` section 1.5).
pub fn present(letter: Letter, letters: &[Letter]) -> Result<(), Refusal> {
    if letters.contains(&letter) {
        return Ok(());
    }
    let there = letters.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", ");
    Err(Refusal::new(Kind::BadValue, format!("Invalid interface: {letter}"))
        .hint(format!("this appliance has {there}")))
}

#[cfg(test)]
pub(crate) mod tests {
    use mmp_model::account::Accounts;

    use super::*;

    pub fn facts() -> Facts {
        Facts {
            user: Username::factory(),
            letters: vec![Letter::A, "b".parse().unwrap()],
            now: 1_000_000,
            zone_exists: true,
            key_file: KeyFile::Absent,
            restore_point: None,
            loaded: None,
            new_hash: Some(PasswordHash::new("$y$new".into())),
            checklist: String::new(),
            webadmin: None,
        }
    }

    pub fn clean() -> Settings {
        Settings::factory(Accounts::factory(PasswordHash::new("$y$old".into())))
    }

    /// The settings after the requests, each of which must be carried out.
    pub fn after(requests: &[Request]) -> Settings {
        requests.iter().fold(clean(), |settings, request| change(&settings, request, &facts()).unwrap().unwrap().0)
    }

    /// The line of the refusal.
    pub fn refused(settings: &Settings, request: &Request) -> String {
        change(settings, request, &facts()).unwrap().unwrap_err().message
    }

    #[test]
    fn a_letter_that_is_not_there_is_refused_with_those_that_are() {
        let ask = Request::Ipv4("d".parse().unwrap(), mmp_control::request::Ipv4::Dhcp);
        let refusal = change(&clean(), &ask, &facts()).unwrap().unwrap_err();
        assert_eq!(refusal.message, "Invalid interface: d");
        assert_eq!(refusal.hint.unwrap(), "this appliance has `a`, `b`");
    }

    #[test]
    fn a_new_name_waits_for_a_reboot() {
        let ask = Request::Hostname(HostnameAsk::Set("cms1".parse().unwrap()));
        let (next, reply) = change(&clean(), &ask, &facts()).unwrap().unwrap();
        assert_eq!(reply, Reply::Notice("A reboot is required for the change to take effect".into()));
        assert_eq!(next.hostname.as_str(), "cms1");
    }

    #[test]
    fn a_zone_that_does_not_exist_is_refused() {
        let ask = Request::Timezone(Timezone::Set("Europe/Atlantis".parse().unwrap()));
        let facts = Facts { zone_exists: false, ..facts() };
        assert_eq!(change(&clean(), &ask, &facts).unwrap().unwrap_err().message, "Invalid timezone: Europe/Atlantis");
    }
}

/// What holds of the settings after any sequence of requests.
#[cfg(test)]
mod properties {
    use mmp_control::{
        Secret,
        request::{Ipv4, Ntp, User},
    };
    use mmp_model::{Role, Subnet, interface::Addressing, rules::RuleChange};
    use proptest::prelude::*;

    use super::{tests::clean, tests::facts, *};

    fn any_request() -> impl Strategy<Value = Request> {
        let letter = prop_oneof![Just("a"), Just("b")].prop_map(|l| l.parse::<Letter>().expect("a letter"));
        let ipv4 = prop_oneof![
            (0u8..4, 1u8..5, 22u8..27).prop_map(|(third, last, length)| {
                let address = format!("10.0.{third}.{last}/{length}").parse().expect("an address");
                Ipv4::Add(address, [10, 0, third, 9].into())
            }),
            Just(Ipv4::Del),
            Just(Ipv4::Dhcp),
            Just(Ipv4::Enable),
            Just(Ipv4::Disable),
            Just(Ipv4::Default),
            (0u8..4).prop_map(|n| Ipv4::RouteAdd(format!("172.16.{n}.0/24").parse().expect("a subnet"))),
            (0u8..4).prop_map(|n| Ipv4::RouteDel(format!("172.16.{n}.0/24").parse().expect("a subnet"))),
        ];
        let name =
            prop_oneof![Just("admin"), Just("root"), Just("bob")].prop_map(|n| n.parse::<Username>().expect("a name"));
        let user = prop_oneof![
            (name.clone(), any::<bool>()).prop_map(|(name, admin)| {
                User::Add(name, if admin { Role::Admin } else { Role::Api }, Secret::new("x".into()))
            }),
            name.clone().prop_map(User::Del),
            name.clone().prop_map(User::Expire),
            (name.clone(), 0u8..3)
                .prop_map(|(name, n)| { User::AddHost(name, format!("192.0.2.{n}").parse().expect("a host")) }),
            (name.clone(), 0u8..3)
                .prop_map(|(name, n)| { User::DelHost(name, format!("192.0.2.{n}").parse().expect("a host")) }),
            name.clone().prop_map(|name| User::Duty(name, Some("Wk0700-1900".parse().expect("hours")))),
            name.prop_map(|name| User::Reset(name, Secret::new("x".into()))),
            (0u8..4).prop_map(|n| {
                let change = RuleChange::parse("max_history", &n.to_string());
                User::SetRule(change.expect("of its range"))
            }),
        ];
        prop_oneof![
            (letter, ipv4).prop_map(|(letter, ask)| Request::Ipv4(letter, ask)),
            user.prop_map(Request::User),
            (0u8..8).prop_map(|n| Request::Ntp(Ntp::Add(format!("192.0.2.{n}").parse().expect("a host")))),
        ]
    }

    fn subnets(settings: &Settings) -> Vec<Subnet> {
        let on = settings.interfaces.ipv4.values().filter(|ipv4| ipv4.enabled);
        on.filter_map(|ipv4| match &ipv4.addressing {
            Addressing::Static { address, .. } => Some(address.subnet()),
            _ => None,
        })
        .collect()
    }

    proptest! {
        #[test]
        fn no_sequence_of_requests_breaks_what_holds(requests in proptest::collection::vec(any_request(), 0..40)) {
            let mut settings = clean();
            for request in &requests {
                if let Some(Ok((next, _))) = change(&settings, request, &facts()) {
                    settings = next;
                }
            }
            let subnets = subnets(&settings);
            let clash = subnets.iter().enumerate().any(|(i, one)| subnets[i + 1..].iter().any(|two| one.overlaps(two)));
            prop_assert!(!clash, "two interfaces in one subnet");
            prop_assert!(settings.accounts.accounts.values().any(|account| account.role == Role::Admin));
            let mut numbers: Vec<u32> = settings.accounts.accounts.values().map(|account| account.uid).collect();
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), settings.accounts.accounts.len(), "a number is used twice");
            let most = settings.accounts.rules.history();
            prop_assert!(settings.accounts.accounts.values().all(|account| account.history.len() <= most));
            prop_assert!(settings.ntp.servers.len() <= mmp_model::time::MAX_NTP_SERVERS);
            prop_assert_eq!(mmp_model::versions::load(mmp_model::versions::store(&settings)).expect("loads"), settings);
        }
    }
}
