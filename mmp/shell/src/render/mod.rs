//! Replies as text, laid out as `mmp.md` shows them, and as JSON.
//!
//! Invariants: no IO; a text ends without a line feed; scripts read these columns, so a test holds each.

use mmp_control::Reply;
use mmp_model::account::UnixTime;

mod backup;
mod clock;
mod dns;
mod dscp;
mod firewall;
mod iface;
mod ipv4;
mod ipv6;
mod license;
mod pki;
mod restore;
mod ssh;
mod status;
mod syslog;
mod user;
mod webadmin;

/// The reply as the administrator reads it.
pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Nothing
        | Reply::Admitted(_)
        | Reply::SignedIn(_)
        | Reply::WebSession(_)
        | Reply::Recovery(_)
        | Reply::Files(_)
        | Reply::File(_)
        | Reply::Values(_) => String::new(),
        Reply::Notice(line) | Reply::Value(line) => line.clone(),
        Reply::Backups(rows) => backup::list(rows),
        Reply::BackupCheck(check) => check.warnings.join("\n"),
        Reply::License(license) => license::show(license),
        Reply::PkiUses(uses) => pki::uses(uses),
        Reply::PkiFiles(files) => pki::list(files),
        Reply::Iface(iface) => iface::show(iface),
        Reply::Ipv4(ipv4) => ipv4::show(ipv4),
        Reply::Ipv6(ipv6) => ipv6::show(ipv6),
        Reply::Dns(dns) => dns::show(dns),
        Reply::Lookup(lines) | Reply::Timezones(lines) | Reply::News(lines) | Reply::Alarms(lines) => lines.join("\n"),
        Reply::Dscp(dscp) => dscp::show(dscp),
        Reply::Firewall(firewall) => firewall::show(firewall),
        Reply::Hostname(now) => pending(now.hostname.as_str(), now.running.as_str()),
        Reply::NtpServers(servers) => servers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Reply::NtpStatus(sources) => clock::ntp_status(sources),
        Reply::Timezone(now) => pending(now.timezone.as_str(), now.running.as_str()),
        Reply::Date(date) => clock::date(date),
        Reply::Syslog(state) => syslog::show(state),
        Reply::Audit(state) => syslog::audit(state),
        Reply::LogPage(page) => page.lines.join("\n"),
        Reply::Users(rows) => user::list(rows),
        Reply::User(info) => user::info(info),
        Reply::Rules(rows) => user::rules(rows),
        Reply::Ssh(now) => ssh::show(now),
        Reply::HostKeys(keys) => ssh::fingerprints(keys),
        Reply::UserKeys(keys) => ssh::keys(keys),
        Reply::Tls(tls) => webadmin::tls(tls),
        Reply::Webadmin(state) => webadmin::show(state),
        Reply::WebadminStatus(state) => webadmin::status(state),
        Reply::Text(text) => or_none(text.as_ref()),
        Reply::Version(version) => version.version.clone(),
        Reply::Uptime(uptime) => status::uptime(uptime),
        Reply::Df(filesystems) => status::df(filesystems),
        Reply::Health(sensors) => status::health(sensors),
        Reply::Trial(trial) => restore::trial(trial.as_ref()),
        Reply::RestorePoints(points) => restore::points(points),
        Reply::Differences(differences) => restore::differences(differences),
    }
}

/// The value inside the reply, as JSON on several lines.
pub fn json(reply: &Reply) -> String {
    let value = match serde_json::to_value(reply) {
        // A reply with a value is an object with one key, which says no more than the command did.
        Ok(serde_json::Value::Object(tagged)) if tagged.len() == 1 => tagged.into_iter().next().map(|(_, value)| value),
        _ => None,
    };
    serde_json::to_string_pretty(&value.unwrap_or_default()).expect("a JSON value has text keys only")
}

/// A point in time, in UTC.
pub fn utc(at: UnixTime) -> String {
    match jiff::Timestamp::from_second(at) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => "unknown".into(),
    }
}

/// A setting that the next boot brings into force.
fn pending(set: &str, running: &str) -> String {
    if set == running { set.into() } else { format!("{set}\nA reboot is required for the change to take effect") }
}

/// A last line on a bad day; nothing on a good one, whose columns scripts know.
fn fault(fault: Option<&str>) -> String {
    fault.map(|fault| format!("\nWARNING: {fault}")).unwrap_or_default()
}

/// A value, or `none`.
fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "none".into(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_reboot_is_said() {
        assert_eq!(pending("cms1", "cms1"), "cms1");
        assert_eq!(pending("cms1", "cms"), "cms1\nA reboot is required for the change to take effect");
    }

    #[test]
    fn json_is_the_value_without_its_tag() {
        assert_eq!(json(&Reply::Value("CMS VM".into())), "\"CMS VM\"");
        assert_eq!(json(&Reply::Lookup(vec!["a".into()])), "[\n  \"a\"\n]");
        assert_eq!(json(&Reply::Nothing), "null");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(utc(1_791_205_440), "2026-10-05 13:04:00 UTC");
        assert_eq!(utc(i64::MAX), "unknown");
    }
}
