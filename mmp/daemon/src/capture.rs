//! `pcap` (`mmp.md` section 22): packets of an interface into a file of the SFTP folder.
//!
//! mmpd opens the socket and the file; a program without rights of its own copies from one to the other, so that no
//! packet is looked into here. The file has its name from the start and holds whole records, so that it can be read
//! whatever ends the capture: Ctrl-C, a bound, the session's end, mmpd's or the machine's.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::OpenOptionsExt, net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, Command},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mmp_control::{Answer, Ask, Kind, Refusal, Reply, request::Pcap};
use mmp_model::{
    FileName, Letter,
    capture::{RESERVE, Seconds},
};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::statvfs::statvfs,
};

use crate::{
    apply::packets,
    connection::{Connection, ConnectionError},
    durable, journal,
    observe::{clock, links},
};

/// The program.
const PROGRAM: &str = "/usr/lib/rostrum/mmp-capture";
/// The kernel's number of the user `nobody`.
const NOBODY: u32 = 65_534;
/// A capture without a bound of its own ends after a day.
const LONGEST: u64 = 86_400;
/// From the wish to stop to the last word.
const LAST_WORD: Duration = Duration::from_secs(10);

/// The one capture that may run, and who runs it.
#[derive(Debug, Default)]
pub struct Running(Mutex<Option<String>>);

/// The right to run it, until it is dropped.
struct Turn<'a>(&'a Running);

impl Running {
    fn begin(&self, who: &str) -> Result<Turn<'_>, Refusal> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = &*running {
            return Err(Refusal::new(Kind::Conflict, format!("A capture is running already, started by {other}"))
                .hint("one capture runs at a time; try again when it has ended"));
        }
        *running = Some(who.to_owned());
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Captures until something ends it; the answer that ends the request.
pub fn run(
    running: &Running,
    (letter, ask): (Letter, &Pcap),
    (who, folder): (&str, &Path),
    connection: &mut Connection,
) -> Result<Answer, ConnectionError> {
    let begun = running.begin(who).and_then(|turn| Ok((turn, begin(letter, ask, folder)?)));
    let (_turn, mut begun) = match begun {
        Ok(begun) => begun,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    let told = connection
        .send(&Answer::Text(format!("Capturing on interface {letter}. Press Ctrl-C to stop\n")))
        .and_then(|()| wait(&begun.line, connection));
    // Whatever ended the wait, the program comes to its end now, and the file with it.
    let report = begun.finish();
    let kept = begun.file.sync_all();
    told?;
    Ok(match (report, kept) {
        (Ok(report), Ok(())) => Answer::Done(Reply::Notice(report.text(&begun.name, ask))),
        (Err(error), _) | (_, Err(error)) => {
            journal::error(&format!("the capture on interface {letter} broke off: {error}"));
            let refusal = Refusal::new(Kind::Internal, format!("The capture broke off: {error}"));
            Answer::Refused(refusal.state(format!("{} holds what was captured", begun.name)))
        }
    })
}

/// A capture that goes on.
struct Begun {
    name: FileName,
    file: File,
    child: Child,
    line: UnixStream,
}

fn begin(letter: Letter, ask: &Pcap, folder: &Path) -> Result<Begun, Refusal> {
    if !links::is_present(letter) {
        return Err(Refusal::new(Kind::Unavailable, format!("The card of interface {letter} is missing"))
            .hint(format!("see `iface {letter}`")));
    }
    if !links::is_up(letter) {
        return Err(Refusal::new(Kind::Unavailable, format!("Interface {letter} is off"))
            .hint(format!("turn it on with `ipv4 {letter} enable` or `ipv6 {letter} enable`")));
    }
    let broken = |error: io::Error| Refusal::new(Kind::Internal, format!("The capture does not start: {error}"));
    let space = statvfs(folder).map_err(|error| broken(error.into()))?;
    let free = (space.blocks_available() * space.fragment_size()).saturating_sub(RESERVE);
    if free < 1 << 20 {
        return Err(Refusal::new(Kind::Unavailable, "No space left for a capture")
            .hint("remove files that are not needed; `df` shows the use"));
    }
    let socket = packets::open(letter).map_err(broken)?;
    let (name, file) = create(letter, folder).map_err(broken)?;
    let most = ask.size.map_or(free, |size| size.bytes().min(free));
    let time = ask.time.map_or(LONGEST, Seconds::count);
    let (line, far) = UnixStream::pair().map_err(broken)?;
    let mut command = Command::new(PROGRAM);
    command.args([most.to_string(), time.to_string()]).args(ask.filter.as_ref().map(ToString::to_string));
    command.env_clear().stdin(socket).stdout(file.try_clone().map_err(broken)?).stderr(OwnedFd::from(far));
    if nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let child = command.spawn().map_err(broken)?;
    Ok(Begun { name, file, child, line })
}

/// The file under its name, `<interface>-<time>.pcap` in UTC; durable, so that a power cut leaves it too.
fn create(letter: Letter, folder: &Path) -> io::Result<(FileName, File)> {
    fs::create_dir_all(folder)?;
    let mut at = clock::now();
    loop {
        let text = format!("{letter}-{}.pcap", clock::compact(at));
        let name: FileName = text.parse().map_err(io::Error::other)?;
        let path = folder.join(name.as_str());
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => at += 1,
            Err(error) => return Err(error),
            Ok(file) => {
                durable::sync_parent(&path)?;
                return Ok((name, file));
            }
        }
    }
}

