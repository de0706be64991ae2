//! The same answers without emulation: mmpd and mmp on this machine.
//!
//! Invariants: mmpd runs with everything below a folder of its own and leaves the system alone; its socket is put where
//! the shell looks for it in a mount namespace that nobody else sees. What is durable is measured, what is in the kernel is
//! not: that part mmpd leaves out here.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use harness::{appliance::PASSWORD, lan, process::Running, tools};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};
use probe::dialogue::{GROUP, Shell, USER};

use crate::{
    device,
    table::Table,
    times::{Times, milliseconds, ratio},
};

const SHELL_STARTS: usize = 100;
const SHOW_COMMANDS: usize = 1000;
const CHANGES: usize = 200;
const PROMPT: &str = "cms> ";
const START: Duration = Duration::from_secs(10);

/// Gives this process its own mounts. Call it first in `main`, as [`lan::enter`].
pub fn enter() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("cannot make a mount namespace; the native figures need root")?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    Ok(())
}

/// Adds the figures.
pub fn measure(table: &mut Table) -> Result<()> {
    // On the disk where the tree is: /tmp may be memory, where everything is durable at no cost.
    let folder = tempfile::tempdir_in(tools::target())?;
    // The account of the shell may not be able to reach the tree.
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), Some("mode=0755"))?;
    let shell = Path::new("/run/mmp");
    fs::copy(tools::target().join("release/mmp"), shell).context("mmp is not built")?;
    fs::set_permissions(shell, fs::Permissions::from_mode(0o755))?;
    let state = folder.path().join("state");
    let sockets = state.join("run/mmpd");
    fs::create_dir_all(&sockets)?;
    fs::create_dir_all("/run/mmpd")?;
    mount(Some(&sockets), "/run/mmpd", None::<&str>, MsFlags::MS_BIND, None::<&str>)?;

    let log = File::create(folder.path().join("mmpd.log"))?;
    let mut daemon = Command::new(tools::target().join("release/mmpd"));
    daemon.arg("--native").arg(&state).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let mut daemon = Running::start(&mut daemon)?;
    wait_for(&sockets.join("control.sock"), &mut daemon)?;

    first_login(shell)?;
    let open = || Shell::start(shell, &[], Some((USER, GROUP)), &[PROMPT]).context("mmp");
    let starts = (0..SHELL_STARTS).map(|_| Ok(open()?.started)).collect::<Result<_>>();
    let starts = Times::new(starts?);
    let mut typed = open()?;
    let show = (0..SHOW_COMMANDS)
        .map(|_| {
            let (time, shown) = typed.command("dns", PROMPT)?;
            if !shown.contains(':') {
                bail!("dns: {}", shown.trim());
            }
            Ok(time)
        })
        .collect::<Result<_>>();
    let show = Times::new(show?);
    let change = (0..CHANGES)
        .map(|turn| {
            let (time, shown) = typed.command(&format!("ipv4 a add 10.0.2.{}/24 10.0.2.2", 20 + turn % 2), PROMPT)?;
            if shown.trim() != PROMPT.trim() {
                bail!("ipv4: {}", shown.trim());
            }
            Ok(time)
        })
        .collect::<Result<_>>();
    let change = Times::new(change?);

    let bare = bare_shell()?;
    let echo = bare_command()?;
    let kept = bare_file(&state)?;
    let address = bare_address()?;
    let against = |what: &str, bare: &Times, ours: &Times| {
        format!("{what}: {} median, {}", milliseconds(bare.median()), ratio(ours.median(), bare.median()))
    };
    table.add("shell start to prompt, native", starts.text(), "", against("bash to its prompt", &bare, &starts));
    table.add(
        "show command (dns) in an open shell, native",
        show.text(),
        device::SHOW_AIM,
        against("an empty command in bash", &echo, &show),
    );
    table.add(
        "ipv4 change, durable, native",
        change.text(),
        device::CHANGE_AIM,
        format!(
            "{}; ip address replace takes {} more on the kernel's part",
            against("a file written, synced, renamed, synced", &kept, &change),
            milliseconds(address.median())
        ),
    );
    Ok(())
}

fn wait_for(socket: &Path, daemon: &mut Running) -> Result<()> {
    let deadline = Instant::now() + START;
    while std::os::unix::net::UnixStream::connect(socket).is_err() {
        if let Some(status) = daemon.ended()? {
            bail!("mmpd ended with {status}");
        }
        if Instant::now() > deadline {
            bail!("mmpd does not listen");
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// The factory account's forced change of password.
fn first_login(shell: &Path) -> Result<()> {
    let mut dialogue = Shell::start(shell, &[], Some((USER, GROUP)), &["new password: ", "new password:"])?;
    dialogue.answer(PASSWORD, &["again: ", "again:"])?;
    dialogue.answer(PASSWORD, &[PROMPT])?;
    Ok(())
}

const BASH: [&str; 3] = ["--norc", "--noprofile", "-i"];

fn bare_shell() -> Result<Times> {
    let start = || Shell::start(Path::new("/bin/bash"), &BASH, None, &["# ", "$ "]).context("bash");
    let starts = (0..SHELL_STARTS).map(|_| Ok(start()?.started)).collect::<Result<_>>();
    Ok(Times::new(starts?))
}

fn bare_command() -> Result<Times> {
    let mut shell = Shell::start(Path::new("/bin/bash"), &BASH, None, &["# ", "$ "])?;
    shell.answer("PS1='x> '", &["x> "])?;
    let times = (0..SHOW_COMMANDS).map(|_| Ok(shell.command(":", "x> ")?.0)).collect::<Result<_>>();
    Ok(Times::new(times?))
}

/// The least that a durable change takes: a new file and its name, both on the disk.
fn bare_file(folder: &Path) -> Result<Times> {
    let (fresh, name) = (folder.join("bare.new"), folder.join("bare"));
    Times::of(CHANGES, |_| {
        let mut file = File::create(&fresh)?;
        file.write_all(&[b'x'; 2048])?;
        file.sync_all()?;
        fs::rename(&fresh, &name)?;
        Ok(File::open(folder)?.sync_all()?)
    })
}

/// An address of the kernel, set by the ordinary program.
fn bare_address() -> Result<Times> {
    Times::of(20, |turn| {
        let words = format!("address replace 192.0.2.{}/32 dev {}", 1 + turn, lan::bridge('d'));
        harness::process::host("ip", words.split(' ')).map(drop)
    })
}
