//! Replies that only read: settings and the observed system, never waiting for a change in progress.

mod pki;
mod restore;
pub mod ssh;
mod user;

use mmp_control::{
    Kind, Refusal, Reply, Request,
    reply::{self, LiveValue},
    request::{
        self, Audit, Date, Dns, Dscp, Firewall, HostnameAsk, Iface, Ipv4, Ipv6, Live, Ntp, SettingsAsk, Status, Syslog,
        Timezone, Trial,
    },
};
use mmp_model::{Letter, Role, Settings, interface::Addressing};

use crate::{
    appliance::{Appliance, RELEASE},
    apply, change,
    files::Folder,
    license, logs, network_fault,
    observe::{addresses6, clock, links, machine, resolver, routes, time_sources},
    plan::Daemon,
};

/// Answers the request, or `None` when it is not one that only reads.
pub fn answer(appliance: &Appliance, role: Role, request: &Request) -> Option<Result<Reply, Refusal>> {
    let settings = appliance.settings();
    Some(match request {
        Request::Iface(letter, Iface::Show) => present(appliance, *letter).map(|()| iface(&settings, *letter)),
        Request::Ipv4(letter, Ipv4::Show) => present(appliance, *letter).map(|()| ipv4(&settings, *letter)),
        Request::Ipv6(letter, Ipv6::Show) => present(appliance, *letter).map(|()| ipv6(&settings, *letter)),
        Request::Dns(Dns::Show) => Ok(Reply::Dns(settings.dns.clone())),
        Request::Dns(Dns::Lookup(kind, name)) => {
            let running = || appliance.await_running(Daemon::Unbound);
            let configured = settings.dns != mmp_model::dns::Dns::default();
            resolver::lookup(*kind, name, configured.then_some(&running)).map(Reply::Lookup)
        }
        Request::Dns(Dns::Flush) => flush(appliance, &settings),
        Request::Dscp(Dscp::Show) => Ok(Reply::Dscp(settings.dscp.clone())),
        Request::Firewall(letter, Firewall::Show) => present(appliance, *letter).map(|()| {
            let firewall = settings.firewall.interfaces.get(letter).cloned().unwrap_or_default();
            Reply::Firewall(reply::Firewall { interface: *letter, firewall })
        }),
        Request::Hostname(HostnameAsk::Show) => Ok(Reply::Hostname(reply::HostnameNow {
            hostname: settings.hostname.clone(),
            running: appliance.running_hostname.clone(),
        })),
        Request::Ntp(Ntp::List) => Ok(Reply::NtpServers(settings.ntp.servers.clone())),
        Request::Ntp(Ntp::Status) => Ok(Reply::NtpStatus(time_sources::sources())),
        Request::Timezone(Timezone::Show) => Ok(Reply::Timezone(reply::TimezoneNow {
            timezone: settings.timezone.zone.clone(),
            running: appliance.running_zone.clone(),
        })),
        Request::Timezone(Timezone::List) => Ok(Reply::Timezones(clock::zones())),
        Request::Date(Date::Show) => {
            let (utc, local) = clock::utc_and_local(&settings.timezone.zone);
            Ok(Reply::Date(reply::Date { utc, local }))
        }
        Request::Syslog(Syslog::Show | Syslog::ShowAudit) => Ok(logs::forwarding::show(appliance, role)),
        Request::Syslog(Syslog::Page(after)) => logs::page(appliance, after.as_deref()),
        Request::Audit(Audit::Show) => logs::audit(appliance),
        Request::User(ask) => return user::answer(appliance, &settings, ask),
        Request::Recovery(request::Recovery::Show) => {
            Ok(Reply::Value(if settings.recovery.enabled { "enabled" } else { "disabled" }.into()))
        }
        Request::Ssh(ask) => return ssh::answer(&settings, &appliance.system.paths.data(), ask),
        Request::Tls(request::Tls::Show(service)) => {
            Ok(Reply::Tls(reply::Tls { service: *service, settings: settings.tls.clone() }))
        }
        Request::Webadmin(request::Webadmin::Show) => Ok(Reply::Webadmin(appliance.show_webadmin())),
        Request::Webadmin(request::Webadmin::Status) => Ok(Reply::WebadminStatus(appliance.show_webadmin())),
        Request::Alarms => Ok(Reply::Alarms(appliance.notices())),
        Request::Text(which, request::Text::Show) => {
            Ok(Reply::Text(settings.texts.get(*which).map(ToString::to_string)))
        }
        Request::Status(status) => self::status(appliance, &settings, *status),
        Request::Live(live) => Ok(Reply::Values(values(appliance, role, &settings, *live))),
        // An administrator's commands are no other role's to read.
        Request::Trial(Trial::Show) if role != Role::Admin => Ok(Reply::Trial(None)),
        Request::Trial(Trial::Show) => Ok(Reply::Trial(appliance.trial())),
        Request::Settings(SettingsAsk::List) => Ok(Reply::RestorePoints(restore::points(appliance))),
        Request::Settings(SettingsAsk::Compare(from, to)) => restore::compare(appliance, *from, *to),
        Request::License => Ok(license::show(appliance)),
        Request::Noted => Ok(Reply::Nothing),
        _ => return None,
    })
}

