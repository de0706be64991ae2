//! A plain Debian 13 to compare with: systemd, sshd and the distribution's kernel, nothing taken away.
//!
//! Invariant: it is made once and kept under `target/baseline`; deleting that folder makes it anew.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};
use harness::{Builder, appliance::BOOT, process::run, tools};

use crate::{
    boot::{self, Counted},
    times::Times,
};

const SSH_LOGINS: usize = 10;
const PASSWORD: &str = "root";
const MINUTES: Duration = Duration::from_secs(20 * 60);

/// What the plain Debian takes.
#[derive(Clone, Copy, Debug)]
pub struct Debian {
    /// Its boot in counted seconds.
    pub boot: Counted,
    /// Wall seconds to its prompt.
    pub wall: f64,
    /// Median of `ssh host true`.
    pub ssh: Duration,
}

/// Measures it in a machine on segment a.
pub fn measure(folder: &Path) -> Result<Debian> {
    let disk = folder.join("disk.raw");
    let boot = boot::debian(folder, &disk)?;
    let mut appliance = machine(Builder::default().disk(&disk), folder, "").start()?;
    appliance.machine.console.expect("login:", Duration::from_secs(300))?;
    let wall = boot::wall(&appliance)?;
    appliance.wait_for_ssh()?;
    let client = appliance.ssh("root", PASSWORD)?;
    let ssh = Times::of(SSH_LOGINS, |_| client.run("true", BOOT)?.success("ssh true").map(drop))?.median();
    Ok(Debian { boot, wall, ssh })
}

/// Its kernel in place of the appliance's; QEMU takes the last of several `-kernel`, `-initrd` and `-append`.
pub fn machine(builder: Builder, folder: &Path, arguments: &str) -> Builder {
    let file = |name: &str| folder.join(name).display().to_string();
    let append = format!("root=/dev/vda ro console=ttyS0 quiet no_timer_check tsc=reliable {arguments}");
    builder.extra(&["-kernel", &file("vmlinuz"), "-initrd", &file("initrd"), "-append", &append])
}

/// Makes it if it is not there; its folder. It needs the network of the host.
pub fn made() -> Result<PathBuf> {
    let folder = tools::target().join("baseline");
    let disk = folder.join("disk.raw");
    if disk.exists() {
        return Ok(folder);
    }
    eprintln!("== plain Debian 13 for comparison");
    fs::create_dir_all(&folder)?;
    let root = folder.join("root");
    // An earlier try may have been interrupted.
    forget(&root)?;
    let hook = |line: &str| format!("--customize-hook={line}");
    let mut make = Command::new("unshare");
    // Its own mounts: what is mounted into the tree meanwhile is gone when it is deleted.
    make.args(["--mount", "mmdebstrap", "--quiet", "--variant=important", "--dpkgopt=force-unsafe-io"]);
    make.arg("--aptopt=Apt::Install-Recommends \"false\"");
    make.arg("--include=openssh-server,linux-image-amd64,systemd-sysv,dbus,libpam-systemd,ifupdown,isc-dhcp-client");
    make.arg(hook(&format!("echo root:{PASSWORD} | chroot \"$1\" chpasswd")));
    make.arg(hook("echo /dev/vda / ext4 defaults 0 1 >\"$1/etc/fstab\""));
    make.arg(hook("printf 'auto enp0s16\\niface enp0s16 inet dhcp\\n' >\"$1/etc/network/interfaces\""));
    make.arg(hook("echo PermitRootLogin yes >\"$1/etc/ssh/sshd_config.d/bench.conf\""));
    make.arg("trixie").arg(&root).arg(mirror()?);
    run(&mut make, b"", MINUTES)?.success("mmdebstrap (package mmdebstrap)")?;
    for (name, kept) in [("vmlinuz", "vmlinuz"), ("initrd.img", "initrd")] {
        let kernel = newest(&root.join("boot"), name)?;
        fs::copy(kernel, folder.join(kept))?;
    }
    let fresh = folder.join("disk.new");
    fs::File::create(&fresh)?.set_len(1500 << 20)?;
    let mut disk_of = tools::tool("usr/sbin/mke2fs");
    disk_of.args(["-q", "-F", "-t", "ext4", "-d"]).arg(&root).arg(&fresh);
    run(&mut disk_of, b"", MINUTES)?.success("mke2fs")?;
    forget(&root)?;
    fs::rename(&fresh, &disk)?;
    Ok(folder)
}

/// Deletes a tree, and nothing that may still be mounted into it.
fn forget(tree: &Path) -> Result<()> {
    run(Command::new("rm").args(["-rf", "--one-file-system"]).arg(tree), b"", MINUTES)?.success("rm").map(drop)
}

fn newest(folder: &Path, prefix: &str) -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{prefix}-")))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.pop().with_context(|| format!("no {prefix} in {}", folder.display()))
}

/// The archive that this host's apt uses.
fn mirror() -> Result<String> {
    let text = harness::process::host("apt-get", ["indextargets", "--format", "$(SITE)", "Created-By: Packages"])?;
    let site = text.lines().find(|line| line.trim_end_matches('/').ends_with("/debian"));
    site.map(str::to_owned).context("this host's apt configuration has no Debian archive")
}
