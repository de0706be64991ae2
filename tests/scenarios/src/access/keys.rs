//! An uploaded public key lets its account in at once and after a power cut, by the same rules as a password, until the
//! file or the account is removed; a bad file changes nothing.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    process::host,
    ssh::Client,
};

use super::accounts::add;
use crate::{expect, stage::Stage};

const TEMPORARY: &str = "Temporary-Pass-1";

/// Makes a key pair; where the private half is.
pub fn pair(folder: &Path, name: &str) -> Result<std::path::PathBuf> {
    let file = folder.join(name);
    let path = file.display().to_string();
    host("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &path].map(String::from))?;
    Ok(file)
}

fn upload(client: &Client, file: &Path, name: &str) -> Result<bool> {
    Ok(client.sftp(&format!("put {} {name}\n", file.display()), ANSWER)?.status.success())
}

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let (admins, bobs) = (pair(folder.path(), "admins")?, pair(folder.path(), "bobs")?);
    let public = |key: &Path| key.with_extension("pub");
    let by_password = appliance.ssh(FACTORY, PASSWORD)?;
    let by_key = appliance.ssh(FACTORY, "wrong")?.key(&admins);
    expect::code(&by_key.run("version", ANSWER)?, 255)?;

    ensure!(upload(&by_password, &public(&admins), "admin.pub")?, "the key is not taken");
    expect::code(&by_key.run("version", ANSWER)?, 0)?;
    expect::holds(&appliance.command("user info admin")?, "from 10.0.2.2")?;
    let keys = appliance.command("ssh keys")?;
    expect::holds(&keys, "admins")?;
    let printed = host("ssh-keygen", ["-l".into(), "-f".into(), public(&admins).display().to_string()])?;
    expect::holds(&keys, printed.split_whitespace().nth(1).unwrap_or("no fingerprint"))?;

    bad_files(&by_password, folder.path(), &admins)?;
    expect::code(&by_key.run("version", ANSWER)?, 0)?;
    expect::holds(&appliance.command("ssh keys")?, keys.lines().last().unwrap_or_default())?;
    expiry(appliance, &by_password, &bobs)?;

    // Acknowledged is durable.
    appliance.machine.power_cycle()?;
    appliance.wait_for_login()?;
    appliance.wait_for_ssh()?;
    expect::code(&by_key.run("version", ANSWER)?, 0)?;

    // What a key opens goes with the file, and with the account.
    appliance.log_in(FACTORY, PASSWORD)?;
    let by_bobs_key = appliance.ssh("bob", "wrong")?.key(&bobs);
    expect::code(&by_bobs_key.run("version", ANSWER)?, 0)?;
    expect::same(&appliance.command("user del bob")?, "Success")?;
    add(appliance, "bob", "crypto", TEMPORARY)?;
    expect::code(&by_bobs_key.run("version", ANSWER)?, 255)?;
    let outcome = by_key.sftp("ls -1\nrm admin.pub\nls -1\n", ANSWER)?;
    expect::code(&outcome, 0)?;
    expect::lacks(&outcome.stdout, "bob.pub")?;
    expect::code(&by_key.run("version", ANSWER)?, 255)?;
    // Below it stands that somebody else changed it.
    expect::same(appliance.command("ssh keys")?.lines().next().unwrap_or_default(), "none")
}

/// None of these is taken.
fn bad_files(client: &Client, folder: &Path, key: &Path) -> Result<()> {
    let public = fs::read_to_string(key.with_extension("pub"))?;
    let private = fs::read_to_string(key)?;
    let path = folder.join("bad");
    for (content, name) in [
        ("", "admin.pub"),
        ("not a key\n", "admin.pub"),
        (private.as_str(), "admin.pub"),
        (&format!("command=\"/bin/sh\" {public}"), "admin.pub"),
        (&format!("cert-authority {public}"), "admin.pub"),
        (&format!("{}\u{1b}[2J\n", public.trim_end()), "admin.pub"),
        (&public.repeat(1000), "admin.pub"),
        (&public, "nobody1.pub"),
    ] {
        fs::write(&path, content)?;
        ensure!(!upload(client, &path, name)?, "{name} is taken: {content}");
    }
    Ok(())
}

/// A key is no way round a password that has to be changed.
fn expiry(appliance: &mut Appliance, admin: &Client, key: &Path) -> Result<()> {
    add(appliance, "bob", "crypto", TEMPORARY)?;
    ensure!(upload(admin, &key.with_extension("pub"), "bob.pub")?, "the key is not taken");
    let client = appliance.ssh("bob", "wrong")?.key(key);
    ensure!(!client.run("version", ANSWER)?.status.success(), "a command before the new password");
    ensure!(!client.sftp("ls\n", ANSWER)?.status.success(), "the folder before the new password");
    let mut session = client.session()?;
    let terminal = &mut session.terminal;
    terminal.expect("Password has expired", ANSWER)?;
    for prompt in ["Please enter new password:", "Please enter new password again:"] {
        terminal.expect(prompt, ANSWER)?;
        terminal.send_line("Bobs-Own-Pass-22")?;
    }
    terminal.expect_prompt(&appliance.prompt, ANSWER)?;
    terminal.send_line("exit")?;
    terminal.expect_end(ANSWER)?;
    expect::code(&client.run("version", ANSWER)?, 0)
}
