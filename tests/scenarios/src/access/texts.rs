//! `banner` is shown before the login and `motd` after it, on both doors, by command and by upload; neither can steer a
//! terminal.

use std::fs;

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD, PROMPT};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("text");
    appliance.silent("banner add \"Authorised use only\"")?;
    appliance.silent("motd add Maintenance on Sunday")?;
    expect::same(&appliance.command("banner")?, "Authorised use only")?;

    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let greeted = client.with(&["-v"], &["version"], ANSWER)?;
    expect::holds(&greeted.stderr, "Authorised use only")?;
    let mut session = client.session()?;
    session.terminal.expect("Maintenance on Sunday", ANSWER)?;
    session.terminal.expect_prompt(PROMPT, ANSWER)?;

    // A file of several lines takes the place of both.
    fs::write(&file, "First line\r\nSecond line\r\n")?;
    let path = file.display();
    expect::code(&client.sftp(&format!("put {path} banner\nput {path} motd\nget banner {path}.back\n"), ANSWER)?, 0)?;
    ensure!(fs::read_to_string(format!("{path}.back"))? == "First line\nSecond line\n", "the banner came back changed");
    for bad in ["\u{1b}[2J", "a\u{7}", "", &"x".repeat(2049)] {
        fs::write(&file, bad)?;
        for name in ["banner", "motd"] {
            let outcome = client.sftp(&format!("put {path} {name}\n"), ANSWER)?;
            ensure!(!outcome.status.success(), "{bad:?} is taken as {name}");
        }
    }
    appliance.machine.console.send_line("exit")?;
    let shown = appliance.machine.console.expect("login:", ANSWER)?;
    expect::holds(&shown, "First line\nSecond line\n")?;
    appliance.enter(FACTORY, PASSWORD)?;
    let console = &mut appliance.machine.console;
    console.expect("Second line", ANSWER)?;
    console.expect_prompt(PROMPT, ANSWER)?;
    appliance.silent("banner del")?;
    appliance.silent("motd del")?;
    expect::same(&appliance.command("motd")?, "none")?;
    expect::lacks(&client.sftp("ls -1\n", ANSWER)?.stdout, "banner")
}
