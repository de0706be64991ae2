//! Whoever may log in gets the shell and the folder, and neither a tunnel nor an agent nor an environment of his own.

use std::{io::Read as _, net::TcpStream, process::Stdio, time::Instant};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    process::Running,
    ssh::Client,
};

use crate::{expect, stage::Stage};

/// A port of the tester's machine, whose network is its own.
const PORT: u16 = 2299;

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let fails = |options: &[&str], line: &[&str]| -> Result<()> {
        let outcome = client.with(options, line, ANSWER)?;
        ensure!(!outcome.status.success(), "{options:?} {line:?} is accepted: {}", outcome.stdout);
        Ok(())
    };
    let must = "ExitOnForwardFailure=yes";
    fails(&["-W", "127.0.0.1:22"], &[])?;
    fails(&["-W", "10.0.2.2:53"], &[])?;
    fails(&["-o", must, "-R", "2201:127.0.0.1:22"], &["version"])?;
    fails(&["-o", must, "-R", "/tmp/socket:127.0.0.1:22"], &["version"])?;
    fails(&["-o", must, "-w", "any:any"], &["version"])?;
    fails(&["-s"], &["netconf"])?;
    fails(&[], &["/bin/sh"])?;
    fails(&[], &["scp", "-t", "/data/files"])?;
    // Local sockets of the appliance: mmpd's own above all.
    for target in ["/run/mmpd/control.sock", "/run/systemd/private", "127.0.0.1:22"] {
        tunnel(&client, &format!("{PORT}:{target}"))?;
    }
    // The old protocol of scp wants a program that is not there.
    let file = appliance.machine.file("scp-file");
    std::fs::write(&file, "x")?;
    let mut scp = client.program("scp");
    scp.arg("-O").arg(&file).arg(format!("{}:x.pem", client.destination()));
    ensure!(!harness::process::run(&mut scp, b"", ANSWER)?.status.success(), "scp -O is accepted");

    // Agent, X11 and variables: the login goes on without them.
    let plain = client.run("user info admin", ANSWER)?;
    for variable in ["LD_PRELOAD=/data/files/x.pem", "MMP_SOCKET=/tmp/x", "MMP_ORIGIN=console", "PATH=/data/files"] {
        let outcome = client.with(&["-o", &format!("SetEnv={variable}"), "-A"], &["version"], ANSWER)?;
        expect::code(&outcome, 0)?;
        expect::same(&outcome.stderr, "")?;
    }
    let after = client.run("user info admin", ANSWER)?;
    expect::holds(&plain.stdout, "from 10.0.2.2")?;
    expect::lacks(&after.stdout, "console ttyS0")
}

/// A connection through the tunnel must end without a byte.
fn tunnel(client: &Client, forward: &str) -> Result<()> {
    let mut command = client.program("ssh");
    command.args(["-N", "-L", forward]).arg(client.destination());
    let _ssh = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let deadline = Instant::now() + ANSWER;
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", PORT)) {
            Ok(stream) => break stream,
            Err(error) if Instant::now() > deadline => bail!("ssh does not listen: {error}"),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    };
    stream.set_read_timeout(Some(ANSWER))?;
    let mut said = Vec::new();
    // A reset is an end too.
    match stream.read_to_end(&mut said) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Err(error).context("the tunnel stays open")?,
        _ => ensure!(said.is_empty(), "{forward} leads somewhere: {said:?}"),
    }
    Ok(())
}
