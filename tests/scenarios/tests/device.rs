//! Runs the scenarios against the built image, one after the other, as `cargo test` would: names filter, `--list` lists.

use std::process::ExitCode;

fn main() -> ExitCode {
    scenarios::run()
}
