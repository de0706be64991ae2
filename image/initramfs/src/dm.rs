//! Opening the root through dm-verity: three ioctls on `/dev/mapper/control`.
//!
//! Invariant: the device exists only with the root hash of the command line; any other block of the disk reads as an error
//! (and `panic_on_corruption` restarts the machine, so that a damaged slot falls back instead of limping).
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use nix::libc;

use crate::cmdline::Arguments;
use crate::fault::Fault;
use crate::partitions::Disk;

const SECTORS_PER_BLOCK: u64 = 8;
/// Bytes for the header, the target and its parameters; the kernel reads no further.
const BUFFER: usize = 4096;

/// `struct dm_ioctl` of `linux/dm-ioctl.h`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Header {
    version: [u32; 3],
    data_size: u32,
    data_start: u32,
    target_count: u32,
    open_count: i32,
    flags: u32,
    event_nr: u32,
    padding: u32,
    dev: u64,
    name: [u8; 128],
    uuid: [u8; 129],
    data: [u8; 7],
}

/// `struct dm_target_spec` of the same.
#[repr(C)]
#[derive(Clone, Copy)]
struct Target {
    sector_start: u64,
    length: u64,
    status: i32,
    next: u32,
    target_type: [u8; 16],
}

const HEADER: usize = size_of::<Header>();
const TARGET: usize = size_of::<Target>();
const _: () = assert!(HEADER == 312 && TARGET == 40);

const READONLY: u32 = 1;
const DEV_CREATE: u32 = 3;
const DEV_SUSPEND: u32 = 6; // resumes when the suspend flag is not set
const TABLE_LOAD: u32 = 9;
const VERSION_OF_INTERFACE: [u32; 3] = [4, 0, 0];

/// Creates the mapped device and returns its node.
pub fn open_verity(name: &str, disk: &Disk, arguments: &Arguments) -> Result<PathBuf, Fault> {
    let control = control()?;
    call(&control, DEV_CREATE, "create", name, None)?;
    let parameters = table(&disk.root, &disk.verity, arguments);
    call(&control, TABLE_LOAD, "load table", name, Some((arguments.blocks * SECTORS_PER_BLOCK, &parameters)))?;
    let header = call(&control, DEV_SUSPEND, "resume", name, None)?;
    Ok(PathBuf::from(format!("/dev/dm-{}", libc::minor(header.dev))))
}

fn control() -> Result<File, Fault> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/mapper/control")
        .map_err(|source| Fault::DeviceMapper { step: "open", source })
}

/// The target line: hash tree of version 1 behind a one-block superblock.
fn table(root: &Path, verity: &Path, arguments: &Arguments) -> String {
    format!(
        "1 {} {} 4096 4096 {} 1 sha256 {} {} 1 panic_on_corruption",
        root.display(),
        verity.display(),
        arguments.blocks,
        arguments.root_hash,
        arguments.salt
    )
}

fn call(
    control: &File,
    command: u32,
    step: &'static str,
    name: &str,
    table: Option<(u64, &str)>,
) -> Result<Header, Fault> {
    let failed = |source: io::Error| Fault::DeviceMapper { step, source };
    let mut header = Header {
        version: VERSION_OF_INTERFACE,
        data_size: u32::try_from(BUFFER).map_err(|_| failed(io::ErrorKind::InvalidInput.into()))?,
        data_start: u32::try_from(HEADER).map_err(|_| failed(io::ErrorKind::InvalidInput.into()))?,
        target_count: u32::from(table.is_some()),
        open_count: 0,
        flags: if table.is_some() { READONLY } else { 0 },
        event_nr: 0,
        padding: 0,
        dev: 0,
        name: [0; 128],
        uuid: [0; 129],
        data: [0; 7],
    };
    text_into(&mut header.name, name).map_err(failed)?;
    // u64 elements give the buffer the alignment of both structures.
    let mut buffer = [0u64; BUFFER / 8];
    let start = buffer.as_mut_ptr().cast::<u8>();
    if let Some((length, parameters)) = table {
        let mut target = Target { sector_start: 0, length, status: 0, next: 0, target_type: [0; 16] };
        text_into(&mut target.target_type, "verity").map_err(failed)?;
        if HEADER + TARGET + parameters.len() >= BUFFER {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        }
        // SAFETY: all three parts lie inside `buffer` (checked above; the rest stays zero and ends the text), both
        // structures are plain integers without padding, and HEADER is a multiple of eight.
        unsafe {
            start.add(HEADER).cast::<Target>().write(target);
            start.add(HEADER + TARGET).copy_from_nonoverlapping(parameters.as_ptr(), parameters.len());
        }
    }
    // SAFETY: the buffer is at least HEADER bytes and aligned; the kernel reads and writes `data_size` = BUFFER bytes of it
    // at most, while it is alive and not otherwise borrowed.
    let (result, header) = unsafe {
        start.cast::<Header>().write(header);
        let request = nix::request_code_readwrite!(0xfd, command, HEADER);
        let result = libc::ioctl(control.as_raw_fd(), request as libc::Ioctl, start);
        (result, start.cast::<Header>().read())
    };
    if result == 0 { Ok(header) } else { Err(failed(io::Error::last_os_error())) }
}

fn text_into(field: &mut [u8], text: &str) -> io::Result<()> {
    if text.len() >= field.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    field[..text.len()].copy_from_slice(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_line_carries_hash_salt_and_size() {
        let arguments = Arguments { root_hash: "aa".into(), salt: "bb".into(), blocks: 7, filesystem: "erofs".into() };
        assert_eq!(
            table(Path::new("/dev/vda2"), Path::new("/dev/vda3"), &arguments),
            "1 /dev/vda2 /dev/vda3 4096 4096 7 1 sha256 aa bb 1 panic_on_corruption"
        );
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused() {
        assert!(text_into(&mut [0; 4], "four").is_err());
        assert!(text_into(&mut [0; 5], "four").is_ok());
    }
}
