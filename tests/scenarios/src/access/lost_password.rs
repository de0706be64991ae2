//! A lost password is replaced on the console with the power switched in between, and in no other way; everything else
//! stays, and every administrator is told.

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use super::keys::pair;
use crate::{expect, stage::Stage};

const WORDS: &str = "recover password";
const RECOVERED: &str = "Recovered-Pass-1";
const FINAL: &str = "Recovered-Pass-2";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let key = pair(folder.path(), "id")?;
    let by_password = appliance.ssh(FACTORY, PASSWORD)?;
    let by_key = appliance.ssh(FACTORY, "wrong")?.key(&key);
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    let put = format!("put {} admin.pub\n", key.with_extension("pub").display());
    expect::code(&by_password.sftp(&put, ANSWER)?, 0)?;

    // Switched off, it is refused.
    expect::holds(&appliance.command("recovery disable")?, "WARNING: when all administrators")?;
    appliance.log_out()?;
    ask(appliance, "Recovery is switched off on this appliance")?;
    expect::code(&by_password.run("recovery enable", ANSWER)?, 0)?;

    // An administrator who can log in ends it; so the power opens nothing.
    ask(appliance, "switch the power off and on by hand within 10 minutes")?;
    expect::code(&by_key.run("version", ANSWER)?, 0)?;
    power(appliance)?;
    ask(appliance, "switch the power off and on by hand within 10 minutes")?;
    // Nobody asks from afar.
    appliance.wait_for_ssh()?;
    expect::code(&appliance.ssh(WORDS, "")?.run("version", ANSWER)?, 255)?;

    let before = power(appliance)?;
    expect::holds(&before, "*** To replace a lost password, log in as: recover password")?;
    ask(appliance, "Administrators: admin")?;
    answer(appliance, "Please enter user name:", FACTORY)?;
    for _ in 0..2 {
        answer(appliance, "Please enter new password", RECOVERED)?;
    }
    let console = &mut appliance.machine.console;
    console.expect("The password of admin is set", ANSWER)?;
    console.expect("login:", ANSWER)?;
    // Once is enough.
    ask(appliance, "switch the power off and on by hand within 10 minutes")?;
    appliance.enter(FACTORY, PASSWORD)?;
    appliance.machine.console.expect("Login incorrect", ANSWER)?;
    appliance.machine.console.expect("login:", ANSWER)?;
    appliance.enter(FACTORY, RECOVERED)?;
    appliance.machine.console.expect("Password has expired", ANSWER)?;
    for _ in 0..2 {
        answer(appliance, "Please enter new password", FINAL)?;
    }
    let console = &mut appliance.machine.console;
    console.expect("The password of admin was replaced on console ttyS0 as a lost one", ANSWER)?;
    console.expect_prompt(&appliance.prompt, ANSWER)?;
    expect::lacks(&console.raw(), RECOVERED)?;

    // Nothing else was touched.
    expect::holds(&appliance.command("dns")?, "example.com               10.0.2.3")?;
    appliance.wait_for_ssh()?;
    expect::code(&by_key.run("version", ANSWER)?, 0)
}

/// `recover password` at the login prompt; up to the text, and to the next prompt when there is one.
fn ask(appliance: &mut Appliance, answer: &str) -> Result<()> {
    let console = &mut appliance.machine.console;
    console.send_line(WORDS)?;
    console.expect(answer, ANSWER)?;
    if answer.starts_with("Administrators") { Ok(()) } else { console.expect("login:", ANSWER).map(drop) }
}

fn answer(appliance: &mut Appliance, prompt: &str, text: &str) -> Result<()> {
    appliance.machine.console.expect(prompt, ANSWER)?;
    appliance.machine.console.send_line(text)
}

/// The power off and on; what the console shows until its prompt.
fn power(appliance: &mut Appliance) -> Result<String> {
    appliance.machine.power_cycle()?;
    let shown = appliance.wait_for_login()?;
    ensure!(shown.contains("Welcome to the Rostrum meeting server"), "no boot: {shown}");
    Ok(shown)
}
