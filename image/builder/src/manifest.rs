//! The manifest files: packages, tools, kernel modules, partitions, units.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// `packages.toml` and `tools.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packages {
    /// Debian release.
    pub suite: String,
    /// Packages that are asked for; what they depend on is fetched with them.
    #[serde(rename = "package")]
    pub packages: Vec<Package>,
}

/// A package and what of it is used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Debian name.
    pub name: String,
    /// Why it is there.
    #[allow(dead_code)] // read by people, and by the test that wants one for each package
    pub reason: String,
    /// Patterns of files to keep.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Exceptions from them.
    #[serde(default)]
    pub drop: Vec<String>,
}

/// `kernel.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Modules of the initramfs.
    pub storage: Vec<String>,
    /// NIC drivers on the root.
    pub network: Vec<String>,
    /// Other modules on the root.
    pub other: Vec<String>,
    /// Kernel arguments of every board.
    pub cmdline: Vec<String>,
    /// Modules to load before a module, beside what the kernel's index says.
    pub before: std::collections::BTreeMap<String, Vec<String>>,
    /// Modules to load when a module finds no hardware of its kind.
    pub instead: std::collections::BTreeMap<String, String>,
}

/// `disk.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// GUID of the partition table.
    pub disk_uuid: String,
    /// Partitions in order.
    #[serde(rename = "partition")]
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Name in the table.
    pub name: String,
    /// Type GUID.
    #[serde(rename = "type")]
    pub kind: String,
    /// Size.
    pub mib: u64,
}

/// `units.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// Units that start by themselves.
    pub enabled: Vec<Enabled>,
}

/// A unit and the target that wants it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enabled {
    /// Unit file.
    pub unit: String,
    /// Wanting target.
    pub by: String,
}

/// `licence.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// The image is given to others.
    pub release: bool,
    /// Public keys that licences may be signed with.
    pub issuers: Vec<String>,
}

/// Reads a manifest file.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not as expected", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    #[test]
    fn every_manifest_reads_and_every_package_has_a_reason() {
        let layout = Layout::find().unwrap();
        for name in ["packages", "tools"] {
            let packages: Packages = read(&layout.source(&format!("image/manifest/{name}.toml"))).unwrap();
            assert!(packages.packages.iter().all(|package| package.reason.len() > 3));
        }
        read::<Kernel>(&layout.source("image/manifest/kernel.toml")).unwrap();
        read::<Disk>(&layout.source("image/manifest/disk.toml")).unwrap();
        read::<Licence>(&layout.source("image/manifest/licence.toml")).unwrap();
        read::<Units>(&layout.source("image/manifest/units.toml")).unwrap();
    }
}
