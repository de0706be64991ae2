//! An upload whose connection is cut half-way leaves nothing: no part, no other name, and the earlier file as it was.

use std::{fs, os::unix::process::CommandExt as _, process::Stdio, time::Instant};

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    capture::{Packet, Payload},
    lan::GATEWAY,
    process::Running,
};

use crate::{expect, stage::Stage};

const SIZE: usize = 16 << 20;
const KILOBITS: &str = "16000";
/// Of at most 64 KiB each: some megabytes.
const PACKETS: usize = 60;

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let folder = tempfile::tempdir()?;
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::write(&old, "the earlier one")?;
    fs::write(&new, vec![7; SIZE])?;
    let down = folder.path().join("down");
    expect::code(&client.sftp(&format!("put {} cms.lic\n", old.display()), ANSWER)?, 0)?;

    for name in ["cms.lic", "upgrade.img"] {
        let before = sent(appliance)?;
        // A slow line, so that there is a middle; a process group, so that `ssh` below `sftp` goes with it.
        let mut command = client.program("sftp");
        command.args(["-l", KILOBITS, "-b", "-"]).arg(client.destination()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut upload = Running::start(&mut command)?;
        upload.type_in(&format!("put {} {name}\n", new.display()))?;
        let deadline = Instant::now() + ANSWER;
        while sent(appliance)? < before + PACKETS {
            ensure!(upload.ended()?.is_none(), "the upload ended before it could be cut");
            ensure!(Instant::now() < deadline, "the upload does not get going");
        }
        upload.kill_group();
    }
    let listing = client.sftp("ls -la\n", ANSWER)?;
    expect::code(&listing, 0)?;
    expect::lacks(&listing.stdout, "upgrade.img")?;
    expect::code(&client.sftp(&format!("get cms.lic {}\n", down.display()), ANSWER)?, 0)?;
    expect::same(&fs::read_to_string(&down)?, "the earlier one")?;
    let work = tempfile::tempdir_in(appliance.machine.folder())?;
    expect::same(&appliance.data(work.path())?.list("/files")?.join(" "), "cms.lic")
}

/// Packets to the appliance's port 22.
fn sent(appliance: &Appliance) -> Result<usize> {
    let to_ssh = |packet: &&Packet| {
        packet.source == GATEWAY && matches!(packet.payload, Payload::Tcp(ports) if ports.destination == 22)
    };
    Ok(appliance.packets()?.iter().filter(to_ssh).count())
}
