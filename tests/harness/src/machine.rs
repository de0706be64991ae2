//! One QEMU process with its serial console, its protocol socket, its network and its throw-away disk.
//!
//! Invariants: the command comes from `image-builder qemu` and nowhere else, so the tests start what `scripts/run` starts;
//! QEMU connects to sockets that already listen, so there is nothing to poll for; the process ends with its value.

use std::{
    fs,
    os::{
        fd::AsFd as _,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tempfile::TempDir;

use crate::{
    disk, lan,
    process::{Running, run},
    qmp::Qmp,
    terminal::Terminal,
    tools,
};

/// Longest time that QEMU takes to start on a loaded host.
const START: Duration = Duration::from_secs(60);

/// How a machine is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// MiB, or what the board says.
    pub memory: Option<u32>,
    /// NICs, from `a` on.
    pub nics: usize,
    /// Through firmware and boot loader, and not with the kernel given to QEMU.
    pub uefi: bool,
    /// Time counted in instructions.
    pub icount: bool,
    /// A qcow2 disk to go on from; otherwise the built image with a fresh `/data`.
    pub disk: Option<PathBuf>,
    /// A disk that is served on an NBD socket, and nothing of it here.
    pub nbd: Option<PathBuf>,
    /// More kernel arguments.
    pub append: String,
    /// More arguments of QEMU.
    pub extra: Vec<String>,
    /// Capture the packets of every NIC.
    pub capture: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: None,
            nics: 1,
            uefi: false,
            icount: false,
            disk: None,
            nbd: None,
            append: String::new(),
            extra: Vec::new(),
            capture: false,
        }
    }
}

/// A running QEMU.
pub struct Machine {
    /// The serial console.
    pub console: Terminal,
    /// The machine protocol.
    pub qmp: Qmp,
    /// When QEMU was started.
    pub started: Instant,
    process: Running,
    options: Options,
    taps: Vec<String>,
    folder: TempDir,
}

/// What exists anew with each QEMU process.
struct Launched {
    console: Terminal,
    qmp: Qmp,
    started: Instant,
    process: Running,
}

impl Machine {
    /// Starts it; the console is connected before the first instruction.
    pub fn start(options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("machine-").tempdir_in(scratch()?)?;
        let base = tools::image().join("rostrum.raw");
        if options.nbd.is_none() {
            disk::overlay(options.disk.as_deref().unwrap_or(&base), &folder.path().join("disk.qcow2"))?;
        }
        let taps = (0..options.nics).map(|nic| lan::tap(lan::LETTERS[nic])).collect::<Result<Vec<_>>>()?;
        let Launched { console, qmp, started, process } = launch(options, folder.path(), &taps, None)?;
        Ok(Self { console, qmp, started, process, options: options.clone(), taps, folder })
    }

    /// Goes back to a snapshot, in a new QEMU process: within one process the guest's time stamp counter would not go back
    /// with its other clocks, and everything in it would believe that it had slept for the time between.
    pub fn restart_at(&mut self, snapshot: &str) -> Result<()> {
        self.restart(Some(snapshot))
    }

    /// The power goes and comes back: a new QEMU process with a new console, so that nothing shown before the cut is taken for
    /// what the next boot shows.
    pub fn power_cycle(&mut self) -> Result<()> {
        self.restart(None)
    }

    fn restart(&mut self, snapshot: Option<&str>) -> Result<()> {
        self.process.stop();
        let Launched { console, qmp, started, process } =
            launch(&self.options, self.folder.path(), &self.taps, snapshot)?;
        (self.console, self.qmp, self.started, self.process) = (console, qmp, started, process);
        Ok(())
    }