/// Waits until the program has spoken its last word or the peer has had enough.
fn wait(line: &UnixStream, connection: &mut Connection) -> Result<(), ConnectionError> {
    let (spoke, asked) = {
        let mut both =
            [PollFd::new(line.as_fd(), PollFlags::POLLIN), PollFd::new(connection.as_fd(), PollFlags::POLLIN)];
        poll(&mut both, PollTimeout::NONE).map_err(io::Error::from)?;
        let ready = |fd: &PollFd| fd.any().unwrap_or(false);
        (ready(&both[0]), ready(&both[1]))
    };
    if asked && !spoke {
        // Whatever the peer says now, or its departure, ends the capture.
        let _ = connection.receive::<Ask>()?;
    }
    Ok(())
}

impl Begun {
    /// Ends the program and reads its last word.
    fn finish(&mut self) -> io::Result<Report> {
        let _ = self.line.shutdown(Shutdown::Write);
        self.line.set_read_timeout(Some(LAST_WORD))?;
        let mut said = String::new();
        let read = (&self.line).take(1024).read_to_string(&mut said);
        let _ = self.child.kill();
        self.child.wait()?;
        read?;
        Report::read(&said).ok_or_else(|| io::Error::other(said.strip_prefix("error ").unwrap_or(&said).to_owned()))
    }
}

/// The program's last word.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    reason: String,
    packets: u64,
    missed: u64,
}

impl Report {
    fn read(said: &str) -> Option<Self> {
        let mut words = said.split_whitespace();
        let report = Self {
            reason: words.next().filter(|reason| *reason != "error")?.to_owned(),
            packets: words.next()?.parse().ok()?,
            missed: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(report)
    }

    /// As the administrator reads it; the last line is the documented one.
    fn text(&self, name: &FileName, ask: &Pcap) -> String {
        let reason = match self.reason.as_str() {
            "size" if ask.size.is_some() => "The file has the size that was set. ",
            "size" | "space" => "The free space is used up. ",
            "time" => "The time is over. ",
            _ => "",
        };
        let Self { packets, missed, .. } = self;
        format!("{reason}{packets} packets captured, {missed} missed\nCapture saved to {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_capture_runs_at_a_time() {
        let running = Running::default();
        let turn = running.begin("admin").unwrap();
        let refusal = running.begin("root").err().unwrap();
        assert_eq!(refusal.message, "A capture is running already, started by admin");
        drop(turn);
        assert!(running.begin("root").is_ok());
    }

    #[test]
    fn the_last_word_becomes_the_documented_line() {
        let name: FileName = "a-20261005-130411.pcap".parse().unwrap();
        let text = Report::read("stopped 12 0").unwrap().text(&name, &Pcap::default());
        assert_eq!(text, "12 packets captured, 0 missed\nCapture saved to a-20261005-130411.pcap");
        let text = Report::read("size 12 3").unwrap().text(&name, &Pcap::default());
        assert!(text.starts_with("The free space is used up. 12 packets captured, 3 missed\n"));
        assert_eq!(Report::read("error Permission denied"), None);
        assert_eq!(Report::read(""), None);
    }

    #[test]
    fn two_captures_of_one_second_have_two_names() {
        let folder = tempfile::tempdir().unwrap();
        let (one, _) = create(Letter::A, folder.path()).unwrap();
        let (two, _) = create(Letter::A, folder.path()).unwrap();
        assert!(one != two && one.as_str().starts_with("a-2") && one.as_str().ends_with(".pcap"), "{one} {two}");
    }
}
