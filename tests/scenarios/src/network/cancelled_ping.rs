//! `ping` shows each line as it comes, and Ctrl-C ends it at once.

use anyhow::{Result, ensure};
use harness::appliance::ANSWER;

use crate::stage::Stage;

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let console = &mut appliance.machine.console;
    // Nobody has this address, so that it would go on for its whole time.
    console.send_line("ping 10.0.2.99")?;
    console.expect("PING ", ANSWER)?;
    console.interrupt("cms>", ANSWER)?;
    ensure!(!console.transcript().contains("statistics"), "ping went on to its end");
    // And the next line is a command again.
    let answer = appliance.command("hostname")?;
    ensure!(answer == "cms", "{answer}");
    Ok(())
}
