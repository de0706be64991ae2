//! A damaged, cut, huge or foreign file, another release's, a wrong key, and a name that does not exist: each is one clear
//! line, and nothing is changed. What may not be confirmed is not.

use std::fs;

use anyhow::{Result, ensure};
use harness::appliance::ANSWER;

use super::{begin_rollback, get, put, snapshot};
use crate::{expect, stage::Stage};

const CORRUPT: &str = "Backup file is corrupt";
const RELEASE: &str = "Backup was made with a different software version";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    expect::same(&appliance.command("backup list")?, "")?;
    let text = snapshot(appliance, "good")?;
    expect::holds(&text, "write down the key that `backup key` shows")?;
    expect::holds(&appliance.command("backup snapshot good")?, "Backup already exists: good")?;
    expect::same(&appliance.command("backup list")?, "good")?;
    expect::holds(&appliance.command("backup rollback none")?, "No such backup: none")?;
    // Once the key has been shown it is not spoken of again.
    let key = appliance.command("backup key")?;
    ensure!(key.split('-').count() == 8 && key.len() == 39, "the key is \"{key}\"");
    expect::lacks(&snapshot(appliance, "second")?, "backup key")?;

    let good = get(appliance, "good.bak", &path("good.bak"))?;
    let readable = String::from_utf8(get(appliance, "good.json", &path("good.json"))?)?;
    for secret in ["$y$", key.as_str()] {
        expect::lacks(&readable, secret)?;
        ensure!(!good.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret} is in the file");
    }
    let before = appliance.generations()?;
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let middle = good.len() / 2;
    let last = good.len() - 1;
    let version = find(&good, b"\"release\":\"") + b"\"release\":\"".len();
    let owner = find(&good, b"\"key\":\"") + b"\"key\":\"".len();
    for (name, bytes, line) in [
        ("flipped", changed(&|bytes| bytes[last] ^= 1), CORRUPT),
        ("head", changed(&|bytes| bytes[find(&good, b"\"made\":") + 7] ^= 1), CORRUPT),
        ("cut", changed(&|bytes| bytes.truncate(middle)), CORRUPT),
        ("empty", Vec::new(), CORRUPT),
        ("text", b"not a backup at all\n".to_vec(), CORRUPT),
        ("huge", vec![0; 17 << 20], CORRUPT),
        ("release", changed(&|bytes| bytes[version] = b'9'), RELEASE),
    ] {
        let file = path(name);
        fs::write(&file, bytes)?;
        put(appliance, &file, &format!("{name}.bak"))?;
        let text = appliance.command(&format!("backup rollback {name}"))?;
        expect::holds(&text, line)?;
        expect::holds(&text, "Nothing was changed")?;
        expect::lacks(&text, "(Y/n)")?;
    }
    // The file of another appliance, as far as its head says: with a wrong key, with no key, and with this one's.
    fs::write(path("other"), changed(&|bytes| bytes[owner..owner + 4].copy_from_slice(b"0000")))?;
    put(appliance, &path("other"), "other.bak")?;
    for (typed, line) in [("", "Invalid backup key"), ("7K3M-7K3M", "Invalid backup key"), (&key, "Wrong backup key")] {
        begin_rollback(appliance, "other")?;
        let prompt = appliance.prompt.clone();
        let console = &mut appliance.machine.console;
        console.send_line("Y")?;
        console.expect("Please enter the backup key of the appliance that took it:", ANSWER)?;
        console.send_line(typed)?;
        console.expect(line, ANSWER)?;
        console.expect_prompt(&prompt, ANSWER)?;
    }
    begin_rollback(appliance, "good")?;
    let prompt = appliance.prompt.clone();
    let console = &mut appliance.machine.console;
    console.send_line("y")?;
    console.expect("Aborted", ANSWER)?;
    console.expect_prompt(&prompt, ANSWER)?;
    ensure!(appliance.generations()? == before, "settings were written");
    Ok(())
}

/// Where a text is in the readable part of a backup.
fn find(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).position(|part| part == text).unwrap_or(0)
}
