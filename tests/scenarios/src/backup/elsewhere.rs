//! A backup of one appliance, put back on a fresh one with the key of the first, makes it answer every command that shows
//! something as the first one did: addresses, names, accounts, passwords, files, host keys.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use harness::{
    Appliance, Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
};
use mmp_grammar::families;

use super::{begin_rollback, get, put, snapshot};
use crate::{access::accounts::add, expect, stage::Stage};

/// What is not a setting: time, the machine's own memory, and what goes on right now.
const NOT_SETTINGS: &[&str] = &[
    "uptime",
    "date",
    "df",
    "ntp status",
    "dns lookup",
    // Restore points and their comparison are the box's own; so is its backup key.
    "settings ",
    "backup key",
    // Logs and what happens now.
    "syslog tail",
    "syslog search",
    "syslog page",
    "audit tail",
    "audit search",
    "try",
];
/// Lines about logins and the box's own logs in what is otherwise settings.
const OF_LOGINS: &[&str] = &["Last login", "Failed logins", "Lines  ", "Oldest line"];
/// Addresses by DHCP and daemons that start take their time after a boot.
const SETTLED: Duration = Duration::from_secs(90);

const NAME: &str = "cms7";

pub fn run(stage: &mut Stage) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let two = Builder::default().nics(2);

    let first = stage.boot_own(&two)?;
    first.first_login()?;
    add(first, "bob", "crypto", "Example-Pass-11")?;
    configure(first)?;
    first.wait_for_ssh()?;
    for name in ["cms.lic", "onecert.key", "onecert.cer"] {
        fs::write(path(name), format!("this is {name}\n"))?;
        put(first, &path(name), name)?;
    }
    first.command(&format!("hostname {NAME}"))?;
    first.reboot()?;
    first.prompt = format!("{NAME}>");
    first.log_in(FACTORY, PASSWORD)?;
    first.wait_for_ssh()?;
    snapshot(first, "site")?;
    let key = first.command("backup key")?;
    get(first, "site.bak", &path("site.bak"))?;
    let answers = walk(first)?;
    ensure!(answers.len() > 20, "only {} commands show something", answers.len());
    let host_key = host_key(first)?;

    let second = stage.boot_own(&two)?;
    second.first_login()?;
    second.wait_for_ssh()?;
    put(second, &path("site.bak"), "site.bak")?;
    begin_rollback(second, "site")?;
    let console = &mut second.machine.console;
    console.send_line("Y")?;
    console.expect("Please enter the backup key of the appliance that took it:", ANSWER)?;
    console.send_line(&key.to_lowercase().replace('-', " "))?;
    second.wait_for_login()?;
    second.prompt = format!("{NAME}>");
    second.log_in(FACTORY, PASSWORD)?;
    second.wait_for_ssh()?;

    let mut failures = Vec::new();
    let deadline = Instant::now() + SETTLED;
    for (line, wanted) in &answers {
        loop {
            let found = answer(second, line)?;
            if found == *wanted {
                break;
            }
            if Instant::now() > deadline {
                failures.push(format!("{line}:\n{found}\nand not\n{wanted}"));
                break;
            }
        }
    }
    if !failures.is_empty() {
        bail!("{} of {} answers differ:\n{}", failures.len(), answers.len(), failures.join("\n\n"));
    }
    // It has become the first one for whoever comes by SSH: its host key came along too.
    fs::remove_file(second.machine.file("known_hosts"))?;
    for name in ["cms.lic", "onecert.key", "onecert.cer"] {
        expect::same(&String::from_utf8(get(second, name, &path("down"))?)?, &format!("this is {name}\n"))?;
    }
    expect::same(&self::host_key(second)?, &host_key)?;
    // Bob's password came along, and is still a temporary one.
    second.log_out()?;
    second.enter("bob", "Example-Pass-11")?;
    second.machine.console.expect("Password has expired", ANSWER).map(drop)
}

/// Something of every family: the examples that add, and a few of families that do not.
fn configure(appliance: &mut Appliance) -> Result<()> {
    let all = families::ALL.iter().flat_map(|family| family.commands);
    let adds = all.map(|command| command.example).filter(|line| {
        // One asks for passwords, one does not last; the others would move the interface that files travel over.
        let not = ["user add", "try ", "ipv4 a ", "firewall a "];
        line.split_whitespace().any(|word| word == "add") && !not.iter().any(|not| line.starts_with(not))
    });
    let further = [
        "ipv4 b add 10.0.3.15/24 10.0.3.2",
        "ipv4 b route add 198.51.100.0/24",
        "iface b mtu 1400",
        "dscp 4 voice 0x2E",
        "timezone Europe/Berlin",
        "firewall b deny 80",
        "user rule min_length 9",
    ];
    for line in adds.chain(further) {
        appliance.command(line)?;
    }
    Ok(())
}

/// The answer to every command of the table that shows a setting.
fn walk(appliance: &mut Appliance) -> Result<BTreeMap<&'static str, String>> {
    let shows = families::ALL.iter().flat_map(|family| family.commands).filter(|command| command.show);
    let lines =
        shows.map(|command| command.example).filter(|line| !NOT_SETTINGS.iter().any(|not| line.starts_with(not)));
    lines.map(|line| Ok((line, answer(appliance, line)?))).collect()
}

fn answer(appliance: &mut Appliance, line: &str) -> Result<String> {
    let text = appliance.command(line)?;
    let kept = text.lines().filter(|line| !OF_LOGINS.iter().any(|word| line.starts_with(word)));
    Ok(kept.collect::<Vec<_>>().join("\n"))
}

fn host_key(appliance: &mut Appliance) -> Result<String> {
    let work = tempfile::tempdir_in(appliance.machine.folder())?;
    appliance.data(work.path())?.read("/ssh/etc/ssh/ssh_host_ed25519_key.pub")
}
