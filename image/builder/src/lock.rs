//! The lock list: which version and file of each package the image was last made from.
//!
//! Policy: Debian replaces versions on the mirror, so an old one can often not be had again. A moved package is named and
//! the build goes on with what the mirror has (a new machine must be able to build on the day of a security update);
//! `build --locked` refuses instead, and `lock` accepts the new state.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, bail};

use crate::apt::{Deb, Set};
use crate::layout::Layout;

const FILE: &str = "image/manifest/packages.lock";

/// What a difference to the lock list means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Say so and go on.
    Warn,
    /// Stop.
    Refuse,
}

/// Writes the lock list.
pub fn write(layout: &Layout, image: &[Deb], tools: &[Deb]) -> anyhow::Result<()> {
    let mut text = String::from("# set, package, version, SHA-256 of the .deb; made by `cargo xtask lock`\n");
    for (set, debs) in [(Set::Image, image), (Set::Tools, tools)] {
        for deb in debs {
            writeln!(text, "{}\t{}\t{}\t{}", set.name(), deb.name, deb.version, deb.sha256)?;
        }
    }
    std::fs::write(layout.source(FILE), text).context(FILE)
}

/// Compares the fetched packages with the lock list.
pub fn check(layout: &Layout, image: &[Deb], tools: &[Deb], policy: Policy) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(layout.source(FILE)).unwrap_or_default();
    let mut moved = differences(&text, Set::Image, image);
    moved.extend(differences(&text, Set::Tools, tools));
    if moved.is_empty() {
        return Ok(());
    }
    for line in &moved {
        eprintln!("packages.lock: {line}");
    }
    let count = moved.len();
    match policy {
        Policy::Warn => {
            eprintln!(
                "packages.lock: {count} packages moved; the image is built from the mirror's. Accept them with: cargo xtask lock"
            );
            Ok(())
        }
        Policy::Refuse => {
            bail!("{count} packages differ from packages.lock; nothing was built. Accept them with: cargo xtask lock")
        }
    }
}

fn differences(lock: &str, set: Set, debs: &[Deb]) -> Vec<String> {
    let mut locked: BTreeMap<&str, (&str, &str)> = lock
        .lines()
        .filter_map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [name_of_set, name, version, sha256] if name_of_set == set.name() => Some((name, (version, sha256))),
            _ => None,
        })
        .collect();
    let mut lines = Vec::new();
    for deb in debs {
        match locked.remove(deb.name.as_str()) {
            None => lines.push(format!("{} {} is new", deb.name, deb.version)),
            Some((version, _)) if version != deb.version => {
                lines.push(format!("{} moved from {version} to {}", deb.name, deb.version));
            }
            Some((_, sha256)) if sha256 != deb.sha256 => {
                lines.push(format!("{} {} has another content", deb.name, deb.version));
            }
            Some(_) => {}
        }
    }
    lines.extend(locked.into_keys().map(|name| format!("{name} is no longer needed")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deb(name: &str, version: &str, sha256: &str) -> Deb {
        Deb { name: name.into(), version: version.into(), sha256: sha256.into(), file: String::new() }
    }

    #[test]
    fn moved_changed_new_and_gone_packages_are_named() {
        let lock = "image\ta\t1\tx\nimage\tb\t1\ty\nimage\tgone\t1\tz\ntools\tc\t1\tz\n";
        let now = [deb("a", "2", "x"), deb("b", "1", "other"), deb("new", "3", "n")];
        assert_eq!(
            differences(lock, Set::Image, &now),
            ["a moved from 1 to 2", "b 1 has another content", "new 3 is new", "gone is no longer needed"]
        );
    }

    #[test]
    fn an_unchanged_set_has_no_difference() {
        assert!(differences("tools\tc\t1\tz\n", Set::Tools, &[deb("c", "1", "z")]).is_empty());
    }
}
