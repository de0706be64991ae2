//! SFTP spoken by somebody who does not keep to it: paths that lead away, links, names without end, lengths that lie.

use anyhow::{Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    process,
};

use crate::{expect, stage::Stage};

const OPEN: u8 = 3;
const SETSTAT: u8 = 9;
const REMOVE: u8 = 13;
const MKDIR: u8 = 14;
const RENAME: u8 = 18;
const READLINK: u8 = 19;
const SYMLINK: u8 = 20;
const EXTENDED: u8 = 200;
/// Read, write, create, truncate.
const FLAGS: [u8; 4] = [0, 0, 0, 0x1b];

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()[..], bytes].concat()
}

fn packet(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    string(&[&[kind, 0, 0, 0, 1], &parts.concat()[..]].concat())
}

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let paths: Vec<Vec<u8>> = vec![
        b"../settings/1".to_vec(),
        b"/etc/passwd".to_vec(),
        b"/proc/self/mem".to_vec(),
        b"a/../../settings".to_vec(),
        b"x\0.pem".to_vec(),
        b"x\n.pem".to_vec(),
        b"x\x1b[2J.pem".to_vec(),
        b"\xff\xfe.pem".to_vec(),
        b".hidden".to_vec(),
        vec![b'x'; 200_000],
        Vec::new(),
    ];
    let nothing = [0; 4];
    let mut hostile: Vec<Vec<u8>> = Vec::new();
    for path in &paths {
        let path = string(path);
        hostile.push(packet(OPEN, &[&path, &FLAGS, &nothing]));
        hostile.push(packet(REMOVE, &[&path]));
        hostile.push(packet(MKDIR, &[&path, &nothing]));
        hostile.push(packet(READLINK, &[&path]));
        hostile.push(packet(SETSTAT, &[&path, &nothing]));
        hostile.push(packet(RENAME, &[&path, &string(b"x.pem")]));
        hostile.push(packet(SYMLINK, &[&string(b"/data/settings"), &path]));
        hostile.push(packet(EXTENDED, &[&string(b"hardlink@openssh.com"), &string(b"live.json"), &path]));
    }
    let begin = string(&[1, 0, 0, 0, 3]);
    let mut session = begin.clone();
    hostile.iter().for_each(|packet| session.extend(packet));
    let mut sessions = vec![session];
    // Each of these may end its connection, and no other.
    for end in [
        vec![0xff; 64],
        vec![0, 0, 0, 0],
        vec![0x7f, 0xff, 0xff, 0xff, 3],
        [packet(OPEN, &[&u32::MAX.to_be_bytes()]), vec![0; 8]].concat(),
        packet(OPEN, &[&string(b"half.pem"), &FLAGS]),
        packet(6, &[&string(b"no handle"), &[0xff; 8], &string(&[0; 1000])]),
    ] {
        sessions.push([begin.clone(), end].concat());
    }
    for bytes in &sessions {
        let mut command = client.program("ssh");
        command.args(["-s"]).arg(client.destination()).arg("sftp");
        process::run(&mut command, bytes, ANSWER)?;
    }
    let listing = client.sftp("ls -1a\n", ANSWER)?;
    expect::code(&listing, 0)?;
    for name in ["hidden", ".pem", "xxx", "settings", "etc"] {
        expect::lacks(&listing.stdout, name)?;
    }
    ensure!(!listing.stdout.contains('\u{1b}'), "a name with control characters is listed");
    expect::holds(&appliance.command("user list")?, "admin       admin")
}
