//! The same answers without emulation, whole: the image's root in a container on this machine.

use std::{fs, path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::{Cable, Container, NSPAWN, until},
    lan,
    process::Running,
    ssh::Client,
    tools,
};
use probe::dialogue::Shell;

use crate::{
    device::{CHANGE_AIM, SHOW_AIM},
    table::Table,
    times::{Times, milliseconds},
};

const SHOW_COMMANDS: usize = 1000;
const SSH_COMMANDS: usize = 100;
const CHANGES: usize = 200;
const PROMPT: &str = "cms> ";
const START: Duration = Duration::from_secs(30);

/// The shell of the factory account, started from outside.
fn shell(container: &Container, prompts: &[&str]) -> Result<Shell> {
    let mut words = container.enter(true);
    words.push("/usr/bin/mmp".into());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Shell::start(Path::new("/usr/bin/nsenter"), &words, None, prompts).context("mmp in the container")
}

/// Sets an address and looks whether it is in the kernel and on the disk.
fn change_address(container: &Container, shell: &mut Shell, address: &str) -> Result<Duration> {
    let before = container.newest_settings()?;
    let (time, shown) = shell.command(&format!("ipv4 a add {address}/24 {}", lan::GATEWAY), PROMPT)?;
    let routes = fs::read_to_string(format!("/proc/{}/net/fib_trie", container.first))?;
    let (in_kernel, kept) = (routes.contains(&format!("-- {address}\n")), container.newest_settings()? != before);
    if !(in_kernel && kept) {
        bail!("{address}: in kernel {in_kernel}, kept {kept}: {}", shown.trim());
    }
    Ok(time)
}

/// Adds the figures.
pub fn measure(table: &mut Table) -> Result<()> {
    if !Path::new(NSPAWN).exists() {
        table.add("ssh host \"dns\", container", "not measured", "", "package systemd-container is missing");
        return Ok(());
    }
    let folder = tempfile::tempdir_in(tools::target())?;
    let container = Container::start(folder.path(), Cable::Segment("bench-a"), &[])?;
    let mut dialogue = shell(&container, &["new password: ", "new password:"])?;
    dialogue.answer(PASSWORD, &["again: ", "again:"])?;
    dialogue.answer(PASSWORD, &[PROMPT])?;
    drop(dialogue);

    let mut typed = shell(&container, &[PROMPT])?;
    let show = (0..SHOW_COMMANDS).map(|_| Ok(typed.command("dns", PROMPT)?.0)).collect::<Result<_>>();
    let show = Times::new(show?);
    let addresses = ["10.0.2.16", "10.0.2.15"];
    let change = addresses.iter().cycle().take(CHANGES).map(|address| change_address(&container, &mut typed, address));
    let change = Times::new(change.collect::<Result<_>>()?);

    let client = Client::new(folder.path(), lan::APPLIANCE.into(), FACTORY, PASSWORD)?;
    let ssh = Times::of(SSH_COMMANDS, |_| client.run("dns", ANSWER)?.success("ssh dns").map(drop))?;
    // The same over a connection that is open already: what is left is the command.
    let socket = folder.path().join("connection");
    let path = format!("ControlPath={}", socket.display());
    let mut master = client.program("ssh");
    master.args(["-o", &path, "-M", "-N"]).arg(client.destination()).stdin(Stdio::null());
    let mut master = Running::start(&mut master)?;
    until("connection", START, || Ok(socket.exists()))?;
    let open =
        Times::of(SSH_COMMANDS, |_| client.with(&["-o", &path], &["dns"], ANSWER)?.success("ssh dns").map(drop))?;
    master.stop();

    let beside = "the image's root in a container on this machine";
    table.add("show command (dns) in an open shell, container", show.text(), SHOW_AIM, beside);
    table.add(
        "ssh host \"dns\", container",
        ssh.text(),
        "",
        format!("of it without connecting and logging in: {}", milliseconds(open.median())),
    );
    table.add("ipv4 change, durable and in the kernel, container", change.text(), CHANGE_AIM, beside);
    Ok(())
}
