//! A disk that answers writes with errors while the appliance runs: changes are refused with the old settings in force, reading
//! and SSH go on, the login says what to type, and doing so ends it.

use anyhow::Result;
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
    medium::Medium,
    nbd, tools,
};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let work = tempfile::Builder::new().prefix("failing-").tempdir_in(harness::machine::scratch()?)?;
    let medium = Medium::over(&tools::image().join("rostrum.raw"))?;
    let socket = work.path().join("disk");
    nbd::serve(&medium, &socket)?;
    let appliance = stage.boot_own(&Builder::default().nbd(&socket))?;
    appliance.first_login()?;
    appliance.silent("ipv4 a add 10.0.2.15/24 10.0.2.2")?;
    appliance.silent("dns add forwardzone kept.example.com 10.0.2.3")?;
    appliance.wait_for_ssh()?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    expect::code(&client.run("version", ANSWER)?, 0)?;

    medium.fail_writes(true);
    for line in ["dns add forwardzone lost.example.com 10.0.2.3", "ipv4 a add 10.0.2.77/24 10.0.2.2"] {
        let refusal = appliance.command(line)?.replace('\n', " ");
        for wanted in
            ["could not be saved", "The old settings are in force again", "save the files over SFTP", "`reboot`"]
        {
            expect::holds(&refusal, wanted)?;
        }
    }
    // What is in force is what was; a new login over SSH gets in, reads, and is told.
    let dns = client.run("dns", ANSWER)?;
    expect::code(&dns, 0)?;
    expect::holds(&dns.stdout, "kept.example.com")?;
    expect::lacks(&dns.stdout, "lost.example.com")?;
    let ipv4 = client.run("ipv4 a", ANSWER)?.stdout;
    expect::value(&ipv4, "address", "10.0.2.15")?;
    expect::holds(&ipv4, "Addresses:\n10.0.2.15/24\n")?;
    expect::code(&client.sftp("ls\n", ANSWER)?, 0)?;
    appliance.log_out()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?.replace('\r', "").replace('\n', " ");
    for wanted in ["WARNING: /data cannot be written", "nothing can be changed", "`reboot`"] {
        expect::holds(&told, wanted)?;
    }

    medium.fail_writes(false);
    appliance.reboot()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?;
    expect::lacks(&told, "cannot be")?;
    let dns = appliance.command("dns")?;
    expect::holds(&dns, "kept.example.com")?;
    expect::lacks(&dns, "lost.example.com")?;
    appliance.silent("dns add forwardzone healed.example.com 10.0.2.3")
}
