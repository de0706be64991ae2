//! A root that is not the one that was built is not run: the machine says why and starts again, and never asks for a login.
//! It also shows that the wait for a login prompt can fail.

use anyhow::{Result, ensure};
use harness::{
    Builder,
    appliance::{ANSWER, BOOT},
    disk, machine, tools,
};

use crate::stage::Stage;

pub fn run(_: &mut Stage) -> Result<()> {
    let folder = tempfile::tempdir_in(machine::scratch()?)?;
    let file = folder.path().join("spoilt.qcow2");
    disk::spoilt(&tools::image().join("rostrum.raw"), "root-a", &file)?;
    let mut appliance = Builder::default().disk(&file).start()?;
    let console = &mut appliance.machine.console;
    let (which, _) = console.expect_any(&["Kernel panic", "login:"], BOOT)?;
    ensure!(which == 0, "a changed root is run");
    console.expect("dm-verity device corrupted", ANSWER)?;
    console.expect("Booting from ROM", BOOT).map(drop)
}