fn present(appliance: &Appliance, letter: Letter) -> Result<(), Refusal> {
    change::present(letter, &appliance.letters())
}

fn iface(settings: &Settings, letter: Letter) -> Reply {
    let card = links::card(letter);
    Reply::Iface(reply::Iface {
        interface: letter,
        mac: card.mac,
        configured: settings.interfaces.link.get(&letter).cloned().unwrap_or_default(),
        speed: card.speed,
        duplex: card.duplex,
        mtu: card.mtu,
        carrier: card.carrier,
        fault: network_fault::now(settings, letter),
    })
}

fn ipv4(settings: &Settings, letter: Letter) -> Reply {
    let set = settings.interfaces.ipv4.get(&letter).cloned().unwrap_or_default();
    let observed_addresses = links::ipv4_addresses(letter);
    let observed_routes = routes::ipv4(letter);
    let (address, gateway, prefixlen) = match &set.addressing {
        Addressing::Static { address, gateway } => (Some(address.address()), Some(*gateway), Some(address.length())),
        Addressing::Dhcp if set.enabled => {
            let leased = observed_addresses.first().and_then(|text| text.split_once('/'));
            let gateway = observed_routes.iter().find(|route| route.global && route.prefixlen == 0);
            let (address, length) = leased.unzip();
            (
                address.and_then(|text| text.parse().ok()),
                gateway.map(|route| route.gateway),
                length.and_then(|text| text.parse().ok()),
            )
        }
        _ => (None, None, None),
    };
    Reply::Ipv4(reply::Ipv4 {
        interface: letter,
        address,
        default: settings.interfaces.default == letter,
        dhcp: set.addressing == Addressing::Dhcp,
        enabled: set.enabled,
        gateway,
        macaddress: links::card(letter).mac,
        prefixlen,
        routes: set.routes,
        observed_addresses,
        observed_routes,
        fault: network_fault::now(settings, letter),
    })
}

fn ipv6(settings: &Settings, letter: Letter) -> Reply {
    let set = settings.interfaces.ipv6.get(&letter).cloned().unwrap_or_default();
    Reply::Ipv6(reply::Ipv6 {
        interface: letter,
        addresses: set.addresses,
        default: settings.interfaces.default == letter,
        enabled: set.enabled,
        macaddress: links::card(letter).mac,
        router: set.router,
        routes: set.routes,
        slaac: set.slaac,
        observed_addresses: addresses6::of(letter).iter().map(ToString::to_string).collect(),
        observed_routes: routes::ipv6(letter),
        fault: network_fault::now(settings, letter),
    })
}

fn flush(appliance: &Appliance, settings: &Settings) -> Result<Reply, Refusal> {
    if settings.dns == mmp_model::dns::Dns::default() {
        // No resolver runs, so nothing is cached.
        return Ok(Reply::Nothing);
    }
    appliance
        .await_running(Daemon::Unbound)
        .and_then(|()| apply::unbound_control("flush_zone ."))
        .map(|_| Reply::Nothing)
        .map_err(|error| Refusal::new(Kind::Internal, format!("The cache was not flushed: {error}")))
}

fn status(appliance: &Appliance, settings: &Settings, status: Status) -> Result<Reply, Refusal> {
    Ok(match status {
        Status::Version => Reply::Version(reply::Version {
            version: RELEASE.into(),
            commit: option_env!("ROSTRUM_COMMIT").map(str::to_owned),
        }),
        Status::Model => Reply::Value(appliance.board.model.clone()),
        Status::Serial => Reply::Value(machine::serial()),
        Status::Uptime => Reply::Uptime(reply::Uptime {
            now: clock::time_of_day(&settings.timezone.zone),
            seconds: machine::uptime(),
            sessions: appliance.sessions.shells(),
            load: machine::load(),
        }),
        Status::Df => Reply::Df(machine::filesystems(&appliance.system.paths.data())),
        Status::Health => {
            if appliance.board.model == "CMS VM" {
                return Err(Refusal::new(Kind::Unavailable, "health not supported on this platform"));
            }
            Reply::Health(machine::sensors())
        }
    })
}

