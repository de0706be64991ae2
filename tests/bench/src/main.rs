//! Measures the built image and prints one table: name, measured, aim, and what to compare with.

mod boot;
mod image;
mod inside;
mod table;
mod times;

use std::process::ExitCode;

use anyhow::Result;
use harness::{lan, peers};

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<()> {
    lan::enter()?;
    let folder = tempfile::tempdir()?;
    let _names = peers::names_and_addresses(folder.path(), "52:54:00:52:4f:00")?;
    let mut table = table::Table::default();
    if std::env::args().nth(1).as_deref()==Some("--only-baseline") {
        let f=harness::tools::target().join("baseline");
        println!("{:?}", boot::debian(&f, &f.join("disk.raw"))?);
        return Ok(());
    }
    image::measure(&mut table)?;
    boot::measure_counted(&mut table, None)?;
    println!("{}", table.text());
    Ok(())
}
