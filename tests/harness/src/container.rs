//! The image's root in a container on this machine, with its own systemd, sshd, networkd and mmpd, and this machine's kernel
//! below: for what needs the whole system but no kernel, boot or disk of its own.
//!
//! Invariants: the root is read-only and `/data` a folder that is deleted afterwards; the container has a network namespace of
//! its own, whose interface `a` ends on segment a or at a computer of its own; it shuts down with its value.

use std::{
    fs,
    net::Ipv4Addr,
    os::{
        fd::OwnedFd,
        unix::fs::{PermissionsExt as _, chown},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    pty::{Winsize, openpty},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    lan,
    process::{Outcome, Running, host, run},
    ssh::Client,
    terminal::Terminal,
    tools,
};

/// From the package systemd-container.
pub const NSPAWN: &str = "/usr/bin/systemd-nspawn";
/// The factory account's number and the group of all accounts.
const ACCOUNT: (&str, &str) = ("10000", "700");
const START: Duration = Duration::from_secs(60);
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

/// Where the cable of interface `a` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cable {
    /// On segment a; the name of the interface there, which no other container may have.
    Segment(&'static str),
    /// At a computer of its own, [`lan::GATEWAY`], in a network namespace that nobody else is in.
    Computer,
}

/// A shell inside, as long as the value lives.
pub struct Shell {
    /// Its terminal.
    pub terminal: Terminal,
    _process: Running,
}

/// A running container.
pub struct Container {
    process: Running,
    /// Process 1 inside, by its number outside.
    pub first: u32,
    folder: PathBuf,
    /// Keeps the network namespace of the computer at the other end.
    computer: Option<Running>,
    /// Its control groups.
    groups: Vec<PathBuf>,
}

impl Container {
    /// Starts it; `folder` must be readable by everybody. `replaced` programs of the root are other files for it.
    pub fn start(folder: &Path, cable: Cable, replaced: &[(&Path, &str)]) -> Result<Self> {
        let (root, data, run) = (tools::image().join("root"), folder.join("data"), folder.join("run"));
        for (name, owner) in FOLDERS {
            fs::create_dir_all(data.join(name))?;
            chown(data.join(name), Some(owner), Some(owner))?;
        }
        fs::create_dir_all(&run)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        fs::copy(root.join("usr/share/rostrum/passwd"), run.join("passwd"))?;
        fs::write(run.join("board.json"), BOARD)?;

        let groups = own_groups(folder)?;
        // The namespace is there before the container, so that it starts with its interface. What is typed starts it.
        let binds: String =
            replaced.iter().map(|(file, path)| format!(" --bind-ro='{}:{path}'", file.display())).collect();
        let script = format!(
            "{}read -r go && exec {NSPAWN} --quiet --register=no --keep-unit --read-only --timezone=off --console=pipe \
             --capability=CAP_NET_ADMIN --directory='{}' --bind='{}:/data' --bind='{}:/run/rostrum'{binds} --boot",
            groups.iter().map(|group| format!("echo $$ > '{}/cgroup.procs' && ", group.display())).collect::<String>(),
            root.display(),
            data.display(),
            run.display()
        );
        let log = fs::File::create(folder.join("container.log"))?;
        let mut command = namespace(&script);
        let mut process = Running::start(
            command
                .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
                .stdin(Stdio::piped())
                .stdout(log.try_clone()?)
                .stderr(log.try_clone()?),
        )?;
        let pid = own_namespace(&process)?;
        let computer = match cable {
            Cable::Segment(name) => {
                host("ip", format!("link add name {name} type veth peer name a netns {pid}").split(' '))?;
                host("ip", ["link", "set", "dev", name, "master", &lan::bridge('a'), "up"])?;
                None
            }
            Cable::Computer => Some(computer(pid)?),
        };
        process.type_in("go\n")?;

        let mut first = 0;
        let started = until("mmpd", START, || {
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
        Ok(Self { process, first, folder: folder.to_owned(), computer, groups })
    }

    /// A file inside, as it is found from outside.
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root", self.first)).join(path.trim_start_matches('/'))
    }

    /// `/data`.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The newest settings generation.
    pub fn newest_settings(&self) -> Result<Option<String>> {
        let names = fs::read_dir(self.data().join("settings"))?.flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter(|name| name.starts_with("generation-")).max())
    }

    /// Arguments of `nsenter` before a program inside; as the factory account or as root.
    pub fn enter(&self, account: bool) -> Vec<String> {
        let mut words = vec!["--target".into(), self.first.to_string(), "--all".into()];
        if account {
            let (user, group) = ACCOUNT;
            words.extend(["--setuid", user, "--setgid", group].map(String::from));
        }
        words
    }

    /// Runs a program of the image inside, as root.
    pub fn root(&self, program: &[&str]) -> Result<Outcome> {
        run(Command::new("nsenter").args(self.enter(false)).args(program), b"", START)
    }

    /// Lines to the shell of the factory account, without a terminal.
    pub fn lines(&self, lines: &str) -> Result<Outcome> {
        run(Command::new("nsenter").args(self.enter(true)).arg("/usr/bin/mmp"), lines.as_bytes(), START)
    }

    /// The shell of the factory account on a terminal.
    pub fn shell(&self) -> Result<Shell> {
        let pair = openpty(&Winsize { ws_row: 24, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 }, None)?;
        let mut command = Command::new("nsenter");
        command.args(self.enter(true)).arg("/usr/bin/mmp").env("TERM", "vt220");
        let end = |fd: &OwnedFd| fd.try_clone().map(Stdio::from);
        command.stdin(end(&pair.slave)?).stdout(end(&pair.slave)?).stderr(end(&pair.slave)?);
        let process = Running::start(&mut command)?;
        let (reader, writer) = (fs::File::from(pair.master.try_clone()?), fs::File::from(pair.master));
        Ok(Shell { terminal: Terminal::new("mmp", reader, writer), _process: process })
    }

    /// An SSH client on the computer at the other end of the cable.
    pub fn ssh(&self, address: Ipv4Addr, user: &str, password: &str) -> Result<Client> {
        let client = Client::new(&self.folder, address.into(), user, password)?;
        Ok(match &self.computer {
            Some(computer) => client.at(computer.id()),
            None => client,
        })
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Asked once it shuts down in order; killed it would leave its programs behind.
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait(START);
        for group in &self.groups {
            remove_group(group);
        }
    }
}

/// Control groups for one container: two in the same group would take each other's services for their own.
fn own_groups(folder: &Path) -> Result<Vec<PathBuf>> {
    let name = folder.file_name().context("the folder has no name")?.to_string_lossy().replace('.', "box-");
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mut groups = Vec::new();
    for line in mounts.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let systemds = words[2] == "cgroup2" || (words[2] == "cgroup" && words[3].contains("name=systemd"));
        if systemds {
            let group = Path::new(words[1]).join(&name);
            fs::create_dir_all(&group).with_context(|| format!("cannot make {}", group.display()))?;
            groups.push(group);
        }
    }
    Ok(groups)
}

