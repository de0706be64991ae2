//! Accounts: a second administrator can help the first, and an application administrator has no business here.

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
};

use crate::{expect, stage::Stage};

const TEMPORARY: &str = "Temporary-Pass-1";
const SECOND: &str = "Second-Admin-22";

/// `user add`, with its two password prompts.
pub fn add(appliance: &mut Appliance, user: &str, role: &str, password: &str) -> Result<()> {
    let prompt = appliance.prompt.clone();
    let console = &mut appliance.machine.console;
    console.send_line(&format!("user add {user} {role}"))?;
    console.expect("Please enter new password:", ANSWER)?;
    console.send_line(password)?;
    console.expect("Please enter new password again:", ANSWER)?;
    console.send_line(password)?;
    console.expect("Success", ANSWER)?;
    console.expect_prompt(&prompt, ANSWER)
}

/// First SSH login of an account with a temporary password.
pub fn set_password(appliance: &Appliance, user: &str, temporary: &str, password: &str) -> Result<()> {
    let mut session = appliance.ssh(user, temporary)?.session()?;
    let terminal = &mut session.terminal;
    terminal.expect("Password has expired", ANSWER)?;
    terminal.expect("Please enter new password:", ANSWER)?;
    terminal.send_line(password)?;
    terminal.expect("Please enter new password again:", ANSWER)?;
    terminal.send_line(password)?;
    terminal.expect_prompt(&appliance.prompt, ANSWER)?;
    terminal.send_line("exit")?;
    terminal.expect_end(ANSWER).map(drop)
}

pub fn reset(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    add(appliance, "root", "admin", TEMPORARY)?;
    set_password(appliance, "root", TEMPORARY, SECOND)?;
    let list = appliance.command("user list")?;
    expect::holds(&list, "USERNAME    ROLE       PASSWORD EXPIRY    LOGGED IN")?;
    let rows = list.lines().filter(|line| !line.starts_with("*** ")).count();
    ensure!(rows == 3, "two accounts are to be listed: {list}");

    // The first administrator has forgotten the password; the second sets a temporary one, by SSH.
    let mut session = appliance.ssh("root", SECOND)?.session()?;
    let terminal = &mut session.terminal;
    terminal.expect_prompt(PROMPT, ANSWER)?;
    terminal.send_line("passwd admin")?;
    terminal.expect("Please enter new password:", ANSWER)?;
    terminal.send_line(TEMPORARY)?;
    terminal.expect("Please enter new password again:", ANSWER)?;
    terminal.send_line(TEMPORARY)?;
    terminal.expect_prompt(PROMPT, ANSWER)?;
    terminal.send_line("exit")?;
    terminal.expect_end(ANSWER)?;

    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("dns", ANSWER)?, 255)?;
    set_password(appliance, FACTORY, TEMPORARY, "First-Admin-333")?;
    expect::code(&appliance.ssh(FACTORY, "First-Admin-333")?.run("dns", ANSWER)?, 0)
}

pub fn appadmin(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    add(appliance, "cucm", "appadmin", TEMPORARY)?;
    expect::holds(&appliance.command("user info cucm")?, "Role                  : appadmin")?;

    let line = appliance.ssh("cucm", TEMPORARY)?.run("dns", ANSWER)?;
    ensure!(!line.status.success() && line.stdout.is_empty(), "cucm runs a command: {}", line.stdout);
    let folder = appliance.ssh("cucm", TEMPORARY)?.sftp("ls\n", ANSWER)?;
    ensure!(!folder.status.success(), "cucm opens the folder: {}", folder.stdout);
    appliance.log_out()?;
    appliance.enter("cucm", TEMPORARY)?;
    let (shown, _) = appliance.machine.console.expect_any(&["login:", PROMPT, "Password has expired"], ANSWER)?;
    ensure!(shown == 0, "cucm gets into the shell on the console");
    Ok(())
}
