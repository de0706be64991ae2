//! A boot with the cable out: the console is there as always, and what does not need the network works after a bounded
//! wait. With the cable in, names resolve without anybody's doing.

use std::time::Instant;

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent(r#"dns add rr "cb9.example.net. 86400 IN A 192.0.2.9""#)?;
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    appliance.set_link('a', false)?;
    appliance.reboot()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    let warning =
        "WARNING: interface a has no carrier; check its cable and the switch, and the link mode with `iface a`";
    // The resolver was held back for addresses that do not come, and started after all.
    expect::same(&appliance.command("dns lookup a cb9.example.net")?, "cb9.example.net. A 192.0.2.9")?;
    expect::holds(&appliance.command("dns lookup a cb1.example.com")?, "DNS lookup failed:")?;

    // The next login says what is wrong, and so does whoever is asked.
    appliance.log_out()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    expect::holds(&appliance.machine.console.transcript(), warning)?;
    for line in ["iface a", "ipv4 a"] {
        expect::holds(&appliance.command(line)?, warning)?;
    }

    appliance.set_link('a', true)?;
    let deadline = Instant::now() + 2 * ANSWER;
    loop {
        let answer = appliance.command("dns lookup a cb1.example.com")?;
        if answer == "cb1.example.com. A 192.0.2.151" {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the name does not resolve with the cable in: {answer}");
    }
}
