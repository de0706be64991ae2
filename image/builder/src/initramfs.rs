//! The initramfs: rostrum-init, the modules of disks and root, and the board files.

use crate::binaries::Binaries;
use crate::board::Board;
use crate::cpio::Archive;
use crate::kernel::Kernel;
use crate::layout::Layout;
use crate::step::{self, Inputs};
use crate::tools;

/// Makes `initramfs`.
pub fn make(layout: &Layout, binaries: &Binaries, kernel: &Kernel, boards: &[Board]) -> anyhow::Result<()> {
    let boards = serde_json::to_string(boards)?;
    let table = kernel.modules.join("initramfs.json");
    let output = layout.output("initramfs");
    let inputs = Inputs::recipe(3).text(&boards).file(&binaries.init)?.file(&table)?.text(&kernel.release);
    step::run(layout, "initramfs", inputs, &output, || {
        let mut archive = Archive::default();
        for folder in ["dev", "proc", "sys", "run", "modules", "sysroot", "data"] {
            archive.folder(folder);
        }
        archive.file("init", &std::fs::read(&binaries.init)?, true);
        archive.file("boards.json", boards.as_bytes(), false);
        archive.file("modules.json", &std::fs::read(&table)?, false);
        for name in &kernel.in_initramfs {
            let file = format!("{name}.ko");
            archive.file(&format!("modules/{file}"), &std::fs::read(kernel.modules.join(&file))?, false);
        }
        let plain = layout.output("initramfs.cpio");
        std::fs::write(&plain, archive.finish())?;
        tools::run(
            layout,
            "usr/bin/zstd",
            [
                "-12".as_ref(),
                "--quiet".as_ref(),
                "--force".as_ref(),
                "--no-progress".as_ref(),
                plain.as_os_str(),
                "-o".as_ref(),
                output.as_os_str(),
            ],
        )
    })?;
    Ok(())
}
