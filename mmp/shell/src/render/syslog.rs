//! `syslog` and `audit` (`mmp.md` section 21).

use std::fmt::Display;

use mmp_control::reply::{AuditState, ServerState, SyslogState};

use super::{or_none, utc};

/// Whether the logs are handed on, and to whom.
pub fn show(state: &SyslogState) -> String {
    let mut lines = vec![line("Enabled", &state.enabled)];
    if let Some(list) = &state.servers {
        servers(&mut lines, "Server", list);
    }
    servers(&mut lines, "Audit server", &state.audit_servers);
    if state.servers.is_some() {
        lines.push(line("Trust bundle", &or_none(state.trust.as_ref())));
    }
    lines.join("\n")
}

fn servers(lines: &mut Vec<String>, label: &str, servers: &[ServerState]) {
    if servers.is_empty() {
        lines.push(line(label, &"none"));
    }
    for server in servers {
        lines.push(line(label, &server.place()));
        lines.push(format!("    {}", server.describe()));
        if let Some((at, error)) = server.state.as_ref().and_then(|state| state.error.as_ref()) {
            lines.push(format!("    last error, {}: {error}", utc(*at)));
        }
    }
}

/// What the audit log holds.
pub fn audit(state: &AuditState) -> String {
    let since = state.since.map(utc);
    let http = if state.http { "Enabled" } else { "Disabled" };
    [line("Lines", &state.lines), line("Oldest line", &or_none(since)), line("HTTP requests", &http)].join("\n")
}

fn line(label: &str, value: &dyn Display) -> String {
    format!("{label:<14}: {value}")
}

#[cfg(test)]
mod tests {
    use mmp_control::reply::Forwarding;
    use mmp_model::syslog::{Server, Transport};

    use super::*;

    fn server(host: &str, transport: Transport, state: Option<Forwarding>) -> ServerState {
        let server = Server { host: host.parse().unwrap(), port: transport.usual_port(), transport };
        ServerState { server, state }
    }

    #[test]
    fn servers_stand_with_how_they_do() {
        let error = Some((1_791_205_440, "Connection refused".to_owned()));
        let away = Forwarding { connected: false, behind: Some(1), missing: 3, error };
        let there = Forwarding { connected: true, behind: Some(0), ..Forwarding::default() };
        let state = SyslogState {
            enabled: true,
            servers: Some(vec![
                server("logs.example.com", Transport::Tcp, Some(there)),
                server("2001:db8::1", Transport::Tls, Some(away)),
            ]),
            audit_servers: vec![],
            trust: Some("logs-ca.cer".parse().unwrap()),
        };
        insta::assert_snapshot!(show(&state), @r"
        Enabled       : true
        Server        : logs.example.com:514
            tcp, connected, 0 lines behind
        Server        : [2001:db8::1]:6514
            tls, not connected, 1 line behind, 3 lines lost
            last error, 2026-10-05 13:04:00 UTC: Connection refused
        Audit server  : none
        Trust bundle  : logs-ca.cer
        ");
    }

    #[test]
    fn who_audits_sees_the_audit_logs_servers_only() {
        let state = SyslogState {
            enabled: false,
            servers: None,
            audit_servers: vec![server("192.0.2.1", Transport::Udp, None)],
            trust: None,
        };
        insta::assert_snapshot!(show(&state), @r"
        Enabled       : false
        Audit server  : 192.0.2.1:514
            udp
        ");
    }

    #[test]
    fn the_audit_log_is_described() {
        let state = AuditState { lines: 3, since: Some(1_791_205_440), http: false };
        insta::assert_snapshot!(audit(&state), @r"
        Lines         : 3
        Oldest line   : 2026-10-05 13:04:00 UTC
        HTTP requests : Disabled
        ");
    }
}
