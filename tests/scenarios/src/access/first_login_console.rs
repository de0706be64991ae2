//! The factory account must set a new password on the console before anything else: not a wrong, mismatching or unchanged one.

use anyhow::Result;
use harness::appliance::{ANSWER, FACTORY, PASSWORD, PROMPT};

use crate::stage::Stage;

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.enter(FACTORY, "wrong")?;
    let console = &mut appliance.machine.console;
    console.expect("Login incorrect", ANSWER)?;
    console.expect("login:", ANSWER)?;
    appliance.enter("nobody", "wrong")?;
    let console = &mut appliance.machine.console;
    console.expect("Login incorrect", ANSWER)?;
    console.expect("login:", ANSWER)?;

    appliance.enter(FACTORY, FACTORY)?;
    let console = &mut appliance.machine.console;
    console.expect("Password has expired", ANSWER)?;
    for (first, second, refusal) in [
        (PASSWORD, "Correct-Horse-8", "Passwords do not match"),
        (FACTORY, FACTORY, "Password does not meet the password rules"),
        ("", "", "Password"),
    ] {
        console.expect("Please enter new password:", ANSWER)?;
        console.send_line(first)?;
        console.expect("Please enter new password again:", ANSWER)?;
        console.send_line(second)?;
        console.expect(refusal, ANSWER)?;
    }
    console.expect("Please enter new password:", ANSWER)?;
    console.send_line(PASSWORD)?;
    console.expect("Please enter new password again:", ANSWER)?;
    console.send_line(PASSWORD)?;
    console.expect("Failed logins since last successful login 1", ANSWER)?;
    console.expect_prompt(PROMPT, ANSWER)?;
    // What was typed at password prompts is nowhere.
    crate::expect::lacks(&console.raw(), PASSWORD)?;

    // The old one is gone, the new one counts.
    appliance.log_out()?;
    appliance.enter(FACTORY, FACTORY)?;
    appliance.machine.console.expect("Login incorrect", ANSWER)?;
    appliance.machine.console.expect("login:", ANSWER)?;
    appliance.log_in(FACTORY, PASSWORD)
}
