//! The shared appliance and the servers round it.
//!
//! Invariants: it boots once, when the first scenario needs it; setting a moment puts the whole machine back, and a machine
//! that cannot be put back is replaced; while a scenario has machines of its own the shared one is off.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use harness::{
    Appliance, Builder,
    inside::{self, Entrance, Probe},
    machine, peers,
    process::Running,
    tools,
};
use tempfile::TempDir;

/// Where a scenario starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A clean appliance at its login prompt; SSH answers.
    Login,
    /// The factory account's password is set, and its shell waits on the console; interface a has its DHCP address.
    Shell,
    /// As [`Moment::Shell`], on a machine with as little memory as the board allows and a program in it that looks round and
    /// does what nothing of the image could ([`Stage::inside`]).
    Inside,
    /// No shared appliance: the scenario boots its own machines.
    Own,
}

/// What scenarios stand on.
#[derive(Default)]
pub struct Stage {
    shared: Option<Appliance>,
    /// The one with the probe.
    entered: Option<Entered>,
    /// Whether that is the one in use.
    is_inside: bool,
    /// The machine that the scenario itself booted, for the report of a failure.
    own: Option<Appliance>,
    servers: Option<Servers>,
}

struct Entered {
    appliance: Appliance,
    entrance: Entrance,
    probe: Probe,
    _folder: TempDir,
}

struct Servers {
    folder: TempDir,
    _names: Running,
    _clock: Running,
}

/// MiB, `minimum_memory_mib` of `board/qemu`.
const LEAST_MEMORY: u32 = 384;
/// Hardware address of NIC a, as the board gives it.
const MAC: &str = "52:54:00:52:4f:00";

impl Stage {
    /// Puts everything to a moment.
    pub fn set(&mut self, moment: Moment) -> Result<()> {
        self.own = None;
        self.is_inside = moment == Moment::Inside;
        self.serve()?;
        // Machines that are not in use are off; their moments are on their disks.
        if let (Moment::Own | Moment::Inside, Some(shared)) = (moment, &mut self.shared) {
            shared.machine.stop();
        }
        if let (false, Some(entered)) = (self.is_inside, &mut self.entered) {
            entered.appliance.machine.stop();
        }
        match moment {
            Moment::Own => return Ok(()),
            Moment::Inside => return self.enter(),
            Moment::Login | Moment::Shell => {}
        }
        if self.shared.is_some() && self.restore(moment).is_ok() {
            return Ok(());
        }
        self.shared = None;
        self.shared = Some(Self::boot()?);
        self.restore(moment)
    }

    /// The shared appliance.
    pub fn appliance(&mut self) -> &mut Appliance {
        let inside = self.entered.as_mut().filter(|_| self.is_inside).map(|entered| &mut entered.appliance);
        self.own
            .as_mut()
            .or(inside)
            .or(self.shared.as_mut())
            .expect("a scenario of the shared appliance starts from one of its moments")
    }

    /// The appliance with the probe, and the probe.
    pub fn inside(&mut self) -> Result<(&mut Appliance, &mut Probe)> {
        let entered = self.entered.as_mut().context("the scenario starts from another moment")?;
        Ok((&mut entered.appliance, &mut entered.probe))
    }

    /// Boots a machine of the scenario's own, which replaces an earlier one.
    pub fn boot_own(&mut self, builder: &Builder) -> Result<&mut Appliance> {
        self.own = None;
        let own = self.own.insert(builder.start()?);
        own.wait_for_login()?;
        Ok(own)
    }

    /// Keeps what helps to understand a failure.
    pub fn keep(&mut self, name: &str) -> Option<Result<PathBuf>> {
        let inside = self.entered.as_mut().filter(|_| self.is_inside).map(|entered| &mut entered.appliance);
        let appliance = self.own.as_mut().or(inside).or(self.shared.as_mut())?;
        if let Some(servers) = &self.servers {
            for file in ["dnsmasq.log", "chronyd.out"] {
                // Only to be read by somebody.
                let _ = std::fs::copy(servers.folder.path().join(file), appliance.machine.file(file));
            }
        }
        Some(appliance.keep(name))
    }

    /// Ends everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn serve(&mut self) -> Result<()> {
        if self.servers.is_none() {
            let folder = tempfile::Builder::new().prefix("servers-").tempdir_in(machine::scratch()?)?;
            let names = peers::names_and_addresses(folder.path(), MAC)?;
            let clock = peers::clock(folder.path())?;
            self.servers = Some(Servers { folder, _names: names, _clock: clock });
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<()> {
        if let Some(entered) = &mut self.entered {
            let again = entered.appliance.restore("inside").and_then(|()| {
                entered.probe = entered.entrance.probe()?;
                entered.appliance.wake()
            });
            if again.is_ok() {
                return Ok(());
            }
        }
        self.entered = None;
        let folder = tempfile::Builder::new().prefix("inside-").tempdir_in(machine::scratch()?)?;
        let entrance = Entrance::new(folder.path(), &tools::image().join("initramfs.cpio"))?;
        let (mut appliance, probe) = inside::boot(&entrance, Builder::default().memory(LEAST_MEMORY))?;
        appliance.wait_for_ssh()?;
        appliance.first_login()?;
        appliance.snapshot("inside")?;
        self.entered = Some(Entered { appliance, entrance, probe, _folder: folder });
        Ok(())
    }

    fn boot() -> Result<Appliance> {
        let mut appliance = Builder::default().nics(2).capture().start()?;
        let moments = (|| {
            appliance.wait_for_login()?;
            appliance.wait_for_ssh()?;
            appliance.snapshot("login")?;
            appliance.first_login()?;
            appliance.snapshot("shell")
        })();
        if let Err(error) = moments {
            let kept =
                appliance.keep("shared appliance").map(|folder| folder.display().to_string()).unwrap_or_default();
            return Err(error).with_context(|| format!("the shared appliance does not come up ({kept})"));
        }
        Ok(appliance)
    }

    fn restore(&mut self, moment: Moment) -> Result<()> {
        let shared = self.shared.as_mut().context("no appliance")?;
        shared.prompt = harness::appliance::PROMPT.into();
        match moment {
            Moment::Login => {
                shared.restore("login")?;
                shared.wake_login()
            }
            Moment::Shell => {
                shared.restore("shell")?;
                shared.wake()
            }
            Moment::Inside | Moment::Own => Ok(()),
        }
    }
}
