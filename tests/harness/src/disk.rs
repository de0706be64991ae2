//! Disks of the emulated machine: a throw-away layer over the built image, and reading `/data` from outside.
//!
//! Invariant: the built image is never written; what is read from a running machine's disk is as after a power cut at that
//! moment, its file system journal replayed on a copy.

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{process::run, tools::tool};

const LONG: Duration = Duration::from_secs(120);
pub(crate) const SECTOR: u64 = 512;
/// The partition table is within this.
const HEAD: u64 = 64 << 10;

/// Makes a qcow2 file over `base`; snapshots of the machine live in it.
pub fn overlay(base: &Path, file: &Path) -> Result<()> {
    let base = base.canonicalize().with_context(|| format!("{} is missing; build the image first", base.display()))?;
    let format = if base.extension().is_some_and(|extension| extension == "qcow2") { "qcow2" } else { "raw" };
    let mut command = tool("usr/bin/qemu-img");
    command.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]).arg(base).arg(file);
    run(&mut command, b"", LONG)?.success("qemu-img create").map(drop)
}

/// A disk over `base` on which the start of a partition is overwritten.
pub fn spoilt(base: &Path, partition_name: &str, file: &Path) -> Result<()> {
    overlay(base, file)?;
    let mut head = Vec::new();
    fs::File::open(base)?.take(HEAD).read_to_end(&mut head)?;
    let (first, _) = partition(&head, partition_name).with_context(|| format!("no partition {partition_name}"))?;
    let mut write = tool("usr/bin/qemu-io");
    write.args(["-f", "qcow2", "-c", &format!("write -P 0x5a {} 64k", first * SECTOR)]).arg(file);
    run(&mut write, b"", LONG)?.success("qemu-io").map(drop)
}

/// A raw copy of a machine's disk whose `/data` is changed by requests of debugfs(8), its journal replayed first. The
/// machine is off; `folder` keeps what is needed on the way.
pub fn altered(disk: &Path, file: &Path, folder: &Path, requests: &[String]) -> Result<()> {
    let data = Data::copy(disk, folder)?;
    let script = requests.iter().map(|request| format!("{request}\n")).collect::<String>();
    let mut debugfs = tool("usr/sbin/debugfs");
    debugfs.args(["-w", "-f", "/dev/stdin"]).arg(&data.file);
    run(&mut debugfs, script.as_bytes(), LONG)?.success("debugfs")?;
    let mut convert = tool("usr/bin/qemu-img");
    convert.args(["convert", "-f", "qcow2", "-O", "raw"]).arg(disk).arg(file);
    run(&mut convert, b"", LONG)?.success("qemu-img convert")?;
    put_back(&data.file, file)
}

/// Replaces the data partition of a raw disk, on which it is the last one.
fn put_back(data: &Path, disk: &Path) -> Result<()> {
    let mut disk = fs::OpenOptions::new().read(true).write(true).open(disk)?;
    let mut head = Vec::new();
    (&mut disk).take(HEAD).read_to_end(&mut head)?;
    let (first, count) = partition(&head, "data").context("the disk has no data partition")?;
    let (start, end, length) = (first * SECTOR, (first + count) * SECTOR, disk.metadata()?.len());
    let mut table = Vec::new();
    disk.seek(SeekFrom::Start(end))?;
    (&mut disk).take(HEAD).read_to_end(&mut table)?;
    // Cut off and grown again: all holes, so that only what is not zero takes space.
    disk.set_len(start)?;
    disk.set_len(length)?;
    disk.seek(SeekFrom::Start(end))?;
    disk.write_all(&table)?;
    let mut data = fs::File::open(data)?;
    let mut chunk = vec![0; 1 << 20];
    let mut at = start;
    loop {
        let read = data.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        if chunk[..read].iter().any(|byte| *byte != 0) {
            disk.seek(SeekFrom::Start(at))?;
            disk.write_all(&chunk[..read])?;
        }
        at += read as u64;
    }
}

/// A copy of the data partition of a qcow2 disk, which may be in use.
pub struct Data {
    file: PathBuf,
}

