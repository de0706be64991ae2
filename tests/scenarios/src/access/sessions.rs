//! `max_sessions` bounds the logins of one account over the network, shells and SFTP together; the console is not one.

use anyhow::Result;
use harness::appliance::{ANSWER, FACTORY, PASSWORD, PROMPT};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("user rule max_sessions 1")?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let mut first = client.session()?;
    first.terminal.expect_prompt(PROMPT, ANSWER)?;
    let second = client.clone().told().run("version", ANSWER)?;
    expect::code(&second, 255)?;
    expect::holds(&second.stderr, "Maximum of 1 logins at a time")?;
    expect::code(&client.sftp("pwd\n", ANSWER)?, 255)?;
    first.terminal.send_line("exit")?;
    first.terminal.expect_end(ANSWER)?;
    expect::code(&client.sftp("pwd\n", ANSWER)?, 0)
}
