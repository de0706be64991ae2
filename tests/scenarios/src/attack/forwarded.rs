//! `ssh -A -Y`: the agent and the screen of whoever logs in stay his own. No socket, no port and no variable leads to them.

use std::{fs, process::Stdio};

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::until,
    process::Running,
    terminal::Terminal,
};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let (appliance, probe) = stage.inside()?;
    let before = probe.ask("ports")?;
    let folder = tempfile::tempdir()?;
    let (socket, log) = (folder.path().join("agent"), folder.path().join("log"));
    let mut agent = std::process::Command::new("ssh-agent");
    agent.arg("-D").arg("-a").arg(&socket).stdin(Stdio::null()).stdout(Stdio::null());
    let _agent = Running::start(&mut agent)?;
    until("an agent", ANSWER, || Ok(socket.exists()))?;

    let client = appliance.ssh(FACTORY, PASSWORD)?.agent(&socket);
    let mut command = client.program("ssh");
    command.args(["-v", "-tt", "-A", "-Y"]).arg(client.destination());
    let stderr = fs::File::create(&log)?;
    let mut ssh = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr))?;
    let (reader, writer) = ssh.pipes().context("ssh has no pipes")?;
    let mut terminal = Terminal::new("ssh -A -Y", reader, writer);
    terminal.expect_prompt(&appliance.prompt, ANSWER)?;

    // Both were asked for.
    let said = fs::read_to_string(&log)?;
    expect::holds(&said, "Requesting X11 forwarding")?;
    expect::holds(&said, "Requesting authentication agent forwarding")?;
    expect::holds(&said, "X11 forwarding request failed")?;
    // Nothing of either is there: the shells of this login and of the console are asked.
    let variables = probe.ask("environment mmp")?;
    expect::holds(&variables, "SSH_CONNECTION=")?;
    for name in ["DISPLAY=", "SSH_AUTH_SOCK=", "XAUTHORITY="] {
        expect::lacks(&variables, name)?;
    }
    let sockets = probe.ask("sockets")?;
    expect::holds(&sockets, "/run/mmpd/control.sock")?;
    for name in ["agent", "X11", "/tmp/ssh-"] {
        expect::lacks(&sockets, name)?;
    }
    let after = probe.ask("ports")?;
    ensure!(before == after, "ports were {before} and are {after}");
    terminal.command(&appliance.prompt, "version", ANSWER)?;
    terminal.send_line("exit")?;
    terminal.expect_end(ANSWER).map(drop)
}
