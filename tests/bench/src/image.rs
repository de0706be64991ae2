//! Figures of the image as it lies on the disk.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use harness::tools;

use crate::table::Table;

const SETUID_OR_SETGID: u32 = 0o6000;

/// Adds them.
pub fn measure(table: &mut Table) -> Result<()> {
    let size = |name: &str| -> Result<f64> {
        Ok(fs::metadata(tools::image().join(name)).with_context(|| format!("{name}: build the image first"))?.len()
            as f64
            / f64::from(1 << 20))
    };
    let root = tools::image().join("root");
    let files = files(&root)?;
    let tree: u64 = files.iter().map(|(_, metadata)| metadata.len()).sum();
    table.add(
        "root, compressed",
        format!("{:.1} MiB", size("root.img")?),
        "60 MiB",
        format!(
            "{:.1} MiB unpacked; verity tree {:.1} MiB, kernel {:.1} MiB, initramfs {:.1} MiB",
            tree as f64 / f64::from(1 << 20),
            size("verity.img")?,
            size("kernel.efi")?,
            size("initramfs")?
        ),
    );

    let list = fs::read_to_string(root.join("usr/lib/rostrum/packages.tsv")).context("list of packages")?;
    table.add(
        "Debian packages in the image",
        list.lines().skip(1).count().to_string(),
        "",
        "some file of each is there",
    );

    // A program is what the kernel starts: ELF with an entry for a loader, or a script; libraries are not meant.
    let programs = files.iter().filter(|(path, metadata)| is_program(path, metadata)).count();
    table.add("executables in the image", programs.to_string(), "", "");
    let special: Vec<String> = files
        .iter()
        .filter(|(_, metadata)| metadata.permissions().mode() & SETUID_OR_SETGID != 0)
        .map(|(path, _)| path.display().to_string())
        .collect();
    table.add("setuid and setgid files", special.len().to_string(), "0", special.join(" "));
    Ok(())
}

fn is_program(path: &Path, metadata: &fs::Metadata) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    metadata.permissions().mode() & 0o111 != 0 && !name.contains(".so")
}

/// All regular files below a folder.
fn files(top: &Path) -> Result<Vec<(PathBuf, fs::Metadata)>> {
    let mut found = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file() {
                found.push((entry.path(), metadata));
            }
        }
    }
    Ok(found)
}
