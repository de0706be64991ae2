//! The kernel command line, as far as it is ours: which root to open and how to verify it.
//!
//! Invariant: the partitions are named by the root hash itself (first half: root, second half: hash tree), so a slot can
//! only be opened with the kernel image that belongs to it, and the command line does not depend on the slot.

use crate::fault::Fault;

/// The `rostrum.*` arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Root hash of the verity tree, 64 hex digits.
    pub root_hash: String,
    /// Salt of the verity tree, hex.
    pub salt: String,
    /// Number of 4096-byte data blocks.
    pub blocks: u64,
    /// File system type of the root.
    pub filesystem: String,
}

impl Arguments {
    /// Reads the arguments; unknown ones belong to the kernel or systemd and are left alone.
    pub fn parse(line: &str) -> Result<Self, Fault> {
        let value = |key: &str| {
            line.split_whitespace()
                .filter_map(|word| word.strip_prefix(key)?.strip_prefix('='))
                .next_back()
                .map(str::to_owned)
                .ok_or_else(|| Fault::CommandLine(format!("{key}= is missing")))
        };
        let hex = |key: &str, digits: Option<usize>| {
            let text = value(key)?;
            let right = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                && digits.is_none_or(|digits| text.len() == digits);
            if right { Ok(text) } else { Err(Fault::CommandLine(format!("{key}= is not a hexadecimal number"))) }
        };
        let filesystem = value("rostrum.fs")?;
        if !matches!(filesystem.as_str(), "erofs" | "squashfs") {
            return Err(Fault::CommandLine(format!("rostrum.fs={filesystem} is not a known file system")));
        }
        Ok(Self {
            root_hash: hex("rostrum.roothash", Some(64))?,
            salt: hex("rostrum.salt", None)?,
            blocks: value("rostrum.blocks")?
                .parse()
                .map_err(|_| Fault::CommandLine("rostrum.blocks= is not a number".into()))?,
            filesystem,
        })
    }

    /// Partition that holds the root.
    pub fn root_partition(&self) -> String {
        uuid(&self.root_hash[..32])
    }

    /// Partition that holds the hash tree.
    pub fn verity_partition(&self) -> String {
        uuid(&self.root_hash[32..])
    }

    /// Modules without which no root can be mounted, whatever the disk.
    pub fn root_modules(&self) -> Vec<String> {
        vec!["dm_verity".into(), self.filesystem.clone(), "ext4".into()]
    }
}

fn uuid(hex: &str) -> String {
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

    fn line(hash: &str) -> String {
        format!("quiet rostrum.roothash={hash} rostrum.salt=abcd rostrum.blocks=12 rostrum.fs=erofs ro\n")
    }

    #[test]
    fn partitions_are_named_by_the_two_halves_of_the_root_hash() {
        let arguments = Arguments::parse(&line(HASH)).unwrap();
        assert_eq!(arguments.root_partition(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(arguments.verity_partition(), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(arguments.blocks, 12);
    }

    #[test]
    fn a_root_hash_of_another_length_or_alphabet_is_refused() {
        assert!(Arguments::parse(&line("abcd")).is_err());
        assert!(Arguments::parse(&line(&HASH.replace('0', "G"))).is_err());
    }

    #[test]
    fn a_missing_argument_is_named() {
        let text = Arguments::parse("quiet").unwrap_err().to_string();
        assert!(text.contains("rostrum.fs="), "{text}");
    }
}
