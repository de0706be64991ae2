//! A dialogue on a terminal: what is typed, and waiting for what is shown.
//!
//! Invariants: a reader thread takes everything at once, whether somebody waits or not; a wait ends at its text, at its
//! deadline or when the peer has gone, and says what was shown instead; text already matched is not matched again.

use std::{
    io::{Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::screen::{Screen, spelt_out};

/// Lines of a report about what was shown.
const REPORTED: usize = 30;

/// What the built-in pager shows while it waits for a key.
const PAGER: &str = "--More--";

/// One terminal with somebody on the other side.
pub struct Terminal {
    name: String,
    shared: Arc<Shared>,
    writer: Box<dyn Write + Send>,
    /// Row from which on nothing was matched.
    mark: usize,
    /// Column of `mark` up to which text was matched.
    mark_column: usize,
}

struct Shared {
    seen: Mutex<Seen>,
    more: Condvar,
}

#[derive(Default)]
struct Seen {
    screen: Screen,
    raw: Vec<u8>,
    closed: bool,
    last: Option<Instant>,
}

/// Text that must not be there while something else is waited for.
const FATAL: [&str; 2] = ["Kernel panic", "BUG: unable to handle"];

impl Terminal {
    /// Starts to read.
    pub fn new(name: &str, mut reader: impl Read + Send + 'static, writer: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared { seen: Mutex::new(Seen::default()), more: Condvar::new() });
        let feeding = Arc::clone(&shared);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = match reader.read(&mut buffer) {
                    Ok(count) => count,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(_) => 0,
                };
                let mut seen = lock(&feeding.seen);
                if count == 0 {
                    seen.closed = true;
                } else {
                    seen.screen.feed(&buffer[..count]);
                    seen.raw.extend_from_slice(&buffer[..count]);
                    seen.last = Some(Instant::now());
                }
                feeding.more.notify_all();
                if count == 0 {
                    break;
                }
            }
        });
        Self { name: name.into(), shared, writer: Box::new(writer), mark: 0, mark_column: 0 }
    }

    /// Types `text` as it is.
    pub fn send(&mut self, text: &str) -> Result<()> {
        self.writer
            .write_all(text.as_bytes())
            .and_then(|()| self.writer.flush())
            .with_context(|| format!("cannot type on {}", self.name))
    }

    /// Types `text` and the Return key.
    pub fn send_line(&mut self, text: &str) -> Result<()> {
        self.send(&format!("{text}\r"))
    }

    /// Forgets what was shown until now.
    pub fn skip(&mut self) {
        let seen = lock(&self.shared.seen);
        (self.mark, self.mark_column) = (seen.screen.row(), seen.screen.current_line().chars().count());
    }

    /// Waits for `wanted`; the text before it since the last match.
    pub fn expect(&mut self, wanted: &str, within: Duration) -> Result<String> {
        Ok(self.expect_any(&[wanted], within)?.1)
    }

    /// Waits for one of `wanted`, the earliest in the text; which one, and the text before it.
    pub fn expect_any(&mut self, wanted: &[&str], within: Duration) -> Result<(usize, String)> {
        let (mark, column) = (self.mark, self.mark_column);
        let description = wanted.join("\" or \"");
        let (found, before, end) = self.wait(&format!("\"{description}\""), within, |seen| {
            let text: String = seen.screen.text_from(mark).chars().skip(column).collect();
            let (at, which) = wanted.iter().enumerate().filter_map(|(i, w)| Some((text.find(w)?, i))).min()?;
            let before = text[..at].to_owned();
            Some((which, before, text[..at + wanted[which].len()].to_owned()))
        })?;
        // The mark moves on: down the lines matched, and to the column behind the match in the last of them.
        let lines: Vec<&str> = end.split('\n').collect();
        let last = lines.last().map_or(0, |line| line.chars().count());
        if lines.len() == 1 {
            self.mark_column += last;
        } else {
            let seen = lock(&self.shared.seen);
            for _ in 1..lines.len() {
                self.mark = seen.screen.end_of_line(self.mark);
            }
            self.mark_column = last;
        }
        Ok((found, before))
    }

    /// Waits until the line of the cursor is `prompt`, with nothing typed behind it.
    pub fn expect_prompt(&mut self, prompt: &str, within: Duration) -> Result<()> {
        let prompt = prompt.trim_end();
        let row = self.wait(&format!("the prompt \"{prompt}\""), within, |seen| {
            (seen.screen.current_line() == prompt).then(|| seen.screen.row())
        })?;
        (self.mark, self.mark_column) = (row, prompt.chars().count());
        Ok(())
    }

    /// Presses Ctrl-C and waits for the prompt that follows, whatever went before.
    pub fn interrupt(&mut self, prompt: &str, within: Duration) -> Result<()> {
        let prompt = prompt.trim_end();
        let before = lock(&self.shared.seen).raw.len();
        self.send("\x03")?;
        let row = self.wait(&format!("the prompt \"{prompt}\" after Ctrl-C"), within, |seen| {
            // It may be drawn in the very line that the key was pressed in, behind what the terminal still showed of it.
            let drawn = String::from_utf8_lossy(&seen.raw[before..]).contains(prompt);
            (drawn && seen.screen.current_line().ends_with(prompt)).then(|| seen.screen.row())
        })?;
        if lock(&self.shared.seen).screen.current_line() != prompt {
            (self.mark, self.mark_column) = (row + 1, 0);
            self.send("\r")?;
            return self.expect_prompt(prompt, within);
        }
        (self.mark, self.mark_column) = (row, prompt.chars().count());
        Ok(())
    }

    /// Types a command at `prompt` and waits for the next prompt; what was printed in between.
    pub fn command(&mut self, prompt: &str, line: &str, within: Duration) -> Result<String> {
        self.expect_prompt(prompt, within)?;
        let start = self.mark;
        self.send_line(line)?;
        let prompt = prompt.trim_end();
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let paged = self.wait(&format!("the prompt \"{prompt}\" after \"{line}\""), left, |seen| {
                let now = seen.screen.current_line();
                if now == prompt && seen.screen.row() > start {
                    Some(false)
                } else {
                    now.contains(PAGER).then_some(true)
                }
            })?;
            if !paged {
                break;
            }
            self.send(" ")?;
            self.wait("the next page", left, |seen| (!seen.screen.current_line().contains(PAGER)).then_some(()))?;
        }
        let seen = lock(&self.shared.seen);
        let row = seen.screen.row();
        (self.mark, self.mark_column) = (row, prompt.chars().count());
        let text = seen.screen.text_from(seen.screen.end_of_line(start));
        let text = text.strip_suffix(prompt).unwrap_or(&text);
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// Waits until the peer has gone; all that was shown since the last match.
    pub fn expect_end(&mut self, within: Duration) -> Result<String> {
        let deadline = Instant::now() + within;
        let mut seen = lock(&self.shared.seen);
        while !seen.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("{}: still there after {} s; shown: {}", self.name, within.as_secs(), tail(&seen));
            }
            seen = wait_on(&self.shared.more, seen, left);
        }
        Ok(seen.screen.text_from(self.mark).chars().skip(self.mark_column).collect())
    }

    /// Everything that was shown, as text.
    pub fn transcript(&self) -> String {
        lock(&self.shared.seen).screen.text_from(0)
    }

    /// Everything that came, with control characters spelt out.
    pub fn raw(&self) -> String {
        spelt_out(&lock(&self.shared.seen).raw)
    }

    /// When something came last.
    pub fn last_heard(&self) -> Option<Instant> {
        lock(&self.shared.seen).last
    }

    /// Writes all that was shown to a file.
    pub fn save(&self, file: &Path) -> Result<()> {
        std::fs::write(file, self.transcript()).with_context(|| format!("cannot write {}", file.display()))
    }

    fn wait<T>(&self, what: &str, within: Duration, mut test: impl FnMut(&Seen) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + within;
        let mut seen = lock(&self.shared.seen);
        loop {
            if let Some(value) = test(&seen) {
                return Ok(value);
            }
            let shown: String = seen.screen.text_from(self.mark).chars().skip(self.mark_column).collect();
            if let Some(fatal) = FATAL.iter().find(|fatal| shown.contains(**fatal)) {
                bail!("{}: {fatal} while waiting for {what}; shown: {}", self.name, tail(&seen));
            }
            if seen.closed {
                bail!("{}: closed while waiting for {what}; shown: {}", self.name, tail(&seen));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("{}: no {what} within {:.0} s; shown: {}", self.name, within.as_secs_f64(), tail(&seen));
            }
            seen = wait_on(&self.shared.more, seen, left);
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // A reader that panicked leaves text that is still worth reading.
    seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn wait_on<'a>(more: &Condvar, seen: MutexGuard<'a, Seen>, left: Duration) -> MutexGuard<'a, Seen> {
    more.wait_timeout(seen, left).unwrap_or_else(std::sync::PoisonError::into_inner).0
}

