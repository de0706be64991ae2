//! Our programs: built by cargo, stripped by the linker, copied to their place on the image.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::layout::Layout;

/// Crate, program, and where it goes.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("mmp-daemon", "mmpd", "usr/lib/rostrum/mmpd"),
    ("mmp-shell", "mmp", "usr/bin/mmp"),
    ("mmp-capture", "mmp-capture", "usr/lib/rostrum/mmp-capture"),
    ("mmp-pkcs12", "mmp-pkcs12", "usr/lib/rostrum/mmp-pkcs12"),
    ("mmp-sftp", "mmp-sftp", "usr/lib/rostrum/mmp-sftp"),
    ("mmp-access", "mmp-login", "usr/lib/rostrum/mmp-login"),
    ("mmp-access", "mmp-auth", "usr/lib/rostrum/mmp-auth"),
    ("syslog", "syslog", "usr/lib/rostrum/syslog"),
    ("webadmin", "webadmin", "usr/lib/rostrum/webadmin"),
];
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What was built.
#[derive(Debug)]
pub struct Binaries {
    /// Path on the image and file.
    pub programs: Vec<(&'static str, PathBuf)>,
    /// The initramfs' only program.
    pub init: PathBuf,
}

/// Builds all programs; cargo decides what is stale.
pub fn build(layout: &Layout) -> anyhow::Result<Binaries> {
    if let Some(folder) = std::env::var_os("ROSTRUM_PROGRAMS") {
        return from_elsewhere(layout, Path::new(&folder));
    }
    let mut packages: Vec<&str> = PROGRAMS.iter().map(|(package, ..)| *package).collect();
    packages.dedup();
    let mut command = cargo(layout);
    for package in packages {
        command.args(["--package", package]);
    }
    run(&mut command)?;
    together(layout, &layout.workspace().join("target/release"))
}

/// Programs that were built in another way (with a sanitizer, for coverage): `ROSTRUM_PROGRAMS` names their folder.
fn from_elsewhere(layout: &Layout, folder: &Path) -> anyhow::Result<Binaries> {
    together(layout, folder)
}

fn together(layout: &Layout, folder: &Path) -> anyhow::Result<Binaries> {
    let init = build_init(layout)?;
    let mut programs: Vec<_> = PROGRAMS.iter().map(|(_, name, place)| (*place, folder.join(name))).collect();
    // It names the cards of the boot, and on the root those that come later.
    programs.push(("usr/lib/rostrum/nics", init.clone()));
    Ok(Binaries { programs, init })
}

/// Linked statically: it runs where there is no library yet.
fn build_init(layout: &Layout) -> anyhow::Result<PathBuf> {
    run(cargo(layout)
        .args(["--package", "image-initramfs", "--target", TARGET])
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-C target-feature=+crt-static"))?;
    Ok(layout.workspace().join("target").join(TARGET).join("release/rostrum-init"))
}

fn cargo(layout: &Layout) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--release", "--quiet", "--config", "profile.release.strip=true"])
        .current_dir(layout.workspace())
        .env_remove("CARGO_TARGET_DIR");
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().context("cargo cannot be started")?;
    ensure!(status.success(), "cargo build failed; nothing of the image was changed");
    Ok(())
}
