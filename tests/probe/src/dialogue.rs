//! A shell on a pseudo-terminal of its own, typed at and timed.
//!
//! Invariant: a time ends when the prompt stands in the last line, so whatever the shell does before it asks for the next
//! line is in it.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::{Winsize, openpty},
};

/// Longest time that a step may take.
const STEP: Duration = Duration::from_secs(30);
/// The factory account.
pub const USER: u32 = 10_000;
/// The group of all accounts.
pub const GROUP: u32 = 700;

/// An open shell.
pub struct Shell {
    child: Child,
    terminal: File,
    shown: Vec<u8>,
    /// From the start of the program to its first prompt, or to its first question.
    pub started: Duration,
}

impl Shell {
    /// Starts a program as an account and waits for one of `prompts`.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        account: Option<(u32, u32)>,
        prompts: &[&str],
    ) -> io::Result<Self> {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None)?;
        let slave = |fd: &OwnedFd| fd.try_clone().map(Stdio::from);
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("TERM", "vt220").env("HOME", "/nonexistent");
        command.stdin(slave(&pair.slave)?).stdout(slave(&pair.slave)?).stderr(slave(&pair.slave)?);
        if let Some((user, group)) = account {
            nix::unistd::fchown(&pair.slave, Some(user.into()), Some(group.into()))?;
            command.uid(user).gid(group);
        }
        let before = Instant::now();
        let child = command.spawn()?;
        // The terminal closes when the program ends, not when this one does.
        drop((command, pair.slave));
        let mut shell = Self { child, terminal: File::from(pair.master), shown: Vec::new(), started: Duration::ZERO };
        shell.wait(prompts)?;
        shell.started = before.elapsed();
        Ok(shell)
    }

    /// Answers a question and waits for one of `prompts`; what was shown meanwhile.
    pub fn answer(&mut self, text: &str, prompts: &[&str]) -> io::Result<String> {
        self.shown.clear();
        self.terminal.write_all(text.as_bytes())?;
        self.terminal.write_all(b"\r")?;
        self.wait(prompts)?;
        Ok(String::from_utf8_lossy(&self.shown).into_owned())
    }

    /// Types a line and the Return key: from Return to the next prompt, and what was shown between.
    pub fn command(&mut self, line: &str, prompt: &str) -> io::Result<(Duration, String)> {
        self.shown.clear();
        self.terminal.write_all(line.as_bytes())?;
        self.until(line, |shown| visible(shown).ends_with(line))?;
        self.shown.clear();
        let before = Instant::now();
        self.terminal.write_all(b"\r")?;
        self.until(prompt, |shown| {
            let text = visible(shown);
            text.rsplit_once('\n').is_some_and(|(_, last)| last == prompt)
        })?;
        Ok((before.elapsed(), visible(&self.shown)))
    }

    fn wait(&mut self, prompts: &[&str]) -> io::Result<()> {
        self.until(&prompts.join("\" or \""), |shown| {
            let text = visible(shown);
            prompts.iter().any(|prompt| text.ends_with(prompt))
        })
    }

    fn until(&mut self, what: &str, found: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + STEP;
        while !found(&self.shown) {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut waits = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            let ready = poll(&mut waits, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX))?;
            let mut buffer = [0; 4096];
            // A terminal whose program has ended gives an error, not an end.
            let count = if ready == 0 { 0 } else { self.terminal.read(&mut buffer).unwrap_or(0) };
            if count == 0 {
                let shown = visible(&self.shown);
                return Err(io::Error::other(format!("the shell shows no \"{what}\" but \"{}\"", shown.trim())));
            }
            self.shown.extend_from_slice(&buffer[..count]);
        }
        Ok(())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a reader of the terminal sees of its last line, near enough: without escape sequences, a carriage return starts
/// the line again.
fn visible(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut characters = String::from_utf8_lossy(bytes).chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                if characters.next_if_eq(&'[').is_some() {
                    // Parameters, then one letter.
                    while characters.next().is_some_and(|next| !next.is_ascii_alphabetic()) {}
                }
            }
            '\r' if characters.peek() == Some(&'\n') => {}
            // Back to the column of the cursor comes as a return and a move to the right: nothing is erased by it.
            '\r' if moves_only(characters.clone()) => {}
            '\r' => text.truncate(text.rfind('\n').map_or(0, |at| at + 1)),
            other => text.push(other),
        }
    }
    text
}

/// Is what follows a return a move to the right and nothing else?
fn moves_only(mut rest: impl Iterator<Item = char>) -> bool {
    if (rest.next(), rest.next()) != (Some('\u{1b}'), Some('[')) {
        return false;
    }
    rest.find(|character| !character.is_ascii_digit()) == Some('C')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_drawn_again_is_seen_once() {
        assert_eq!(visible(b"\r\x1b[Kcms> d\r\x1b[6C\r\x1b[Kcms> dn\r\x1b[7C"), "cms> dn");
        assert_eq!(visible(b"\r\nForward zones:\r\n\r\x1b[Kcms> \r\x1b[5C"), "\nForward zones:\ncms> ");
    }

    #[test]
    fn a_command_is_timed_from_return_to_the_prompt() {
        let script = "stty -echo; printf 'x> '; while read line; do printf '%s\\nyes\\nx> ' \"$line\"; done";
        let mut shell = Shell::start(Path::new("/bin/sh"), &["-c", script], None, &["x> "]).unwrap();
        let answer = shell.answer("one", &["x> "]).unwrap();
        assert!(answer.contains("yes"), "{answer}");
        assert!(shell.started < Duration::from_secs(20));
    }

    #[test]
    fn a_program_that_ends_is_told_with_its_last_words() {
        let error = Shell::start(Path::new("/bin/sh"), &["-c", "echo bye"], None, &["x> "]).err().unwrap();
        assert!(error.to_string().contains("bye"), "{error}");
    }
}
