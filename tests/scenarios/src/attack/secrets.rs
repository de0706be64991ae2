//! While passwords are set, a key is unlocked, a clock's key is put in force and a backup is made, no process shows a secret in
//! its arguments or its environment, and none would leave a core file.

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    peers::NTP_KEY,
    process::host,
};

use crate::{
    access::accounts::{add, set_password},
    expect,
    stage::Stage,
};

const TEMPORARY: &str = "Temporary-Pass-1";
const OWN: &str = "Their-Own-Pass-22";
const PHRASE: &str = "Phrase-Of-The-Key-3";

pub fn run(stage: &mut Stage) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (key, group) = (folder.path().join("locked.key"), folder.path().join("group.key"));
    let pass = format!("pass:{PHRASE}");
    let path = key.display().to_string();
    host("openssl", ["genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", &pass, "-out", &path])?;
    std::fs::write(&group, format!("{NTP_KEY}\n"))?;
    let hexadecimal = NTP_KEY.split("HEX:").nth(1).context("another form of key")?.trim();

    let (appliance, probe) = stage.inside()?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let upload = format!("put {path} locked.key\nput {} group.key\n", group.display());
    // `$y$` begins every hash of a password.
    let secrets = [PASSWORD, TEMPORARY, OWN, PHRASE, hexadecimal, "$y$", "PRIVATE"];
    // The last word is no secret: it shows that the looking finds what is there.
    probe.ask(&format!("watch {} /usr/lib/rostrum/mmpd", secrets.join(" ")))?;
    expect::code(&client.sftp(&upload, ANSWER)?, 0)?;
    add(appliance, "bob", "admin", TEMPORARY)?;
    set_password(appliance, "bob", TEMPORARY, OWN)?;
    expect::code(&appliance.ssh("bob", OWN)?.run("version", ANSWER)?, 0)?;
    // What bob did is told before the next prompt.
    expect::lacks(&appliance.command("ntp groupkey group.key")?, "group.key")?;
    appliance.command("backup snapshot one")?;
    let prompt = appliance.prompt.clone();
    let console = &mut appliance.machine.console;
    console.send_line("pki unlock locked.key")?;
    console.expect("Please enter the passphrase of the key:", ANSWER)?;
    console.send_line(PHRASE)?;
    console.expect_prompt(&prompt, ANSWER)?;
    let found = probe.ask("watched")?;

    let last = format!("found {} arguments ", secrets.len() + 1);
    expect::holds(&found, &last)?;
    for name in ["mmpd", "sshd", "mmp"] {
        ensure!(found.lines().any(|line| line == format!("program {name}")), "{name} was not looked at: {found}");
    }
    let hits: Vec<&str> = found
        .lines()
        .filter(|line| (line.starts_with("found ") && !line.starts_with(&last)) || line.starts_with("core "))
        .collect();
    ensure!(hits.is_empty(), "seen by number of the word: {hits:?}");
    let rounds = found.lines().find_map(|line| line.strip_prefix("rounds ")).unwrap_or_default();
    eprintln!("all processes were looked at {rounds} times");
    Ok(())
}
