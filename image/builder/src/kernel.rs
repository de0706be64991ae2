//! The kernel and its modules: found in its package, decompressed, and ordered for loading.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::apt::Deb;
use crate::layout::Layout;
use crate::manifest::{self, Kernel as Manifest};
use crate::step::{self, Inputs};
use crate::tools;

/// The kernel of this image.
#[derive(Debug)]
pub struct Kernel {
    /// `uname -r`.
    pub release: String,
    /// bzImage of the package.
    pub image: PathBuf,
    /// Decompressed modules, a folder with `initramfs.json` and `root.json`.
    pub modules: PathBuf,
    /// Modules of the initramfs, with what they need.
    pub in_initramfs: Vec<String>,
    /// Modules on the root.
    pub on_root: Vec<String>,
    /// Kernel arguments of every board.
    pub cmdline: Vec<String>,
}

/// Module name to path below the modules folder, and what it needs in loading order.
type Dependencies = BTreeMap<String, (String, Vec<String>)>;

/// Prepares kernel and modules.
pub fn prepare(layout: &Layout, tree: &[(Deb, PathBuf)]) -> anyhow::Result<Kernel> {
    let manifest: Manifest = manifest::read(&layout.source("image/manifest/kernel.toml"))?;
    let (deb, folder) = tree
        .iter()
        .find(|(deb, folder)| deb.name.starts_with("linux-image-") && folder.join("boot").is_dir())
        .context("no package with a kernel")?;
    let release = deb.name.trim_start_matches("linux-image-").to_owned();
    let original = folder.join("usr/lib/modules").join(&release);
    ensure!(original.is_dir(), "{} has no modules", deb.name);

    let index = layout.output("kernel/index");
    step::run(layout, "index kernel modules", Inputs::recipe(2).text(&deb.sha256), &index, || {
        let _ = std::fs::remove_dir_all(&index);
        std::fs::create_dir_all(&index)?;
        tools::run(
            layout,
            "usr/sbin/depmod",
            [
                "--basedir".as_ref(),
                folder.join("usr").as_os_str(),
                "--outdir".as_ref(),
                index.as_os_str(),
                release.as_ref(),
            ],
        )?;
        Ok(())
    })?;
    let table = find_index(&index)?;
    let mut dependencies = parse_dependencies(&std::fs::read_to_string(table.join("modules.dep"))?);
    add_before(&mut dependencies, &manifest.before);
    let aliases = std::fs::read_to_string(table.join("modules.alias"))?;

    let closure = |names: &[&[String]]| -> anyhow::Result<Vec<String>> {
        let mut all = BTreeSet::new();
        for name in names.iter().copied().flatten() {
            let (_, needs) =
                dependencies.get(name).with_context(|| format!("kernel.toml: {release} has no module {name}"))?;
            all.extend(needs.iter().cloned().chain([name.clone()]));
        }
        let spare: Vec<String> = all.iter().filter_map(|name| manifest.instead.get(name)).cloned().collect();
        all.extend(spare);
        Ok(all.into_iter().collect())
    };
    let in_initramfs = closure(&[&manifest.storage])?;
    let on_root = closure(&[&manifest.network, &manifest.other])?;

    let modules = layout.output("kernel/modules");
    let inputs = Inputs::recipe(6)
        .text(&format!("{:?}{:?}", manifest.before, manifest.instead))
        .text(&deb.sha256)
        .text(&in_initramfs.join(" "))
        .text(&on_root.join(" "));
    step::run(layout, "decompress modules", inputs, &modules, || {
        let _ = std::fs::remove_dir_all(&modules);
        std::fs::create_dir_all(&modules)?;
        for name in in_initramfs.iter().chain(&on_root) {
            let (path, _) = &dependencies[name];
            let file = modules.join(format!("{name}.ko"));
            if !file.exists() {
                std::fs::write(file, decompressed(layout, &original.join(path))?)?;
            }
        }
        let write = |file: &str, names: &[String], extra: &[String]| {
            let table = loading_table(names, extra, &dependencies, &aliases, &manifest.instead);
            std::fs::write(modules.join(file), serde_json::to_vec(&table)?).context(file.to_owned())
        };
        write("initramfs.json", &in_initramfs, &[])?;
        // The root's table also knows the initramfs' modules, as needed ones may be among them.
        write("root.json", &on_root, &in_initramfs)
    })?;
    let image = folder.join("boot").join(format!("vmlinuz-{release}"));
    Ok(Kernel { release, image, modules, in_initramfs, on_root, cmdline: manifest.cmdline })
}

