//! The first chapter of an administrator's day, line by line as the guides have it; after a reboot all of it is there.

use anyhow::{Context as _, Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use crate::{
    access::accounts::{add, set_password},
    expect,
    network::dscp_marks::SEED,
    stage::Stage,
};

const ROOT: &str = "Second-Admin-22";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    expect::holds(&appliance.command("ipv4 a")?, "IPv4 configuration:")?;
    appliance.silent("ipv4 a add 10.0.2.15/24 10.0.2.2")?;
    appliance.silent("dns add forwardzone . 10.0.2.3")?;
    expect::same(&appliance.command("hostname cms1")?, "A reboot is required for the change to take effect")?;
    appliance.silent("ntp server add 10.0.2.2")?;
    appliance.silent("ntp server add ntp1.example.com")?;
    appliance.command("timezone Europe/London")?;
    for line in SEED {
        appliance.silent(line)?;
    }
    add(appliance, "root", "admin", "Temporary-Pass-1")?;
    add(appliance, "cucm", "appadmin", "Temporary-Pass-2")?;
    settings(appliance)?;

    appliance.prompt = "cms1>".into();
    appliance.reboot()?;
    expect::holds(&appliance.machine.console.transcript(), "cms1 login:")?;
    appliance.log_in(FACTORY, PASSWORD)?;
    settings(appliance)?;
    expect::same(&appliance.command("hostname")?, "cms1")?;

    // The prompt is there before the network is, and a name resolves all the same: the first question waits for both.
    expect::same(&appliance.command("dns lookup a cb1.example.com")?, "cb1.example.com. A 192.0.2.151")?;
    appliance.wait_for_ssh()?;
    set_password(appliance, "root", "Temporary-Pass-1", ROOT)?;
    for (user, password) in [(FACTORY, PASSWORD), ("root", ROOT)] {
        let outcome = appliance.ssh(user, password)?.run("ipv4 a --json", ANSWER)?;
        expect::code(&outcome, 0)?;
        let value: serde_json::Value =
            serde_json::from_str(&outcome.stdout).context("`ipv4 a --json` does not print JSON")?;
        ensure!(value["address"] == "10.0.2.15" && value["dhcp"] == false, "not the address that was set: {value}");
    }
    let mut session = appliance.ssh("root", ROOT)?.session()?;
    session.terminal.expect_prompt("cms1>", ANSWER)?;
    expect::holds(&session.terminal.command("cms1>", "user list", ANSWER)?, "cucm        appadmin")
}

/// What was set is shown.
fn settings(appliance: &mut Appliance) -> Result<()> {
    let address = appliance.command("ipv4 a")?;
    expect::value(&address, "address", "10.0.2.15")?;
    expect::value(&address, "dhcp", "false")?;
    expect::value(&address, "gateway", "10.0.2.2")?;
    expect::holds(&appliance.command("dns")?, "Forward zones:\n    .                         10.0.2.3\n")?;
    expect::same(&appliance.command("ntp server list")?, "10.0.2.2\nntp1.example.com")?;
    expect::holds(&appliance.command("timezone")?, "Europe/London")?;
    expect::holds(&appliance.command("dscp")?, "IPv4:\n  signaling               : 0x1A\n")?;
    let dscp = appliance.command("dscp")?;
    for line in [
        "  voice                   : 0x2E",
        "  multimedia              : 0x22",
        "  multimedia-streaming    : 0x22",
        "  low-latency             : 0x1A",
        "  oam                     : none",
    ] {
        expect::holds(&dscp, line)?;
    }
    let users = appliance.command("user list")?;
    for account in ["admin       admin", "root        admin", "cucm        appadmin"] {
        expect::holds(&users, account)?;
    }
    Ok(())
}
