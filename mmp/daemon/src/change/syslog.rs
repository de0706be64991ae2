//! Changes of the servers that the logs are handed on to, and of what the audit log holds (`mmp.md` section 21).

use mmp_control::{
    Kind, Refusal, Reply,
    request::{Audit as AskAudit, Syslog as Ask},
};
use mmp_model::{
    Host,
    syslog::{Audit, MAX_SYSLOG_SERVERS, Server, Syslog, Transport},
};

use super::KeyFile;

pub fn change(syslog: &mut Syslog, ask: &Ask, trust_file: KeyFile) -> Option<Result<Reply, Refusal>> {
    let done = match ask {
        Ask::Show | Ask::ShowAudit | Ask::Follow | Ask::Tail(_) | Ask::Search(_) | Ask::Page(_) | Ask::Rotate(_) => {
            return None;
        }
        Ask::AddServer(server) => add(syslog.trust.is_some(), &mut syslog.servers, server, "syslog server"),
        Ask::AddAudit(server) => add(syslog.trust.is_some(), &mut syslog.audit_servers, server, "syslog audit"),
        // The documented order; servers of the audit log are the auditor's, who cannot disable.
        Ask::DelServer(host) if syslog.enabled && known(&syslog.servers, host) => {
            Err(Refusal::new(Kind::Conflict, "syslog is enabled").hint("disable first with `syslog disable`"))
        }
        Ask::DelServer(host) => del(&mut syslog.servers, host, "syslog"),
        Ask::DelAudit(host) => del(&mut syslog.audit_servers, host, "syslog audit"),
        Ask::Enable if syslog.servers.is_empty() && syslog.audit_servers.is_empty() => {
            Err(Refusal::new(Kind::Conflict, "No syslog server configured")
                .hint("add one with `syslog server add <host>`"))
        }
        Ask::Enable => {
            syslog.enabled = true;
            Ok(())
        }
        Ask::Disable => {
            syslog.enabled = false;
            Ok(())
        }
        Ask::Trust(None) if syslog.uses_tls() => Err(Refusal::new(Kind::Conflict, "A server over TLS is configured")
            .hint("remove it first, or name another file: without certificates it cannot be believed")),
        Ask::Trust(None) => {
            syslog.trust = None;
            Ok(())
        }
        Ask::Trust(Some(file)) => match trust_file {
            KeyFile::Absent => Err(Refusal::new(Kind::Absent, format!("File not found: {file}"))
                .hint(format!("upload it with `sftp> put {file}`"))),
            KeyFile::Unusable => Err(Refusal::new(Kind::BadValue, format!("No certificate found in {file}"))
                .hint("a certificate is a block that begins with -----BEGIN CERTIFICATE-----")),
            KeyFile::Usable => {
                syslog.trust = Some(file.clone());
                Ok(())
            }
        },
    };
    Some(done.map(|()| Reply::Nothing))
}

/// Changes of the family `audit`.
pub fn audit(audit: &mut Audit, ask: &AskAudit) -> Option<Result<Reply, Refusal>> {
    let AskAudit::Http(on) = ask else { return None };
    audit.http = *on;
    Some(Ok(Reply::Nothing))
}

fn add(trust: bool, servers: &mut Vec<Server>, server: &Server, command: &str) -> Result<(), Refusal> {
    let host = &server.host;
    if known(servers, host) {
        return Err(Refusal::new(Kind::Conflict, format!("Syslog server already configured: {host}"))
            .hint(format!("to change its port or transport, remove it with `{command} del {host}` first")));
    }
    if servers.len() >= MAX_SYSLOG_SERVERS {
        return Err(Refusal::new(Kind::Conflict, format!("Maximum of {MAX_SYSLOG_SERVERS} syslog servers"))
            .hint(format!("remove one with `{command} del <host>`, then add the new one")));
    }
    if server.transport == Transport::Tls && !trust {
        return Err(Refusal::new(Kind::Conflict, "No certificates to check a server over TLS against")
            .hint("upload them and name the file with `syslog trust <crt-bundle>` first"));
    }
    servers.push(server.clone());
    Ok(())
}

fn del(servers: &mut Vec<Server>, host: &Host, command: &str) -> Result<(), Refusal> {
    if !known(servers, host) {
        return Err(Refusal::new(Kind::Absent, format!("No such syslog server: {host}"))
            .hint(format!("list the servers with `{command}`")));
    }
    servers.retain(|server| server.host != *host);
    Ok(())
}

fn known(servers: &[Server], host: &Host) -> bool {
    servers.iter().any(|server| server.host == *host)
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::{
        super::{
            Facts, change,
            tests::{after, clean, facts, refused},
        },
        *,
    };

    fn server(host: &str, transport: Transport) -> Server {
        Server { host: host.parse().unwrap(), port: transport.usual_port(), transport }
    }

    fn add(host: &str) -> Request {
        Request::Syslog(Ask::AddServer(server(host, Transport::Tcp)))
    }

    #[test]
    fn servers_are_added_once_and_removed_only_while_disabled() {
        let settings = after(&[add("192.0.2.1"), Request::Syslog(Ask::Enable)]);
        assert_eq!(refused(&settings, &add("192.0.2.1")), "Syslog server already configured: 192.0.2.1");
        let del = |host: &str| Request::Syslog(Ask::DelServer(host.parse().unwrap()));
        assert_eq!(refused(&settings, &del("192.0.2.1")), "syslog is enabled");
        assert_eq!(refused(&settings, &del("192.0.2.9")), "No such syslog server: 192.0.2.9");
        let settings =
            after(&[add("192.0.2.1"), Request::Syslog(Ask::Enable), Request::Syslog(Ask::Disable), del("192.0.2.1")]);
        assert!(settings.syslog.servers.is_empty());
    }

    #[test]
    fn nothing_is_enabled_without_a_server() {
        assert_eq!(refused(&clean(), &Request::Syslog(Ask::Enable)), "No syslog server configured");
        let many: Vec<_> = (1..=8).map(|n| add(&format!("192.0.2.{n}"))).collect();
        assert_eq!(refused(&after(&many), &add("192.0.2.9")), "Maximum of 8 syslog servers");
    }

    #[test]
    fn tls_needs_certificates_that_stay() {
        let tls = Request::Syslog(Ask::AddServer(server("logs.example.com", Transport::Tls)));
        assert_eq!(refused(&clean(), &tls), "No certificates to check a server over TLS against");
        let trust = Request::Syslog(Ask::Trust(Some("ca.cer".parse().unwrap())));
        assert_eq!(refused(&clean(), &trust), "File not found: ca.cer");
        let usable = Facts { key_file: KeyFile::Usable, ..facts() };
        let settings = change(&clean(), &trust, &usable).unwrap().unwrap().0;
        let settings = change(&settings, &tls, &usable).unwrap().unwrap().0;
        assert_eq!(refused(&settings, &Request::Syslog(Ask::Trust(None))), "A server over TLS is configured");
    }

    #[test]
    fn who_audits_adds_and_removes_servers_of_the_audit_log_at_any_time() {
        let audit = Request::Syslog(Ask::AddAudit(server("192.0.2.1", Transport::Udp)));
        let settings = after(&[audit, Request::Syslog(Ask::Enable)]);
        let del = Request::Syslog(Ask::DelAudit("192.0.2.1".parse().unwrap()));
        assert!(change(&settings, &del, &facts()).unwrap().unwrap().0.syslog.audit_servers.is_empty());
    }
}
