//! The first program of the appliance.
//!
//! Duty: find the disk, open the root through dm-verity, mount it and `/data`, name the NICs after the board's slots, leave
//! what it learned in `/run/rostrum`, and become systemd.
//!
//! Invariants: nothing unverified is executed (programs run from the verified root only); there is no interactive shell on
//! any path; a failure prints one line and restarts the machine, so that boot counting can fall back to the other slot.
//!
//! On the root the same program is `nics.service`, and does for cards that come later what the boot did for the others.

mod arrivals;
mod board;
mod cmdline;
mod data;
mod dm;
mod fault;
mod gpt;
mod handover;
mod identity;
mod ifname;
mod letters;
mod loader;
mod modalias;
mod nics;
mod partitions;
mod pseudo;
mod reset;
mod tunables;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use fault::Fault;
use modalias::Buses;

/// Where the verified root is mounted until it becomes `/`.
const ROOT: &str = "/sysroot";
/// Which card had which letter, for the day it is missing.
const LETTERS: &str = "/data/state/nics.json";
/// Beside the modules on the root.
const MODULE_TABLE: &str = "rostrum.json";
/// How long a disk may take to appear (SAS controllers spin up their disks one after the other).
const DISK_DEADLINE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    if std::process::id() != 1 {
        return arrivals::serve();
    }
    let fault = match boot() {
        Ok(never) => match never {},
        Err(fault) => fault,
    };
    fault::report_and_restart(&fault);
}

fn boot() -> Result<std::convert::Infallible, Fault> {
    pseudo::mount_all()?;
    let arguments = cmdline::Arguments::parse(&pseudo::read("/proc/cmdline")?)?;
    let boards = board::load(Path::new("/boards.json"))?;
    let board = board::choose(&boards, &board::Machine::read());

    let mut loader = loader::Loader::open(Path::new("/modules.json"), Path::new("/modules"))?;
    loader.load_all(&arguments.root_modules());
    // A virtual disk is there at once; only without it the drivers of real controllers are worth their time.
    loader.load_matching(&modalias::present_devices(Buses::Virtual));
    let more_drivers = || loader.load_matching(&modalias::present_devices(Buses::All));
    let disk = partitions::wait_for(&arguments, DISK_DEADLINE, more_drivers)?;
    let device = dm::open_verity("root", &disk, &arguments)?;
    pseudo::mount_root(&device, ROOT, &arguments.filesystem)?;
    pseudo::mount_temporary(ROOT)?;

    let data = data::mount(disk.data.as_deref(), ROOT);
    identity::provide(ROOT, data.is_persistent())?;
    identity::provide_users(ROOT)?;

    tunables::apply(&format!("{ROOT}/usr/lib/sysctl.d"));
    let release = pseudo::read("/proc/sys/kernel/osrelease")?;
    let modules = format!("{ROOT}/usr/lib/modules/{}", release.trim());
    match loader::Loader::open(&Path::new(&modules).join(MODULE_TABLE), Path::new(&modules)) {
        Ok(mut loader) => {
            loader.load_all(&board.modules);
            loader.load_all(&board::keyboard_modules());
            loader.load_matching(&modalias::present_devices(Buses::All));
        }
        Err(reason) => fault::warn(&format!("no drivers beyond the disk's: {reason}")),
    }
    let named = nics::name_all(&board, Path::new(LETTERS));
    nics::mark_ready();
    board::publish(&board, &named)?;
    data.publish()?;
    handover::to_systemd(ROOT)
}