/// A group and those in it, which are empty by then.
fn remove_group(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

/// `sh` with a script, in a network namespace that is about to be made.
fn namespace(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", script]);
    command
}

/// Waits until a process has left this one's network namespace; its number.
fn own_namespace(process: &Running) -> Result<u32> {
    let own = fs::read_link("/proc/self/ns/net")?;
    let pid = process.id();
    until("a network namespace", START, || Ok(fs::read_link(format!("/proc/{pid}/ns/net"))? != own))?;
    Ok(pid)
}

/// A namespace with one address at the other end of interface `a`.
fn computer(container: u32) -> Result<Running> {
    let mut command = namespace("read -r never");
    let process = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
    let pid = own_namespace(&process)?;
    let inside = |words: &str| {
        let target = pid.to_string();
        let words = ["--target", &target, "--net", "ip"].into_iter().chain(words.split(' '));
        host("nsenter", words).map(drop)
    };
    inside(&format!("link add name b type veth peer name a netns {container}"))?;
    inside("link set dev lo up")?;
    inside(&format!("address add {}/24 dev b", lan::GATEWAY))?;
    inside("link set dev b up")?;
    Ok(process)
}

/// Waits until something holds that announces itself to nobody.
pub fn until(what: &str, within: Duration, mut test: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + within;
    while !test().with_context(|| format!("waiting for {what}"))? {
        if Instant::now() > deadline {
            bail!("no {what} within {} s", within.as_secs());
        }
        thread::sleep(RETRY);
    }
    Ok(())
}
