//! A rollback that the power is taken from, at any moment, ends in the wholly old or the wholly new box; one that was
//! acknowledged ends in the new one.

use std::{fs, thread, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use super::{begin_rollback, snapshot};
use crate::{expect, stage::Stage};

/// Milliseconds from the capital Y to the cut: before the decision, round it, and while it is carried out.
const CUTS: [u64; 4] = [0, 250, 5_000, 7_500];

/// The two boxes that are rolled back to in turn, unlike each other in every part.
const BOXES: [&str; 2] = ["one", "two"];

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    for (number, name) in BOXES.into_iter().enumerate() {
        if number > 0 {
            appliance.silent("dns del forwardzone one.example.com 10.0.2.7")?;
        }
        appliance.silent(&format!("dns add forwardzone {name}.example.com 10.0.2.7"))?;
        let file = folder.path().join("up");
        fs::write(&file, format!("license {name}"))?;
        let file = file.display();
        let batch =
            format!("put {file} cms.lic\nput {file} {name}.cer\n-rm one.key\nput {file} {name}.key\n-rm one.cer\n");
        let batch = if number == 0 { batch.replace("-rm one.cer\n", "") } else { batch };
        expect::code(&appliance.ssh(FACTORY, PASSWORD)?.sftp(&batch, ANSWER)?, 0)?;
        snapshot(appliance, name)?;
    }
    ensure!(which(appliance)? == 1, "the second box is not there");
    let mut now = 1;
    let mut carried_out = 0;
    for cut in CUTS {
        let wanted = 1 - now;
        begin_rollback(appliance, BOXES[wanted])?;
        appliance.machine.console.send_line("Y")?;
        // Not a synchronisation: the power goes when it goes.
        thread::sleep(Duration::from_millis(cut));
        let acknowledged = appliance.machine.console.transcript().trim_end().ends_with("System will reboot now");
        appliance.machine.power_cycle()?;
        let found = after(appliance).with_context(|| format!("cut after {cut} ms"))?;
        if acknowledged && found != wanted {
            bail!("cut after {cut} ms: the rollback was acknowledged and is forgotten");
        }
        carried_out += usize::from(found == wanted);
        now = found;
    }
    eprintln!("{carried_out} of {} rollbacks that were cut are carried out", CUTS.len());
    // Without a cut it goes through.
    begin_rollback(appliance, &format!("{}.bak", BOXES[1 - now]))?;
    appliance.machine.console.send_line("Y")?;
    ensure!(after(appliance)? == 1 - now, "the rollback is not carried out");
    expect::holds(&appliance.command("settings list")?, "backup rollback")
}

fn after(appliance: &mut Appliance) -> Result<usize> {
    appliance.wait_for_login()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    which(appliance)
}

/// Which of the boxes it is; an error if it is a mixture.
fn which(appliance: &mut Appliance) -> Result<usize> {
    let zones = appliance.command("dns")?;
    let work = tempfile::tempdir_in(appliance.machine.folder())?;
    let data = appliance.data(work.path())?;
    let (license, files) = (data.read("/files/cms.lic")?, data.list("/files")?.join(" "));
    let own = |file: &&str| !file.ends_with(".bak") && !file.ends_with(".json");
    let own: Vec<&str> = files.split(' ').filter(own).collect();
    let is = |name: &&str| {
        let other_zone = BOXES.iter().any(|other| other != name && zones.contains(&format!("{other}.example.com")));
        own == ["cms.lic", &format!("{name}.cer"), &format!("{name}.key")]
            && license == format!("license {name}")
            && zones.contains(&format!("{name}.example.com"))
            && !other_zone
    };
    let found = BOXES.iter().position(is);
    found.with_context(|| format!("neither box but a mixture: \"{license}\", {files}, {zones}"))
}