fn tail(seen: &Seen) -> String {
    let text = seen.screen.text_from(0);
    let lines: Vec<&str> = text.lines().collect();
    format!("\n    | {}", lines[lines.len().saturating_sub(REPORTED)..].join("\n    | "))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    fn pair() -> (Terminal, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Terminal::new("test", ours.try_clone().unwrap(), ours), theirs)
    }

    #[test]
    fn text_is_matched_once_and_what_stood_before_it_is_returned() {
        let (mut terminal, mut peer) = pair();
        peer.write_all(b"Welcome\r\ncms login: ").unwrap();
        assert_eq!(terminal.expect("login:", SOON).unwrap(), "Welcome\ncms ");
        peer.write_all(b"admin\r\nLogin incorrect\r\ncms login: ").unwrap();
        assert_eq!(terminal.expect("login:", SOON).unwrap(), " admin\nLogin incorrect\ncms ");
        assert!(terminal.expect("login:", Duration::from_millis(50)).is_err());
    }

    #[test]
    fn the_earliest_of_several_texts_is_found() {
        let (mut terminal, mut peer) = pair();
        peer.write_all(b"one two three").unwrap();
        assert_eq!(terminal.expect_any(&["three", "two"], SOON).unwrap(), (1, "one ".into()));
        assert_eq!(terminal.expect_any(&["three", "two"], SOON).unwrap().0, 0);
    }

    #[test]
    fn a_command_gives_what_was_printed_before_the_next_prompt() {
        let (mut terminal, mut peer) = pair();
        peer.write_all(b"cms> ").unwrap();
        let mut echo = peer.try_clone().unwrap();
        let answer = thread::spawn(move || {
            let mut typed = [0; 4];
            peer.read_exact(&mut typed).unwrap();
            echo.write_all(b"\r\x1b[Kcms> d\r\x1b[Kcms> dns\r\nForward zones:\r\n    none\r\n\r\x1b[Kcms> ").unwrap();
            typed
        });
        assert_eq!(terminal.command("cms> ", "dns", SOON).unwrap(), "Forward zones:\n    none");
        assert_eq!(&answer.join().unwrap(), b"dns\r");
    }

    #[test]
    fn an_interrupt_waits_for_a_prompt_drawn_after_it() {
        let (mut terminal, mut peer) = pair();
        peer.write_all(b"cms> ping 192.0.2.1\r\nPING 192.0.2.1").unwrap();
        terminal.expect("PING", SOON).unwrap();
        let answer = thread::spawn(move || {
            peer.read_exact(&mut [0]).unwrap();
            peer.write_all(b"^C\r\x1b[Kcms> ").unwrap();
            peer
        });
        terminal.interrupt("cms>", SOON).unwrap();
        answer.join().unwrap();
    }

    #[test]
    fn a_panic_of_the_kernel_ends_the_wait_at_once() {
        let (mut terminal, mut peer) = pair();
        peer.write_all(b"[ 1.0] Kernel panic - not syncing\r\n").unwrap();
        let error = terminal.expect("login:", Duration::from_secs(3600)).unwrap_err().to_string();
        assert!(error.contains("Kernel panic while waiting for \"login:\""), "{error}");
    }

    #[test]
    fn a_peer_that_goes_ends_the_wait_and_what_it_said_is_reported() {
        let (mut terminal, mut peer) = pair();
        peer.write_all(b"bye").unwrap();
        drop(peer);
        let error = terminal.expect("login:", Duration::from_secs(3600)).unwrap_err().to_string();
        assert!(error.contains("closed") && error.contains("| bye"), "{error}");
        assert_eq!(terminal.expect_end(SOON).unwrap(), "bye");
    }
}
