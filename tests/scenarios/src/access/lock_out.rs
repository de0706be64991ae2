//! Wrong passwords lock an account, by SSH and at the console, for a quarter of an hour or until an administrator
//! unlocks it; why is told only after the right password, at the console. An attack from the network keeps nobody from
//! the console who is the last to come in there.

use anyhow::{Context as _, Result};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    process::host,
};

use super::accounts::{add, set_password};
use crate::{expect, stage::Stage};

const TEMPORARY: &str = "Temporary-Pass-1";
const SECOND: &str = "Second-Admin-22";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("user rule max_failed_logins 3")?;
    add(appliance, "root", "admin", TEMPORARY)?;
    set_password(appliance, "root", TEMPORARY, SECOND)?;

    guess_by_ssh(appliance)?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 255)?;
    expect::holds(&appliance.command("user info admin")?, "yes (too many failed logins, until ")?;

    // At the console too, while there is another administrator; the reason is for who knows the password.
    appliance.log_out()?;
    refused(appliance, "wrong", "Login incorrect")?;
    refused(appliance, PASSWORD, "Account locked\r\nToo many failed logins: log in again after ")?;
    appliance.log_in("root", SECOND)?;
    appliance.silent("user unlock admin")?;
    expect::holds(&appliance.command("user info admin")?, "Locked                : no")?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)?;

    // The console's own wrong passwords lock as well, and time ends it.
    appliance.log_out()?;
    for _ in 0..3 {
        refused(appliance, "wrong", "Login incorrect")?;
    }
    refused(appliance, PASSWORD, "Account locked")?;
    appliance.log_in("root", SECOND)?;
    set_clock(appliance, "13 minutes")?;
    appliance.log_out()?;
    refused(appliance, PASSWORD, "Account locked")?;
    appliance.log_in("root", SECOND)?;
    set_clock(appliance, "2 minutes")?;
    appliance.log_out()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)
}

pub fn last_administrator(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("user rule max_failed_logins 3")?;
    guess_by_ssh(appliance)?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 255)?;
    expect::holds(&appliance.command("user info admin")?, "yes (too many failed logins, until ")?;
    appliance.log_out()?;
    appliance.log_in(FACTORY, PASSWORD)
}

/// Three wrong passwords in one connection.
fn guess_by_ssh(appliance: &Appliance) -> Result<()> {
    expect::code(&appliance.ssh(FACTORY, "wrong")?.tries(3).run("version", ANSWER)?, 255)
}

/// A login at the console that ends with a text and the next prompt.
fn refused(appliance: &mut Appliance, password: &str, text: &str) -> Result<()> {
    appliance.enter(FACTORY, password)?;
    let console = &mut appliance.machine.console;
    for line in text.split("\r\n") {
        console.expect(line, ANSWER)?;
    }
    console.expect("login:", ANSWER).map(drop)
}

/// Moves the appliance's clock on.
fn set_clock(appliance: &mut Appliance, by: &str) -> Result<()> {
    let shown: serde_json::Value =
        serde_json::from_str(&appliance.command("date --json")?).context("`date --json` does not print JSON")?;
    let now = shown["utc"].as_str().context("no UTC time is shown")?;
    // `date set` takes minutes: a second more than asked for, never less.
    let then = host("date", ["-u", "-d", &format!("{now} UTC + {by} + 59 seconds"), "+%Y-%m-%d %H:%M"])?;
    appliance.silent(&format!("date set {}", then.trim()))
}
