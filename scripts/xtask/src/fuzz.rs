//! One fuzz target under libFuzzer, with the toolchain of the workspace.
//!
//! The sanitizer and coverage switches are unstable, so the stable compiler is told to take them for this build alone.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Zsanitizer=address -Cdebug-assertions";

/// Builds and runs for so many seconds; fails when an input broke a promise.
pub fn run(target: &str, seconds: &str) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = root.join("target/fuzz-corpus").join(target);
    std::fs::create_dir_all(&corpus).context("cannot make the folder for inputs")?;
    let status = Command::new("cargo")
        .args(["run", "--release", "--package", "fuzz", "--features", "libfuzzer", "--target", TRIPLE])
        .args(["--target-dir", "target/fuzz", "--", &format!("-max_total_time={seconds}"), "-max_len=4096"])
        .arg(&corpus)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS)
        .env("FUZZ_TARGET", target)
        .current_dir(&root)
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the target `{target}` failed; the input is in the folder that libFuzzer named");
    }
    Ok(())
}
