//! Finding the partitions: names from the kernel, GUIDs from the disk's table.
//!
//! Invariant: `data` is taken from the disk that holds the root, never from another disk that happens to carry the name.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket};

use crate::cmdline::Arguments;
use crate::fault::Fault;
use crate::gpt;

/// The partitions of the boot disk.
#[derive(Debug, PartialEq, Eq)]
pub struct Disk {
    /// Root of the chosen slot.
    pub root: PathBuf,
    /// Its hash tree.
    pub verity: PathBuf,
    /// The data partition, if the table has one.
    pub data: Option<PathBuf>,
}

#[derive(Debug, Clone)]
struct Partition {
    device: String,
    disk: String,
    uuid: String,
    name: String,
}

/// Waits until root and hash tree are there; the kernel's device events tell when to look again.
///
/// `more_drivers` is called before each wait: a controller's driver brings devices that ask for further drivers.
pub fn wait_for(arguments: &Arguments, deadline: Duration, mut more_drivers: impl FnMut()) -> Result<Disk, Fault> {
    let until = Instant::now() + deadline;
    // Opened before the first look, so that no event between look and wait is lost.
    let events = kernel_events().map_err(|error| Fault::NoRoot(error.to_string()))?;
    let find =
        |partitions: &[Partition]| choose(partitions, &arguments.root_partition(), &arguments.verity_partition());
    if let Some(disk) = find(&read_all()) {
        return Ok(disk);
    }
    loop {
        more_drivers();
        let partitions = read_all();
        if let Some(disk) = find(&partitions) {
            return Ok(disk);
        }
        let left = until.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(events.as_fd(), PollFlags::POLLIN)];
        if left.is_zero() || poll(&mut ready, timeout).unwrap_or(0) == 0 {
            let seen: Vec<String> = partitions.into_iter().map(|partition| partition.device).collect();
            return Err(Fault::NoRoot(format!(
                "partition {} not among: {}",
                arguments.root_partition(),
                if seen.is_empty() { "no partition at all".into() } else { seen.join(" ") }
            )));
        }
        let mut message = [0; 4096];
        while recv(std::os::fd::AsRawFd::as_raw_fd(&events), &mut message, MsgFlags::MSG_DONTWAIT).is_ok() {}
    }
}

fn kernel_events() -> nix::Result<std::os::fd::OwnedFd> {
    let socket =
        socket(AddressFamily::Netlink, SockType::Datagram, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkKObjectUEvent)?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &NetlinkAddr::new(0, 1))?;
    Ok(socket)
}

fn read_all() -> Vec<Partition> {
    let Ok(entries) = std::fs::read_dir("/sys/class/block") else { return Vec::new() };
    let mut tables: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    entries
        .flatten()
        .filter_map(|entry| {
            let uevent = std::fs::read_to_string(entry.path().join("uevent")).ok()?;
            let disk = entry.path().canonicalize().ok()?.parent()?.file_name()?.to_str()?.to_owned();
            let (number, mut partition) = parse(&uevent, disk)?;
            let table = tables.entry(partition.disk.clone()).or_insert_with_key(|disk| table_of(disk));
            partition.uuid = table.get(&number).cloned().unwrap_or_default();
            Some(partition)
        })
        .collect()
}

fn table_of(disk: &str) -> BTreeMap<u32, String> {
    let block = std::fs::read_to_string(format!("/sys/class/block/{disk}/queue/logical_block_size"));
    let block = block.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(512);
    gpt::uuids(&Path::new("/dev").join(disk), block)
}

/// Number and partition of a kernel description, still without GUID.
fn parse(uevent: &str, disk: String) -> Option<(u32, Partition)> {
    let fields: BTreeMap<&str, &str> = uevent.lines().filter_map(|line| line.split_once('=')).collect();
    if fields.get("DEVTYPE") != Some(&"partition") {
        return None;
    }
    let field = |name: &str| fields.get(name).map(|&value| value.to_owned());
    let number = field("PARTN")?.parse().ok()?;
    let name = field("PARTNAME").unwrap_or_default();
    Some((number, Partition { device: field("DEVNAME")?, disk, uuid: String::new(), name }))
}

fn choose(partitions: &[Partition], root: &str, verity: &str) -> Option<Disk> {
    let root = partitions.iter().find(|partition| partition.uuid == root)?;
    let same_disk = |partition: &&Partition| partition.disk == root.disk;
    let verity = partitions.iter().filter(same_disk).find(|partition| partition.uuid == verity)?;
    let data = partitions.iter().filter(same_disk).find(|partition| partition.name == "data");
    let node = |partition: &Partition| Path::new("/dev").join(&partition.device);
    Some(Disk { root: node(root), verity: node(verity), data: data.map(node) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(device: &str, disk: &str, uuid: &str, name: &str) -> Partition {
        let uevent = format!("MAJOR=8\nDEVNAME={device}\nDEVTYPE=partition\nPARTN=1\nPARTNAME={name}\n");
        Partition { uuid: uuid.into(), ..parse(&uevent, disk.into()).unwrap().1 }
    }

    #[test]
    fn data_of_another_disk_is_not_taken() {
        let all = [
            partition("sda1", "sda", "99", "data"),
            partition("sdb1", "sdb", "r", "root-a"),
            partition("sdb2", "sdb", "v", "verity-a"),
        ];
        let disk = choose(&all, "r", "v").unwrap();
        assert_eq!(disk, Disk { root: "/dev/sdb1".into(), verity: "/dev/sdb2".into(), data: None });
    }

    #[test]
    fn a_root_without_its_hash_tree_is_not_opened() {
        assert_eq!(choose(&[partition("vda2", "vda", "r", "root-a")], "r", "v"), None);
    }

    #[test]
    fn whole_disks_are_no_partitions() {
        assert!(parse("DEVNAME=vda\nDEVTYPE=disk\n", "block".into()).is_none());
    }
}
