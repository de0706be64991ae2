//! What a stranger sends reaches no administrator's terminal as anything but text: names at the login, lines, files, and
//! what the log makes of them.

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

/// Would clear the screen and forge a line.
const EVIL: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\r\nJan 01 00:00:00 local0.info cms cli: User admin forged this";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    for name in [EVIL, "\u{9b}2Jadmin", "admin\u{1b}[8m"] {
        // OpenSSH's own client refuses some of them; what it sends is refused by the appliance.
        let outcome = appliance.ssh("x", PASSWORD)?.with(&["-l", name], &["version"], ANSWER)?;
        ensure!(!outcome.status.success(), "{name:?} logs in");
    }
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    for line in [
        format!("hostname {EVIL}"),
        format!("banner add \"{EVIL}\""),
        format!("motd add \"{EVIL}\""),
        format!("user add {EVIL} admin"),
        format!("dns add rr \"{EVIL}\""),
        format!("ntp server add {EVIL}"),
        format!("syslog server add {EVIL}"),
        EVIL.to_owned(),
    ] {
        let outcome = client.run(&line, ANSWER)?;
        ensure!(!outcome.status.success(), "{line:?} is accepted");
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        ensure!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{line:?} is printed as it is: {said:?}");
    }
    // The log shows that they were there, as text on their own lines.
    for command in ["syslog tail 200", "audit tail 200"] {
        let log = client.run(command, ANSWER)?;
        expect::code(&log, 0)?;
        ensure!(!log.stdout.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{command} prints controls");
        let forged = log.stdout.lines().any(|line| line.starts_with("Jan 01 00:00:00 local0.info"));
        ensure!(!forged, "{command} has a forged line");
    }
    expect::same(&appliance.command("banner")?, "none")
}
