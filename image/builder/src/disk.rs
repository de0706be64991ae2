//! The disk: partitions written into a sparse file; and the working disk, whose data stays when the system is renewed.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use nix::unistd::{Whence, lseek};

use crate::gpt::{self, MIB, Placed};
use crate::layout::{Layout, VERSION};
use crate::manifest::{self, Disk};
use crate::step::{self, Inputs};
use crate::tools;
use crate::uki;
use crate::verity::Verified;

const CHUNK: usize = 1 << 20;
/// GUIDs of partitions that are found by name, and of the slot that nothing has been written to.
const FIXED: [(&str, &str); 4] = [
    ("esp", "6f1b6d2c-5a35-4b0e-9d6e-52a1c0f0b002"),
    ("data", "6f1b6d2c-5a35-4b0e-9d6e-52a1c0f0b003"),
    ("root-b", "6f1b6d2c-5a35-4b0e-9d6e-52a1c0f0b004"),
    ("verity-b", "6f1b6d2c-5a35-4b0e-9d6e-52a1c0f0b005"),
];
const DATA_UUID: &str = "6f1b6d2c-5a35-4b0e-9d6e-52a1c0f0b006";

/// Makes `rostrum.raw`.
pub fn make(layout: &Layout, verified: &Verified) -> anyhow::Result<()> {
    let manifest = layout.source("image/manifest/disk.toml");
    let disk: Disk = manifest::read(&manifest)?;
    let (esp, data) = (layout.output("esp.img"), layout.output("data.img"));
    let size =
        |name: &str| disk.partitions.iter().find(|one| one.name == name).map(|one| one.mib).context(name.to_owned());
    let inputs = Inputs::recipe(3).file(&layout.output("rostrum.efi"))?.text(VERSION).text(&size("esp")?.to_string());
    step::run(layout, "boot partition", inputs, &esp, || make_esp(layout, &esp, size("esp")?))?;
    let inputs = Inputs::recipe(2).text(&size("data")?.to_string());
    step::run(layout, "data partition", inputs, &data, || make_data(layout, &data, size("data")?))?;
    let placed = placed(&disk, verified);
    std::fs::write(
        layout.output("disk-uuids"),
        format!("{}\n{}\n", verified.partition_uuids().0, verified.partition_uuids().1),
    )?;
    let inputs = Inputs::recipe(2).file(&manifest)?.file(&esp)?.file(&data)?.text(&verified.root_hash);
    let raw = layout.output("rostrum.raw");
    step::run(layout, "disk", inputs, &raw, || {
        let partial = raw.with_extension("partial");
        let _ = std::fs::remove_file(&partial);
        let contents = contents(layout, true);
        write_disk(&partial, &disk.disk_uuid, &placed, &contents)?;
        Ok(std::fs::rename(&partial, &raw)?)
    })?;
    Ok(())
}

/// Puts the built system on a working disk: slot A, boot partition and table are renewed, data stays.
pub fn refresh(layout: &Layout, file: &Path) -> anyhow::Result<()> {
    let disk: Disk = manifest::read(&layout.source("image/manifest/disk.toml"))?;
    let uuids = std::fs::read_to_string(layout.output("disk-uuids"))
        .context("no image is built yet: start `image-builder build`")?;
    let mut lines = uuids.lines();
    let (Some(root), Some(verity)) = (lines.next(), lines.next()) else { anyhow::bail!("disk-uuids is damaged") };
    let placed = placed_with(&disk, root, verity);
    let stamp = file.with_extension("stamp");
    let current = std::fs::read_to_string(layout.output("stamps/disk"))
        .context("no disk is built yet: start `image-builder build`")?;
    if !file.exists() {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let partial = file.with_extension("partial");
        let _ = std::fs::remove_file(&partial);
        write_disk(&partial, &disk.disk_uuid, &placed, &contents(layout, true))?;
        std::fs::rename(&partial, file)?;
    } else if std::fs::read_to_string(&stamp).is_ok_and(|text| text == current)
        && has_table(file, &disk.disk_uuid, &placed)
    {
        return Ok(());
    } else {
        let _ = std::fs::remove_file(&stamp);
        write_disk(file, &disk.disk_uuid, &placed, &contents(layout, false))?;
    }
    Ok(std::fs::write(stamp, current)?)
}

/// Whether the disk names the slots of this build: the file may have been replaced since the stamp was written.
fn has_table(file: &Path, uuid: &str, placed: &[Placed]) -> bool {
    let Ok((first, _)) = gpt::tables(uuid, placed, gpt::disk_size(placed)) else { return false };
    let mut there = vec![0; first.len()];
    File::open(file).and_then(|file| file.read_exact_at(&mut there, 0)).is_ok() && there == first
}

fn placed(disk: &Disk, verified: &Verified) -> Vec<Placed> {
    let (root, verity) = verified.partition_uuids();
    placed_with(disk, &root, &verity)
}

fn placed_with(disk: &Disk, root: &str, verity: &str) -> Vec<Placed> {
    let uuid = |name: &str| match name {
        "root-a" => root.to_owned(),
        "verity-a" => verity.to_owned(),
        other => FIXED.iter().find(|(name, _)| *name == other).map_or_else(String::new, |(_, uuid)| (*uuid).to_owned()),
    };
    let partitions: Vec<_> =
        disk.partitions.iter().map(|one| (one.name.clone(), one.kind.clone(), uuid(&one.name), one.mib)).collect();
    gpt::place(&partitions)
}

