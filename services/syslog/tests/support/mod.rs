//! A log in memory, a worker on it, and log servers that behave badly.
#![allow(dead_code)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::panic)] // a failed expectation is the end of the test

use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use mmp_log::{
    Facility, Level, Record, Source,
    forward::{Log, Status, Target},
};
use mmp_model::syslog::{Server, Transport};
use rustls::ClientConfig;
use syslog::{
    status::Board,
    worker::{Times, Worker},
};

/// A log whose lines have their number as their place; the oldest can be pushed out.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    first: u64,
    lines: Vec<String>,
}

impl Memory {
    /// Appends a line.
    pub fn write(&self, text: String) {
        self.0.lock().unwrap().lines.push(text);
    }

    /// Pushes out all but the newest lines.
    pub fn keep_last(&self, count: usize) {
        let mut kept = self.0.lock().unwrap();
        let gone = kept.lines.len() - count;
        kept.lines.drain(..gone);
        kept.first += gone as u64;
    }

    /// Reads it from its oldest line on.
    pub fn source(&self) -> Box<dyn Source> {
        Box::new(Reader { log: self.clone(), next: 1 })
    }
}

struct Reader {
    log: Memory,
    next: u64,
}

impl Source for Reader {
    fn next(&mut self) -> io::Result<Option<Record>> {
        let kept = self.log.0.lock().unwrap();
        let at = (self.next - 1).max(kept.first);
        let Some(text) = kept.lines.get(usize::try_from(at - kept.first).unwrap()) else { return Ok(None) };
        self.next = at + 2;
        Ok(Some(Record::new(0, Facility::USER, Level::INFO, "cms", "test", text)))
    }
    fn place(&self) -> io::Result<String> {
        Ok((self.next - 1).to_string())
    }
    fn seek_head(&mut self) -> io::Result<()> {
        self.next = 1;
        Ok(())
    }
    fn seek_last(&mut self, count: u64) -> io::Result<()> {
        let kept = self.log.0.lock().unwrap();
        self.next = (kept.first + kept.lines.len() as u64 + 1).saturating_sub(count).max(1);
        Ok(())
    }
    fn seek_after(&mut self, place: &str) -> io::Result<bool> {
        self.next = place.parse::<u64>().unwrap() + 1;
        Ok(true)
    }
    fn changes(&self) -> Option<BorrowedFd<'_>> {
        None
    }
    fn refresh(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A worker in a thread of its own.
pub struct Forwarder {
    board: Arc<Board>,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    /// Hands the log on to a port of this machine.
    pub fn start(log: &Memory, port: u16, transport: Transport, tls: Option<Arc<ClientConfig>>, state: &Path) -> Self {
        Self::to("127.0.0.1", log, port, transport, tls, state)
    }

    /// Hands the log on to a server by this name.
    pub fn to(
        host: &str,
        log: &Memory,
        port: u16,
        transport: Transport,
        tls: Option<Arc<ClientConfig>>,
        state: &Path,
    ) -> Self {
        let server = Server { host: host.parse().unwrap(), port: port.to_string().parse().unwrap(), transport };
        let target = Target { log: Log::System, server };
        let board = Arc::new(Board::new(std::slice::from_ref(&target)));
        let (stop, stopping): (PipeReader, PipeWriter) = io::pipe().unwrap();
        let (log, shared, state) = (log.clone(), Arc::clone(&board), state.join("position"));
        let times = Times {
            first_retry: Duration::from_millis(5),
            longest_retry: Duration::from_millis(20),
            connect: Duration::from_secs(5),
            farewell: Duration::from_secs(5),
        };
        let thread = std::thread::spawn(move || {
            let host = "cms".to_owned();
            Worker { target, board: &shared, index: 0, tls, times, stop: stop.as_fd(), host }
                .run(&|| Ok(log.source()), &state);
        });
        Self { board, stop: Some(stopping), thread: Some(thread) }
    }

    /// What it tells of itself.
    pub fn status(&self) -> Status {
        self.board.of(0).unwrap()
    }

    /// Ends it in an orderly way.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for something that has to come.
pub fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_micros(300));
    }
}

/// Whether a position was kept: from then on every line is for the server.
pub fn is_there(position: &Path) -> bool {
    position.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

/// The text of a message behind its header.
pub fn text(message: &str) -> &str {
    message.split_once("] ").or_else(|| message.split_once(" - - - ")).unwrap_or_else(|| panic!("{message:?}")).1
}
