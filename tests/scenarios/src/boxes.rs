//! Appliances in containers, for promises that take hundreds of changes.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use harness::{
    appliance::{ANSWER, BOOT, FACTORY, PASSWORD, PROMPT},
    container::{Cable, Container, until},
    lan, tools,
};

/// How many times, unless the environment says otherwise.
pub fn count(variable: &str, few: usize) -> Result<usize> {
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} is not a number")),
        Err(_) => Ok(few),
    }
}

/// Daemons of the image that cannot run in a container as they are, or that are to fail.
const DAEMONS: [&str; 2] = ["/usr/sbin/unbound", "/usr/sbin/chronyd"];

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

/// The same with a program in the daemons' places that fails when its configuration says so.
pub fn start_faulty(folder: &Path) -> Result<Container> {
    let faulty = prepare(folder)?;
    start(folder, &DAEMONS.map(|daemon| (faulty.as_path(), daemon)))
}

/// The program in the daemons' places, with the daemons and a refused configuration where it looks for them.
fn prepare(folder: &Path) -> Result<PathBuf> {
    let daemons = folder.join("run/daemons");
    fs::create_dir_all(&daemons)?;
    for daemon in DAEMONS {
        let name = Path::new(daemon).file_name().context("daemons have names")?;
        fs::copy(tools::image().join("root").join(daemon.trim_start_matches('/')), daemons.join(name))?;
    }
    fs::write(daemons.join("refused.conf"), "this is no configuration\n")?;
    // Beside the program of the tests, or one folder up.
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join("faulty-daemon")).find(|path| path.exists());
    let faulty = folder.join("faulty-daemon");
    fs::copy(found.context("faulty-daemon was not built beside the tests")?, &faulty)?;
    fs::set_permissions(&faulty, fs::Permissions::from_mode(0o755))?;
    Ok(faulty)
}
