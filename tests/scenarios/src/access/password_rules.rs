//! A new password meets the rules that are set: length, earlier ones, the uploaded dictionary, what it replaces, and how
//! soon.

use std::fs;

use anyhow::Result;
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use crate::{expect, stage::Stage};

const FIRST: &str = "First-Pass-111";
const SECOND: &str = "Second-Pass-222";
const THIRD: &str = "Totally-Other-9";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let words = folder.path().join("words");
    fs::write(&words, "12345678\nLetMeIn-Please\n")?;
    let batch = format!("put {} dictionary\n", words.display());
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.sftp(&batch, ANSWER)?, 0)?;
    for rule in ["min_length 10", "min_digits 2", "max_history 2", "no_username true"] {
        appliance.silent(&format!("user rule {rule}"))?;
    }
    expect::holds(&appliance.command("user rule")?, "max_history            : 2\n")?;

    let refusals = [("Short-11", "at least 10 characters"), ("Letmein-please-1", "at least 2 digits")];
    change(appliance, PASSWORD, &refusals, Some(FIRST))?;
    appliance.silent("user rule min_digits none")?;
    change(appliance, FIRST, &[("letmein-please", "it is in the dictionary"), ("Admin-Admin-77", "user name")], None)?;
    change(appliance, FIRST, &[(PASSWORD, "it must differ from the last 2 passwords")], Some(SECOND))?;

    // Forced, with the old one known from the login itself.
    appliance.silent("user rule min_changed_characters 4")?;
    appliance.silent("user rule min_password_age 1")?;
    appliance.silent("user expire admin")?;
    appliance.log_out()?;
    appliance.enter(FACTORY, SECOND)?;
    let prompt = appliance.prompt.clone();
    let console = &mut appliance.machine.console;
    console.expect("Password has expired", ANSWER)?;
    for (new, answer) in
        [("Second-Pass-223", "at least 4 characters different from the old password"), (THIRD, "Failed")]
    {
        console.expect("Please enter new password:", ANSWER)?;
        console.send_line(new)?;
        console.expect("Please enter new password again:", ANSWER)?;
        console.send_line(new)?;
        console.expect(answer, ANSWER)?;
    }
    console.expect_prompt(&prompt, ANSWER)?;

    // Of the own will only after a day.
    console.send_line("passwd")?;
    for (question, answer) in [("current", THIRD), ("new", "Too-Early-For-It-5"), ("again", "Too-Early-For-It-5")] {
        console.expect("Please enter ", ANSWER)?;
        console.expect(question, ANSWER)?;
        console.send_line(answer)?;
    }
    console.expect("The password was changed on ", ANSWER)?;
    console.expect_prompt(&prompt, ANSWER)
}

/// `passwd`, with new passwords that are refused and, where there is one, the one that is taken.
fn change(appliance: &mut Appliance, old: &str, refused: &[(&str, &str)], taken: Option<&str>) -> Result<()> {
    let prompt = appliance.prompt.clone();
    let console = &mut appliance.machine.console;
    console.send_line("passwd")?;
    console.expect("Please enter current password:", ANSWER)?;
    console.send_line(old)?;
    let answers = refused.iter().copied().chain(taken.map(|new| (new, "Success")));
    for (new, answer) in answers {
        console.expect("Please enter new password:", ANSWER)?;
        console.send_line(new)?;
        console.expect("Please enter new password again:", ANSWER)?;
        console.send_line(new)?;
        console.expect(answer, ANSWER)?;
    }
    if taken.is_none() {
        return console.interrupt(&prompt, ANSWER);
    }
    console.expect_prompt(&prompt, ANSWER)
}
