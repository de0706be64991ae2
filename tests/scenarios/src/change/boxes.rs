//! Appliances in containers, for promises that take hundreds of changes.

use std::path::Path;

use anyhow::{Context as _, Result};
use harness::{
    appliance::{ANSWER, BOOT, FACTORY, PASSWORD, PROMPT},
    container::{Cable, Container, until},
    lan,
};

/// How many times, unless the environment says otherwise.
pub fn count(variable: &str, few: usize) -> Result<usize> {
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} is not a number")),
        Err(_) => Ok(few),
    }
}

/// Adds to a failure what the appliance wrote to its log last.
pub fn explained<T>(container: &Container, result: Result<T>) -> Result<T> {
    result.map_err(|error| {
        let journal = container.path("/run/log/journal").display().to_string();
        let words = ["--no-pager", "--quiet", "--lines=60", "--output=short-monotonic", "--directory", &journal];
        let log = harness::process::host("journalctl", words).unwrap_or_else(|error| format!("{error:#}"));
        error.context(format!("the appliance's log:\n{log}"))
    })
}

/// An appliance with the factory account's password set and a static address, and a computer beside it.
pub fn start(folder: &Path, replaced: &[(&Path, &str)]) -> Result<Container> {
    let container = Container::start(folder, Cable::Computer, replaced)?;
    explained(&container, set_up(&container))?;
    Ok(container)
}

fn set_up(container: &Container) -> Result<()> {
    set_password(container)?;
    let address = format!("ipv4 a add {}/24 {}\n", lan::APPLIANCE, lan::GATEWAY);
    container.lines(&address)?.success("a static address")?;
    let client = container.ssh(lan::APPLIANCE, FACTORY, PASSWORD)?;
    until("SSH", BOOT, || Ok(client.run("version", ANSWER)?.status.success()))
}

/// Without a terminal nobody asks for passwords, so the first login is typed on one.
fn set_password(container: &Container) -> Result<()> {
    let mut shell = container.shell()?;
    let shell = &mut shell.terminal;
    shell.expect("Please enter new password:", ANSWER)?;
    shell.send_line(PASSWORD)?;
    shell.expect("Please enter new password again:", ANSWER)?;
    shell.send_line(PASSWORD)?;
    shell.expect_prompt(PROMPT, ANSWER)?;
    shell.send_line("exit")
}
