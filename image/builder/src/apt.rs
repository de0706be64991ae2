//! Debian packages: resolved and fetched by the host's apt with a state of its own, unpacked without running their scripts.
//!
//! Invariants: apt verifies signatures and hashes; the host's package database is neither read nor written; a set of
//! packages once resolved stays until its manifest changes or `lock` is asked for, so a second build needs no network.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use crate::layout::Layout;
use crate::manifest::{self, Packages};
use crate::mirror;
use crate::step::{self, Inputs, hex};

/// Which manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Packages of the image.
    Image,
    /// Packages of the tools root.
    Tools,
}

impl Set {
    fn manifest(self) -> &'static str {
        match self {
            Self::Image => "image/manifest/packages.toml",
            Self::Tools => "image/manifest/tools.toml",
        }
    }

    /// Name in the lock file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Tools => "tools",
        }
    }
}

/// A fetched package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deb {
    /// Debian name.
    pub name: String,
    /// Debian version.
    pub version: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// File name in the cache.
    pub file: String,
}

/// Makes the next fetch ask the mirror again.
pub fn forget(layout: &Layout) -> anyhow::Result<()> {
    for set in [Set::Image, Set::Tools] {
        match std::fs::remove_file(list_path(layout, set)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let _ = std::fs::remove_file(layout.output("apt/fresh"));
    Ok(())
}

/// Resolves and downloads a set.
pub fn fetch(layout: &Layout, set: Set) -> anyhow::Result<Vec<Deb>> {
    let path = layout.source(set.manifest());
    let packages: Packages = manifest::read(&path)?;
    let mut names: Vec<&str> = packages.packages.iter().map(|package| package.name.as_str()).collect();
    names.sort_unstable();
    let inputs = Inputs::recipe(2).text(&packages.suite).text(&names.join(" "));
    let list = list_path(layout, set);
    step::run(layout, &format!("fetch {} packages", set.name()), inputs, &list, || {
        update(layout, &packages.suite)?;
        download(layout, &names, &list)
    })?;
    read_list(&list)
}

fn list_path(layout: &Layout, set: Set) -> PathBuf {
    layout.output(&format!("apt/{}.list", set.name()))
}

/// Reads a list of name, version, hash and file.
pub fn read_list(path: &Path) -> anyhow::Result<Vec<Deb>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [name, version, sha256, file] => {
                Ok(Deb { name: name.into(), version: version.into(), sha256: sha256.into(), file: file.into() })
            }
            _ => bail!("{}: bad line {line:?}", path.display()),
        })
        .collect()
}

fn update(layout: &Layout, suite: &str) -> anyhow::Result<()> {
    let apt = layout.output("apt");
    let sources = mirror::sources_for(suite)?;
    // The two sets of one build see one state of the mirror.
    let fresh = apt.join("fresh");
    if std::fs::read_to_string(&fresh).is_ok_and(|text| text == sources) {
        return Ok(());
    }
    for folder in ["lists/partial", "cache/archives/partial"] {
        std::fs::create_dir_all(apt.join(folder))?;
    }
    std::fs::write(apt.join("status"), "")?;
    std::fs::write(apt.join("sources.list"), &sources)?;
    run(apt_get(layout).arg("update"), "apt-get update")?;
    std::fs::write(fresh, sources)?;
    Ok(())
}

fn download(layout: &Layout, names: &[&str], list: &Path) -> anyhow::Result<()> {
    // apt names only files that it would fetch: it is asked with an empty cache.
    let empty = layout.output("apt/empty");
    std::fs::create_dir_all(empty.join("partial"))?;
    let printed = apt_get(layout)
        .arg("-o")
        .arg(format!("Dir::Cache::archives={}", empty.display()))
        .args(["install", "--print-uris"])
        .args(names)
        .output()
        .context("apt-get")?;
    ensure!(
        printed.status.success(),
        "apt-get cannot resolve the packages: {}",
        String::from_utf8_lossy(&printed.stderr).trim()
    );
    run(apt_get(layout).args(["install", "--download-only"]).args(names), "apt-get download")?;
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let mut lines = text
        .lines()
        .filter(|line| line.starts_with('\''))
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(|file| describe(layout, file))
        .collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!lines.is_empty(), "apt-get named no package");
    lines.sort();
    std::fs::write(list, lines.concat())?;
    Ok(())
}