/// depmod writes into a folder that it names itself.
fn find_index(index: &Path) -> anyhow::Result<PathBuf> {
    let mut folders = vec![index.to_owned()];
    while let Some(folder) = folders.pop() {
        if folder.join("modules.dep").is_file() {
            return Ok(folder);
        }
        folders.extend(step::sorted(&folder)?.into_iter().filter(|path| path.is_dir()));
    }
    anyhow::bail!("depmod wrote no modules.dep")
}

fn decompressed(layout: &Layout, path: &Path) -> anyhow::Result<Vec<u8>> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => {
            tools::output(layout, "usr/bin/xz", ["--decompress".as_ref(), "--stdout".as_ref(), path.as_os_str()])
        }
        Some("zst") => tools::output(layout, "usr/bin/zstd", ["-dc".as_ref(), path.as_os_str()]),
        _ => Ok(std::fs::read(path)?),
    }
}

/// `kernel/x/a.ko.xz: kernel/y/b.ko.xz ...`: needed modules are named nearest first.
fn parse_dependencies(text: &str) -> Dependencies {
    text.lines()
        .filter_map(|line| {
            let (path, needs) = line.split_once(':')?;
            let needs = needs.split_whitespace().rev().map(module_name).collect();
            Some((module_name(path), (path.to_owned(), needs)))
        })
        .collect()
}

/// Puts the named modules in front of the needs of a module, and of all that need it.
fn add_before(dependencies: &mut Dependencies, before: &BTreeMap<String, Vec<String>>) {
    for (name, (_, needs)) in dependencies.iter_mut() {
        for (module, first) in before {
            if module == name || needs.contains(module) {
                let new: Vec<String> = first.iter().filter(|one| !needs.contains(one)).cloned().collect();
                needs.splice(..0, new);
            }
        }
    }
}

fn module_name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split('.').next().unwrap_or(file).replace('-', "_")
}

/// Buses whose devices rostrum-init matches.
const BUSES: [&str; 5] = ["pci", "virtio", "vmbus", "scsi", "usb"];

/// What rostrum-init reads: files, needs, and the aliases of just these modules.
fn loading_table(
    names: &[String],
    extra: &[String],
    dependencies: &Dependencies,
    aliases: &str,
    instead: &BTreeMap<String, String>,
) -> Value {
    let module = |name: &String| {
        let needs: Vec<&String> =
            dependencies[name].1.iter().filter(|need| names.contains(need) || extra.contains(need)).collect();
        (name.clone(), json!({ "file": format!("{name}.ko"), "needs": needs }))
    };
    let modules: serde_json::Map<String, Value> = names.iter().map(module).collect();
    let aliases: Vec<Value> = aliases
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (Some("alias"), Some(pattern), Some(name)) = (words.next(), words.next(), words.next()) else {
                return None;
            };
            let name = name.replace('-', "_");
            let bus = BUSES.contains(&pattern.split(':').next().unwrap_or_default());
            (bus && names.contains(&name)).then(|| json!([pattern, name]))
        })
        .collect();
    json!({ "modules": modules, "aliases": aliases, "instead": instead })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEP: &str = "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/lib/crc16.ko.xz\nkernel/fs/jbd2/jbd2.ko.xz:\nkernel/lib/crc16.ko.xz:\nkernel/net/a-b.ko:\n";

    #[test]
    fn needs_come_in_loading_order_and_names_have_underscores() {
        let dependencies = parse_dependencies(DEP);
        assert_eq!(dependencies["ext4"].1, ["crc16", "jbd2"]);
        assert!(dependencies.contains_key("a_b"));
    }

    #[test]
    fn what_comes_before_a_module_comes_before_all_that_need_it() {
        let mut dependencies = parse_dependencies(DEP);
        add_before(&mut dependencies, &BTreeMap::from([("jbd2".to_owned(), vec!["a_b".to_owned()])]));
        assert_eq!(dependencies["ext4"].1, ["a_b", "crc16", "jbd2"]);
        assert_eq!(dependencies["jbd2"].1, ["a_b"]);
    }

    #[test]
    fn only_device_aliases_of_chosen_modules_are_kept() {
        let names = vec!["a_b".to_owned()];
        let aliases = "alias pci:v1d2sv*sd*bc*sc*i* a-b\nalias cpu:v1 a_b\nalias pci:v9d9sv*sd*bc*sc*i* other\n";
        let table = loading_table(&names, &[], &parse_dependencies(DEP), aliases, &BTreeMap::new());
        assert_eq!(table["aliases"], json!([["pci:v1d2sv*sd*bc*sc*i*", "a_b"]]));
    }
}
