//! The appliance as an administrator meets it: switched on, logged in to, typed at, and brought back to an earlier moment.
//!
//! Invariants: a snapshot is the whole machine (memory, devices, disk), so a scenario that starts from one sees nothing of
//! the scenarios before it; what the administrator's computers keep (known hosts) belongs to the machine.

use std::{
    fs,
    io::Read as _,
    net::{IpAddr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::{
    capture::{self, Packet},
    disk::Data,
    lan,
    machine::{Machine, Options},
    ssh::Client,
    tools,
};

/// From power on to `login:`, on a host that is busy with other things too.
pub const BOOT: Duration = Duration::from_secs(180);
/// One command.
pub const ANSWER: Duration = Duration::from_secs(30);
/// The factory account and its password.
pub const FACTORY: &str = "admin";
/// The password that tests give to the factory account.
pub const PASSWORD: &str = "Correct-Horse-7";
/// The prompt of a clean system.
pub const PROMPT: &str = "cms>";

/// Between two tries to connect: a port that is closed says nothing when it opens.
const RETRY: Duration = Duration::from_millis(100);

/// How an appliance is made.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    options: Options,
}

impl Builder {
    /// MiB of memory.
    pub fn memory(mut self, mib: u32) -> Self {
        self.options.memory = Some(mib);
        self
    }

    /// Number of NICs.
    pub fn nics(mut self, nics: usize) -> Self {
        self.options.nics = nics;
        self
    }

    /// Through firmware and boot loader.
    pub fn uefi(mut self) -> Self {
        self.options.uefi = true;
        self
    }

    /// Time counted in instructions.
    pub fn icount(mut self) -> Self {
        self.options.icount = true;
        self
    }

    /// Goes on from a qcow2 disk.
    pub fn disk(mut self, file: &Path) -> Self {
        self.options.disk = Some(file.into());
        self
    }

    /// With a disk that is served on an NBD socket.
    pub fn nbd(mut self, socket: &Path) -> Self {
        self.options.nbd = Some(socket.into());
        self
    }

    /// Captures the packets of every NIC.
    pub fn capture(mut self) -> Self {
        self.options.capture = true;
        self
    }

    /// More kernel arguments.
    pub fn append(mut self, arguments: &str) -> Self {
        self.options.append = arguments.into();
        self
    }

    /// More arguments of QEMU.
    pub fn extra(mut self, arguments: &[&str]) -> Self {
        self.options.extra.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Switches it on.
    pub fn start(&self) -> Result<Appliance> {
        Ok(Appliance { machine: Machine::start(&self.options)?, prompt: PROMPT.into() })
    }

    /// Switches it on and waits for the login prompt.
    pub fn boot(&self) -> Result<Appliance> {
        let mut appliance = self.start()?;
        appliance.wait_for_login()?;
        Ok(appliance)
    }
}

/// A switched-on appliance.
pub struct Appliance {
    /// The machine below.
    pub machine: Machine,
    /// What the shell's prompt is now.
    pub prompt: String,
}

impl Appliance {
    /// Waits for the login prompt on the console.
    pub fn wait_for_login(&mut self) -> Result<String> {
        self.machine.console.expect("login:", BOOT)
    }

    /// Waits until sshd answers on segment a.
    pub fn wait_for_ssh(&mut self) -> Result<()> {
        self.wait_for_ssh_at(lan::APPLIANCE.into())
    }

    /// Waits until sshd answers at an address.
    pub fn wait_for_ssh_at(&mut self, address: IpAddr) -> Result<()> {
        let deadline = Instant::now() + BOOT;
        loop {
            let greeting = greeting(address);
            match greeting {
                Ok(text) if text.starts_with(b"SSH-") => return Ok(()),
                Ok(_) | Err(_) if Instant::now() < deadline => thread::sleep(RETRY),
                Ok(text) => bail!("port 22 says {}", crate::screen::spelt_out(&text)),
                Err(error) => return Err(error).with_context(|| format!("no SSH at {address}")),
            }
        }
    }

    /// Types a name and a password at the login prompt.
    pub fn enter(&mut self, user: &str, password: &str) -> Result<()> {
        let console = &mut self.machine.console;
        console.send_line(user)?;
        console.expect("Please enter password:", ANSWER)?;
        console.send_line(password)
    }

    /// Logs in on the console, up to the shell's prompt.
    pub fn log_in(&mut self, user: &str, password: &str) -> Result<()> {
        self.enter(user, password)?;
        self.machine.console.expect_prompt(&self.prompt, ANSWER)
    }

    /// As [`Appliance::log_in`]; what was told between the password and the prompt.
    pub fn log_in_told(&mut self, user: &str, password: &str) -> Result<String> {
        self.enter(user, password)?;
        let prompt = format!("\n{}", self.prompt.trim_end());
        self.machine.console.expect(&prompt, ANSWER)
    }

    /// The factory account's first login, with [`PASSWORD`] as the new password.
    pub fn first_login(&mut self) -> Result<()> {
        self.enter(FACTORY, FACTORY)?;
        let console = &mut self.machine.console;
        console.expect("Password has expired", ANSWER)?;
        console.expect("Please enter new password:", ANSWER)?;
        console.send_line(PASSWORD)?;
        console.expect("Please enter new password again:", ANSWER)?;
        console.send_line(PASSWORD)?;
        console.expect_prompt(&self.prompt, ANSWER)
    }

    /// Leaves the shell; waits for the next login prompt.
    pub fn log_out(&mut self) -> Result<()> {
        self.machine.console.send_line("exit")?;
        self.machine.console.expect("login:", ANSWER).map(drop)
    }

    /// Types a command at the shell's prompt; what it printed.
    pub fn command(&mut self, line: &str) -> Result<String> {
        self.machine.console.command(&self.prompt, line, ANSWER)
    }

    /// Types a command that is to print nothing.
    pub fn silent(&mut self, line: &str) -> Result<()> {
        match self.command(line)?.as_str() {
            "" => Ok(()),
            text => bail!("\"{line}\" is to print nothing, and printed: {text}"),
        }
    }

    /// `reboot`, with its question; waits for the login prompt.
    pub fn reboot(&mut self) -> Result<()> {
        self.machine.console.send_line("reboot")?;
        self.machine.console.expect("(Y/n)", ANSWER)?;
        self.machine.console.send_line("Y")?;
        self.wait_for_login().map(drop)
    }

    /// Keeps this moment under a name.
    pub fn snapshot(&mut self, name: &str) -> Result<()> {
        self.machine.qmp.monitor(&format!("savevm {name}"))
    }

    /// Goes back to a moment that was kept.
    pub fn restore(&mut self, name: &str) -> Result<()> {
        self.machine.restart_at(name)
    }

    /// After [`Appliance::restore`] of a moment at the shell's prompt: has the prompt shown again.
    pub fn wake(&mut self) -> Result<()> {
        self.machine.console.send("\r")?;
        self.machine.console.expect_prompt(&self.prompt, ANSWER)
    }

    /// After [`Appliance::restore`] of a moment at the login prompt: has the prompt shown again.
    pub fn wake_login(&mut self) -> Result<()> {
        self.machine.console.send("\r")?;
        self.machine.console.expect("login:", ANSWER).map(drop)
    }

    /// Plugs the cable of a NIC in or out.
    pub fn set_link(&mut self, letter: char, up: bool) -> Result<()> {
        self.machine.qmp.execute("set_link", &json!({ "name": letter.to_string(), "up": up })).map(drop)
    }

    /// Somebody's SSH client on segment a.
    pub fn ssh(&self, user: &str, password: &str) -> Result<Client> {
        self.ssh_to(lan::APPLIANCE.into(), user, password)
    }

    /// Somebody's SSH client, for another address of the appliance.
    pub fn ssh_to(&self, address: IpAddr, user: &str, password: &str) -> Result<Client> {
        Client::new(self.machine.folder(), address, user, password)
    }

    /// Packets of NIC a since the start or the last [`Appliance::restore`].
    pub fn packets(&self) -> Result<Vec<Packet>> {
        capture::read(&self.machine.file("a.pcap"))
    }

    /// `/data` as it is on the disk at this moment.
    pub fn data(&mut self, folder: &Path) -> Result<Data> {
        // Stopped, so that the copy is of one moment, and with what QEMU itself still holds written out.
        self.machine.qmp.execute("stop", &json!({}))?;
        let data = Data::copy(&self.machine.file("disk.qcow2"), folder);
        self.machine.qmp.execute("cont", &json!({}))?;
        data
    }

    /// Names of the settings generations on the disk.
    pub fn generations(&mut self) -> Result<Vec<String>> {
        let folder = tempfile::tempdir_in(self.machine.folder())?;
        self.data(folder.path())?.list("/settings")
    }

    /// Keeps what helps to understand a failure: the console and the journal. Where it is.
    pub fn keep(&mut self, name: &str) -> Result<PathBuf> {
        let folder = tools::target().join("test-artefacts").join(name.replace("::", "-").replace(['/', ' '], "-"));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        self.machine.console.save(&folder.join("console.txt"))?;
        fs::write(folder.join("console.raw"), self.machine.console.raw())?;
        for file in ["qemu.log", "console.log", "dnsmasq.log", "chronyd.out", "a.pcap"] {
            if self.machine.file(file).exists() {
                fs::copy(self.machine.file(file), folder.join(file))?;
            }
        }
        // The journal is best effort: a machine that hangs in firmware has none.
        let work = tempfile::tempdir_in(self.machine.folder())?;
        let journal = self.data(work.path()).and_then(|data| {
            data.extract("/log", &folder)?;
            let text = crate::process::host(
                "journalctl",
                [
                    "--no-pager".into(),
                    "-o".into(),
                    "short-monotonic".into(),
                    "-D".into(),
                    folder.join("log/journal").display().to_string(),
                ],
            )?;
            Ok(fs::write(folder.join("journal.txt"), text)?)
        });
        if let Err(error) = journal {
            fs::write(folder.join("journal.missing"), format!("{error:#}\n"))?;
        }
        Ok(folder)
    }
}

/// The first four bytes that port 22 sends.
fn greeting(address: IpAddr) -> std::io::Result<Vec<u8>> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((address, 22)), limit)?;
    stream.set_read_timeout(Some(limit))?;
    let mut text = [0; 4];
    stream.read_exact(&mut text)?;
    Ok(text.to_vec())
}
