//! Programs of the image that mmpd runs: by full path, with a clean environment, and never past a deadline.

use std::{
    io::{self, Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longest run.
const DEADLINE: Duration = Duration::from_secs(60);

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started or talked to.
    #[error("cannot run `{program}`")]
    Run {
        /// Which.
        program: String,
        /// Cause.
        source: io::Error,
    },
    /// It said no.
    #[error("`{program}` failed: {said}")]
    Failed {
        /// Which.
        program: String,
        /// Its last words.
        said: String,
    },
    /// It did not end.
    #[error("`{0}` did not end in time")]
    TooLong(String),
}

/// Runs to the end; what it printed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String, ProcessError> {
    execute(program, arguments, None, DEADLINE)
}

/// As [`run`], for a program that must come to its end sooner.
pub fn run_within(program: &str, arguments: &[&str], deadline: Duration) -> Result<String, ProcessError> {
    execute(program, arguments, None, deadline)
}

/// As [`run`], with text on its standard input.
pub fn feed(program: &str, arguments: &[&str], input: &str) -> Result<(), ProcessError> {
    execute(program, arguments, Some(input), DEADLINE).map(|_| ())
}

fn execute(program: &str, arguments: &[&str], input: Option<&str>, deadline: Duration) -> Result<String, ProcessError> {
    let fail = |source| ProcessError::Run { program: program.to_owned(), source };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(fail)?;
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        pipe.write_all(text.as_bytes()).map_err(fail)?;
    }
    finish(program, child, deadline)
}

/// Waits for the end; a program that does not come to it is killed.
fn finish(program: &str, mut child: Child, deadline: Duration) -> Result<String, ProcessError> {
    let fail = |source| ProcessError::Run { program: program.to_owned(), source };
    let (done, over) = mpsc::channel::<()>();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("process numbers are positive and small"));
    let guard = thread::spawn(move || {
        // The sender is dropped at the end of the program, which wakes this at once.
        let timed_out = over.recv_timeout(deadline) == Err(mpsc::RecvTimeoutError::Timeout);
        if timed_out {
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        }
        timed_out
    });
    let errors = child.stderr.take().map(|mut pipe| {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            text
        })
    });
    let mut output = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut output).map_err(fail)?;
    }
    let said = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
    // The deadline ends before the number can be another program's: nobody has waited for it yet.
    drop(done);
    let timed_out = guard.join().unwrap_or(false);
    let status = child.wait().map_err(fail)?;
    if timed_out {
        return Err(ProcessError::TooLong(program.to_owned()));
    }
    if !status.success() {
        let said = String::from_utf8_lossy(if said.is_empty() { &output } else { &said });
        let said = said.lines().last().unwrap_or("no reason given").to_owned();
        return Err(ProcessError::Failed { program: program.to_owned(), said });
    }
    Ok(String::from_utf8_lossy(&output).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_prints_is_returned_and_its_failure_has_its_last_words() {
        assert_eq!(run("/bin/echo", &["hello"]).unwrap(), "hello\n");
        let error = run("/bin/ls", &["/nowhere/at/all"]).unwrap_err().to_string();
        assert!(error.starts_with("`/bin/ls` failed: ") && error.contains("nowhere"), "{error}");
        assert!(feed("/bin/cat", &[], "text").is_ok());
    }
}
