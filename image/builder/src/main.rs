//! Makes the bootable disk from Debian packages and our binaries.
//!
//! Duty: packages → selected root → root image → verity → initramfs → unified kernel image → disk; each step is skipped when
//! nothing it reads has changed. Invariants: the bytes depend on the tree and the locked packages only (no clock, no host
//! name, no order of a folder); nothing needs privileges; nothing is written outside `target/`.

mod apt;
mod binaries;
mod board;
mod bundle;
mod cpio;
mod disk;
mod elf;
mod gpt;
mod initramfs;
mod kernel;
mod layout;
mod licence;
mod lock;
mod manifest;
mod mirror;
mod qemu;
mod root;
mod select;
mod step;
mod tools;
mod uki;
mod verity;

use std::process::ExitCode;

use anyhow::{Context, bail};

use layout::Layout;

const USAGE: &str = "usage: image-builder build [--locked]
       image-builder lock
       image-builder disk FILE            puts the built system on FILE and keeps its data (FILE is made if missing)
       image-builder qemu [--help] ...    prints the command that starts the emulated machine, one argument a line";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("image-builder: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> anyhow::Result<()> {
    let layout = Layout::find()?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["build"] => build(&layout, lock::Policy::Warn),
        ["build", "--locked"] => build(&layout, lock::Policy::Refuse),
        ["lock"] => {
            apt::forget(&layout)?;
            let (image, tools) = (apt::fetch(&layout, apt::Set::Image)?, apt::fetch(&layout, apt::Set::Tools)?);
            lock::write(&layout, &image, &tools)
        }
        ["disk", file] => disk::refresh(&layout, std::path::Path::new(file)),
        ["qemu", rest @ ..] => qemu::print(&layout, rest),
        _ => bail!("{USAGE}"),
    }
}

fn build(layout: &Layout, policy: lock::Policy) -> anyhow::Result<()> {
    std::fs::create_dir_all(layout.image()).context("target/image")?;
    let _alone = step::alone(layout)?;
    let packages = apt::fetch(layout, apt::Set::Image)?;
    let tool_packages = apt::fetch(layout, apt::Set::Tools)?;
    lock::check(layout, &packages, &tool_packages, policy)?;
    tools::unpack(layout, &tool_packages)?;
    let tree = apt::unpack(layout, &packages)?;
    let boards = board::load_all(layout)?;
    let binaries = binaries::build(layout)?;
    let kernel = kernel::prepare(layout, &tree)?;
    root::assemble(layout, &tree, &packages, &binaries, &kernel)?;
    let verified = verity::make(layout)?;
    initramfs::make(layout, &binaries, &kernel, &boards)?;
    let bundle = bundle::write(layout, &kernel, &verified, &boards)?;
    uki::make(layout, &bundle)?;
    disk::make(layout, &verified)
}
