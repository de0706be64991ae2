//! The newest settings half written: the ones before are in force, and the login says so.

use anyhow::{Context as _, Result};
use harness::Builder;

use crate::{badday, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    stage.appliance().silent("dns add forwardzone kept.example.com 10.0.2.3")?;
    stage.appliance().silent("dns add forwardzone lost.example.com 10.0.2.3")?;
    let newest = stage.appliance().generations()?;
    let newest = newest.iter().rfind(|name| name.starts_with("generation-")).context("no settings")?;
    let used = badday::Used::of(stage.appliance())?;
    let half = used.file(b"{\"generation\":")?;
    let path = format!("/settings/{newest}");
    let disk = used.after(&[format!("rm {path}"), format!("write {} {path}", half.display())])?;
    badday::tells(stage, &Builder::default().disk(&disk), &["was passed over: it is damaged; `settings list`"])
        .map(drop)
}
