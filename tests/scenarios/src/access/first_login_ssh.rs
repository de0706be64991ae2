//! The same first login by SSH, with both ways to give a password; no other door opens before it.

use anyhow::Result;
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
    ssh::Method,
};

use crate::{expect, stage::Stage};

pub fn by_password(stage: &mut Stage) -> Result<()> {
    change(stage, Method::Password)
}

pub fn by_keyboard_interactive(stage: &mut Stage) -> Result<()> {
    change(stage, Method::KeyboardInteractive)
}

fn change(stage: &mut Stage, method: Method) -> Result<()> {
    let appliance = stage.appliance();
    let wrong = appliance.ssh(FACTORY, "wrong")?.by(method).run("dns", ANSWER)?;
    expect::code(&wrong, 255)?;

    let mut session = appliance.ssh(FACTORY, FACTORY)?.by(method).session()?;
    let terminal = &mut session.terminal;
    terminal.expect("Password has expired", ANSWER)?;
    for (first, second, refusal) in [
        (PASSWORD, "Correct-Horse-8", "Passwords do not match"),
        (FACTORY, FACTORY, "Password does not meet the password rules"),
    ] {
        terminal.expect("Please enter new password:", ANSWER)?;
        terminal.send_line(first)?;
        terminal.expect("Please enter new password again:", ANSWER)?;
        terminal.send_line(second)?;
        terminal.expect(refusal, ANSWER)?;
    }
    terminal.expect("Please enter new password:", ANSWER)?;
    terminal.send_line(PASSWORD)?;
    terminal.expect("Please enter new password again:", ANSWER)?;
    terminal.send_line(PASSWORD)?;
    terminal.expect_prompt(PROMPT, ANSWER)?;
    expect::lacks(&terminal.raw(), PASSWORD)?;
    terminal.send_line("exit")?;
    terminal.expect_end(ANSWER)?;

    expect::code(&appliance.ssh(FACTORY, FACTORY)?.by(method).run("dns", ANSWER)?, 255)?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.by(method).run("dns", ANSWER)?, 0)
}

/// A single line and SFTP are refused until the password is set, and nothing changes by trying.
pub fn other_doors(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, FACTORY)?;
    let line = client.run("hostname other", ANSWER)?;
    expect::code(&line, 5)?;
    expect::lacks(&line.stdout, "reboot")?;
    let piped = client.pipe("hostname other\n", ANSWER)?;
    expect::code(&piped, 5)?;
    let folder = client.sftp("ls\n", ANSWER)?;
    if folder.status.success() {
        anyhow::bail!("SFTP is open before the first login: {}", folder.stdout);
    }
    appliance.enter(FACTORY, FACTORY)?;
    appliance.machine.console.expect("Password has expired", ANSWER).map(drop)
}
