//! A key shared with the NTP server: its answers are believed with the right key only, and the file stays while it is
//! used.

use std::time::Instant;

use anyhow::{Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    peers::{NTP_KEY, NTP_NAME},
};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let put = |name: &str, content: &str| -> Result<String> {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("{content}\n"))?;
        Ok(format!("put {} {name}\n", file.display()))
    };
    let upload =
        [put("group.key", NTP_KEY)?, put("other.key", "7 SHA256 HEX:00")?, put("empty.key", "# none")?].concat();
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    client.sftp(&upload, ANSWER)?.success("sftp")?;

    expect::holds(&appliance.command("ntp groupkey empty.key")?, "No key found in empty.key")?;
    expect::holds(&appliance.command("ntp groupkey absent.key")?, "File not found: absent.key")?;
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    appliance.silent("ntp groupkey group.key")?;
    appliance.silent(&format!("ntp server add {NTP_NAME}"))?;
    let deadline = Instant::now() + 2 * ANSWER;
    while !appliance.command("ntp status")?.lines().any(|line| line.starts_with('*')) {
        ensure!(Instant::now() < deadline, "the server is not followed with its key");
    }
    ensure!(!client.sftp("rm group.key\n", ANSWER)?.status.success(), "a key in use was deleted");

    // The first questions go out at once, two seconds apart, so this is time enough to be followed in.
    appliance.silent("ntp groupkey other.key")?;
    let deadline = Instant::now() + ANSWER / 2;
    while Instant::now() < deadline {
        let status = appliance.command("ntp status")?;
        ensure!(!status.lines().any(|line| line.starts_with('*')), "followed with a wrong key: {status}");
    }
    Ok(())
}
