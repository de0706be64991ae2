//! An upload whose connection is cut half-way leaves nothing: no part, no other name, and the earlier file as it was.

use std::{fs, process::Stdio, time::Instant};

use anyhow::{Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    capture::Payload,
    lan::GATEWAY,
    process::Running,
};

use crate::{expect, stage::Stage};

const SIZE: usize = 64 << 20;

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
        let before = appliance.packets()?.len();
        let mut upload =
            Running::start(client.sftp_command().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()))?;
        upload.type_in(&format!("put {} {name}\n", new.display()))?;
        // Some megabytes into it: a packet carries at most 64 KiB, so a whole upload takes a thousand at least.
        let deadline = Instant::now() + ANSWER;
        while appliance
            .packets()?
            .iter()
            .skip(before)
            .filter(|packet| {
                packet.source == GATEWAY && matches!(packet.payload, Payload::Tcp(ports) if ports.destination == 22)
            })
            .count()
            < 2000
        {
            ensure!(upload.ended()?.is_none(), "the upload ended before it could be cut");
            ensure!(Instant::now() < deadline, "the upload does not get going");
        }
        upload.kill();
    }
    let listing = client.sftp("ls -la\n", ANSWER)?;
    expect::code(&listing, 0)?;
    expect::lacks(&listing.stdout, "upgrade.img")?;
    expect::code(&client.sftp(&format!("get cms.lic {}\n", down.display()), ANSWER)?, 0)?;
    expect::same(&fs::read_to_string(&down)?, "the earlier one")?;
    let work = tempfile::tempdir_in(appliance.machine.folder())?;
    expect::same(&appliance.data(work.path())?.list("/files")?.join(" "), "cms.lic")
}
