//! Changes of `webadmin` and `tls` (`mmp.md` sections 10 and 20). What runs takes them at its `restart`.

use mmp_control::{
    Refusal, Reply,
    request::{Tls as AskTls, Webadmin as Ask},
};
use mmp_model::{
    Settings,
    tls::{Tls, TlsService, TlsVersion},
    webadmin::Webadmin,
};

use super::{Facts, present};

/// The line after a change that waits for the service's restart.
const RESTART_REQUIRED: &str = "Type 'webadmin restart' for the change to take effect";

pub fn change(next: &mut Settings, ask: &Ask, facts: &Facts) -> Option<Result<Reply, Refusal>> {
    let webadmin = &mut next.webadmin;
    let before = webadmin.clone();
    match ask {
        Ask::Show | Ask::Status | Ask::Restart => return None,
        Ask::Listen(listen) => {
            if let Some(Err(refusal)) = listen.map(|listen| present(listen.interface, &facts.letters)) {
                return Some(Err(refusal));
            }
            webadmin.listen = *listen;
        }
        Ask::Certs(certs) => webadmin.certs.clone_from(certs),
        Ask::HttpRedirect(on) => webadmin.http_redirect = *on,
        Ask::Enable => {
            webadmin.enabled = true;
            return Some(Ok(Reply::Notice(facts.checklist.clone())));
        }
        Ask::Disable => {
            webadmin.enabled = false;
            return Some(Ok(Reply::Nothing));
        }
    }
    Some(Ok(waiting(&before, webadmin)))
}

fn waiting(before: &Webadmin, after: &Webadmin) -> Reply {
    if after.enabled && before != after { Reply::Notice(RESTART_REQUIRED.into()) } else { Reply::Nothing }
}

/// Changes of the family `tls`.
pub fn tls(tls: &mut Tls, enabled: bool, ask: &AskTls) -> Option<Result<Reply, Refusal>> {
    let before = tls.clone();
    match ask {
        AskTls::Show(_) => return None,
        AskTls::Minimum(service, version) => tls.rules_mut(*service).minimum = *version,
        AskTls::MinimumDtls(version) => tls.minimum_dtls = *version,
        AskTls::Ciphers(service, ciphers) => tls.rules_mut(*service).ciphers.clone_from(ciphers),
        AskTls::Trust(service, file) => tls.peers_mut(*service).trust.clone_from(file),
        AskTls::Verify(service, verify) => tls.peers_mut(*service).verify = *verify,
    }
    let mut lines = Vec::new();
    if let AskTls::Minimum(service, _) = ask {
        lines.extend(low(tls, *service));
    }
    if enabled && before.webadmin != tls.webadmin {
        lines.push(RESTART_REQUIRED.to_owned());
    }
    Some(Ok(if lines.is_empty() { Reply::Nothing } else { Reply::Notice(lines.join("\n")) }))
}

/// The warning about a service that accepts a version which can be broken.
pub fn low(tls: &Tls, service: TlsService) -> Option<String> {
    let minimum = tls.rules(service).minimum;
    (minimum < TlsVersion::V1_2).then(|| {
        format!(
            "WARNING: {service} accepts TLS {minimum}, which can be broken by who listens in; go back with \
             `tls {service} min-tls-version 1.2` as soon as its programs can"
        )
    })
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::*;
    use crate::change::{
        change,
        tests::{after, clean, facts, refused},
    };

    fn said(settings: &Settings, request: &Request) -> Reply {
        change(settings, request, &facts()).unwrap().unwrap().1
    }

    fn listen(letter: &str) -> Request {
        let listen = mmp_model::webadmin::Listen { interface: letter.parse().unwrap(), port: "445".parse().unwrap() };
        Request::Webadmin(Ask::Listen(Some(listen)))
    }

    #[test]
    fn setters_are_silent_until_it_runs_and_then_say_what_to_type() {
        assert_eq!(said(&clean(), &listen("a")), Reply::Nothing);
        let running = after(&[listen("a"), Request::Webadmin(Ask::Enable)]);
        assert_eq!(said(&running, &listen("a")), Reply::Nothing);
        assert_eq!(said(&running, &listen("b")), Reply::Notice(RESTART_REQUIRED.into()));
        assert_eq!(refused(&running, &listen("d")), "Invalid interface: d");
    }

    #[test]
    fn a_broken_version_is_warned_of() {
        let ask = |version: &str| Request::Tls(AskTls::Minimum(TlsService::Webadmin, version.parse().unwrap()));
        assert!(
            matches!(said(&clean(), &ask("1.1")), Reply::Notice(line) if line.starts_with("WARNING: webadmin accepts TLS 1.1"))
        );
        assert_eq!(said(&clean(), &ask("1.3")), Reply::Nothing);
    }
}
