//! Each file goes up by SFTP, is named by command, and its service proves it: good ones by a connection that verifies up
//! to the root, bad ones by their line of the checklist (`mmp.md` section 10) while the last good pair serves on.

use anyhow::{Context as _, Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    ssh::Client,
};

use super::made::Files;
use crate::{expect, stage::Stage, webadmin::visitor::get};

const NAME: &str = "cms.example.com";
const PORT: u16 = 445;
const GOOD: &str = "SUCCESS: Key and certificate pair match";

/// What `webadmin certs` is given, and what `webadmin restart` says then.
const SERVE: [(&str, &str); 7] = [
    ("one.key one.cer bundle.cer", GOOD),
    ("one.key one.cer backwards.cer", "WARNING: the certificates are not in order"),
    ("one.key one.der bundle.cer", GOOD),
    ("one.key crlf.cer rubbish.cer", GOOD),
    ("one.key bom.cer bundle.cer", GOOD),
    ("curve.key curve.cer bundle.cer", GOOD),
    ("old.key old.cer old-bundle.cer", GOOD),
];
const FAIL: [(&str, &str); 4] = [
    ("curve.key one.cer bundle.cer", "FAILURE: Key and certificate pair do not match"),
    ("one.key over.cer bundle.cer", "FAILURE: Certificate has expired"),
    ("one.key to-come.cer bundle.cer", "FAILURE: Certificate is not valid yet"),
    ("one.key sub.cer one.cer", "FAILURE: Certificate file and CA bundle file are exchanged"),
];
/// What `webadmin certs` does not even take.
const REFUSED: [(&str, &str); 2] = [("one.key seven.cer", "PKCS#7"), ("one.key large.cer", "larger than 1 MiB")];

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let files = Files::new(folder.path(), NAME)?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    upload(&client, &files)?;
    imported(appliance)?;

    let nothing = appliance.command("webadmin enable")?;
    expect::holds(&nothing, "FAILURE: TLS interface and port not configured")?;
    expect::holds(&nothing, "FAILURE: Key and certificate not configured")?;
    appliance.silent("webadmin listen a 445")?;
    appliance.silent("webadmin certs new.key new.cer new-bundle.cer")?;
    expect::holds(&appliance.command("webadmin enable")?, GOOD)?;
    served(&files).context("imported from PKCS#12")?;

    for (certs, said) in SERVE {
        restarted(appliance, certs, said)?;
        served(&files).with_context(|| certs.to_owned())?;
    }
    for (certs, said) in REFUSED {
        expect::holds(&appliance.command(&format!("webadmin certs {certs}"))?, said)?;
    }
    for (certs, said) in FAIL {
        let printed = restarted(appliance, certs, said)?;
        expect::holds(&printed, "FAILURE: webadmin configuration not complete")?;
        expect::holds(&printed, "goes on as before")?;
    }
    served(&files).context("after bad ones")?;
    locked(appliance, &files)?;
    replaced(appliance, &client, &files)?;
    ports(appliance)?;
    served(&files)?;
    by_key(appliance, &client, &files)
}

fn upload(client: &Client, files: &Files<'_>) -> Result<()> {
    let names = "one.key curve.key locked.key one.cer over.cer to-come.cer curve.cer sub.cer bundle.cer backwards.cer \
                 crlf.cer bom.cer rubbish.cer large.cer one.der seven.cer old.pfx new.p12 admin.p12";
    let batch: String =
        names.split_whitespace().map(|name| format!("put {} {name}\n", files.at(name).display())).collect();
    expect::code(&client.sftp(&batch, 4 * ANSWER)?, 0)
}

/// Types a command that asks for a passphrase.
fn with_passphrase(appliance: &mut Appliance, line: &str, passphrase: &str) -> Result<String> {
    let prompt = appliance.prompt.clone();
    let console = &mut appliance.machine.console;
    console.expect_prompt(&prompt, ANSWER)?;
    console.send_line(line)?;
    console.expect("Please enter the passphrase", ANSWER)?;
    console.send_line(passphrase)?;
    console.expect(&format!("\n{}", prompt.trim_end()), ANSWER)
}

