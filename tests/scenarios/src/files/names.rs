//! Only the folder's own names: no other characters, no folder, no link, no file of the system.

use std::fs;

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "text")?;
    let file = file.display();
    let long = "x".repeat(65);
    for refused in [
        format!("put {file} .hidden"),
        format!("put {file} /etc/cert.pem"),
        format!("put {file} folder/cert.pem"),
        format!("put {file} \"two words.pem\""),
        format!("put {file} grüße.pem"),
        format!("put {file} {long}"),
        "get /etc/passwd".into(),
        "get ../settings/live.json".into(),
        "get ../../etc/ssh/sshd_config".into(),
        "mkdir folder".into(),
        "symlink /etc/passwd link.pem".into(),
        "ln cert.pem other.pem".into(),
        "cd /data".into(),
        "rm /data/settings".into(),
    ] {
        let outcome = client.sftp(&format!("lcd {}\n{refused}\n", folder.path().display()), ANSWER)?;
        ensure!(!outcome.status.success(), "\"{refused}\" is accepted: {}{}", outcome.stdout, outcome.stderr);
    }
    let listing = client.sftp("ls -1a\n", ANSWER)?;
    expect::code(&listing, 0)?;
    for name in ["hidden", "cert.pem", "link.pem", "folder", "xxx"] {
        expect::lacks(&listing.stdout, name)?;
    }
    // Above the folder is the folder.
    expect::code(&client.sftp(&format!("put {file} ../../up.pem\nrm up.pem\n"), ANSWER)?, 0)?;
    // What the rules allow is allowed.
    expect::code(&client.sftp(&format!("put {file} A-z_0.9.PEM\nrm A-z_0.9.PEM\n"), ANSWER)?, 0)
}
