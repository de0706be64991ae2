//! The public keys on the image that licences may be signed with.
//!
//! Invariant: a release image has no development key, whether the manifest names it or not.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::manifest::Licence;

/// Where mmpd reads them.
const PLACE: &str = "usr/lib/rostrum/licence-keys";

/// Writes the keys. `development` is the text of the development key's public half.
pub fn install(manifest: &Licence, development: &str, root: &Path) -> anyhow::Result<()> {
    let path = root.join(PLACE);
    std::fs::create_dir_all(path.parent().context("the place is in a folder")?)?;
    std::fs::write(path, keys(manifest, development)?).context("licence-keys")
}

fn keys(manifest: &Licence, development: &str) -> anyhow::Result<String> {
    let development = development.lines().find(|line| !line.starts_with('#')).unwrap_or_default().trim();
    ensure!(!development.is_empty(), "the development key is missing");
    let key = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let named = manifest.issuers.iter().any(|issuer| key(issuer) == key(development));
    ensure!(!(manifest.release && named), "licence.toml: a release image must not take the development key");
    let mut text = manifest.issuers.join("\n");
    if !manifest.release {
        text.push_str(&format!("\n{development}"));
    }
    Ok(text.trim_start().to_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVELOPMENT: &str = "# DEVELOPMENT\nAAAA= development\n";

    fn manifest(release: bool, issuers: &[&str]) -> Licence {
        Licence { release, issuers: issuers.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn a_release_image_has_no_development_key() {
        assert_eq!(keys(&manifest(true, &["BBBB= operator"]), DEVELOPMENT).unwrap(), "BBBB= operator\n");
        let said = keys(&manifest(true, &["AAAA= sneaked in"]), DEVELOPMENT).unwrap_err().to_string();
        assert!(said.contains("must not take the development key"), "{said}");
        assert_eq!(keys(&manifest(false, &[]), DEVELOPMENT).unwrap(), "AAAA= development\n");
        assert!(keys(&manifest(false, &[]), "").is_err());
    }
}
