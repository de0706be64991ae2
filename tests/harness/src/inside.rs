//! The probe in a machine: how it gets in, and asking it.
//!
//! The kernel unpacks every archive of its initramfs one after the other, so a second archive behind the appliance's own
//! brings the program, and `rdinit=` starts it first. The image is the released one, byte for byte.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{Appliance, Builder, tools};
use anyhow::{Context as _, Result, bail};

/// Longest time that an answer takes: a few hundred commands under emulation.
const ANSWER: Duration = Duration::from_secs(180);
/// From power on to a prompt; counted time takes its time.
const BOOT: Duration = Duration::from_secs(300);

/// Puts the probe into machines that are about to start.
#[derive(Debug)]
pub struct Entrance {
    listener: UnixListener,
    socket: PathBuf,
    initramfs: PathBuf,
}

impl Entrance {
    /// For a machine whose own initramfs is `initramfs`; `folder` keeps the joined one.
    pub fn new(folder: &Path, initramfs: &Path) -> Result<Self> {
        let program = tools::target().join("x86_64-unknown-linux-gnu/release/probe");
        let program = fs::read(&program).with_context(|| format!("{} is missing", program.display()))?;
        let mut joined = fs::read(initramfs).with_context(|| format!("{}: build it first", initramfs.display()))?;
        joined.resize(joined.len().next_multiple_of(512), 0);
        joined.extend(archive("probe", &program));
        let (file, socket) = (folder.join("initramfs"), folder.join("probe"));
        fs::write(&file, joined)?;
        Ok(Self { listener: UnixListener::bind(&socket)?, socket, initramfs: file })
    }

    /// The machine with the probe in it.
    pub fn prepare(&self, builder: Builder) -> Builder {
        builder.append("rdinit=/probe").extra(&[
            "-chardev",
            &format!("socket,id=probe,path={}", self.socket.display()),
            "-serial",
            "chardev:probe",
            "-initrd",
            &self.initramfs.display().to_string(),
        ])
    }

    /// The probe of a machine that has started.
    pub fn probe(&self) -> Result<Probe> {
        // QEMU connects before it runs the guest, so this does not wait.
        let (stream, _) = self.listener.accept()?;
        stream.set_read_timeout(Some(ANSWER))?;
        Ok(Probe { reader: BufReader::new(stream.try_clone()?), writer: stream })
    }
}

/// The probe in a running machine.
#[derive(Debug)]
pub struct Probe {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Probe {
    /// Asks; the lines of the answer.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        writeln!(self.writer, "{question}")?;
        let mut text = String::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).with_context(|| format!("the probe does not answer \"{question}\""))?;
            match line.trim_end() {
                "." => break,
                "" if line.is_empty() => bail!("the machine has gone"),
                _ => text.push_str(&line),
            }
        }
        match text.strip_prefix("error: ") {
            Some(error) => bail!("{question}: {}", error.trim()),
            None => Ok(text),
        }
    }

    /// What the clocks say, by name: see `tests/probe/src/serve.rs`.
    pub fn clock(&mut self) -> Result<Clock> {
        let text = self.ask("clock")?;
        let field = |name: &str| -> Result<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).context("an answer without a clock")?;
            Ok(line.trim().parse()?)
        };
        Ok(Clock {
            first_program: field("first-program ")? / 1e9,
            prepared: field("prepared ")? / 1e9,
            console: field("console ")? / 1e9,
            idle: field("idle ")?,
        })
    }
}

/// Clocks of a machine, in seconds; all but the last are counter values, and seconds only where time is counted in
/// instructions.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Power on to the first program.
    pub first_program: f64,
    /// Power on to when the probe had done what it does at the start.
    pub prepared: f64,
    /// Power on to what was written to the console last.
    pub console: f64,
    /// Since the kernel's start, waited for something.
    pub idle: f64,
}

/// Boots to the login prompt.
pub fn boot(entrance: &Entrance, builder: Builder) -> Result<(Appliance, Probe)> {
    let mut appliance = entrance.prepare(builder).start()?;
    let probe = entrance.probe()?;
    appliance.machine.console.expect("login:", BOOT)?;
    Ok((appliance, probe))
}

/// An archive of the kernel's initramfs format ("newc") with one program.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, mode, content) in [(name, 0o100_755, content), ("TRAILER!!!", 0, &[][..])] {
        // Inode, mode, owner, group, links, time, size, four device numbers, length of the name, checksum.
        let numbers = [1, mode, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        bytes.extend(b"070701");
        bytes.extend(numbers.iter().flat_map(|number| format!("{number:08X}").into_bytes()));
        bytes.extend(name.bytes().chain([0]));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::archive;

    #[test]
    fn an_archive_is_a_header_a_name_the_content_and_an_end() {
        let bytes = archive("probe", b"abcde");
        assert_eq!(&bytes[..6], b"070701");
        assert_eq!(&bytes[110..116], b"probe\0");
        assert_eq!(&bytes[116..121], b"abcde");
        assert_eq!(&bytes[124..130], b"070701");
        assert!(bytes.ends_with(b"TRAILER!!!\0\0\0\0") || bytes[124..].windows(10).any(|part| part == b"TRAILER!!!"));
    }
}