fn values(appliance: &Appliance, role: Role, settings: &Settings, live: Live) -> Vec<LiveValue> {
    let value = |value: String, about: &str| LiveValue { value, about: about.to_owned() };
    // What an administrator alone may list is not given away by completion either.
    let of_folder = matches!(
        live,
        Live::Files
            | Live::KeyFiles
            | Live::CertificateFiles
            | Live::PkiFiles
            | Live::Pkcs12Files
            | Live::Requests
            | Live::Pairs
    );
    if role != Role::Admin && !of_folder && !(role == Role::Audit && live == Live::AuditServers) {
        return Vec::new();
    }
    let servers = |list: &[mmp_model::syslog::Server]| -> Vec<LiveValue> {
        let about = |s: &mmp_model::syslog::Server| format!("{} port {}", s.transport.word(), s.port);
        list.iter().map(|server| value(server.host.to_string(), &about(server))).collect()
    };
    match live {
        Live::Interfaces => {
            let about =
                |letter: Letter| links::ipv4_addresses(letter).first().cloned().unwrap_or_else(|| "no address".into());
            appliance.letters().into_iter().map(|letter| value(letter.to_string(), &about(letter))).collect()
        }
        Live::Users => {
            let all = settings.accounts.accounts.iter();
            all.map(|(name, account)| value(name.to_string(), account.role.describe())).collect()
        }
        Live::Files => {
            let folder = Folder::new(appliance.system.paths.files(), role, appliance);
            let files = folder.list().unwrap_or_default();
            files.into_iter().map(|file| value(file.name.to_string(), &format!("{} bytes", file.size))).collect()
        }
        Live::KeyFiles | Live::CertificateFiles | Live::PkiFiles | Live::Pkcs12Files | Live::Requests | Live::Pairs => {
            pki::live(appliance, role, live)
        }
        Live::ForwardZones => {
            let zones = settings.dns.forward_zones.iter();
            zones.map(|zone| value(format!("{} {}", zone.domain, zone.server), "forward zone")).collect()
        }
        Live::TrustAnchors => {
            let anchors = settings.dns.trust_anchors.iter();
            anchors.map(|anchor| value(format!("{} {}", anchor.zone(), anchor.key_tag()), "trust anchor")).collect()
        }
        Live::Records => {
            let records = settings.dns.records.iter();
            records.map(|record| value(format!("{} {}", record.owner(), record.kind()), &record.to_string())).collect()
        }
        Live::NtpServers => settings.ntp.servers.iter().map(|server| value(server.to_string(), "NTP server")).collect(),
        Live::SyslogServers => servers(&settings.syslog.servers),
        Live::AuditServers => servers(&settings.syslog.audit_servers),
        Live::Timezones => clock::zones().into_iter().map(|zone| value(zone, "")).collect(),
        Live::UserHosts => user::hosts(settings),
        Live::Backups => {
            let rows = appliance.backups();
            rows.into_iter().map(|row| value(row.name.to_string(), &format!("{} bytes", row.size))).collect()
        }
        Live::Routes => {
            let all = settings.interfaces.ipv4.iter();
            all.flat_map(|(letter, ipv4)| ipv4.routes.iter().map(move |route| (letter, route)))
                .map(|(letter, route)| value(route.to_string(), &format!("out of interface {letter}")))
                .collect()
        }
        Live::RestorePoints => {
            let points = restore::points(appliance).into_iter();
            points
                .map(|point| value(point.generation.to_string(), &format!("{}: {}", point.user, point.line)))
                .collect()
        }
        Live::FirewallTags => {
            let all = settings.firewall.interfaces.iter();
            all.flat_map(|(letter, own)| own.rules.iter().map(move |rule| (letter, rule)))
                .map(|(letter, rule)| {
                    let about = format!("{} {} on interface {letter}", rule.policy.word(), rule.service);
                    value(rule.tag.to_string(), &about)
                })
                .collect()
        }
        Live::Ipv6Addresses | Live::Ipv6Routers | Live::Ipv6Routes => {
            let all = settings.interfaces.ipv6.iter();
            all.flat_map(|(letter, ipv6)| ipv6_values(ipv6, live).into_iter().map(move |text| (letter, text)))
                .map(|(letter, text)| value(text, &format!("of interface {letter}")))
                .collect()
        }
    }
}

fn ipv6_values(ipv6: &mmp_model::ipv6::Ipv6, live: Live) -> Vec<String> {
    match live {
        Live::Ipv6Addresses => ipv6.addresses.iter().map(ToString::to_string).collect(),
        Live::Ipv6Routers => ipv6.router.iter().map(ToString::to_string).collect(),
        _ => ipv6.routes.iter().map(ToString::to_string).collect(),
    }
}

/// Whether the request may be made with an expired password: only the one that replaces it, and what is merely noted.
pub fn allowed_while_expired(request: &Request) -> bool {
    matches!(request, Request::User(request::User::ChangeOwn { .. }) | Request::Noted)
}
