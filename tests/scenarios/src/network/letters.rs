//! NICs get their letters by slot.

use anyhow::Result;
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
    lan,
};

use crate::{expect, stage::Stage};

/// The board gives NIC a the address ending in 00, and so on.
fn check(stage: &mut Stage, nics: usize) -> Result<()> {
    let appliance = stage.appliance();
    for (number, letter) in lan::LETTERS.into_iter().enumerate() {
        let text = appliance.command(&format!("iface {letter}"))?;
        if number < nics {
            expect::holds(&text, &format!("Mac address 52:54:00:52:4F:{number:02}"))?;
        } else {
            expect::holds(&text, &format!("Invalid interface: {letter}"))?;
        }
    }
    // The letter is the card: an address on the last one answers on its segment.
    let (letter, third) = (lan::LETTERS[nics - 1], nics + 1);
    appliance.silent(&format!("ipv4 {letter} add 10.0.{third}.15/24 10.0.{third}.2"))?;
    expect::holds(&appliance.command(&format!("ping 10.0.{third}.2"))?, "4 received")?;
    let address = format!("10.0.{third}.15").parse()?;
    appliance.wait_for_ssh_at(address)?;
    expect::code(&appliance.ssh_to(address, FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)
}

pub fn two(stage: &mut Stage) -> Result<()> {
    check(stage, 2)
}

pub fn four(stage: &mut Stage) -> Result<()> {
    stage.boot_own(&Builder::default().nics(4))?.first_login()?;
    check(stage, 4)
}
