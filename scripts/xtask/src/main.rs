//! What scripts do that has a branch or a loop.
//!
//! `cargo xtask docs [--check]`: the generated documents. `cargo xtask fuzz TARGET SECONDS`: a coverage-guided run of
//! one target, or of `all`, two at a time.
//! `cargo xtask license key|issue`: issuers' keys and licences.
//! `cargo xtask lock`: accepts the versions of Debian packages that the mirror has now.

mod docs;
mod fuzz;
mod license;
mod lock;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask docs [--check] | fuzz TARGET|all SECONDS | license key|issue ... | lock";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        ["fuzz", target, seconds] => fuzz::run(target, seconds),
        ["license", "key", file] => license::key(file),
        ["license", "issue", ref rest @ ..] => license::issue(rest),
        ["lock"] => lock::refresh(),
        _ => Err(anyhow::anyhow!(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
