//! Every settings file half written: the login says so, the factory password opens the console and nothing else, host keys and
//! files are as before, and what is set then is kept.

use anyhow::{Result, ensure};
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
    lan,
    ssh::Client,
};

use crate::{badday, expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    // The administrator's computer, which knows the host key.
    let computer = tempfile::tempdir_in(harness::machine::scratch()?)?;
    let ssh = |password| Client::new(computer.path(), lan::APPLIANCE.into(), FACTORY, password);
    let appliance = stage.appliance();
    appliance.silent("dns add forwardzone kept.example.com 10.0.2.3")?;
    expect::code(&ssh(PASSWORD)?.run("version", ANSWER)?, 0)?;
    expect::code(
        &ssh(PASSWORD)?.sftp(&format!("put {} kept.txt\n", computer.path().join("ask-pass").display()), ANSWER)?,
        0,
    )?;
    let generations = appliance.generations()?;
    let used = badday::Used::of(appliance)?;
    let half = used.file(b"{\"generation\":1,\"auth")?;
    let damaged = generations.iter().filter(|name| name.starts_with("generation-"));
    let requests: Vec<String> = damaged
        .flat_map(|name| [format!("rm /settings/{name}"), format!("write {} /settings/{name}", half.display())])
        .collect();
    let disk = used.after(&requests)?;

    let appliance = stage.boot_own(&Builder::default().disk(&disk))?;
    expect::holds(&appliance.machine.console.transcript(), "*** The settings on /data cannot be read")?;
    appliance.wait_for_ssh()?;
    for password in [FACTORY, PASSWORD] {
        let refused = ssh(password)?.run("version", ANSWER)?;
        ensure!(refused.code() == 255, "SSH takes a password of before or the factory's: {}", refused.stdout);
        // The host key is the one that the computer knows.
        expect::holds(&refused.stderr, "Permission denied")?;
    }
    appliance.first_login()?;
    // Lines are broken at the terminal's width.
    let told = appliance.machine.console.transcript().replace('\n', " ");
    for wanted in ["WARNING: no settings could be read at this boot", "backup rollback"] {
        expect::holds(&told, wanted)?;
    }
    expect::lacks(&appliance.command("dns")?, "kept.example.com")?;
    expect::code(&ssh(PASSWORD)?.run("settings list", ANSWER)?, 0)?;
    expect::holds(&ssh(PASSWORD)?.sftp("ls\n", ANSWER)?.stdout, "kept.txt")?;
    appliance.silent("dns add forwardzone again.example.com 10.0.2.3")?;
    appliance.reboot()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?;
    expect::lacks(&told, "settings")?;
    expect::holds(&appliance.command("dns")?, "again.example.com")
}
