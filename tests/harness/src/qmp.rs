//! QEMU's machine protocol: JSON lines on a unix socket.
//!
//! Invariant: events that come between a command and its answer are kept, in their order.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// Longest time that a command may take: a snapshot under load takes seconds.
const ANSWER: Duration = Duration::from_secs(120);

/// A connection.
#[derive(Debug)]
pub struct Qmp {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    /// The part of a line that came before a deadline.
    partial: Vec<u8>,
    events: VecDeque<Value>,
}

impl Qmp {
    /// Takes the greeting of a connected socket and enters command mode.
    pub fn new(stream: UnixStream) -> Result<Self> {
        let reader = BufReader::new(stream.try_clone()?);
        let mut qmp = Self { reader, writer: stream, partial: Vec::new(), events: VecDeque::new() };
        let greeting = qmp.line(Instant::now() + ANSWER)?;
        if greeting.get("QMP").is_none() {
            bail!("not a QMP greeting: {greeting}");
        }
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Connects to a socket that exists.
    pub fn connect(socket: &Path) -> Result<Self> {
        Self::new(UnixStream::connect(socket).with_context(|| format!("cannot connect to {}", socket.display()))?)
    }

    /// Runs a command; what it returned.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        let line = json!({ "execute": command, "arguments": arguments });
        writeln!(self.writer, "{line}").with_context(|| format!("cannot send {command}"))?;
        let deadline = Instant::now() + ANSWER;
        loop {
            let mut answer = self.line(deadline).with_context(|| format!("no answer to {command}"))?;
            if answer.get("event").is_some() {
                self.events.push_back(answer);
            } else if let Some(error) = answer.get("error") {
                bail!("{command}: {}", error["desc"].as_str().unwrap_or("failed without a reason"));
            } else {
                return Ok(answer["return"].take());
            }
        }
    }

    /// Runs a line of the human monitor, for what the protocol has no command; anything it prints is an error.
    pub fn monitor(&mut self, line: &str) -> Result<()> {
        match self.ask_monitor(line)?.trim() {
            "" => Ok(()),
            text => bail!("{line}: {text}"),
        }
    }

    /// Runs a line of the human monitor; what it printed.
    pub fn ask_monitor(&mut self, line: &str) -> Result<String> {
        let answer = self.execute("human-monitor-command", &json!({ "command-line": line }))?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Waits for an event, an earlier one counts as well; its data.
    pub fn event(&mut self, name: &str, within: Duration) -> Result<Value> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(at) = self.events.iter().position(|event| event["event"] == name) {
                return Ok(self.events.remove(at).map_or(Value::Null, |mut event| event["data"].take()));
            }
            let event = self.line(deadline).with_context(|| format!("no event {name}"))?;
            self.events.push_back(event);
        }
    }

    /// Forgets the events that came until now.
    pub fn forget_events(&mut self) {
        self.events.clear();
    }

    fn line(&mut self, deadline: Instant) -> Result<Value> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("QEMU does not answer");
            }
            self.reader.get_ref().set_read_timeout(Some(left))?;
            match self.reader.read_until(b'\n', &mut self.partial) {
                Ok(0) => bail!("QEMU has gone"),
                // With a command of ours unread, its end is a reset.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => bail!("QEMU has gone"),
                Ok(_) if self.partial.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.partial);
                    return serde_json::from_slice(&line).context("QEMU sent a line that is not JSON");
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot read from QEMU"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A QEMU that answers each line with the next of `answers`.
    fn fake(answers: &'static [&'static str]) -> Qmp {
        let (ours, theirs) = UnixStream::pair().unwrap();
        thread::spawn(move || {
            let mut writer = theirs.try_clone().unwrap();
            writer.write_all(b"{\"QMP\": {\"version\": {}}}\n").unwrap();
            let mut lines = BufReader::new(theirs).lines();
            lines.next().unwrap().unwrap();
            writer.write_all(b"{\"return\": {}}\n").unwrap();
            for answer in answers {
                lines.next().unwrap().unwrap();
                writer.write_all(answer.as_bytes()).unwrap();
            }
        });
        Qmp::new(ours).unwrap()
    }

    #[test]
    fn events_before_an_answer_are_kept() {
        let mut qmp =
            fake(&["{\"event\": \"STOP\"}\n{\"event\": \"RESET\", \"data\": {\"guest\": true}}\n{\"return\": 7}\n"]);
        assert_eq!(qmp.execute("stop", &json!({})).unwrap(), 7);
        assert_eq!(qmp.event("RESET", Duration::from_secs(1)).unwrap()["guest"], true);
        assert!(qmp.event("SHUTDOWN", Duration::from_millis(50)).is_err());
    }

    #[test]
    fn an_error_is_told_with_its_reason() {
        let mut qmp = fake(&["{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such device\"}}\n"]);
        let error = qmp.execute("set_link", &json!({ "name": "a", "up": false })).unwrap_err();
        assert_eq!(error.to_string(), "set_link: no such device");
    }

    #[test]
    fn what_the_monitor_prints_is_an_error() {
        let mut qmp = fake(&["{\"return\": \"\"}\n", "{\"return\": \"Error: snapshot missing\\r\\n\"}\n"]);
        qmp.monitor("savevm one").unwrap();
        assert_eq!(qmp.monitor("loadvm two").unwrap_err().to_string(), "loadvm two: Error: snapshot missing");
    }

    #[test]
    fn a_qemu_that_has_gone_is_said_so() {
        let mut qmp = fake(&[]);
        let error = format!("{:#}", qmp.execute("cont", &json!({})).unwrap_err());
        assert!(error.contains("QEMU has gone") || error.contains("cannot send"), "{error}");
    }
}