impl Data {
    /// Copies the partition into `folder` and replays its journal.
    pub fn copy(disk: &Path, folder: &Path) -> Result<Self> {
        let start = folder.join("start.raw");
        let mut head = tool("usr/bin/qemu-img");
        head.args(["dd", "-U", "-f", "qcow2", "-O", "raw", "bs=64k", "count=1"]);
        head.arg(format!("if={}", disk.display())).arg(format!("of={}", start.display()));
        run(&mut head, b"", LONG)?.success("qemu-img dd")?;
        let (first, count) = partition(&fs::read(&start)?, "data").context("the disk has no data partition")?;
        let file = folder.join("data.raw");
        let mut convert = tool("usr/bin/qemu-img");
        convert.args(["convert", "-U", "-O", "raw", "--image-opts"]);
        convert.arg(format!(
            "driver=raw,offset={},size={},file.driver=qcow2,file.file.driver=file,file.file.filename={}",
            first * SECTOR,
            count * SECTOR,
            disk.display()
        ));
        run(convert.arg(&file), b"", LONG)?.success("qemu-img convert")?;
        let data = Self { file };
        // 1: errors were corrected, which a replayed journal counts as.
        let outcome = run(tool("usr/sbin/e2fsck").args(["-f", "-p"]).arg(&data.file), b"", LONG)?;
        if outcome.code() > 1 {
            bail!("/data is damaged: {}{}", outcome.stdout.trim(), outcome.stderr.trim());
        }
        Ok(data)
    }

    /// Names in a folder of `/data`, sorted.
    pub fn list(&self, folder: &str) -> Result<Vec<String>> {
        let text = self.debugfs(&format!("ls -p {folder}"))?;
        // Lines are /inode/mode/uid/gid/name/size/.
        let mut names: Vec<String> = text
            .lines()
            .filter_map(|line| line.split('/').nth(5))
            .filter(|name| !matches!(*name, "" | "." | ".."))
            .map(str::to_owned)
            .collect();
        names.sort();
        Ok(names)
    }

    /// A file of `/data`.
    pub fn read(&self, file: &str) -> Result<String> {
        self.debugfs(&format!("cat {file}"))
    }

    /// Blocks that nothing uses, and their size.
    pub fn free(&self) -> Result<(u64, u64)> {
        let text = self.debugfs("stats -h")?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().parse().ok()).with_context(|| format!("debugfs tells no \"{name}\""))
        };
        Ok((field("Free blocks:")?, field("Block size:")?))
    }

    /// Copies a folder of `/data` to the host.
    pub fn extract(&self, folder: &str, to: &Path) -> Result<()> {
        fs::create_dir_all(to)?;
        self.debugfs(&format!("rdump {folder} {}", to.display())).map(drop)
    }

    fn debugfs(&self, request: &str) -> Result<String> {
        run(tool("usr/sbin/debugfs").arg("-R").arg(request).arg(&self.file), b"", LONG)?.success("debugfs")
    }
}

/// First sector and number of sectors of a partition, from the start of a GPT disk.
pub(crate) fn partition(disk: &[u8], name: &str) -> Option<(u64, u64)> {
    let header = disk.get(512..1024)?;
    if !header.starts_with(b"EFI PART") {
        return None;
    }
    let quad = |bytes: &[u8], at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let word = |at: usize| Some(u32::from_le_bytes(header.get(at..at + 4)?.try_into().ok()?) as usize);
    let (first, count, size) = (usize::try_from(quad(header, 72)?).ok()?.checked_mul(512)?, word(80)?, word(84)?);
    let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0]).collect();
    (0..count.min(128)).find_map(|index| {
        let entry = disk.get(first.checked_add(index.checked_mul(size)?)?..)?.get(..128)?;
        entry[56..].starts_with(&wanted).then_some(())?;
        let (start, end) = (quad(entry, 32)?, quad(entry, 40)?);
        Some((start, end.checked_sub(start)? + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Vec<u8> {
        let mut disk = vec![0; 34 * 512];
        disk[512..520].copy_from_slice(b"EFI PART");
        disk[512 + 72..512 + 80].copy_from_slice(&2_u64.to_le_bytes());
        disk[512 + 80..512 + 84].copy_from_slice(&128_u32.to_le_bytes());
        disk[512 + 84..512 + 88].copy_from_slice(&128_u32.to_le_bytes());
        let entry = 1024 + 128 * 5;
        disk[entry + 32..entry + 40].copy_from_slice(&2048_u64.to_le_bytes());
        disk[entry + 40..entry + 48].copy_from_slice(&4095_u64.to_le_bytes());
        for (at, unit) in name.encode_utf16().enumerate() {
            disk[entry + 56 + at * 2..entry + 58 + at * 2].copy_from_slice(&unit.to_le_bytes());
        }
        disk
    }

    #[test]
    fn a_partition_is_found_by_its_whole_name() {
        assert_eq!(partition(&table("data"), "data"), Some((2048, 2048)));
        assert_eq!(partition(&table("data"), "dat"), None);
        assert_eq!(partition(&table("verity-a"), "data"), None);
    }

    #[test]
    fn anything_else_than_a_partition_table_has_no_partition() {
        assert_eq!(partition(&[0; 40_000], "data"), None);
        assert_eq!(partition(&table("data")[..700], "data"), None);
        assert_eq!(partition(b"", "data"), None);
    }
}
