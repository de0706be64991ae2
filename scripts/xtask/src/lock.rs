//! Refreshing `image/manifest/packages.lock` by the image builder, built when it is not.

use std::process::Command;

use anyhow::{Context, ensure};

/// Runs `image-builder lock`.
pub fn refresh() -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--package", "image-builder", "--", "lock"])
        .status()
        .context("cargo cannot be started")?;
    ensure!(status.success(), "packages.lock is as it was");
    Ok(())
}
