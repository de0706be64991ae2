//! Looking at what was printed.

use anyhow::{Result, bail};
use harness::process::Outcome;

/// `text` has to hold `wanted`.
pub fn holds(text: &str, wanted: &str) -> Result<()> {
    if !text.contains(wanted) {
        bail!("\"{wanted}\" is not in: {text}");
    }
    Ok(())
}

/// `text` must not hold `unwanted`.
pub fn lacks(text: &str, unwanted: &str) -> Result<()> {
    if text.contains(unwanted) {
        bail!("\"{unwanted}\" is in: {text}");
    }
    Ok(())
}

/// `found` has to be `wanted`.
pub fn same(found: &str, wanted: &str) -> Result<()> {
    if found != wanted {
        bail!("printed:\n{found}\nexpected:\n{wanted}");
    }
    Ok(())
}

/// A line `key value` of a listing has to have this value.
pub fn value(text: &str, key: &str, wanted: &str) -> Result<()> {
    let found = text.lines().find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(' ').map(str::trim));
    if found != Some(wanted) {
        bail!("{key} is {}, not {wanted}, in: {text}", found.unwrap_or("missing"));
    }
    Ok(())
}

/// A program has to have ended with this code.
pub fn code(outcome: &Outcome, wanted: i32) -> Result<()> {
    if outcome.code() != wanted {
        bail!(
            "exit code {} and not {wanted}; it said: {}{}",
            outcome.code(),
            outcome.stdout.trim_end(),
            outcome.stderr.trim_end()
        );
    }
    Ok(())
}
