//! One fuzz target under libFuzzer, with the pinned toolchain and no switch that it calls unstable.
//!
//! Coverage comes from LLVM's pass, which a stable compiler takes as a code generation option. There is no address
//! sanitizer: it would need an unstable switch, and the parsers are safe code. Integer overflow panics.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const FLAGS: &str = "--cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Runs at a time when all targets are run.
const TOGETHER: usize = 2;

/// Builds and runs one target, or `all`, for so many seconds each; fails when an input broke a promise.
pub fn run(target: &str, seconds: &str) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = build(&root)?;
    let targets: Vec<String> = if target == "all" { names(&program)? } else { vec![target.to_owned()] };
    let mut failed = Vec::new();
    for together in targets.chunks(TOGETHER) {
        let started: Vec<_> =
            together.iter().map(|name| Ok((name, start(&root, &program, name, seconds)?))).collect::<Result<_>>()?;
        for (name, mut child) in started {
            let status = child.wait().context("cannot wait for a fuzz target")?;
            let log = folder(&root, name).join("log");
            let text = fs::read_to_string(&log).unwrap_or_default();
            let last = text.lines().rev().find(|line| line.starts_with("Done") || line.contains("SUMMARY"));
            println!("{name}: {}", last.unwrap_or("no summary"));
            if !status.success() {
                failed.push(format!("{name} ({})", log.display()));
            }
        }
    }
    if !failed.is_empty() {
        bail!("an input broke a promise: {}", failed.join(", "));
    }
    Ok(())
}

fn build(root: &Path) -> Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "fuzz", "--features", "libfuzzer", "--target", TRIPLE])
        .args(["--target-dir", "target/fuzz"])
        .env("RUSTFLAGS", FLAGS)
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the fuzz targets do not compile; libFuzzer needs a C++ compiler");
    }
    Ok(root.join("target/fuzz").join(TRIPLE).join("release/fuzz"))
}

/// The targets that the program knows.
fn names(program: &Path) -> Result<Vec<String>> {
    let output = Command::new(program).env("FUZZ_TARGET", "list").output().context("cannot run the fuzz targets")?;
    let text = String::from_utf8(output.stdout).context("the fuzz targets have names that are no text")?;
    let names: Vec<String> = text.lines().map(str::to_owned).collect();
    if names.is_empty() {
        bail!("the fuzz program names no target");
    }
    Ok(names)
}

fn folder(root: &Path, target: &str) -> PathBuf {
    root.join("target/fuzz-runs").join(target)
}

/// Starts a target in a folder of its own, which gets the input that broke a promise, if there is one.
fn start(root: &Path, program: &Path, target: &str, seconds: &str) -> Result<std::process::Child> {
    let folder = folder(root, target);
    let inputs = folder.join("inputs");
    fs::create_dir_all(&inputs).context("cannot make the folder for inputs")?;
    let log = fs::File::create(folder.join("log")).context("cannot write the log of a fuzz target")?;
    Command::new(program)
        .args([&format!("-max_total_time={seconds}"), "-max_len=4096", "-timeout=10", "-print_final_stats=1"])
        .arg("inputs")
        .env("FUZZ_TARGET", target)
        .current_dir(&folder)
        .stderr(log)
        .spawn()
        .context("cannot start a fuzz target")
}
