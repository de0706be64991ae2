//! What has to be done so that the system carries out new settings. Pure: two renderings in, steps out.
//!
//! Invariant: what did not change is not touched, so that a change of one family cannot disturb another.

use std::path::PathBuf;

use mmp_model::{Letter, Settings, interface::LinkMode};

use crate::{
    expected::{self, Expected},
    render::{File, Files, Rendered, firewall, nftables},
};

/// One thing to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Replace a file.
    Write(PathBuf, File),
    /// Away with a file.
    Remove(PathBuf),
    /// systemd-networkd reads its files; then the kernel shows these addresses.
    ReloadNetwork(Vec<Expected>),
    /// systemd-networkd takes an interface into its care that came while it ran.
    LookAtInterfaces,
    /// Fixed speed or negotiation, by the driver.
    LinkMode(Letter, LinkMode),
    /// Replace the rules of a table.
    Nftables(String),
    /// The folder with all its files, in one go; none: away with it.
    Folder(PathBuf, Files),
    /// A daemon that was not needed is.
    Start(Daemon),
    /// A daemon is not needed any more.
    Stop(Daemon),
    /// A running daemon reads its files again.
    Reload(Daemon),
    /// A running daemon must start anew to see the change.
    Restart(Daemon),
    /// sshd checks its files and starts anew; logins that are open go on, and who comes meanwhile waits.
    RestartSshd,
}

/// Daemons that run only while something is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// The resolver.
    Unbound,
    /// The clock.
    Chrony,
    /// The forwarder of the logs.
    Syslog,
    /// Web Admin and the API.
    Webadmin,
}

impl Step {
    /// The daemon that it starts, stops or has read its files.
    pub fn daemon(&self) -> Option<Daemon> {
        match self {
            Self::Start(daemon) | Self::Stop(daemon) | Self::Reload(daemon) | Self::Restart(daemon) => Some(*daemon),
            _ => None,
        }
    }
}

impl Daemon {
    /// Its systemd unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Unbound => "unbound.service",
            Self::Chrony => "chrony.service",
            Self::Syslog => "syslog.service",
            Self::Webadmin => "webadmin.service",
        }
    }
}

/// The steps from the old to the new. `old` is absent at boot, when everything is to be done.
pub fn plan(old: Option<(&Settings, &Rendered)>, new: (&Settings, &Rendered)) -> Vec<Step> {
    let nothing = Rendered::default();
    let (new_settings, new_files) = new;
    let old_files = old.map_or(&nothing, |(_, files)| files);
    let mut steps = Vec::new();

    // Before the addresses: no packet comes to one that the new rules do not see.
    ruleset(&mut steps, (&old_files.firewall, &new_files.firewall), firewall::nothing);
    ruleset(&mut steps, (&old_files.nftables, &new_files.nftables), nftables::nothing);
    let network = files(&mut steps, &old_files.networkd, &new_files.networkd);
    if network {
        let expected = old.map(|(settings, _)| expected::after_change(settings, new_settings)).unwrap_or_default();
        steps.push(Step::ReloadNetwork(expected));
    }
    for letter in Letter::ALL {
        let mode = |settings: &Settings| settings.interfaces.link.get(&letter).map_or(LinkMode::Default, |l| l.mode);
        let before = old.map_or(LinkMode::Default, |(settings, _)| mode(settings));
        if before != mode(new_settings) {
            steps.push(Step::LinkMode(letter, mode(new_settings)));
        }
    }
    // Accounts before daemons: a file that takes effect by being there.
    files(&mut steps, &old_files.accounts, &new_files.accounts);
    files(&mut steps, &old_files.logins, &new_files.logins);
    if files(&mut steps, &old_files.sshd, &new_files.sshd) && old.is_some() {
        steps.push(Step::RestartSshd);
    }
    daemon(&mut steps, Daemon::Unbound, &old_files.unbound, &new_files.unbound);
    daemon(&mut steps, Daemon::Chrony, &old_files.chrony, &new_files.chrony);
    daemon(&mut steps, Daemon::Syslog, &old_files.syslog, &new_files.syslog);
    folder(&mut steps, (Daemon::Webadmin, crate::webadmin::FOLDER), &old_files.webadmin, &new_files.webadmin);
    steps
}

/// Takes away the tables that the rendering does not have.
pub fn without_rules(rendered: &Rendered) -> Vec<Step> {
    let all = [
        (&rendered.firewall, firewall::nothing as fn() -> String),
        (&rendered.nftables, nftables::nothing as fn() -> String),
    ];
    all.into_iter().filter(|(rules, _)| rules.is_empty()).map(|(_, nothing)| Step::Nftables(nothing())).collect()
}

