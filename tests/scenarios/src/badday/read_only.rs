//! A disk that can be read and not written: the appliance runs with its settings and passwords, and not with factory ones;
//! console and login say what is wrong.

use anyhow::Result;
use harness::Builder;

use crate::{badday, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let used = badday::Used::take(stage)?;
    let disk = used.after(&[])?;
    let builder = Builder::default().disk(&disk).extra(&["-set", "drive.disk.readonly=on"]);
    badday::tells(
        stage,
        &builder,
        &["WARNING: /data cannot be used", "were read from it", "lost at the next boot", "replace the disk"],
    )
    .map(drop)
}
