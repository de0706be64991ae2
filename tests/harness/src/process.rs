//! Programs of the host: run to their end within a deadline, or kept until their value is dropped.
//!
//! Invariant: nothing outlives its value; a program that does not end in time is killed, and that is an error.

use std::{
    ffi::OsStr,
    io::{Read, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill, killpg},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// The exit code; a signal counts as 128 and its number.
    pub fn code(&self) -> i32 {
        use std::os::unix::process::ExitStatusExt as _;
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// Standard output of a program that must have succeeded.
    pub fn success(self, what: &str) -> Result<String> {
        if !self.status.success() {
            bail!("{what} failed ({}): {}{}", self.status, self.stderr.trim(), self.stdout.trim());
        }
        Ok(self.stdout)
    }
}

/// Runs a program to its end, with `input` on its standard input.
pub fn run(command: &mut Command, input: &[u8], within: Duration) -> Result<Outcome> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let stdout = collect(child.child.stdout.take());
    let stderr = collect(child.child.stderr.take());
    let mut stdin = child.child.stdin.take();
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        if let Some(stdin) = stdin.as_mut() {
            // A program may end without reading everything.
            let _ = stdin.write_all(&input);
        }
    });
    let status = child.wait(within);
    if status.is_err() {
        child.stop();
    }
    let texts = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    let _ = writer.join();
    let status = status.with_context(|| format!("{name}; it said: {}{}", texts.0.trim(), texts.1.trim()))?;
    Ok(Outcome { status, stdout: texts.0, stderr: texts.1 })
}

/// Runs a host program that must succeed; its standard output.
pub fn host<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(program: &str, arguments: I) -> Result<String> {
    run(Command::new(program).args(arguments), b"", Duration::from_secs(60))?.success(program)
}

/// Ends a process by its number without asking, as a power cut would; it may have ended already.
pub fn kill_at_once(id: u32) {
    let _ = kill(Pid::from_raw(id.cast_signed()), Signal::SIGKILL);
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before an error is still worth having.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A program that runs as long as this value lives.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    /// Gets one message when the program has ended.
    end: Receiver<()>,
}

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let name = Path::new(&name).file_name().map_or(name.clone(), |name| name.to_string_lossy().into_owned());
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let (ended, end) = channel();
        thread::spawn(move || {
            // WNOWAIT leaves the status to whoever owns the child.
            while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
            // Nobody listens any more when the value is gone.
            let _ = ended.send(());
        });
        Ok(Self { name, child, end })
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The pipes, if they were asked for.
    pub fn pipes(&mut self) -> Option<(std::process::ChildStdout, std::process::ChildStdin)> {
        Some((self.child.stdout.take()?, self.child.stdin.take()?))
    }

    /// Writes to its standard input, which has to be a pipe and stays open.
    pub fn type_in(&mut self, text: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().with_context(|| format!("{} has no standard input", self.name))?;
        stdin.write_all(text.as_bytes()).with_context(|| format!("cannot write to {}", self.name))
    }

    /// Has it ended?
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Waits for its end.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        // Whoever asks twice finds the channel closed, and the child's status kept.
        if let Err(RecvTimeoutError::Timeout) = self.end.recv_timeout(within) {
            bail!("{} still ran after {:.0} s", self.name, within.as_secs_f64());
        }
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Ends it and all that it started without asking, as a crash would. It has to lead a process group.
    pub fn kill_group(&mut self) {
        // It may have ended meanwhile.
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Ends it: asks first, insists after a second.
    pub fn stop(&mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        if matches!(self.ended(), Ok(None)) {
            // Both may fail only because it has ended meanwhile.
            let _ = kill(pid, Signal::SIGTERM);
            if self.wait(Duration::from_secs(1)).is_err() {
                let _ = self.child.kill();
            }
        }
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_status_of_a_program_are_returned() {
        let outcome =
            run(Command::new("sh").args(["-c", "cat; echo lost >&2; exit 3"]), b"found", Duration::from_secs(10))
                .unwrap();
        assert_eq!((outcome.code(), outcome.stdout.as_str(), outcome.stderr.as_str()), (3, "found", "lost\n"));
        assert!(outcome.success("the program").unwrap_err().to_string().contains("lost"));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_and_that_is_an_error() {
        let error = run(Command::new("sleep").arg("600"), b"", Duration::from_millis(50)).unwrap_err();
        assert!(format!("{error:#}").contains("still ran"), "{error:#}");
    }
}
