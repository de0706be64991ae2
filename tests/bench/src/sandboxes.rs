//! How much of the system each unit could reach if its program were taken over, by `systemd-analyze security`: 0 is
//! nothing, 10 everything. It reads the units of the built root; the program is the image's own systemd.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};
use harness::{process::run, tools};

use crate::table::Table;

/// What units of this project, and those that come from Debian, are to score at most.
const OURS: f64 = 1.5;
const DEBIANS: f64 = 4.5;
const LIMIT: Duration = Duration::from_secs(60);

/// A unit, its aim, and what it keeps that costs most of the points.
const UNITS: [(&str, f64, &str); 11] = [
    ("mmpd", OURS, "0.5 the network, 0.4 root's number, 0.3 becoming nobody for ping, 0.8 clock, button and consoles"),
    (
        "console@ttyS0",
        OURS,
        "0.5 its network (it may open no socket in it), 0.4 root's number, 0.3 becoming the account",
    ),
    ("sshd-keys", OURS, ""),
    ("nics", OURS, "0.5 the network, 0.4 root's number, 0.3 loading drivers"),
    ("syslog", OURS, ""),
    ("pkcs12@", OURS, ""),
    ("sshd", DEBIANS, "0.5 the network, 0.4 root's number, 0.3 becoming any account"),
    ("unbound", DEBIANS, "0.5 the network, 0.3 Internet sockets"),
    ("chrony", DEBIANS, "0.8 setting the clock, 0.5 the network, 0.4 starts as root"),
    ("systemd-journald", DEBIANS, "0.4 root's number, 0.3 looks up who wrote a line"),
    ("systemd-networkd", DEBIANS, "0.5 the network, 0.8 its rights over it"),
];

/// Adds a row for each unit.
pub fn measure(table: &mut Table) -> Result<()> {
    let analyze = Analyze::find()?;
    for (unit, aim, keeps) in UNITS {
        let score = analyze.score(&format!("{unit}.service"))?;
        let beside = if score > aim { format!("keeps: {keeps}") } else { String::new() };
        table.add(&format!("exposure of {unit}"), format!("{score:.1}"), &format!("{aim:.1}"), beside);
    }
    Ok(())
}

/// The program with its loader and libraries, as unpacked for the image.
struct Analyze {
    loader: PathBuf,
    libraries: String,
    program: PathBuf,
}

impl Analyze {
    fn find() -> Result<Self> {
        let packages = tools::image().join("packages");
        let mut folders: Vec<PathBuf> =
            fs::read_dir(&packages).context("unpacked packages")?.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        let having = |file: &str| {
            folders.iter().map(|folder| folder.join(file)).find(|path| path.is_file()).with_context(|| file.to_owned())
        };
        let library = Path::new("usr/lib/x86_64-linux-gnu");
        let places: Vec<String> = folders
            .iter()
            .flat_map(|folder| [folder.join(library), folder.join(library).join("systemd")])
            .filter(|folder| folder.is_dir())
            .map(|folder| folder.display().to_string())
            .collect();
        Ok(Self {
            loader: having("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")?,
            libraries: places.join(":"),
            program: having("usr/bin/systemd-analyze")?,
        })
    }

    fn score(&self, unit: &str) -> Result<f64> {
        let mut command = Command::new(&self.loader);
        command.arg("--library-path").arg(&self.libraries).arg(&self.program);
        command.args(["security", "--no-pager", "--offline=true"]);
        command.arg(format!("--root={}", tools::image().join("root").display())).arg(unit);
        command.env("SYSTEMD_COLORS", "0");
        let text = run(&mut command, b"", LIMIT)?.success("systemd-analyze")?;
        overall(&text).with_context(|| format!("no score of {unit} in: {text}"))
    }
}

/// The figure of the last line, `→ Overall exposure level for x.service: 2.2 OK`.
fn overall(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains("Overall exposure level"))?;
    line.rsplit_once(": ")?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::overall;

    #[test]
    fn the_score_is_in_the_last_line() {
        let text = "  NAME DESCRIPTION\n\n→ Overall exposure level for console@ttyS0.service: 2.2 OK 🙂\n";
        assert_eq!(overall(text), Some(2.2));
        assert_eq!(overall("Failed to load unit"), None);
    }
}
