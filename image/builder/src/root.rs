//! The root: chosen files of packages, files of `image/rootfs`, our programs, kernel modules, enabled units; then its image.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::apt::Deb;
use crate::binaries::Binaries;
use crate::kernel::Kernel;
use crate::layout::{EPOCH, Layout, VERSION};
use crate::licence;
use crate::manifest::{self, Packages, Units};
use crate::select::{self, Pool};
use crate::step::{self, Inputs};
use crate::tools;

/// File system of the root.
pub const FILESYSTEM: &str = "erofs";
/// Fixed, so that two builds are equal; nothing looks the root up by it.
const UUID: &str = "3a0e2a34-5d0c-4e55-8f2f-1f0a7f5c9a01";

/// Folders that something is mounted on or linked to at boot.
const MOUNT_POINTS: [&str; 8] = ["dev", "proc", "sys", "run", "tmp", "data", "var", "efi"];
/// Links that lead everything written to `/data` or to memory.
const LINKS: [(&str, &str); 11] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("var/lib", "../data/lib"),
    ("var/log", "../data/log"),
    ("var/tmp", "../tmp"),
    ("var/run", "../run"),
    ("var/cache", "../run/cache"),
    ("var/spool", "../run/spool"),
    ("var/empty", "../run/empty"),
];

/// Builds `root/` and `root.img`.
pub fn assemble(
    layout: &Layout,
    tree: &[(Deb, PathBuf)],
    packages: &[Deb],
    binaries: &Binaries,
    kernel: &Kernel,
) -> anyhow::Result<()> {
    let manifest_path = layout.source("image/manifest/packages.toml");
    let units_path = layout.source("image/manifest/units.toml");
    let licence_path = layout.source("image/manifest/licence.toml");
    let development_path = layout.source("image/manifest/development-licence.pub");
    let mut inputs = Inputs::recipe(6).text(VERSION).file(&manifest_path)?.file(&units_path)?;
    inputs = inputs.file(&licence_path)?.file(&development_path)?;
    for deb in packages {
        inputs = inputs.text(&deb.sha256);
    }
    for (place, file) in &binaries.programs {
        inputs = inputs.text(place).file(file)?;
    }
    inputs = inputs
        .folder(&layout.source("image/rootfs"))?
        .text(&kernel.on_root.join(" "))
        .file(&kernel.modules.join("root.json"))?;
    let image = layout.output("root.img");
    step::run(layout, "root", inputs, &image, || {
        let root = layout.output("root");
        let manifest: Packages = manifest::read(&manifest_path)?;
        let units: Units = manifest::read(&units_path)?;
        let pool = Pool::index(tree)?;
        let mut chosen = select::by_manifest(&pool, &manifest)?;
        let programs: Vec<PathBuf> = binaries.programs.iter().map(|(_, file)| file.clone()).collect();
        select::close(&pool, &mut chosen, &programs)?;
        if root.exists() {
            std::fs::remove_dir_all(&root)?;
        }
        folders_and_links(&root)?;
        copy_chosen(&pool, &chosen, &root)?;
        copy_tree(&layout.source("image/rootfs"), &root)?;
        for (place, file) in &binaries.programs {
            copy(file, &root.join(place), 0o755)?;
        }
        modules(layout, kernel, &root)?;
        enable(&units, &root)?;
        licence::install(&manifest::read(&licence_path)?, &std::fs::read_to_string(&development_path)?, &root)?;
        describe(&pool, &chosen, packages, &root)?;
        refuse_privileged(&root)?;
        make_image(layout, &root, &image)
    })?;
    Ok(())
}

fn folders_and_links(root: &Path) -> anyhow::Result<()> {
    for folder in MOUNT_POINTS.iter().chain(&["usr/bin", "usr/sbin", "usr/lib", "usr/lib64"]) {
        std::fs::create_dir_all(root.join(folder))?;
    }
    for (link, target) in LINKS {
        symlink(target, root.join(link)).with_context(|| link.to_owned())?;
    }
    Ok(())
}

