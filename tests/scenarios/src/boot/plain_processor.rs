//! It boots on a processor without SSE4.2, AES and SHA instructions: some hypervisors show their guests no more.

use anyhow::Result;
use harness::Builder;

use crate::stage::Stage;

pub fn run(stage: &mut Stage) -> Result<()> {
    // Of two processors on QEMU's command line the last one counts.
    stage.boot_own(&Builder::default().extra(&["-cpu", "qemu64"]))?.first_login()
}
