//! Programs of the tools root, started through its own loader: no container, no privileges, whatever the host's C library is.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::apt::{self, Deb};
use crate::layout::{EPOCH, Layout};
use crate::step::{self, Inputs};

/// Unpacks the tools.
pub fn unpack(layout: &Layout, debs: &[Deb]) -> anyhow::Result<()> {
    let tree = layout.tools();
    let inputs = Inputs::recipe(2).text(&debs.iter().map(|deb| deb.sha256.as_str()).collect::<Vec<_>>().join(" "));
    step::run(layout, "unpack tools", inputs, &tree, || {
        if tree.exists() {
            std::fs::remove_dir_all(&tree)?;
        }
        std::fs::create_dir_all(tree.join("usr"))?;
        for (link, target) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")] {
            std::fs::create_dir_all(tree.join(target))?;
            std::os::unix::fs::symlink(target, tree.join(link))?;
        }
        apt::unpack_into(layout, debs, &tree)
    })?;
    Ok(())
}

/// A command line for a program of the tools root: loader, its arguments, and the program.
pub fn words(layout: &Layout, program: &str) -> Vec<String> {
    let tree = layout.tools();
    let library = tree.join("usr/lib/x86_64-linux-gnu");
    let path = |path: &Path| path.to_string_lossy().into_owned();
    vec![
        path(&tree.join("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")),
        "--library-path".into(),
        format!("{}:{}", path(&library), path(&library.join("systemd"))),
        path(&tree.join(program)),
    ]
}

/// A command for a program of the tools root, with the environment that makes its output reproducible.
pub fn command(layout: &Layout, program: &str) -> Command {
    let words = words(layout, program);
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .env("SOURCE_DATE_EPOCH", EPOCH)
        .env("MKE2FS_CONFIG", layout.tools().join("etc/mke2fs.conf"))
        .env("TZ", "UTC")
        .env("LC_ALL", "C");
    command
}

/// Runs a program of the tools root.
pub fn run<A: AsRef<std::ffi::OsStr>>(
    layout: &Layout,
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> anyhow::Result<()> {
    apt::run(command(layout, program).args(arguments), program)
}

/// Runs a program of the tools root and returns what it prints.
pub fn output<A: AsRef<std::ffi::OsStr>>(
    layout: &Layout,
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> anyhow::Result<Vec<u8>> {
    let output = command(layout, program).args(arguments).output().with_context(|| program.to_owned())?;
    anyhow::ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout)
}
