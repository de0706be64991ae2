//! An account that is bound to hosts comes in from these only, by address or name; outside its duty hours it does not come
//! in at all, and whoever is in stays.

use anyhow::Result;
use harness::{
    appliance::{ANSWER, PROMPT},
    lan::{GATEWAY, NAME_SERVER},
    peers::NTP_NAME,
};

use super::accounts::{add, set_password};
use crate::{expect, stage::Stage};

const TEMPORARY: &str = "Temporary-Pass-1";
const OWN: &str = "Bobs-Own-Pass-3";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    add(appliance, "bob", "crypto", TEMPORARY)?;
    set_password(appliance, "bob", TEMPORARY, OWN)?;
    // The console is told of bob's new password with the next command, whichever that is.
    appliance.command("version")?;
    let bob = appliance.ssh("bob", OWN)?.told();

    appliance.silent("user host bob add 192.0.2.77")?;
    let outside = bob.run("version", ANSWER)?;
    expect::code(&outside, 255)?;
    expect::holds(&outside.stderr, "Permission denied")?;
    appliance.silent(&format!("user host bob add {GATEWAY}"))?;
    expect::code(&bob.run("version", ANSWER)?, 0)?;
    appliance.silent(&format!("user host bob delete {GATEWAY}"))?;
    appliance.silent(&format!("dns add forwardzone . {NAME_SERVER}"))?;
    appliance.silent(&format!("user host bob add {NTP_NAME}"))?;
    expect::code(&bob.run("version", ANSWER)?, 0)?;
    expect::holds(&appliance.command("user info bob")?, &format!("Allowed hosts         : 192.0.2.77 {NTP_NAME}"))?;

    // Never on duty: who is in stays in.
    let mut session = bob.session()?;
    session.terminal.expect_prompt(PROMPT, ANSWER)?;
    appliance.silent("user duty bob !Al")?;
    session.terminal.command(PROMPT, "version", ANSWER)?;
    let late = bob.run("version", ANSWER)?;
    expect::code(&late, 255)?;
    expect::holds(&late.stderr, "Login is not permitted at this time")?;
    expect::holds(&late.stderr, "Duty hours: !Al")?;
    session.terminal.send_line("exit")?;
    session.terminal.expect_end(ANSWER)?;

    // The same at the console, which is no host, so that the list does not matter.
    appliance.log_out()?;
    appliance.enter("bob", OWN)?;
    appliance.machine.console.expect("Login is not permitted at this time", ANSWER)?;
    appliance.machine.console.expect("login:", ANSWER)?;
    appliance.log_in("admin", harness::appliance::PASSWORD)?;
    appliance.silent("user duty bob none")?;
    appliance.silent("user host bob delete ntp1.example.com")?;
    appliance.log_out()?;
    appliance.log_in("bob", OWN)
}
