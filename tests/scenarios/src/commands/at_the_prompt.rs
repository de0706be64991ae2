//! What helps while typing: `?` lists what may follow, Tab completes names that exist, and the history of an
//! administrator is there again at the next login.

use anyhow::Result;
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::stage::Stage;

const CLEAR_LINE: &str = "\x15";
const PREVIOUS: &str = "\x10";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let console = &mut appliance.machine.console;
    console.send("dns add ?")?;
    console.expect("forwardzone", ANSWER)?;
    console.expect("trustanchor", ANSWER)?;
    console.expect("cms> dns add", ANSWER)?;
    console.send(CLEAR_LINE)?;
    console.send("user in\tadm\t\r")?;
    // The answer shows that both words were completed.
    console.expect("Password expiry", ANSWER)?;
    console.expect_prompt("cms>", ANSWER)?;
    appliance.log_out()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    let console = &mut appliance.machine.console;
    // The line before `exit`.
    console.send(&PREVIOUS.repeat(2))?;
    console.send("\r")?;
    console.expect("Password expiry", ANSWER).map(drop)
}
