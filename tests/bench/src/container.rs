//! The same answers without emulation, whole: the image's root in a container on this machine, with its own systemd, sshd,
//! networkd and mmpd, and this machine's kernel below.
//!
//! Invariants: the root is read-only and `/data` a folder that is deleted afterwards; the container has a network namespace of
//! its own, whose interface `a` is on segment a.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    lan,
    process::{Running, host},
    ssh::Client,
    tools,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use probe::dialogue::{GROUP, Shell, USER};

use crate::{
    device::{CHANGE_AIM, SHOW_AIM},
    table::Table,
    times::{Times, milliseconds},
};

/// From the package systemd-container.
const NSPAWN: &str = "/usr/bin/systemd-nspawn";
const SHOW_COMMANDS: usize = 1000;
const SSH_COMMANDS: usize = 100;
const CHANGES: usize = 200;
const PROMPT: &str = "cms> ";
const START: Duration = Duration::from_secs(30);
/// Between two looks at what announces itself to nobody.
const RETRY: Duration = Duration::from_millis(20);
/// Folders of `/data`, and who owns them, as the appliance's first program makes them.
const FOLDERS: [(&str, u32); 9] = [
    ("settings", 0),
    ("files", 0),
    ("home", 0),
    ("log/journal", 0),
    ("ssh/etc/ssh", 0),
    ("state", 0),
    ("lib/private", 0),
    ("lib/unbound", 101),
    ("lib/chrony", 102),
];
const BOARD: &str = r#"{"board":"qemu","model":"CMS VM","consoles":[],
    "nics":[{"letter":"a","path":"0000:00:10.0","present":true}]}"#;

struct Container {
    process: Running,
    /// Process 1 inside, by its number outside.
    first: u32,
    data: PathBuf,
}

impl Container {
    fn start(folder: &Path) -> Result<Self> {
        let (root, data, run) = (tools::image().join("root"), folder.join("data"), folder.join("run"));
        for (name, owner) in FOLDERS {
            fs::create_dir_all(data.join(name))?;
            chown(data.join(name), Some(owner), Some(owner))?;
        }
        fs::create_dir_all(&run)?;
        fs::copy(root.join("usr/share/rostrum/passwd"), run.join("passwd"))?;
        fs::write(run.join("board.json"), BOARD)?;

        // The namespace is there before the container, so that it starts with its interface. What is typed starts it.
        let script = format!(
            "read -r go && exec {NSPAWN} --quiet --register=no --keep-unit --read-only --timezone=off --console=pipe \
             --capability=CAP_NET_ADMIN --directory='{}' --bind='{}:/data' --bind='{}:/run/rostrum' --boot",
            root.display(),
            data.display(),
            run.display()
        );
        let log = fs::File::create(folder.join("container.log"))?;
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", &script]).env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1");
        let mut process =
            Running::start(command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log.try_clone()?))?;
        let pid = process.id();
        let own = fs::read_link("/proc/self/ns/net")?;
        until("a network namespace", || Ok(fs::read_link(format!("/proc/{pid}/ns/net"))? != own))?;
        let words = format!("link add name bench-a type veth peer name a netns {pid}");
        host("ip", words.split(' '))?;
        host("ip", ["link", "set", "dev", "bench-a", "master", &lan::bridge('a'), "up"])?;
        process.type_in("go\n")?;

        let mut first = 0;
        let started = until("mmpd", || {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
            first = children.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
            if let Some(status) = process.ended()? {
                bail!("it ended with {status}");
            }
            Ok(first != 0 && Path::new(&format!("/proc/{first}/root/run/mmpd/control.sock")).exists())
        });
        if let Err(error) = started {
            let said = fs::read_to_string(folder.join("container.log")).unwrap_or_default();
            return Err(error.context(format!("systemd-nspawn: {}", said.trim())));
        }
        Ok(Self { process, first, data })
    }

    /// The shell of the factory account, started from outside.
    fn shell(&self, prompts: &[&str]) -> Result<Shell> {
        let (first, user, group) = (self.first.to_string(), USER.to_string(), GROUP.to_string());
        let words = ["--target", &first, "--all", "--setuid", &user, "--setgid", &group, "/usr/bin/mmp"];
        Shell::start(Path::new("/usr/bin/nsenter"), &words, None, prompts).context("mmp in the container")
    }

    fn newest_settings(&self) -> Result<Option<String>> {
        let names = fs::read_dir(self.data.join("settings"))?.flatten();
        Ok(names.filter_map(|entry| entry.file_name().into_string().ok()).max())
    }

    /// Sets an address and looks whether it is in the kernel and on the disk.
    fn change(&self, shell: &mut Shell, address: &str) -> Result<Duration> {
        let before = self.newest_settings()?;
        let (time, shown) = shell.command(&format!("ipv4 a add {address}/24 {}", lan::GATEWAY), PROMPT)?;
        let routes = fs::read_to_string(format!("/proc/{}/net/fib_trie", self.first))?;
        let (in_kernel, kept) = (routes.contains(&format!("-- {address}\n")), self.newest_settings()? != before);
        if !(in_kernel && kept) {
            bail!("{address}: in kernel {in_kernel}, kept {kept}: {}", shown.trim());
        }
        Ok(time)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Asked once it shuts down in order; killed it would leave its programs behind.
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait(START);
    }
}

fn until(what: &str, mut test: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + START;
    while !test()? {
        if Instant::now() > deadline {
            bail!("no {what} within {} s", START.as_secs());
        }
        thread::sleep(RETRY);
    }
    Ok(())
}

/// Adds the figures.
pub fn measure(table: &mut Table) -> Result<()> {
    if !Path::new(NSPAWN).exists() {
        table.add("ssh host \"dns\", container", "not measured", "", "package systemd-container is missing");
        return Ok(());
    }
    let folder = tempfile::tempdir_in(tools::target())?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    let container = Container::start(folder.path())?;
    let mut dialogue = container.shell(&["new password: ", "new password:"])?;
    dialogue.answer(PASSWORD, &["again: ", "again:"])?;
    dialogue.answer(PASSWORD, &[PROMPT])?;
    drop(dialogue);

    let mut shell = container.shell(&[PROMPT])?;
    let show = (0..SHOW_COMMANDS).map(|_| Ok(shell.command("dns", PROMPT)?.0)).collect::<Result<_>>();
    let show = Times::new(show?);
    let addresses = ["10.0.2.16", "10.0.2.15"];
    let change = addresses.iter().cycle().take(CHANGES).map(|address| container.change(&mut shell, address));
    let change = Times::new(change.collect::<Result<_>>()?);

    let client = Client::new(folder.path(), lan::APPLIANCE.into(), FACTORY, PASSWORD)?;
    let ssh = Times::of(SSH_COMMANDS, |_| client.run("dns", ANSWER)?.success("ssh dns").map(drop))?;
    // The same over a connection that is open already: what is left is the command.
    let socket = folder.path().join("connection");
    let path = format!("ControlPath={}", socket.display());
    let mut master = client.program("ssh");
    master.args(["-o", &path, "-M", "-N"]).arg(client.destination()).stdin(Stdio::null());
    let mut master = Running::start(&mut master)?;
    until("connection", || Ok(socket.exists()))?;
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
