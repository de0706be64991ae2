//! Choosing files: patterns of the manifest, then the libraries that the chosen files need.
//!
//! Invariant: only a file that a pattern names or an ELF file needs gets in; a pattern that names nothing is an error (a
//! package that moved a file must not silently lose it).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::apt::Deb;
use crate::elf;
use crate::manifest::Packages;
use crate::step;

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// All files of all unpacked packages: path on the image to file on disk and package.
#[derive(Debug, Default)]
pub struct Pool {
    files: BTreeMap<String, (PathBuf, String)>,
}

impl Pool {
    /// Indexes the unpacked packages.
    pub fn index(tree: &[(Deb, PathBuf)]) -> anyhow::Result<Self> {
        let mut pool = Self::default();
        for (deb, folder) in tree {
            pool.add(&deb.name, folder, folder)?;
        }
        Ok(pool)
    }

    fn add(&mut self, package: &str, top: &Path, folder: &Path) -> anyhow::Result<()> {
        for path in step::sorted(folder)? {
            if path.symlink_metadata()?.is_dir() {
                self.add(package, top, &path)?;
            } else {
                let name = merged_usr(&path.strip_prefix(top)?.to_string_lossy());
                self.files.insert(name, (path, package.to_owned()));
            }
        }
        Ok(())
    }

    /// File on disk and package of a path on the image.
    pub fn get(&self, path: &str) -> Option<(&Path, &str)> {
        self.files.get(path).map(|(file, package)| (file.as_path(), package.as_str()))
    }

    fn of_package(&self, package: &str) -> impl Iterator<Item = &str> {
        self.files.iter().filter(move |(_, (_, owner))| owner == package).map(|(path, _)| path.as_str())
    }
}

/// `bin/x` and `lib/x` are `usr/bin/x` and `usr/lib/x`.
fn merged_usr(path: &str) -> String {
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "bin" | "sbin" | "lib" | "lib64") { format!("usr/{path}") } else { path.to_owned() }
}

/// Paths that the manifest names, and links' targets.
pub fn by_manifest(pool: &Pool, manifest: &Packages) -> anyhow::Result<BTreeSet<String>> {
    let mut chosen = BTreeSet::new();
    for package in &manifest.packages {
        for pattern in &package.keep {
            let hits: Vec<&str> = pool.of_package(&package.name).filter(|path| matches(pattern, path)).collect();
            ensure!(!hits.is_empty(), "package {} has no file {pattern}: correct packages.toml", package.name);
            let kept = hits.into_iter().filter(|path| !package.drop.iter().any(|pattern| matches(pattern, path)));
            chosen.extend(kept.map(str::to_owned));
        }
    }
    Ok(chosen)
}

/// Adds what links point to and what ELF files need; `extra` are programs that come from elsewhere.
pub fn close(pool: &Pool, chosen: &mut BTreeSet<String>, extra: &[PathBuf]) -> anyhow::Result<()> {
    let mut queue: VecDeque<String> = chosen.iter().cloned().collect();
    for file in extra {
        queue.extend(needs_of(pool, file, "")?);
    }
    while let Some(path) = queue.pop_front() {
        let Some((file, _)) = pool.get(&path) else { continue };
        chosen.insert(path.clone());
        let further = match file.read_link() {
            Ok(target) => vec![resolve(&path, &target.to_string_lossy())],
            Err(_) => needs_of(pool, file, &path)?,
        };
        queue.extend(further.into_iter().filter(|path| !chosen.contains(path)));
    }
    Ok(())
}

