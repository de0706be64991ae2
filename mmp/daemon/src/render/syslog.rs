//! The forwarder's service file (`mmp.md` section 21).
//!
//! It runs only while there is a log to hand on to somebody.

use std::path::PathBuf;

use mmp_log::forward::{Log, SERVICE, STATUS, Service, Target};
use mmp_model::syslog::Syslog;

use super::{File, Files};
use crate::paths;

/// Where the forwarder keeps how far each server has come.
const STATE: &str = "/data/lib/syslog";

/// The one file, or nothing.
pub fn files(syslog: &Syslog, trust: Option<&str>) -> Files {
    if !syslog.is_active() {
        return Files::new();
    }
    let of = |log| move |server: &mmp_model::syslog::Server| Target { log, server: server.clone() };
    let system = syslog.servers.iter().map(of(Log::System));
    let service = Service {
        targets: system.chain(syslog.audit_servers.iter().map(of(Log::Audit))).collect(),
        trust: trust.map(str::to_owned),
        journal: paths::JOURNAL.into(),
        audit: paths::AUDIT.into(),
        state: STATE.into(),
        status: STATUS.into(),
    };
    let content = serde_json::to_string_pretty(&service).expect("a service file has text keys only");
    [(PathBuf::from(SERVICE), File::readable(content))].into()
}

/// Whether the text holds a certificate in PEM; whether it can be used is seen when it is.
pub fn has_certificate(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.any(|line| line == "-----BEGIN CERTIFICATE-----") && lines.any(|line| line == "-----END CERTIFICATE-----")
}

#[cfg(test)]
mod tests {
    use mmp_model::syslog::{Server, Transport};

    use super::*;

    #[test]
    fn the_forwarder_has_a_file_only_while_it_has_something_to_do() {
        let server = Server {
            host: "logs.example.com".parse().unwrap(),
            port: "514".parse().unwrap(),
            transport: Transport::Tcp,
        };
        let mut syslog = Syslog { audit_servers: vec![server], ..Syslog::default() };
        assert!(files(&syslog, None).is_empty());
        syslog.enabled = true;
        let files = files(&syslog, Some("pem"));
        let service: Service = serde_json::from_str(&files[&PathBuf::from(SERVICE)].content).unwrap();
        assert_eq!((service.targets.len(), service.targets[0].log), (1, Log::Audit));
        assert_eq!(service.trust.as_deref(), Some("pem"));
    }

    #[test]
    fn a_certificate_has_a_beginning_and_an_end() {
        assert!(has_certificate("x\n-----BEGIN CERTIFICATE-----\r\nAA==\r\n-----END CERTIFICATE-----\r\n"));
        assert!(!has_certificate("-----BEGIN CERTIFICATE-----\nAA==\n"));
        assert!(!has_certificate("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"));
    }
}
