//! Who listens where (`mmp.md` section 3.2): two services may not own the same port of an interface.
//!
//! Invariant: [`listeners`] is the one table. A service that listens has its lines here.

use crate::{Letter, Settings};

/// A TCP port that a service listens at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The service, as an administrator knows it.
    pub service: &'static str,
    /// On which interface; none: on every one.
    pub interface: Option<Letter>,
    /// Where.
    pub port: u16,
    /// It is switched on.
    pub enabled: bool,
}

/// Port of SSH and SFTP.
pub const SSH: u16 = 22;
/// Port of plain HTTP.
pub const HTTP: u16 = 80;

/// All of them.
pub fn listeners(settings: &Settings) -> Vec<Listener> {
    let mut all = vec![Listener { service: "ssh", interface: None, port: SSH, enabled: true }];
    if let Some(listen) = settings.webadmin.listen {
        let enabled = settings.webadmin.enabled;
        let interface = Some(listen.interface);
        all.push(Listener { service: "webadmin", interface, port: listen.port.number(), enabled });
        if settings.webadmin.http_redirect {
            all.push(Listener { service: "webadmin http-redirect", interface, port: HTTP, enabled });
        }
    }
    all
}

/// What a service asks for that another one has: interface, port and the other's name. Its own ports may clash too.
pub fn clashes(settings: &Settings, service: &str) -> Vec<(Letter, u16, &'static str)> {
    let all = listeners(settings);
    let own = |one: &Listener| one.service.split(' ').next() == Some(service);
    let mut found = Vec::new();
    for (place, mine) in all.iter().enumerate().filter(|(_, one)| own(one)) {
        let Some(interface) = mine.interface else { continue };
        let there = |other: &Listener| other.interface.is_none_or(|theirs| theirs == interface);
        let others = all.iter().enumerate().filter(|(other, one)| {
            // Of two of its own the later one is in the way.
            *other != place
                && one.port == mine.port
                && there(one)
                && if own(one) { *other > place } else { one.enabled }
        });
        found.extend(others.map(|(_, one)| (interface, mine.port, one.service)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Accounts, PasswordHash},
        webadmin::Listen,
    };

    fn listening(port: &str, redirect: bool) -> Vec<(Letter, u16, &'static str)> {
        let mut settings = Settings::factory(Accounts::factory(PasswordHash::new("$y$x".into())));
        settings.webadmin.listen = Some(Listen { interface: Letter::A, port: port.parse().unwrap() });
        settings.webadmin.http_redirect = redirect;
        clashes(&settings, "webadmin")
    }

    #[test]
    fn a_port_belongs_to_one_service() {
        assert_eq!(listening("445", true), []);
        assert_eq!(listening("22", false), [(Letter::A, 22, "ssh")]);
        assert_eq!(listening("80", false), []);
        assert_eq!(listening("80", true), [(Letter::A, 80, "webadmin http-redirect")]);
    }
}
