//! Measures the built image and prints one table: name, measured, aim, and what to compare with.

mod baseline;
mod boot;
mod container;
mod device;
mod image;
mod native;
mod sandboxes;
mod table;
mod times;

use std::process::ExitCode;

use anyhow::{Result, bail};
use harness::{lan, peers};

/// What is measured: all but the baseline unless told otherwise.
struct Wanted {
    baseline: bool,
    boot: bool,
    device: bool,
    native: bool,
}

fn main() -> ExitCode {
    match wanted(std::env::args().skip(1)).and_then(|wanted| measure(&wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wanted(arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted { baseline: false, boot: true, device: true, native: true };
    for argument in arguments {
        let only = |boot, device, native| Wanted { baseline: false, boot, device, native };
        match argument.as_str() {
            "--baseline" => wanted.baseline = true,
            "--boot" => wanted = only(true, false, false),
            "--device" => wanted = only(false, true, false),
            "--native" => wanted = only(false, false, true),
            other => bail!("unknown option {other}"),
        }
    }
    Ok(wanted)
}

fn measure(wanted: &Wanted) -> Result<()> {
    let baseline = if wanted.baseline { Some(baseline::made()?) } else { None };
    lan::enter()?;
    native::enter()?;
    let folder = tempfile::tempdir()?;
    // DHCP and DNS as on an ordinary network.
    let _names = peers::names_and_addresses(folder.path(), "52:54:00:52:4f:00")?;
    let mut table = table::Table::default();
    image::measure(&mut table)?;
    sandboxes::measure(&mut table)?;
    let debian = baseline.map(|folder| baseline::measure(&folder)).transpose()?;
    if wanted.boot {
        boot::measure_counted(&mut table, debian.map(|debian| debian.boot))?;
        boot::measure_uefi(&mut table)?;
    }
    if wanted.device {
        device::measure(&mut table, debian)?;
    }
    if wanted.native {
        container::measure(&mut table)?;
        native::measure(&mut table)?;
    }
    println!("{}", table.text());
    Ok(())
}
