//! Every command of the table, tried by every role that is not the administrator's: what is not theirs is refused, and
//! nothing is changed. Files of others are neither seen nor written.

use std::fs;

use anyhow::{Result, ensure};
use harness::{Appliance, appliance::ANSWER};
use mmp_grammar::{Command, families};
use mmp_model::Role;

use crate::{
    access::accounts::{add, set_password},
    expect,
    stage::Stage,
};

const TEMPORARY: &str = "Temporary-Pass-1";
const OWN: &str = "Their-Own-Pass-22";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let shells = [Role::Crypto, Role::Audit];
    for role in shells {
        add(appliance, role.word(), role.word(), TEMPORARY)?;
        set_password(appliance, role.word(), TEMPORARY, OWN)?;
    }
    for role in [Role::Appadmin, Role::Api] {
        add(appliance, role.word(), role.word(), TEMPORARY)?;
    }
    let before = appliance.generations()?;
    for role in shells {
        commands(appliance, role)?;
        files(appliance, role)?;
    }
    for role in [Role::Appadmin, Role::Api] {
        let client = appliance.ssh(role.word(), TEMPORARY)?;
        ensure!(!client.run("version", ANSWER)?.status.success(), "{role} has a shell");
        ensure!(!client.sftp("ls\n", ANSWER)?.status.success(), "{role} has the folder");
    }
    let after = appliance.generations()?;
    ensure!(before == after, "settings were written: {before:?} became {after:?}");
    Ok(())
}

/// One line a command, over one connection: each has to be denied.
fn commands(appliance: &Appliance, role: Role) -> Result<()> {
    let all = families::ALL.iter().flat_map(|family| family.commands);
    let denied: Vec<&Command> = all.filter(|command| !command.permits(role)).collect();
    ensure!(denied.len() > 40, "only {} commands are denied to {role}", denied.len());
    let mut lines = String::new();
    for command in &denied {
        // An answered question must not be a way round.
        lines += &format!("{}{}\n", command.example, if command.confirm.is_some() { " --yes" } else { "" });
    }
    let outcome = appliance.ssh(role.word(), OWN)?.pipe(&lines, 4 * ANSWER)?;
    let refused = outcome.stderr.matches("Permission denied").count();
    ensure!(refused == denied.len(), "{role}: {refused} of {} are denied: {}", denied.len(), outcome.stderr);
    expect::same(outcome.stdout.trim(), "")
}

fn files(appliance: &Appliance, role: Role) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "content\n")?;
    let client = appliance.ssh(role.word(), OWN)?;
    let path = file.display();
    for batch in [
        format!("put {path} cms.lic\n"),
        format!("put {path} {role}.pub\n"),
        format!("put {path} admin.pub\n"),
        format!("put {path} banner\n"),
        format!("put {path} motd\n"),
        format!("put {path} upgrade.img\n"),
        format!("put {path} live.json\n"),
        format!("get live.json {path}.back\n"),
        format!("get log {path}.back\n"),
        "rm audit\n".into(),
        "rename audit audit.pem\n".into(),
    ] {
        let outcome = client.sftp(&batch, ANSWER)?;
        ensure!(!outcome.status.success(), "{role}: {batch} is accepted: {}", outcome.stdout);
    }
    Ok(())
}
