//! A name behind a forward zone resolves through that zone's server, and only there.

use anyhow::Result;
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    peers::{KNOWN_NAME, KNOWN_SERVICE},
};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let (name, address) = KNOWN_NAME;
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    expect::same(
        &appliance.command("dns")?,
        "Forward zones:\n    example.com               10.0.2.3\nTrust anchors:\n    none\nResource records:\n    none",
    )?;
    expect::same(&appliance.command(&format!("dns lookup a {name}"))?, &format!("{name}. A {address}"))?;
    expect::same(
        &appliance.command(&format!("dns lookup srv {KNOWN_SERVICE}"))?,
        &format!("{KNOWN_SERVICE}. SRV 10 50 5222 {name}.\n{name}. A {address}"),
    )?;
    expect::holds(&appliance.command("dns lookup aaaa cb1.example.com")?, "No records found")?;
    expect::holds(&appliance.command("dns lookup a nobody.example.com")?, "No records found")?;
    // The same from outside, with its exit code.
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("dns lookup a nobody.example.com", ANSWER)?, 1)?;

    // A server that does not answer: said so, and after the right one is there again at once.
    appliance.silent("dns del forwardzone example.com 10.0.2.3")?;
    appliance.silent("dns add forwardzone example.com 10.0.2.99")?;
    expect::holds(&appliance.command(&format!("dns lookup a {name}"))?, "DNS lookup failed:")?;
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    appliance.silent("dns del forwardzone example.com 10.0.2.99")?;
    appliance.silent("dns flush")?;
    expect::same(&appliance.command(&format!("dns lookup a {name}"))?, &format!("{name}. A {address}"))
}
