//! The address from DHCP, and the documented `ipv4 a add` in its place, at once and after a reboot.

use anyhow::Result;
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn dhcp(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let text = appliance.command("ipv4 a")?;
    expect::holds(
        &text,
        "IPv4 configuration:\n    address         10.0.2.15\n    default         true\n    dhcp            true\n",
    )?;
    expect::value(&text, "gateway", "10.0.2.2")?;
    expect::value(&text, "prefixlen", "24")?;
    expect::value(&text, "macaddress", "52:54:00:52:4F:00")?;
    expect::holds(&text, "IPv4 observed values\nAddresses:\n10.0.2.15/24\nRoutes:\n")?;
    expect::holds(&appliance.command("iface a")?, "Mac address 52:54:00:52:4F:00")?;
    expect::holds(&appliance.command("ping 10.0.2.2")?, "4 received")
}

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("ipv4 a add 10.0.2.15/24 10.0.2.2")?;
    let text = appliance.command("ipv4 a")?;
    expect::value(&text, "dhcp", "false")?;
    expect::value(&text, "address", "10.0.2.15")?;
    // Another address, by an SSH login over the old one.
    // How that login ends depends on which packets still get through; the client gives up by itself.
    let alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2"];
    appliance.ssh(FACTORY, PASSWORD)?.with(&alive, &["ipv4 a add 10.0.2.77/24 10.0.2.2"], ANSWER)?;
    appliance.wait_for_ssh_at([10, 0, 2, 77].into())?;
    let client = appliance.ssh_to([10, 0, 2, 77].into(), FACTORY, PASSWORD)?;
    expect::holds(&client.run("ipv4 a", ANSWER)?.stdout, "Addresses:\n10.0.2.77/24\nRoutes:\n")?;
    // It was the same appliance and the old address is gone.
    expect::lacks(&appliance.command("ipv4 a")?, "10.0.2.15")?;

    appliance.machine.console.send_line("reboot")?;
    appliance.machine.console.expect("(Y/n)", ANSWER)?;
    appliance.machine.console.send_line("Y")?;
    appliance.wait_for_login()?;
    appliance.wait_for_ssh_at([10, 0, 2, 77].into())?;
    let text = client.run("ipv4 a", ANSWER)?.stdout;
    expect::value(&text, "address", "10.0.2.77")?;
    expect::value(&text, "dhcp", "false")
}
