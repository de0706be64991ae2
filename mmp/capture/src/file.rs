//! A capture file in the classic pcap form, as every reader knows it.
//!
//! Invariant: what is in the file is whole records, however the capture ends; a record that does not fit is taken away
//! again.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    time::Duration,
};

use mmp_model::capture::RESERVE;
use nix::sys::statvfs::fstatvfs;

/// Written so much at a time.
const CHUNK: usize = 64 << 10;
/// The file system is asked for its free space after so many bytes.
const LOOK: u64 = 1 << 20;
/// Link type of Ethernet.
const ETHERNET: u32 = 1;
/// Longest packet, with what network cards put together.
pub const SNAP: usize = 256 << 10;

/// A capture being written.
pub struct Capture {
    file: File,
    most: u64,
    /// Whole records that are in the file.
    written: u64,
    /// Whole records that are not.
    waiting: Vec<u8>,
    looked: u64,
}

/// Why no more packets are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The bound that was set.
    Size,
    /// What has to stay free on the disk.
    Space,
}

impl Capture {
    /// Begins with the header. The file is never longer than `most` bytes.
    pub fn begin(file: File, most: u64) -> io::Result<Self> {
        let mut capture = Self { file, most, written: 0, waiting: Vec::new(), looked: 0 };
        for number in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, u32::try_from(SNAP).unwrap_or(u32::MAX), ETHERNET] {
            capture.waiting.extend(number.to_ne_bytes());
        }
        capture.flush()?;
        Ok(capture)
    }

    /// Takes a packet of `length` bytes, of which `bytes` were caught, at `at` since 1970.
    pub fn take(&mut self, at: Duration, bytes: &[u8], length: usize) -> io::Result<Option<Full>> {
        if self.written + (self.waiting.len() + 16 + bytes.len()) as u64 > self.most {
            return Ok(Some(Full::Size));
        }
        let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
        let short = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        for number in [seconds, at.subsec_micros(), short(bytes.len()), short(length)] {
            self.waiting.extend(number.to_ne_bytes());
        }
        self.waiting.extend(bytes);
        if self.waiting.len() >= CHUNK { self.flush() } else { Ok(None) }
    }

    /// Puts everything that was taken into the file.
    pub fn flush(&mut self) -> io::Result<Option<Full>> {
        match self.file.write_all(&self.waiting) {
            Ok(()) => self.written += self.waiting.len() as u64,
            Err(error) => {
                self.file.set_len(self.written)?;
                self.waiting.clear();
                return if error.kind() == io::ErrorKind::StorageFull { Ok(Some(Full::Space)) } else { Err(error) };
            }
        }
        self.waiting.clear();
        if self.written - self.looked >= LOOK {
            self.looked = self.written;
            let space = fstatvfs(self.file.as_fd())?;
            if space.blocks_available() * space.fragment_size() < RESERVE {
                return Ok(Some(Full::Space));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    fn unnamed() -> File {
        let at = std::env::temp_dir().join(format!("capture-{}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&at).unwrap();
        std::fs::remove_file(at).unwrap();
        file
    }

    #[test]
    fn the_file_ends_with_a_whole_record_before_its_bound() {
        let file = unnamed();
        let mut capture = Capture::begin(file.try_clone().unwrap(), 24 + 2 * (16 + 60)).unwrap();
        for expected in [None, None, Some(Full::Size)] {
            assert_eq!(capture.take(Duration::new(7, 5_000), &[1; 60], 1500).unwrap(), expected);
        }
        capture.flush().unwrap();
        let (mut file, mut bytes) = (file, Vec::new());
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 24 + 2 * 76);
        assert_eq!(bytes[24..40], [7_u32, 5, 60, 1500].map(u32::to_ne_bytes).concat());
    }
}
