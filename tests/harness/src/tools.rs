//! Where built things lie, and programs of the tools root, which are newer than the host's and run by their own loader.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The `target` folder of the workspace.
pub fn target() -> PathBuf {
    workspace().join("target")
}

/// The top of the workspace.
pub fn workspace() -> PathBuf {
    // Two folders up from this crate; the tests run on the tree that they were built from.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Artefacts of the image build.
pub fn image() -> PathBuf {
    target().join("image")
}

/// Debian programs for the host, unpacked.
pub fn root() -> PathBuf {
    target().join("tools")
}

/// A command that runs `program` (a path inside the tools root, such as `usr/bin/qemu-img`).
pub fn tool(program: &str) -> Command {
    loaded(&root(), program)
}

/// A command that runs a program of the appliance's own root on the host.
pub fn appliance_program(program: &str) -> Command {
    loaded(&image().join("root"), program)
}

fn loaded(tree: &Path, program: &str) -> Command {
    let libraries = tree.join("usr/lib/x86_64-linux-gnu");
    let mut command = Command::new(root().join("usr/lib64/ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(format!("{}:{}", libraries.display(), libraries.join("systemd").display()));
    command.arg(tree.join(program));
    command
}
