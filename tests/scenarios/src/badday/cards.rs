//! Network cards that are pulled while the appliance runs, are missing at its start, and come while it runs: everybody keeps
//! the letter, the login says which is missing and what to type, and what comes back works again by itself.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context as _, Result};
use harness::{
    Appliance, Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::until,
    lan,
};
use serde_json::json;

use crate::{expect, stage::Stage};

/// What the guest takes to let go of a card.
const RELEASE: Duration = Duration::from_secs(60);
/// The third card is of another kind, whose driver the boot had no reason to load.
const CARDS: [(char, &str); 3] = [('a', "virtio-net-pci"), ('b', "virtio-net-pci"), ('c', "e1000e")];

pub fn run(stage: &mut Stage) -> Result<()> {
    let mut words = Vec::new();
    for (number, (letter, model)) in CARDS.into_iter().enumerate() {
        let tap = lan::tap(letter)?;
        words.extend(["-netdev".to_owned(), format!("tap,id={letter},ifname={tap},script=no,downscript=no")]);
        let port = format!("pcie-root-port,id=port-{letter},chassis={},addr=0x{:x}", number + 1, number + 0x14);
        words.extend(["-device".to_owned(), port]);
        if letter != 'c' {
            let card =
                format!("{model},id=nic-{letter},netdev={letter},bus=port-{letter},romfile=,mac={}", mac(letter));
            words.extend(["-device".to_owned(), card]);
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let appliance = stage.boot_own(&Builder::default().nics(0).extra(&words))?;
    appliance.first_login()?;
    let (first, second): (IpAddr, IpAddr) = (lan::APPLIANCE.into(), "10.0.3.15".parse()?);
    appliance.silent("ipv4 b add 10.0.3.15/24 10.0.3.2")?;
    expect::holds(&appliance.command("iface c")?, "Invalid interface")?;
    appliance.wait_for_ssh_at(first)?;

    // Pulled while it runs.
    pull(appliance, 'a')?;
    let missing = "the card of interface a is missing; its letter and settings are kept";
    for line in ["ipv4 a", "iface a"] {
        let shown = appliance.command(line)?.replace('\n', " ");
        expect::holds(&shown, missing)?;
        expect::holds(&shown, "`ipv4 a disable`")?;
    }
    appliance.log_out()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?.replace('\r', "").replace('\n', " ");
    expect::holds(&told, missing)?;
    expect::lacks(&told, "interface b")?;
    answers(appliance, second)?;

    // Missing at the start: the other one keeps its letter.
    appliance.reboot()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?.replace('\r', "").replace('\n', " ");
    expect::holds(&told, missing)?;
    answers(appliance, second)?;

    // Put back while it runs.
    put(appliance, 'a')?;
    answers(appliance, first)?;
    appliance.log_out()?;
    expect::lacks(&appliance.log_in_told(FACTORY, PASSWORD)?, "interface a")?;

    // One more than ever, of another kind: it gets a letter, a driver and settings.
    put(appliance, 'c')?;
    until("interface c", RELEASE, || Ok(!appliance.command("iface c")?.contains("Invalid interface")))?;
    appliance.silent("ipv4 c add 10.0.4.15/24 10.0.4.2")?;
    answers(appliance, "10.0.4.15".parse()?)?;
    expect::holds(&appliance.command("iface c")?, &format!("Mac address {}", mac('c').to_uppercase()))?;
    answers(appliance, first)?;
    answers(appliance, second)
}

fn mac(letter: char) -> String {
    format!("52:54:00:52:4f:{:02x}", u32::from(letter) - u32::from('a'))
}

fn pull(appliance: &mut Appliance, letter: char) -> Result<()> {
    let qmp = &mut appliance.machine.qmp;
    qmp.execute("device_del", &json!({ "id": format!("nic-{letter}") }))?;
    // The part inside the card goes first, and has an event of its own without a name.
    loop {
        let gone = qmp.event("DEVICE_DELETED", RELEASE).with_context(|| format!("card {letter} is not let go"))?;
        if gone["device"] == format!("nic-{letter}") {
            return Ok(());
        }
    }
}

fn put(appliance: &mut Appliance, letter: char) -> Result<()> {
    let (_, model) = CARDS.into_iter().find(|(of, _)| *of == letter).context("no such card")?;
    let card = json!({
        "driver": model, "id": format!("nic-{letter}"), "netdev": letter.to_string(), "bus": format!("port-{letter}"),
        "romfile": "", "mac": mac(letter),
    });
    appliance.machine.qmp.execute("device_add", &card).map(drop)
}

fn answers(appliance: &mut Appliance, address: IpAddr) -> Result<()> {
    appliance.wait_for_ssh_at(address)?;
    expect::code(&appliance.ssh_to(address, FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)
}
