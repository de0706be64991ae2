//! The unified kernel image: systemd's EFI stub with kernel, initramfs, command line and os-release as sections.

use std::path::Path;

use anyhow::Context;

use crate::bundle::Bundle;
use crate::layout::{Layout, VERSION};
use crate::step::{self, Inputs};
use crate::tools;

const STUB: &str = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";

/// Name on the EFI system partition; `+3`: three attempts until the boot loader goes back to the other slot.
pub fn file_name() -> String {
    format!("rostrum_{VERSION}+3.efi")
}

/// Makes `rostrum.efi`.
pub fn make(layout: &Layout, bundle: &Bundle) -> anyhow::Result<()> {
    let (output, stub) = (layout.output("rostrum.efi"), layout.tools().join(STUB));
    let (initramfs, release) = (layout.output("initramfs"), layout.output("root/usr/lib/os-release"));
    let inputs =
        Inputs::recipe(2).file(&stub)?.file(&bundle.kernel)?.file(&initramfs)?.file(&release)?.text(&bundle.cmdline);
    step::run(layout, "unified kernel image", inputs, &output, || {
        let (cmdline, uname) = (layout.output("cmdline.uki"), layout.output("uname"));
        std::fs::write(&cmdline, &bundle.cmdline)?;
        let version = layout.output("kernel/version");
        std::fs::write(&uname, std::fs::read(version).unwrap_or_default())?;
        let stub_bytes = std::fs::read(&stub)?;
        let mut address = end_of_image(&stub_bytes).context("the stub is no PE file")?;
        let mut arguments: Vec<String> = Vec::new();
        for (section, file) in
            [(".osrel", &release), (".cmdline", &cmdline), (".initrd", &initramfs), (".linux", &bundle.kernel)]
        {
            arguments.push(format!("--add-section={section}={}", file.display()));
            arguments.push(format!("--change-section-vma={section}={address:#x}"));
            address = (address + file_size(file)?).next_multiple_of(0x1000);
        }
        arguments.extend([stub.display().to_string(), output.display().to_string()]);
        tools::run(layout, "usr/bin/objcopy", arguments)
    })?;
    Ok(())
}

fn file_size(path: &Path) -> anyhow::Result<u64> {
    Ok(path.metadata().with_context(|| path.display().to_string())?.len())
}

/// First free address behind the sections of a PE file: image base plus size of image.
fn end_of_image(bytes: &[u8]) -> Option<u64> {
    let u32_at =
        |at: usize| bytes.get(at..at.checked_add(4)?).and_then(|part| part.try_into().ok()).map(u32::from_le_bytes);
    let header = usize::try_from(u32_at(0x3c)?).ok()?;
    if bytes.get(header..header.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let optional = header + 24;
    let base: [u8; 8] = bytes.get(optional + 24..optional + 32)?.try_into().ok()?;
    Some(u64::from_le_bytes(base) + u64::from(u32_at(optional + 56)?).next_multiple_of(0x1000))
}

#[cfg(test)]
mod tests {
    use super::end_of_image;

    #[test]
    fn sections_go_behind_the_stub() {
        let mut bytes = vec![0; 0x200];
        bytes[0x3c] = 0x80;
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        bytes[0x98 + 24..0x98 + 32].copy_from_slice(&0x1_4000_0000u64.to_le_bytes());
        bytes[0x98 + 56..0x98 + 60].copy_from_slice(&0x2345u32.to_le_bytes());
        assert_eq!(end_of_image(&bytes), Some(0x1_4000_3000));
        assert_eq!(end_of_image(b"MZ"), None);
    }
}