    /// Files of this machine: `disk.qcow2`, `qemu.log`, `console.log`, and `a.pcap` for NIC a and so on.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of these files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// QEMU's process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Seconds of processor time that QEMU has used.
    pub fn processor_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        // utime and stime, the 14th and 15th field of the line, in hundredths of a second.
        ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / 100.0).context("cannot read /proc/PID/stat")
    }

    /// Waits until QEMU has ended by itself.
    pub fn wait(&mut self, within: Duration) -> Result<()> {
        self.process.wait(within).map(drop)
    }

    /// Cuts the power.
    pub fn stop(&mut self) {
        self.process.stop();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.process.stop();
        for tap in &self.taps {
            // The namespace takes it away in the end.
            let _ = lan::remove_tap(tap);
        }
    }
}

fn launch(options: &Options, folder: &Path, taps: &[String], snapshot: Option<&str>) -> Result<Launched> {
    let path = |name: &str| folder.join(name);
    let consoles = listen(&path("console"))?;
    let monitors = listen(&path("qmp"))?;
    let mut command = command(options, folder, taps)?;
    if let Some(snapshot) = snapshot {
        command.args(["-loadvm", snapshot]);
    }
    let log = fs::File::create(path("qemu.log"))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let started = Instant::now();
    let mut process = Running::start(&mut command)?;
    let mut accept = |listener: &UnixListener| {
        accept(listener, &mut process).with_context(|| {
            format!("QEMU does not start: {}", fs::read_to_string(path("qemu.log")).unwrap_or_default().trim())
        })
    };
    let console = accept(&consoles)?;
    let qmp = Qmp::new(accept(&monitors)?)?;
    let console = Terminal::new("console", console.try_clone()?, console);
    Ok(Launched { console, qmp, started, process })
}

fn listen(socket: &Path) -> Result<UnixListener> {
    if socket.exists() {
        fs::remove_file(socket)?;
    }
    UnixListener::bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))
}

/// Where machines keep their files while they run.
pub fn scratch() -> Result<PathBuf> {
    let folder = tools::target().join("test-machines");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn command(options: &Options, folder: &Path, taps: &[String]) -> Result<Command> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut ask = Command::new(tools::target().join("release/image-builder"));
    ask.arg("qemu").current_dir(tools::workspace());
    match &options.nbd {
        Some(socket) => ask.args(["--disk", &format!("nbd:unix:{}", socket.display()), "--format", "raw"]),
        None => ask.args(["--disk", &path("disk.qcow2")]),
    };
    ask.args(["--nics", &options.nics.to_string()]);
    ask.args(["--serial", &format!("socket,path={},logfile={},logappend=on", path("console"), path("console.log"))]);
    for (letter, tap) in lan::LETTERS.iter().zip(taps) {
        ask.args(["--netdev", &format!("{letter}=tap,ifname={tap},script=no,downscript=no")]);
    }
    if let Some(memory) = options.memory {
        ask.args(["--memory", &memory.to_string()]);
    }
    if options.icount {
        ask.arg("--icount");
    }
    ask.arg(if options.uefi { "--uefi" } else { "--direct" });
    if !options.append.is_empty() {
        ask.args(["--append", &options.append]);
    }
    let words = run(&mut ask, b"", START)?.success("image-builder qemu")?;
    let mut words = words.lines();
    let mut command = Command::new(words.next().context("image-builder printed no command")?);
    command.args(words);
    command.args(["-chardev", &format!("socket,id=qmp,path={}", path("qmp")), "-mon", "chardev=qmp,mode=control"]);
    if options.capture {
        for letter in lan::LETTERS.iter().take(options.nics) {
            let file = path(&format!("{letter}.pcap"));
            command.args(["-object", &format!("filter-dump,id=capture-{letter},netdev={letter},file={file}")]);
        }
    }
    command.args(&options.extra);
    Ok(command)
}

/// Waits for QEMU's connection, or its end.
fn accept(listener: &UnixListener, process: &mut Running) -> Result<UnixStream> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        // Wakes up now and then to see whether the other side has ended.
        let mut waits = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        if poll(&mut waits, PollTimeout::from(100_u8))? > 0 {
            return Ok(listener.accept()?.0);
        }
        if let Some(status) = process.ended()? {
            bail!("it ended with {status}");
        }
    }
    bail!("it does not connect within {} s", START.as_secs())
}
