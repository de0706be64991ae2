//! Which requests only show something. Pages ask for dozens of them each time they are opened, and a log of what was done
//! must not drown in them; at a shell, where somebody typed it, each is a line all the same (decision 0161).
//!
//! Invariant: whatever changes anything, leaves the appliance, or shows what people did (the logs) is not in the list.

use mmp_control::{
    Request,
    request::{
        Backup, Date, Dns, Dscp, Firewall, HostnameAsk, Iface, Ipv4, Ipv6, Ntp, Pki, Recovery, SettingsAsk, Ssh,
        Syslog, Text, Timezone, Tls, Trial, User, Webadmin,
    },
};

/// Whether the request only shows settings or the state of the system.
pub(super) const fn only_looks(request: &Request) -> bool {
    matches!(
        request,
        Request::Iface(_, Iface::Show)
            | Request::Ipv4(_, Ipv4::Show)
            | Request::Ipv6(_, Ipv6::Show)
            | Request::Dns(Dns::Show)
            | Request::Dscp(Dscp::Show)
            | Request::Firewall(_, Firewall::Show)
            | Request::Hostname(HostnameAsk::Show)
            | Request::Ntp(Ntp::List | Ntp::Status)
            | Request::Timezone(Timezone::Show | Timezone::List)
            | Request::Date(Date::Show)
            | Request::Syslog(Syslog::Show | Syslog::ShowAudit)
            | Request::User(User::List | User::Info(_) | User::Rules)
            | Request::Recovery(Recovery::Show)
            | Request::Ssh(Ssh::Show | Ssh::Fingerprints | Ssh::Keys)
            | Request::Tls(Tls::Show(_))
            | Request::Webadmin(Webadmin::Show | Webadmin::Status)
            | Request::Text(_, Text::Show)
            | Request::Status(_)
            | Request::Trial(Trial::Show)
            | Request::Settings(SettingsAsk::List | SettingsAsk::Compare(..))
            | Request::License
            | Request::Pki(Pki::Show | Pki::List)
            | Request::Backup(Backup::List)
    )
}

#[cfg(test)]
mod tests {
    use mmp_control::request::{Audit, Power, Status};

    use super::*;

    #[test]
    fn what_changes_or_shows_what_people_did_is_no_look() {
        for look in [Request::Dns(Dns::Show), Request::Status(Status::Version), Request::User(User::List)] {
            assert!(only_looks(&look), "{look:?}");
        }
        let trial =
            Request::Trial(Trial::Change(mmp_model::restore::ConfirmTime::DEFAULT, Box::new(Request::Dns(Dns::Show))));
        for other in [
            Request::Dns(Dns::Flush),
            Request::Power(Power::Reboot),
            Request::Audit(Audit::Show),
            Request::Syslog(Syslog::Page(None)),
            Request::LogBundle,
            Request::Noted,
            trial,
        ] {
            assert!(!only_looks(&other), "{other:?}");
        }
    }
}
