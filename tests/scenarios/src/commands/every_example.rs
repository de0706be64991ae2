//! The example of every command in the table does on the device what it says, or is refused for a documented reason.

use anyhow::{Context as _, Result, bail};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};
use mmp_grammar::{Command, families};

use crate::{access::accounts::add, stage::Stage};

/// Examples that a clean virtual appliance refuses, and why.
const REFUSED: &[(&str, &str)] = &[
    ("health", "not supported on this platform"),
    ("iface a autoneg", "does not take this mode"),
    ("iface a 1000 full", "does not take this mode"),
    ("ntp autokey enable", "utokey"),
    ("ntp groupkey", "File not found"),
    ("date set", "NTP"),
    ("dns lookup", "No records found"),
    ("ssh keys del", "No SSH keys of user"),
];

/// A password that examples are answered with.
const NEW: &str = "Example-Pass-99";

pub fn run(stage: &mut Stage) -> Result<()> {
    let mut failures = Vec::new();
    let mut count = 0;
    // The examples speak of somebody.
    add(stage.appliance(), "bob", "crypto", "Example-Pass-11")?;
    // What adds comes before what shows and deletes; the ends of the session are not tried to their end.
    let mut commands: Vec<&Command> = families::ALL.iter().flat_map(|family| family.commands).collect();
    commands.sort_by_key(|command| rank(command.example));
    for command in commands {
        let appliance = stage.appliance();
        if let Err(error) = try_one(appliance, command) {
            failures.push(format!("{}: {error:#}", command.example));
            // A dialogue that went wrong must not spoil the next: back to the prompt.
            appliance.machine.console.interrupt(&appliance.prompt, ANSWER)?;
        }
        count += 1;
    }
    if !failures.is_empty() {
        bail!("{} of {count} examples fail:\n  {}", failures.len(), failures.join("\n  "));
    }
    Ok(())
}

fn rank(example: &str) -> u32 {
    let has = |wanted: &[&str]| example.split_whitespace().any(|word| wanted.contains(&word));
    if example == "exit" {
        // Before an example changes the password.
        0
    } else if has(&["add", "groupkey"]) {
        1
    } else if has(&["delete"]) {
        // Of something that belongs to what is deleted next.
        3
    } else if has(&["del", "disable", "none"]) {
        4
    } else {
        2
    }
}

fn try_one(appliance: &mut Appliance, command: &Command) -> Result<()> {
    let example = command.example;
    let (prompt, console) = (appliance.prompt.clone(), &mut appliance.machine.console);
    if example == "exit" {
        appliance.log_out()?;
        return appliance.log_in(FACTORY, PASSWORD);
    }
    // Everything that asks is answered, until the prompt is there again.
    console.expect_prompt(&prompt, ANSWER)?;
    if command.confirm.is_some() {
        console.send_line(example)?;
        console.expect("(Y/n)", ANSWER)?;
        console.send_line("y")?;
        console.expect("Aborted", ANSWER)?;
        return console.expect_prompt(&prompt, ANSWER);
    }
    if example.starts_with("user add") || example.starts_with("passwd") {
        console.send_line(example)?;
        let mut current = example == "passwd";
        for _ in 0..if current { 3 } else { 2 } {
            console.expect("Please enter", ANSWER)?;
            console.send_line(if std::mem::take(&mut current) { PASSWORD } else { NEW })?;
        }
        console.expect("Success", ANSWER)?;
        return console.expect_prompt(&prompt, ANSWER);
    }
    if command.streams && !example.starts_with("backup") && !example.starts_with("pki") {
        // An unreachable address keeps them busy for minutes: Ctrl-C, as somebody would.
        console.send_line(example)?;
        let begins = ["PING ", "traceroute to ", "Capturing on interface a", "issued command <", "ready for download"];
        console.expect_any(&begins, ANSWER)?;
        return console.interrupt(&prompt, ANSWER);
    }
    let output = console.command(&prompt, example, 2 * ANSWER).context("no prompt afterwards")?;
    if output.contains("On condition:") {
        // What waits for its confirmation would have the examples after it refused.
        console.command(&prompt, "undo", ANSWER)?;
    }
    if let Some((_, reason)) = REFUSED.iter().find(|(line, _)| example.starts_with(line))
        && output.contains(reason)
    {
        return Ok(());
    }
    if example == "syslog page" {
        // Whatever stands in the log; that it is shown is what counts.
        return if output.contains("issued command <") { Ok(()) } else { bail!("{output}") };
    }
    let usage = example.starts_with("help");
    for word in ["Usage:", "Unknown command", "Permission denied", "does not answer", "Invalid", "No such", "failed:"] {
        if output.contains(word) && !(usage && word == "Usage:") {
            bail!("{output}");
        }
    }
    if command.show && output.is_empty() {
        bail!("shows nothing");
    }
    Ok(())
}
