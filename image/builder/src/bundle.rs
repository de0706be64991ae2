//! Kernel, initramfs and command line side by side, for the unified image and for direct boots of the emulated machine.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::board::Board;
use crate::kernel::Kernel;
use crate::layout::Layout;
use crate::root::FILESYSTEM;
use crate::step::{self, Inputs};
use crate::tools;
use crate::verity::Verified;

/// What a kernel image is made of.
#[derive(Debug)]
pub struct Bundle {
    /// bzImage.
    pub kernel: PathBuf,
    /// Kernel arguments for every board.
    pub cmdline: String,
}

/// Writes `kernel`, `vmlinux` and `cmdline` (of the emulated board).
pub fn write(layout: &Layout, kernel: &Kernel, verified: &Verified, boards: &[Board]) -> anyhow::Result<Bundle> {
    let (image, plain) = (layout.output("kernel.efi"), layout.output("vmlinux"));
    step::run(layout, "kernel", Inputs::recipe(2).file(&kernel.image)?, &plain, || {
        std::fs::copy(&kernel.image, &image)?;
        let compressed = layout.output("vmlinux.zst");
        std::fs::write(&compressed, payload(&std::fs::read(&kernel.image)?).context("the kernel has no payload")?)?;
        let elf = tools::output(layout, "usr/bin/zstd", ["-dcq".as_ref(), compressed.as_os_str()])?;
        ensure!(crate::elf::is_elf(&elf), "the kernel's payload is no ELF file");
        std::fs::remove_file(&compressed)?;
        Ok(std::fs::write(&plain, elf)?)
    })?;
    let mut words = kernel.cmdline.clone();
    words.extend(verified.cmdline(FILESYSTEM));
    let cmdline = words.join(" ");
    if let Some(board) = boards.iter().find(|board| board.qemu.is_some()) {
        std::fs::write(layout.output("cmdline"), format!("{cmdline} {}", board.cmdline.join(" ")))?;
    }
    Ok(Bundle { kernel: image, cmdline })
}

/// The compressed kernel inside a bzImage (boot protocol 2.08 and later), without the length that follows it.
fn payload(image: &[u8]) -> Option<&[u8]> {
    let field = |at: usize| image.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let sectors = match *image.get(0x1f1)? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (sectors + 1) * 512 + usize::try_from(field(0x248)?).ok()?;
    let length = usize::try_from(field(0x24c)?).ok()?.checked_sub(4)?;
    image.get(start..start.checked_add(length)?)
}

#[cfg(test)]
mod tests {
    use super::payload;

    #[test]
    fn the_payload_is_found_through_the_setup_header() {
        let mut image = vec![0; 4096];
        image[0x1f1] = 1;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x248..0x24c].copy_from_slice(&16u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&8u32.to_le_bytes());
        image[1024 + 16..1024 + 20].copy_from_slice(b"data");
        assert_eq!(payload(&image).unwrap(), b"data");
        assert_eq!(payload(&image[..1030]), None);
        assert_eq!(payload(b"short"), None);
    }
}