fn copy_chosen(pool: &Pool, chosen: &BTreeSet<String>, root: &Path) -> anyhow::Result<()> {
    for path in chosen {
        let (file, _) = pool.get(path).with_context(|| format!("{path} vanished"))?;
        let target = root.join(path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if let Ok(link) = file.read_link() {
            symlink(link, &target)?;
        } else {
            let executable = file.metadata()?.permissions().mode() & 0o111 != 0;
            // Whatever the package says, no file on the image is setuid or setgid.
            copy(file, &target, if executable { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    for path in step::sorted(from)? {
        let target = to.join(path.strip_prefix(from)?);
        let metadata = path.symlink_metadata()?;
        if metadata.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy_tree(&path, &target)?;
        } else if metadata.is_symlink() {
            let _ = std::fs::remove_file(&target);
            symlink(std::fs::read_link(&path)?, &target)?;
        } else {
            let _ = std::fs::remove_file(&target);
            copy(&path, &target, if metadata.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 })?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode))?;
    Ok(())
}

/// Modules with both tables: ours for rostrum-init, depmod's for the kernel's own requests.
fn modules(layout: &Layout, kernel: &Kernel, root: &Path) -> anyhow::Result<()> {
    let folder = root.join("usr/lib/modules").join(&kernel.release);
    for name in &kernel.on_root {
        let file = format!("{name}.ko");
        copy(&kernel.modules.join(&file), &folder.join(&file), 0o644)?;
    }
    copy(&kernel.modules.join("root.json"), &folder.join("rostrum.json"), 0o644)?;
    // With a configuration of no rules: the host's must not decide.
    let rules = layout.output("kernel/no-rules");
    std::fs::create_dir_all(&rules)?;
    tools::run(
        layout,
        "usr/sbin/depmod",
        ["--config".as_ref(), rules.as_os_str(), "--basedir".as_ref(), root.as_os_str(), kernel.release.as_ref()],
    )
}

fn enable(units: &Units, root: &Path) -> anyhow::Result<()> {
    let system = root.join("usr/lib/systemd/system");
    for enabled in &units.enabled {
        ensure!(system.join(&enabled.unit).exists(), "units.toml: {} is not on the image", enabled.unit);
        let wants = system.join(format!("{}.wants", enabled.by));
        std::fs::create_dir_all(&wants)?;
        symlink(format!("../{}", enabled.unit), wants.join(&enabled.unit))?;
    }
    Ok(())
}

/// os-release, and the list of packages with files on the image.
fn describe(pool: &Pool, chosen: &BTreeSet<String>, packages: &[Deb], root: &Path) -> anyhow::Result<()> {
    let release = format!(
        "NAME=\"Rostrum\"\nID=rostrum\nID_LIKE=debian\nVERSION_ID={VERSION}\nPRETTY_NAME=\"Rostrum {VERSION}\"\nIMAGE_ID=rostrum\nIMAGE_VERSION={VERSION}\n"
    );
    std::fs::write(root.join("usr/lib/os-release"), release)?;
    let mut files: BTreeMap<&str, u32> = BTreeMap::new();
    for path in chosen {
        if let Some((_, package)) = pool.get(path) {
            *files.entry(package).or_default() += 1;
        }
    }
    let mut text = String::from("package\tversion\tsha256\tfiles\n");
    for deb in packages {
        let kernel = deb.name.starts_with("linux-image-") && deb.name != "linux-image-amd64";
        if let Some(count) = files.get(deb.name.as_str()).copied().or(kernel.then_some(0)) {
            writeln!(text, "{}\t{}\t{}\t{count}", deb.name, deb.version, deb.sha256)?;
        }
    }
    let list = root.join("usr/lib/rostrum/packages.tsv");
    if let Some(folder) = list.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(list, text).context("packages.tsv")
}

/// Nothing on the image gives its caller another's rights. A program that must would be named here, with its reason.
fn refuse_privileged(folder: &Path) -> anyhow::Result<()> {
    const SETUID_OR_SETGID: u32 = 0o6000;
    for path in step::sorted(folder)? {
        let metadata = path.symlink_metadata()?;
        if metadata.is_dir() {
            refuse_privileged(&path)?;
        } else if !metadata.is_symlink() {
            let mode = metadata.permissions().mode();
            ensure!(mode & SETUID_OR_SETGID == 0, "{} is setuid or setgid ({mode:o})", path.display());
        }
    }
    Ok(())
}

fn make_image(layout: &Layout, root: &Path, image: &Path) -> anyhow::Result<()> {
    let _ = std::fs::remove_file(image);
    let format = std::env::var("ROSTRUM_EROFS").unwrap_or_else(|_| "-zlz4hc,9 -C65536 -Eztailpacking".into());
    let mut arguments: Vec<std::ffi::OsString> = format.split(' ').map(Into::into).collect();
    arguments.extend(["--all-root".into(), format!("-T{EPOCH}").into(), format!("-U{UUID}").into(), "--quiet".into()]);
    arguments.extend([image.into(), root.into()]);
    tools::run(layout, "usr/bin/mkfs.erofs", arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setuid_file_is_refused_by_its_name() {
        let base = std::env::temp_dir().join(format!("image-builder-{}", std::process::id()));
        let file = base.join("usr/bin/su");
        std::fs::create_dir_all(base.join("usr/bin")).unwrap();
        std::fs::write(&file, "x").unwrap();
        refuse_privileged(&base).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4755)).unwrap();
        let said = refuse_privileged(&base).unwrap_err().to_string();
        std::fs::remove_dir_all(base).unwrap();
        assert!(said.contains("usr/bin/su is setuid"), "{said}");
    }
}
