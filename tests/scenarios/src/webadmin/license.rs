//! `cms.lic` by SFTP: the warning goes, and what is no license of this appliance takes nobody's place (`mmp.md` section 4).

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};
use mmp_licence::{
    Draft,
    file::{grant, mac},
    keys::Issuer,
};

use crate::{expect, stage::Stage};

/// The key whose licenses every image but a release takes.
const DEVELOPMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../image/manifest/development-licence.key");
const ACTIVATED: &str = "Feature: callbridge status: Activated expiry: 2098-Dec-31";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let shown = appliance.command("iface a")?;
    let own = shown.split_whitespace().find_map(mac).context("iface a shows no MAC address")?;

    expect::same(appliance.command("license")?.trim(), "No license file found")?;
    let (good, foreign) = (write(folder.path(), "good", &own)?, write(folder.path(), "foreign", "02:00:00:00:00:01")?);
    expect::code(&client.sftp(&format!("put {good} cms.lic\n"), ANSWER)?, 0)?;
    expect::holds(&appliance.command("license")?, ACTIVATED)?;
    // The server's reason is not shown by every client; what counts is that nothing changed.
    client.sftp(&format!("put {foreign} cms.lic\n"), ANSWER)?;
    expect::holds(&appliance.command("license")?, ACTIVATED)?;

    appliance.log_out()?;
    expect::lacks(&appliance.log_in_told(FACTORY, PASSWORD)?, "license")
}

/// A license for an appliance with this hardware address.
fn write(folder: &Path, name: &str, address: &str) -> Result<String> {
    let grants = ["callbridge until 2098-12-31", "recording until 2098-12-31 limit 5"];
    let draft = Draft {
        licensee: "Example Ltd".into(),
        issued: "2026-01-01".parse()?,
        trial: false,
        macs: BTreeSet::from([address.to_owned()]),
        grants: grants.into_iter().filter_map(grant).collect(),
    };
    let file = folder.join(name);
    fs::write(&file, Issuer::read(&fs::read_to_string(DEVELOPMENT)?)?.sign(&draft))?;
    Ok(file.display().to_string())
}