/// Replaces a changed ruleset, an empty one by none.
fn ruleset(steps: &mut Vec<Step>, (old, new): (&str, &str), nothing: fn() -> String) {
    if old != new {
        steps.push(Step::Nftables(if new.is_empty() { nothing() } else { new.to_owned() }));
    }
}

/// Writes and removals; true if there was any.
fn files(steps: &mut Vec<Step>, old: &Files, new: &Files) -> bool {
    let before = steps.len();
    for (path, file) in new {
        if old.get(path) != Some(file) {
            steps.push(Step::Write(path.clone(), file.clone()));
        }
    }
    for path in old.keys().filter(|path| !new.contains_key(*path)) {
        steps.push(Step::Remove(path.clone()));
    }
    steps.len() > before
}

/// A service whose files are one folder.
fn folder(steps: &mut Vec<Step>, (daemon, path): (Daemon, &str), old: &Files, new: &Files) {
    if old == new {
        return;
    }
    let swap = Step::Folder(PathBuf::from(path), new.clone());
    if new.is_empty() {
        steps.extend([Step::Stop(daemon), swap]);
    } else {
        steps.extend([swap, if old.is_empty() { Step::Start(daemon) } else { Step::Reload(daemon) }]);
    }
}

fn daemon(steps: &mut Vec<Step>, daemon: Daemon, old: &Files, new: &Files) {
    if new.is_empty() {
        if !old.is_empty() {
            steps.push(Step::Stop(daemon));
            files(steps, old, new);
        }
    } else if files(steps, old, new) {
        // chrony reads servers again without losing what it learnt, but keys only at its start.
        let keys = daemon == Daemon::Chrony
            && old.iter().any(|(path, file)| file.mode != 0o644 && new.get(path) != Some(file));
        // The forwarder reads its file at its start; how far each server has come is on the disk.
        let restart = keys || daemon == Daemon::Syslog;
        steps.push(match (old.is_empty(), restart) {
            (true, _) => Step::Start(daemon),
            (false, true) => Step::Restart(daemon),
            (false, false) => Step::Reload(daemon),
        });
    }
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, request};

    use super::*;
    use crate::{
        change::tests::{after, clean},
        render::{Surroundings, render},
    };

    fn around() -> Surroundings {
        Surroundings { letters: vec![Letter::A, "b".parse().unwrap()], ..Surroundings::default() }
    }

    fn steps(old: &Settings, new: &Settings) -> Vec<Step> {
        let (a, b) = (render(old, &around()), render(new, &around()));
        plan(Some((old, &a)), (new, &b))
    }

    fn zone(server: &str) -> Request {
        let zone = mmp_model::dns::ForwardZone { domain: ".".parse().unwrap(), server: server.parse().unwrap() };
        Request::Dns(request::Dns::AddZone(zone))
    }

    #[test]
    fn nothing_is_done_for_no_change() {
        assert_eq!(steps(&clean(), &clean()), []);
    }

    #[test]
    fn the_resolver_is_started_reloaded_and_stopped_as_zones_come_and_go() {
        let (one, two) = (after(&[zone("192.0.2.53")]), after(&[zone("192.0.2.53"), zone("192.0.2.54")]));
        assert_eq!(steps(&clean(), &one).last(), Some(&Step::Start(Daemon::Unbound)));
        assert_eq!(steps(&one, &two).last(), Some(&Step::Reload(Daemon::Unbound)));
        assert_eq!(steps(&two, &clean()).first(), Some(&Step::Stop(Daemon::Unbound)));
    }

    #[test]
    fn a_new_address_touches_one_interface_and_waits_for_the_kernel() {
        let add = request::Ipv4::Add("192.0.2.10/24".parse().unwrap(), [192, 0, 2, 1].into());
        let steps = steps(&clean(), &after(&[Request::Ipv4(Letter::A, add)]));
        let [Step::Write(path, _), Step::ReloadNetwork(expected)] = &steps[..] else { panic!("{steps:?}") };
        assert!(path.ends_with("10-a.network"));
        let ipv4 =
            expected::Ipv4::Fixed { address: "192.0.2.10/24".parse().unwrap(), gateway: Some([192, 0, 2, 1].into()) };
        assert_eq!(*expected, [Expected { letter: Letter::A, ipv4: Some(ipv4), ipv6: None }]);
    }

    #[test]
    fn rules_that_no_setting_knows_are_taken_away() {
        let mut rendered = render(&clean(), &around());
        rendered.nftables = "table inet dscp {}".into();
        assert_eq!(without_rules(&rendered), [Step::Nftables(firewall::nothing())]);
    }

    #[test]
    fn at_boot_everything_is_written() {
        let rendered = render(&clean(), &around());
        let steps = plan(None, (&clean(), &rendered));
        assert!(steps.iter().filter(|step| matches!(step, Step::Write(..))).count() >= 3);
    }
}
