//! The disk alone boots: firmware, boot loader, unified kernel image, verified root. It does so again after `reboot`, and
//! `shutdown` switches it off.

use anyhow::Result;
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.boot_own(&Builder::default().uefi())?;
    appliance.first_login()?;
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    appliance.reboot()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    expect::holds(&appliance.command("dns")?, "example.com               10.0.2.3")?;
    appliance.machine.console.send_line("shutdown")?;
    appliance.machine.console.expect("(Y/n)", ANSWER)?;
    appliance.machine.console.send_line("Y")?;
    appliance.machine.wait(ANSWER)
}
