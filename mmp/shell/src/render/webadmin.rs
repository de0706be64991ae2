//! `webadmin`, `webadmin status` and `tls` (`mmp.md` sections 10 and 20).

use std::fmt::Display;

use mmp_control::reply::{Tls, Webadmin};
use mmp_model::tls::{TlsService, Verify};

use super::{or_none, utc};

/// The status block. What scripts know stands first, as they know it; on a bad day more follows.
pub fn show(state: &Webadmin) -> String {
    let (settings, certs) = (&state.settings, state.settings.certs.as_ref());
    let listen = settings.listen.as_ref();
    let mut lines = vec![
        line("Enabled", &settings.enabled),
        line("TLS listening interface", &or_none(listen.map(|listen| listen.interface))),
        line("TLS listening port", &or_none(listen.map(|listen| listen.port))),
        line("Key file", &or_none(certs.map(|certs| &certs.key))),
        line("Certificate file", &or_none(certs.map(|certs| &certs.certificate))),
    ];
    if let Some(bundle) = certs.and_then(|certs| certs.bundle.as_ref()) {
        lines.push(line("CA Bundle file", bundle));
    }
    lines.push(line("HTTP redirect", &if settings.http_redirect { "Enabled" } else { "Disabled" }));
    lines.push(line("STATUS", &running(state)));
    lines.extend(bad(state));
    lines.join("\n")
}

/// `webadmin status`.
pub fn status(state: &Webadmin) -> String {
    let mut lines = vec![line("STATUS", &running(state)), line("Listening", &list(&state.listening))];
    if let Some(certificate) = &state.certificate {
        lines.push(line("Certificate", &list(&certificate.names)));
        lines.push(line("Certificate expires", &utc(certificate.expires)));
        lines.push(line("Certificate SHA-256", &certificate.fingerprint));
    }
    lines.push(line("Waits for a restart", &list(&state.pending)));
    lines.extend(bad(state));
    lines.join("\n")
}

fn running(state: &Webadmin) -> &'static str {
    if state.running { "webadmin running" } else { "webadmin not running" }
}

fn bad(state: &Webadmin) -> impl Iterator<Item = String> {
    let pending = (!state.pending.is_empty())
        .then(|| format!("Type 'webadmin restart' for this to take effect: {}", state.pending.join("; ")));
    let faults = state.fault.iter().chain(&state.warnings).map(|text| format!("WARNING: {text}"));
    faults.chain(pending).collect::<Vec<_>>().into_iter()
}

/// `tls`.
pub fn tls(tls: &Tls) -> String {
    match tls.service {
        Some(service) => one(tls, service).join("\n"),
        None => {
            let all = TlsService::ALL.into_iter().flat_map(|service| {
                let mut lines = vec![line("Service", &service)];
                lines.extend(one(tls, service));
                lines
            });
            all.chain([line("Minimum DTLS version", &tls.settings.minimum_dtls)]).collect::<Vec<_>>().join("\n")
        }
    }
}

fn one(tls: &Tls, service: TlsService) -> Vec<String> {
    let rules = tls.settings.rules(service);
    let ciphers = rules.ciphers.as_ref().map_or_else(|| "default".to_owned(), ToString::to_string);
    let mut lines = vec![line("Minimum TLS version", &rules.minimum), line("Ciphers", &ciphers)];
    if let Some(peers) = tls.settings.peers(service) {
        lines.push(line("Trust bundle", &or_none(peers.trust.as_ref())));
        let verify = match peers.verify {
            Verify::Disable => "Disabled",
            Verify::Enable => "Enabled",
            Verify::Ocsp => "Enabled with OCSP",
        };
        lines.push(line("Verification", &verify));
    }
    lines
}

fn list(values: &[String]) -> String {
    if values.is_empty() { "none".into() } else { values.join(", ") }
}

fn line(label: &str, value: &dyn Display) -> String {
    format!("{label:<24}: {value}")
}

#[cfg(test)]
mod tests {
    use mmp_control::reply::Certificate;
    use mmp_model::webadmin::{self, Certs, Listen};

    use super::*;

    fn state() -> Webadmin {
        let certs = Certs {
            key: "onecert.key".parse().unwrap(),
            certificate: "onecert.cer".parse().unwrap(),
            bundle: Some("ca-bundle.cer".parse().unwrap()),
        };
        let listen = Listen { interface: "a".parse().unwrap(), port: "445".parse().unwrap() };
        Webadmin {
            settings: webadmin::Webadmin {
                enabled: true,
                listen: Some(listen),
                certs: Some(certs),
                http_redirect: false,
            },
            running: true,
            listening: vec!["[::]:445%a".into()],
            fault: None,
            pending: Vec::new(),
            certificate: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn the_block_is_the_one_that_scripts_know() {
        assert_eq!(
            show(&state()),
            "Enabled                 : true\n\
             TLS listening interface : a\n\
             TLS listening port      : 445\n\
             Key file                : onecert.key\n\
             Certificate file        : onecert.cer\n\
             CA Bundle file          : ca-bundle.cer\n\
             HTTP redirect           : Disabled\n\
             STATUS                  : webadmin running"
        );
        let clean = Webadmin { settings: webadmin::Webadmin::default(), running: false, ..state() };
        assert_eq!(
            show(&clean),
            "Enabled                 : false\n\
             TLS listening interface : none\n\
             TLS listening port      : none\n\
             Key file                : none\n\
             Certificate file        : none\n\
             HTTP redirect           : Disabled\n\
             STATUS                  : webadmin not running"
        );
    }

    #[test]
    fn a_bad_day_is_told_below() {
        let certificate =
            Certificate { names: vec!["cms.example.com".into()], expires: 1_791_205_440, fingerprint: "AB:CD".into() };
        let state = Webadmin {
            fault: Some("port 445 is in use".into()),
            pending: vec!["webadmin listen".into(), "onecert.cer was replaced".into()],
            certificate: Some(certificate),
            warnings: vec!["it ends".into()],
            ..state()
        };
        assert_eq!(
            status(&state),
            "STATUS                  : webadmin running\n\
             Listening               : [::]:445%a\n\
             Certificate             : cms.example.com\n\
             Certificate expires     : 2026-10-05 13:04:00 UTC\n\
             Certificate SHA-256     : AB:CD\n\
             Waits for a restart     : webadmin listen, onecert.cer was replaced\n\
             WARNING: port 445 is in use\n\
             WARNING: it ends\n\
             Type 'webadmin restart' for this to take effect: webadmin listen; onecert.cer was replaced"
        );
    }

    #[test]
    fn tls_is_shown_as_documented() {
        let mut all = Tls { service: Some(TlsService::Webadmin), settings: mmp_model::tls::Tls::default() };
        assert_eq!(tls(&all), "Minimum TLS version     : 1.2\nCiphers                 : default");
        all.service = Some(TlsService::Sip);
        assert!(tls(&all).ends_with("Trust bundle            : none\nVerification            : Disabled"));
        all.service = None;
        assert!(tls(&all).ends_with("Minimum DTLS version    : 1.2"));
    }
}
