//! The hash tree over the root image, with fixed salt and UUID so that equal roots have equal hashes.

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use crate::layout::{Layout, VERSION};
use crate::step::{self, Inputs, hex};
use crate::tools;

const UUID: &str = "3a0e2a34-5d0c-4e55-8f2f-1f0a7f5c9a02";
const BLOCK: u64 = 4096;

/// A root image and how to verify it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Root hash, hex.
    pub root_hash: String,
    /// Salt, hex.
    pub salt: String,
    /// Data blocks.
    pub blocks: u64,
}

impl Verified {
    /// GUIDs of root and hash tree partition: the two halves of the root hash.
    pub fn partition_uuids(&self) -> (String, String) {
        let uuid = |part: &str| {
            format!("{}-{}-{}-{}-{}", &part[..8], &part[8..12], &part[12..16], &part[16..20], &part[20..32])
        };
        (uuid(&self.root_hash[..32]), uuid(&self.root_hash[32..]))
    }

    /// Kernel arguments for rostrum-init.
    pub fn cmdline(&self, filesystem: &str) -> Vec<String> {
        vec![
            format!("rostrum.roothash={}", self.root_hash),
            format!("rostrum.salt={}", self.salt),
            format!("rostrum.blocks={}", self.blocks),
            format!("rostrum.fs={filesystem}"),
        ]
    }
}

/// Makes `verity.img` for `root.img`.
pub fn make(layout: &Layout) -> anyhow::Result<Verified> {
    let (root, tree, hash) = (layout.output("root.img"), layout.output("verity.img"), layout.output("roothash"));
    let salt = hex(&Sha256::digest(format!("rostrum {VERSION}")));
    let inputs = Inputs::recipe(1).file(&root)?.text(&salt);
    step::run(layout, "verity", inputs, &hash, || {
        let _ = std::fs::remove_file(&tree);
        let text = tools::output(
            layout,
            "usr/sbin/veritysetup",
            [
                "format".as_ref(),
                format!("--salt={salt}").as_ref(),
                format!("--uuid={UUID}").as_ref(),
                root.as_os_str(),
                tree.as_os_str(),
            ],
        )?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let line =
            text.lines().find_map(|line| line.strip_prefix("Root hash:")).context("veritysetup named no root hash")?;
        Ok(std::fs::write(&hash, line.trim())?)
    })?;
    let root_hash = std::fs::read_to_string(&hash)?;
    ensure!(root_hash.len() == 64, "{} is damaged: remove it and start again", hash.display());
    Ok(Verified { root_hash, salt, blocks: root.metadata()?.len() / BLOCK })
}