/// `old.pfx` and `new.p12` as keys and certificates.
fn imported(appliance: &mut Appliance) -> Result<()> {
    let said = with_passphrase(appliance, "pki import new.p12", "sesame-1")?;
    expect::holds(&said, "Incorrect passphrase")?;
    for name in ["new.p12", "old.pfx"] {
        let base = &name[..3];
        let said = with_passphrase(appliance, &format!("pki import {name}"), "Sesame-1")?;
        let made = format!("Created key file {base}.key, certificate file {base}.cer");
        expect::holds(&said, &made)?;
        expect::holds(&said, &format!("{base}-bundle.cer"))?;
    }
    expect::holds(&appliance.command("pki import new.p12")?, "File already exists: new.key")?;
    expect::same(appliance.command("pki verify old.cer old-bundle.cer")?.trim(), "old.cer: OK")
}

fn restarted(appliance: &mut Appliance, certs: &str, said: &str) -> Result<String> {
    appliance.command(&format!("webadmin certs {certs}"))?;
    let printed = appliance.command("webadmin restart")?;
    expect::holds(&printed, said).with_context(|| format!("webadmin certs {certs}"))?;
    Ok(printed)
}

/// A connection that verifies up to the root, of which the visitor alone has the certificate.
fn served(files: &Files<'_>) -> Result<()> {
    let page = get(&files.at("root.cer"), NAME, PORT, "/", &[])?.success("the page")?;
    expect::holds(&page, "HTTP/1.1 200")
}

fn locked(appliance: &mut Appliance, files: &Files<'_>) -> Result<()> {
    let certs = "locked.key one.cer bundle.cer";
    expect::holds(&appliance.command(&format!("webadmin certs {certs}"))?, "locked.key is protected by a passphrase")?;
    expect::holds(&with_passphrase(appliance, "pki unlock locked.key", "wrong")?, "Incorrect passphrase")?;
    expect::holds(&with_passphrase(appliance, "pki unlock locked.key", "Sesame-1")?, "Removed the passphrase")?;
    restarted(appliance, certs, GOOD)?;
    served(files)
}

/// What is in use stays, and a good file of its kind that does not fit changes nothing that serves.
fn replaced(appliance: &mut Appliance, client: &Client, files: &Files<'_>) -> Result<()> {
    restarted(appliance, "one.key one.cer bundle.cer", GOOD)?;
    let gone = client.sftp("rm one.cer\n", ANSWER)?;
    ensure!(!gone.status.success(), "a certificate in use was removed");
    let junk = client.sftp(&format!("put {} one.cer\n", files.at("seven.cer").display()), ANSWER)?;
    ensure!(!junk.status.success(), "PKCS#7 took the place of a certificate in use");
    expect::code(&client.sftp(&format!("put {} one.cer\n", files.at("curve.cer").display()), ANSWER)?, 0)?;
    // Over SSH as on the console.
    let over = client.run("webadmin restart", ANSWER)?;
    let said = format!("{}{}", over.stdout, over.stderr);
    ensure!(!over.status.success(), "a pair that does not match was taken: {said}");
    expect::holds(&said, "FAILURE: Key and certificate pair do not match")?;
    expect::holds(&said, "goes on as before")?;
    served(files)?;
    expect::code(&client.sftp(&format!("put {} one.cer\n", files.at("one.cer").display()), ANSWER)?, 0)?;
    expect::holds(&appliance.command("webadmin restart")?, GOOD)?;
    served(files)
}

/// Ports that somebody has.
fn ports(appliance: &mut Appliance) -> Result<()> {
    appliance.command("webadmin http-redirect enable")?;
    for (port, owner) in [("22", "ssh"), ("80", "webadmin http-redirect")] {
        appliance.command(&format!("webadmin listen a {port}"))?;
        let said = format!("FAILURE: port {port} on interface a already in use by {owner}");
        expect::holds(&appliance.command("webadmin restart")?, &said)?;
    }
    appliance.command("webadmin listen a 445")?;
    expect::holds(&appliance.command("webadmin restart")?, GOOD)
}

/// `admin.p12` becomes a login by key.
fn by_key(appliance: &mut Appliance, client: &Client, files: &Files<'_>) -> Result<()> {
    let said = with_passphrase(appliance, "pki pkcs12-to-ssh admin", "Sesame-1")?;
    expect::holds(&said, "admin can log in with the key; admin.p12 was removed")?;
    let by_key = client.clone().key(&files.at("one.key"));
    expect::code(&by_key.run("pki list", ANSWER)?, 0)
}