fn contents(layout: &Layout, with_data: bool) -> Vec<(&'static str, PathBuf)> {
    let mut contents = vec![
        ("esp", layout.output("esp.img")),
        ("root-a", layout.output("root.img")),
        ("verity-a", layout.output("verity.img")),
    ];
    if with_data {
        contents.push(("data", layout.output("data.img")));
    }
    contents
}

fn write_disk(path: &Path, uuid: &str, placed: &[Placed], contents: &[(&str, PathBuf)]) -> anyhow::Result<()> {
    let fresh = !path.exists();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .with_context(|| path.display().to_string())?;
    let size = gpt::disk_size(placed);
    if file.metadata()?.len() < size {
        file.set_len(size)?;
    }
    let (first, last) = gpt::tables(uuid, placed, size)?;
    for (name, content) in contents {
        let partition = placed.iter().find(|one| one.name == *name).with_context(|| format!("no partition {name}"))?;
        if fresh {
            copy_data(content, &file, partition)?;
        } else {
            overwrite(content, &file, partition)?;
        }
    }
    file.write_all_at(&last, size - last.len() as u64)?;
    // The table is last: until it is written an interrupted renewal still names the old root.
    file.write_all_at(&first, 0)?;
    Ok(())
}

/// Copies what the content's file really holds; the disk is new and reads as zeros elsewhere.
fn copy_data(content: &Path, disk: &File, partition: &Placed) -> anyhow::Result<()> {
    let source = open_fitting(content, partition)?;
    let length = source.metadata()?.len();
    let mut chunk = vec![0; CHUNK];
    let mut at = 0;
    while let Some(start) = seek(&source, at, Whence::SeekData)? {
        let end = seek(&source, start, Whence::SeekHole)?.unwrap_or(length);
        at = start;
        while at < end {
            let count = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
            source.read_exact_at(&mut chunk[..count], at)?;
            disk.write_all_at(&chunk[..count], partition.start + at)?;
            at += count as u64;
        }
    }
    Ok(())
}

/// Next data or hole, if there is one.
fn seek(file: &File, from: u64, whence: Whence) -> anyhow::Result<Option<u64>> {
    match lseek(file, i64::try_from(from)?, whence) {
        Ok(found) => Ok(Some(u64::try_from(found)?)),
        Err(nix::Error::ENXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes the partition hold the content, holes included; unchanged parts are not written.
fn overwrite(content: &Path, disk: &File, partition: &Placed) -> anyhow::Result<()> {
    let mut source = open_fitting(content, partition)?;
    let (mut chunk, mut existing) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut at = partition.start;
    loop {
        let count = source.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        disk.read_exact_at(&mut existing[..count], at)?;
        if chunk[..count] != existing[..count] {
            disk.write_all_at(&chunk[..count], at)?;
        }
        at += count as u64;
    }
}

fn open_fitting(content: &Path, partition: &Placed) -> anyhow::Result<File> {
    let source = File::open(content).with_context(|| content.display().to_string())?;
    let length = source.metadata()?.len();
    ensure!(
        length <= partition.length,
        "{} has {length} bytes and does not fit into {}",
        content.display(),
        partition.name
    );
    Ok(source)
}

fn make_esp(layout: &Layout, esp: &Path, mib: u64) -> anyhow::Result<()> {
    let _ = std::fs::remove_file(esp);
    File::create(esp)?.set_len(mib * MIB)?;
    tools::run(
        layout,
        "usr/sbin/mkfs.fat",
        [
            "-F".as_ref(),
            "32".as_ref(),
            "-n".as_ref(),
            "ESP".as_ref(),
            "-i".as_ref(),
            "524f5354".as_ref(),
            "--invariant".as_ref(),
            esp.as_os_str(),
        ],
    )?;
    let mtools = |applet: &str, arguments: &[&str]| {
        let mut command = tools::command(layout, &format!("usr/bin/{applet}"));
        command.arg("-i").arg(esp).args(arguments).env("MTOOLS_SKIP_CHECK", "1").env("MTOOLSRC", "/dev/null");
        crate::apt::run(&mut command, applet)
    };
    mtools("mmd", &["::/EFI", "::/EFI/BOOT", "::/EFI/Linux", "::/loader"])?;
    let loader = layout.output("loader.conf");
    File::create(&loader)?.write_all(b"timeout 0\neditor no\n")?;
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let boot = layout.tools().join("usr/lib/systemd/boot/efi/systemd-bootx64.efi");
    mtools("mcopy", &[&path(&boot), "::/EFI/BOOT/BOOTX64.EFI"])?;
    mtools("mcopy", &[&path(&loader), "::/loader/loader.conf"])?;
    mtools("mcopy", &[&path(&layout.output("rostrum.efi")), &format!("::/EFI/Linux/{}", uki::file_name())])
}

fn make_data(layout: &Layout, data: &Path, mib: u64) -> anyhow::Result<()> {
    let _ = std::fs::remove_file(data);
    File::create(data)?.set_len(mib * MIB)?;
    let options = format!("hash_seed={DATA_UUID},lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0");
    let arguments = [
        "-q",
        "-t",
        "ext4",
        "-L",
        "data",
        "-U",
        DATA_UUID,
        "-m",
        "1",
        "-O",
        "metadata_csum,64bit,^resize_inode",
        "-E",
        &options,
    ];
    let mut words: Vec<std::ffi::OsString> = arguments.iter().map(Into::into).collect();
    words.push(data.into());
    tools::run(layout, "usr/sbin/mke2fs", words)
}
