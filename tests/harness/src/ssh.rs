//! The OpenSSH client, as an administrator's computer runs it.
//!
//! Invariants: it reads no configuration, key or known host of whoever runs the tests; passwords go in by its own
//! ask-pass program, so it needs no terminal; the appliance's host key is kept from the first connection on and must
//! not change.

use std::{
    fs,
    net::IpAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    process::{Outcome, Running, run},
    terminal::Terminal,
};

/// How the password is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `password`.
    Password,
    /// `keyboard-interactive`.
    KeyboardInteractive,
}

/// One administrator on one computer.
#[derive(Clone, Debug)]
pub struct Client {
    folder: PathBuf,
    host: IpAddr,
    user: String,
    password: String,
    method: Method,
    key: Option<PathBuf>,
    agent: Option<PathBuf>,
    tries: u32,
    told: bool,
    /// A process in the network namespace that it runs in.
    computer: Option<u32>,
}

/// An interactive login.
pub struct Session {
    /// Its terminal.
    pub terminal: Terminal,
    process: Running,
}

impl Session {
    /// Process number of the client.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end; the exit code.
    pub fn wait(&mut self, within: Duration) -> Result<i32> {
        Ok(self.process.wait(within)?.code().unwrap_or(-1))
    }
}

impl Client {
    /// For `user` with `password`; `folder` keeps what the client keeps.
    pub fn new(folder: &Path, host: IpAddr, user: &str, password: &str) -> Result<Self> {
        let client = Self {
            folder: folder.into(),
            host,
            user: user.into(),
            password: password.into(),
            method: Method::Password,
            key: None,
            agent: None,
            tries: 1,
            told: false,
            computer: None,
        };
        let script = client.ask_pass();
        if !script.exists() {
            // Written under another name first: a parallel client must not run half a script.
            let fresh = folder.join(format!("ask-pass.{}", std::process::id()));
            fs::write(&fresh, "#!/bin/sh\nprintf '%s\\n' \"$HARNESS_PASSWORD\"\n")
                .context("cannot write the ask-pass")?;
            fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755))?;
            fs::rename(fresh, script)?;
        }
        Ok(client)
    }

    /// The same administrator, giving the password another way.
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The same administrator, with a private key and no password.
    pub fn key(mut self, file: &Path) -> Self {
        self.key = Some(file.into());
        self
    }

    /// The same administrator, with an agent that listens at a socket, which is offered for forwarding only.
    pub fn agent(mut self, socket: &Path) -> Self {
        self.agent = Some(socket.into());
        self
    }

    /// The same administrator, typing the password so many times in one connection while it is not taken.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// The same administrator, shown what the server says before the login.
    pub fn told(mut self) -> Self {
        self.told = true;
        self
    }

    /// On another computer: in the network namespace of a process.
    pub(crate) fn at(mut self, computer: u32) -> Self {
        self.computer = Some(computer);
        self
    }

    /// `ssh host "line"`.
    pub fn run(&self, line: &str, within: Duration) -> Result<Outcome> {
        run(self.program("ssh").arg(self.destination()).arg(line), b"", within)
    }

    /// `ssh host` with lines on its standard input and no terminal.
    pub fn pipe(&self, lines: &str, within: Duration) -> Result<Outcome> {
        run(self.program("ssh").arg("-T").arg(self.destination()), lines.as_bytes(), within)
    }

    /// `ssh` with options before the host.
    pub fn with(&self, options: &[&str], line: &[&str], within: Duration) -> Result<Outcome> {
        run(self.program("ssh").args(options).arg(self.destination()).args(line), b"", within)
    }

    /// An interactive login.
    pub fn session(&self) -> Result<Session> {
        let mut command = self.program("ssh");
        command.arg("-tt").arg(self.destination());
        let mut process =
            Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()))?;
        let (reader, writer) = process.pipes().context("ssh has no pipes")?;
        Ok(Session { terminal: Terminal::new(&format!("ssh {}", self.user), reader, writer), process })
    }

    /// `ssh`, `scp` or `sftp` with all options but the destination.
    pub fn program(&self, name: &str) -> Command {
        let mut command = match self.computer {
            Some(process) => {
                let mut command = Command::new("nsenter");
                command.args(["--target", &process.to_string(), "--net", name]);
                command
            }
            None => Command::new(name),
        };
        let method = match (&self.key, self.method) {
            (Some(_), _) => "publickey",
            (None, Method::Password) => "password",
            (None, Method::KeyboardInteractive) => "keyboard-interactive",
        };
        command.args(["-F", "/dev/null"]);
        if let Some(key) = &self.key {
            command.args(["-o", "PubkeyAuthentication=yes", "-o", "IdentitiesOnly=yes", "-i"]).arg(key);
        }
        for option in [
            format!("UserKnownHostsFile={}", self.folder.join("known_hosts").display()),
            "GlobalKnownHostsFile=/dev/null".into(),
            "StrictHostKeyChecking=accept-new".into(),
            "UpdateHostKeys=no".into(),
            "PubkeyAuthentication=no".into(),
            format!("IdentityAgent={}", self.agent.as_deref().unwrap_or(Path::new("none")).display()),
            format!("PreferredAuthentications={method}"),
            format!("NumberOfPasswordPrompts={}", self.tries),
            "ConnectTimeout=60".into(),
            format!("LogLevel={}", if self.told { "INFO" } else { "ERROR" }),
            // sftp's batch mode would forbid passwords; the first value of an option counts.
            "BatchMode=no".into(),
        ] {
            command.args(["-o", &option]);
        }
        command
            .env("SSH_ASKPASS", self.ask_pass())
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env("DISPLAY", ":0")
            .env("HARNESS_PASSWORD", &self.password)
            .env("TERM", "vt100")
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("LC_ALL");
        command
    }

    /// `user@host`.
    pub fn destination(&self) -> String {
        format!("{}@{}", self.user, self.host)
    }

    fn ask_pass(&self) -> PathBuf {
        self.folder.join("ask-pass")
    }
}