fn needs_of(pool: &Pool, file: &Path, path: &str) -> anyhow::Result<Vec<String>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    if !elf::is_elf(&bytes) {
        return Ok(Vec::new());
    }
    let dependencies = elf::dependencies(&bytes);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let searched: Vec<String> = dependencies
        .runpath
        .iter()
        .map(|path| path.replace("$ORIGIN", &format!("/{folder}")).trim_start_matches('/').to_owned())
        .chain([LIBRARIES.to_owned(), "usr/lib".to_owned(), folder.to_owned()])
        .collect();
    let mut found: Vec<String> =
        dependencies.interpreter.iter().map(|path| merged_usr(path.trim_start_matches('/'))).collect();
    for name in &dependencies.needed {
        let hit = searched.iter().map(|folder| format!("{folder}/{name}")).find(|path| pool.get(path).is_some());
        found.push(hit.with_context(|| format!("{} needs {name}, which no package has", file.display()))?);
    }
    Ok(found)
}

/// Where a link at `path` points to, on the image.
fn resolve(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { path.split('/').collect() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    merged_usr(&parts.join("/"))
}

/// `*` stays within a component; `/**` at the end takes everything below.
fn matches(pattern: &str, path: &str) -> bool {
    if let Some(folder) = pattern.strip_suffix("/**") {
        return path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    }
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if component(pattern, part) => {}
            _ => return false,
        }
    }
}

fn component(pattern: &str, part: &str) -> bool {
    let Some((start, end)) = pattern.split_once('*') else { return pattern == part };
    part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(files: &[(&str, Vec<u8>)]) -> (PathBuf, Pool) {
        let top = std::env::temp_dir().join(format!("select-{}-{}", std::process::id(), files.len()));
        let _ = std::fs::remove_dir_all(&top);
        for (path, bytes) in files {
            let path = top.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let deb = Deb { name: "p".into(), version: "1".into(), sha256: String::new(), file: String::new() };
        let pool = Pool::index(&[(deb, top.clone())]).unwrap();
        (top, pool)
    }

    #[test]
    fn the_closure_follows_libraries_of_libraries_and_nothing_else() {
        let (top, pool) = pool(&[
            ("bin/tool", elf::tests::library(&["liba.so.1"])),
            ("lib/x86_64-linux-gnu/liba.so.1", elf::tests::library(&["libb.so.2"])),
            ("usr/lib/x86_64-linux-gnu/libb.so.2", elf::tests::library(&[])),
            ("usr/lib/x86_64-linux-gnu/libunused.so.1", elf::tests::library(&[])),
        ]);
        let mut chosen = BTreeSet::from(["usr/bin/tool".to_owned()]);
        close(&pool, &mut chosen, &[]).unwrap();
        let names: Vec<&str> = chosen.iter().map(String::as_str).collect();
        assert_eq!(names, ["usr/bin/tool", "usr/lib/x86_64-linux-gnu/liba.so.1", "usr/lib/x86_64-linux-gnu/libb.so.2"]);
        std::fs::remove_dir_all(top).unwrap();
    }

    #[test]
    fn a_library_that_no_package_has_is_an_error() {
        let (top, pool) =
            pool(&[("bin/tool", elf::tests::library(&["libmissing.so.1"])), ("bin/x", vec![]), ("y", vec![])]);
        let error = close(&pool, &mut BTreeSet::from(["usr/bin/tool".to_owned()]), &[]).unwrap_err();
        assert!(error.to_string().contains("libmissing.so.1"));
        std::fs::remove_dir_all(top).unwrap();
    }

    #[test]
    fn patterns_stay_within_a_component_unless_they_take_a_folder() {
        assert!(matches("usr/lib/libx.so.1*", "usr/lib/libx.so.1.2.3"));
        assert!(!matches("usr/*", "usr/lib/x"));
        assert!(matches("usr/share/z/**", "usr/share/z/a/b"));
        assert!(!matches("usr/share/z/**", "usr/share/zz/a"));
    }

    #[test]
    fn links_are_followed_relative_and_absolute() {
        assert_eq!(resolve("usr/lib/a/x", "../b/y"), "usr/lib/b/y");
        assert_eq!(resolve("usr/sbin/modprobe", "/bin/kmod"), "usr/bin/kmod");
    }
}
