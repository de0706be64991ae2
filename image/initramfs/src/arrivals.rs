//! Cards that come and go while the appliance runs: their driver, their letter, and telling mmpd.
//!
//! Invariants: the kernel's announcements only wake and name a driver to look for; which cards there are is read from the
//! kernel's present state, so that a lost announcement costs a moment and never a wrong belief. An interface that has a
//! letter is never renamed. It ends only when the announcements cannot be read, and the unit starts it anew.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket};

use crate::board::Published;
use crate::fault::{self, Fault};
use crate::loader::Loader;
use crate::{LETTERS, MODULE_TABLE, nics, pseudo};

/// The multicast group of the kernel itself (linux/netlink.h: NETLINK_KOBJECT_UEVENT).
const KERNEL: u32 = 1;
/// The kernel's announcements are shorter (UEVENT_BUFFER_SIZE of linux/kobject.h, and a header).
const LONGEST: usize = 8 << 10;

/// What one announcement asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted<'a> {
    /// A driver for a device that came.
    Driver(&'a str),
    /// A look at the cards.
    Look,
    /// Nothing of ours.
    Nothing,
}

/// Runs until the announcements cannot be read.
pub fn serve() -> ExitCode {
    let Err(fault) = follow();
    fault::warn(&fault.to_string());
    ExitCode::FAILURE
}

fn follow() -> Result<std::convert::Infallible, Fault> {
    let announcements = subscribe().map_err(Fault::Announcements)?;
    // Only a machine that gets a new kind of card needs the table of the drivers.
    let mut loader = None;
    look()?;
    let mut buffer = vec![0; LONGEST];
    loop {
        let count = match recv(announcements.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            // Some were lost in a burst: what they said is looked up.
            Err(Errno::ENOBUFS) => {
                look()?;
                continue;
            }
            Err(error) => return Err(Fault::Announcements(error)),
        };
        match wanted(&buffer[..count]) {
            Wanted::Driver(device) => {
                if loader.is_none() {
                    loader = Some(drivers()?);
                }
                if let Some(loader) = &mut loader {
                    loader.load_matching(&[device.to_owned()]);
                }
            }
            Wanted::Look => look()?,
            Wanted::Nothing => {}
        }
    }
}

fn subscribe() -> nix::Result<OwnedFd> {
    let announcements =
        socket(AddressFamily::Netlink, SockType::Datagram, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkKObjectUEvent)?;
    bind(announcements.as_raw_fd(), &NetlinkAddr::new(0, KERNEL))?;
    Ok(announcements)
}

fn drivers() -> Result<Loader, Fault> {
    let release = pseudo::read("/proc/sys/kernel/osrelease")?;
    let folder = Path::new("/usr/lib/modules").join(release.trim());
    Loader::open(&folder.join(MODULE_TABLE), &folder)
}

/// Names what came, and tells if anything is different.
fn look() -> Result<(), Fault> {
    let mut published = Published::read()?;
    let now = nics::name_new(&published.slots, &published.nics, Path::new(LETTERS));
    if now == published.nics {
        return Ok(());
    }
    nics::mark_ready();
    published.nics = now;
    published.tell()
}

/// Reads an announcement: `ACTION@path`, then `KEY=value`, each ended by a zero byte.
fn wanted(announcement: &[u8]) -> Wanted<'_> {
    let lines = || announcement.split(|byte| *byte == 0).filter_map(|line| std::str::from_utf8(line).ok());
    let value = |key: &str| lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    match (value("SUBSYSTEM"), value("ACTION")) {
        (Some("net"), Some("add" | "remove")) => Wanted::Look,
        (Some("pci" | "virtio" | "vmbus" | "usb"), Some("add")) => {
            value("MODALIAS").map_or(Wanted::Nothing, Wanted::Driver)
        }
        _ => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_asks_for_its_driver_and_an_interface_for_a_look() {
        let device = b"add@/devices/x\0ACTION=add\0SUBSYSTEM=pci\0MODALIAS=pci:v00008086d000010D3\0";
        assert_eq!(wanted(device), Wanted::Driver("pci:v00008086d000010D3"));
        assert_eq!(wanted(b"add@/x\0ACTION=add\0SUBSYSTEM=net\0INTERFACE=eth0\0"), Wanted::Look);
        assert_eq!(wanted(b"remove@/x\0ACTION=remove\0SUBSYSTEM=net\0INTERFACE=b\0"), Wanted::Look);
    }

    #[test]
    fn everything_else_is_left_alone() {
        let renamed = b"move@/x\0ACTION=move\0SUBSYSTEM=net\0INTERFACE=b\0";
        for other in
            [&b"remove@/x\0ACTION=remove\0SUBSYSTEM=pci\0MODALIAS=x\0"[..], renamed, b"", b"\xff\0", b"SUBSYSTEM"]
        {
            assert_eq!(wanted(other), Wanted::Nothing);
        }
    }
}