fn describe(layout: &Layout, file: &str) -> anyhow::Result<String> {
    let (name, version) = name_and_version(file).with_context(|| format!("unexpected package file {file}"))?;
    let path = cache(layout).join(file);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(format!("{name}\t{version}\t{}\t{file}\n", hex(&Sha256::digest(bytes))))
}

/// `name_1%3a2.3_amd64.deb` to name and version.
fn name_and_version(file: &str) -> Option<(String, String)> {
    let mut parts = file.strip_suffix(".deb")?.split('_');
    let (name, version, _architecture) = (parts.next()?, parts.next()?, parts.next()?);
    Some((name.to_owned(), version.replace("%3a", ":").replace("%7e", "~").replace("%2b", "+")))
}

fn cache(layout: &Layout) -> PathBuf {
    layout.output("apt/cache/archives")
}

/// Unpacks each package into a folder of its own, so that every file's origin is known.
pub fn unpack(layout: &Layout, debs: &[Deb]) -> anyhow::Result<Vec<(Deb, PathBuf)>> {
    let folder = layout.output("packages");
    std::fs::create_dir_all(&folder)?;
    let target = |deb: &Deb| folder.join(format!("{}_{}", deb.name, deb.version.replace(':', "%3a")));
    let inputs = Inputs::recipe(1).text(&debs.iter().map(|deb| deb.sha256.as_str()).collect::<Vec<_>>().join(" "));
    step::run(layout, "unpack image packages", inputs, &folder, || {
        let missing: Vec<(PathBuf, PathBuf)> = debs
            .iter()
            .map(|deb| (cache(layout).join(&deb.file), target(deb)))
            .filter(|(_, target)| !target.exists())
            .collect();
        extract(&missing)
    })?;
    Ok(debs.iter().map(|deb| (deb.clone(), target(deb))).collect())
}

/// Unpacks packages into one tree.
pub fn unpack_into(layout: &Layout, debs: &[Deb], tree: &Path) -> anyhow::Result<()> {
    for deb in debs {
        dpkg_deb(&cache(layout).join(&deb.file), tree)?;
    }
    Ok(())
}

/// Unpacks on all processors; a folder gets its name only when it is complete.
fn extract(work: &[(PathBuf, PathBuf)]) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let worker = || {
            while let Some((deb, target)) = work.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                let partial = target.with_extension("partial");
                if partial.exists() {
                    std::fs::remove_dir_all(&partial)?;
                }
                dpkg_deb(deb, &partial)?;
                std::fs::rename(&partial, target)?;
            }
            anyhow::Ok(())
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker stopped"))?)
    })
}

fn dpkg_deb(deb: &Path, target: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(target)?;
    run(Command::new("dpkg-deb").arg("--extract").args([deb, target]), "dpkg-deb")
}

fn apt_get(layout: &Layout) -> Command {
    let apt = layout.output("apt");
    let mut command = Command::new("apt-get");
    let mut option = |key: &str, value: &str| {
        command.arg("-o").arg(format!("{key}={value}"));
    };
    let path = |name: &str| apt.join(name).to_string_lossy().into_owned();
    option("Dir::Etc::SourceList", &path("sources.list"));
    option("Dir::Etc::SourceParts", "/dev/null");
    option("Dir::Etc::Preferences", "/dev/null");
    option("Dir::Etc::PreferencesParts", "/dev/null");
    option("Dir::State", &path(""));
    option("Dir::State::Lists", &path("lists"));
    option("Dir::State::status", &path("status"));
    option("Dir::Cache", &path("cache"));
    option("APT::Architecture", "amd64");
    option("APT::Architectures", "amd64");
    option("APT::Install-Recommends", "false");
    option("APT::Sandbox::User", "root");
    option("Acquire::Languages", "none");
    option("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false");
    option("Acquire::Retries", "3");
    option("Debug::NoLocking", "true");
    command.arg("--assume-yes").arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
    command
}

/// Runs a program quietly; its messages are shown when it fails.
pub fn run(command: &mut Command, what: &str) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{what} cannot be started"))?;
    ensure!(
        output.status.success(),
        "{what}: {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout).trim(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn a_package_file_name_tells_name_and_version() {
        let (name, version) = name_and_version("openssh-server_1%3a10.0p1-7+deb13u4_amd64.deb").unwrap();
        assert_eq!((name.as_str(), version.as_str()), ("openssh-server", "1:10.0p1-7+deb13u4"));
        assert!(name_and_version("README").is_none());
    }
}
