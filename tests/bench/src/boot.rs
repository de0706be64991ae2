//! From power on to the login prompt, in counted and in wall seconds.
//!
//! A counted second is 10^9 instructions of the one processor (QEMU's `-icount shift=0`: an instruction takes a nanosecond).
//! It is read from the guest's time stamp counter, which under `-icount` starts at zero with the machine and counts these
//! nanoseconds, firmware included. The moment is the last write of a program to `/dev/ttyS0` before the harness has seen the
//! prompt; the probe in the machine notes it when it happens, so how late the host looks at the console does not matter.
//! What the host does still shows where the machine waits for it: while the processor is idle (a disk request is on its way)
//! counted time follows the host's clock. That share is told as "idle".

use std::path::Path;

use anyhow::{Context as _, Result};
use harness::{
    Appliance, Builder,
    inside::{self, Clock, Entrance},
    tools,
};

use crate::{
    baseline,
    device::{self, Answers},
    table::Table,
};

/// What a counted boot took.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Power on to prompt, in counted seconds.
    pub login: f64,
    /// Power on to the first program, in counted seconds.
    pub kernel: f64,
    /// Waited for devices.
    pub idle: f64,
    /// Taken by the probe, which a boot without it does not need.
    pub probe: f64,
}

impl From<Clock> for Counted {
    fn from(clock: Clock) -> Self {
        Self {
            login: clock.console,
            kernel: clock.first_program,
            idle: clock.idle,
            probe: clock.prepared - clock.first_program,
        }
    }
}

/// One counted boot of the appliance, and its shell's answers by the same clock if they are wanted.
fn counted(name: &str, answers: bool) -> Result<(Counted, Option<Answers>)> {
    let folder = tempfile::tempdir()?;
    let entrance = Entrance::new(folder.path(), &tools::image().join("initramfs.cpio"))?;
    let builder = Builder::default().icount();
    let (mut appliance, mut probe) = inside::boot(&entrance, builder)?;
    let clock = probe.clock()?;
    // The journal tells what the time was spent on; it is read from the disk, with what sshd says at its start.
    appliance.wait_for_ssh()?;
    probe.ask("sync")?;
    let kept = appliance.keep(name)?;
    eprintln!("   journal in {}", kept.display());
    if !answers {
        return Ok((clock.into(), None));
    }
    appliance.first_login()?;
    Ok((clock.into(), Some(device::answers(&mut probe)?)))
}

/// Counted boots, twice to show how well they repeat.
pub fn measure_counted(table: &mut Table, debian: Option<Counted>) -> Result<()> {
    let (first, _) = counted("bench-boot-1", false)?;
    let (second, answers) = counted("bench-boot-2", true)?;
    let beside = match debian {
        Some(debian) => {
            format!(
                "again {:.2} s; plain Debian 13: {:.2} s, {:.1}x",
                second.login,
                debian.login,
                debian.login / first.login
            )
        }
        None => format!("again {:.2} s; --baseline measures a plain Debian 13", second.login),
    };
    table.add("login prompt, counted", format!("{:.2} s", first.login), "8 s", beside);
    table.add(
        "  firmware and kernel",
        format!("{:.2} s", first.kernel),
        "",
        debian.map_or_else(String::new, |debian| format!("plain Debian 13: {:.2} s", debian.kernel)),
    );
    table.add(
        "  programs",
        format!("{:.2} s", first.login - first.kernel),
        "",
        debian.map_or_else(String::new, |debian| format!("plain Debian 13: {:.2} s", debian.login - debian.kernel)),
    );
    table.add(
        "  of it idle",
        format!("{:.2} s", first.idle),
        "",
        debian
            .map_or_else(|| "waits for the disk".to_owned(), |debian| format!("plain Debian 13: {:.2} s", debian.idle)),
    );
    table.add("  of it the probe", format!("{:.2} s", first.probe), "", "not in a boot that nobody measures");
    if let Some(answers) = answers {
        answers.add(table, "counted", ["", ""]);
    }
    Ok(())
}

/// Wall seconds from the start of QEMU to the prompt.
pub fn wall(appliance: &Appliance) -> Result<f64> {
    let machine = &appliance.machine;
    let heard = machine.console.last_heard().context("the console said nothing")?;
    Ok((heard - machine.started).as_secs_f64())
}

/// For the table: wall and processor seconds.
pub fn wall_text(appliance: &Appliance) -> Result<String> {
    Ok(format!("{:.1} s", wall(appliance)?))
}

/// A boot through firmware and boot loader.
pub fn measure_uefi(table: &mut Table) -> Result<()> {
    let appliance = Builder::default().uefi().boot()?;
    let beside = format!("{:.1} s of processor time", appliance.machine.processor_seconds()?);
    table.add("login prompt, wall, UEFI", wall_text(&appliance)?, "", beside);
    Ok(())
}

/// A counted boot of the plain Debian that lies in `folder`.
pub fn debian(folder: &Path, disk: &Path) -> Result<Counted> {
    let scratch = tempfile::tempdir()?;
    let entrance = Entrance::new(scratch.path(), &folder.join("initrd"))?;
    let builder = baseline::machine(Builder::default().icount().disk(disk), folder, "rdinit=/probe");
    let (_appliance, mut probe) = inside::boot(&entrance, builder)?;
    Ok(probe.clock()?.into())
}
