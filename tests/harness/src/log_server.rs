//! A syslog server over TCP that can be killed, frozen and started again.
//!
//! Invariants: it listens in the network of [`crate::lan`] only and ends with its value; a line is had when it was read
//! whole.

use std::{
    io::{ErrorKind, Read as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// How often its threads look whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// What it had over all its lives.
type Lines = Arc<Mutex<Vec<String>>>;

/// The server.
pub struct LogServer {
    place: (Ipv4Addr, u16),
    lines: Lines,
    life: Option<Life>,
}

struct Life {
    over: Arc<AtomicBool>,
    frozen: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl LogServer {
    /// Listens at an address of the host.
    pub fn start(address: Ipv4Addr, port: u16) -> Result<Self> {
        let mut server = Self { place: (address, port), lines: Lines::default(), life: None };
        server.revive()?;
        Ok(server)
    }

    /// Starts again after [`Self::kill`].
    pub fn revive(&mut self) -> Result<()> {
        let listener = TcpListener::bind(self.place).context("cannot listen for log lines")?;
        listener.set_nonblocking(true)?;
        let (over, frozen) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (lines, ends, stands) = (Arc::clone(&self.lines), Arc::clone(&over), Arc::clone(&frozen));
        let thread = thread::spawn(move || accept(&listener, &lines, &ends, &stands));
        self.life = Some(Life { over, frozen, thread });
        Ok(())
    }

    /// Ends it as the end of its process would: sockets close with whatever is in them.
    pub fn kill(&mut self) {
        if let Some(life) = self.life.take() {
            life.over.store(true, Ordering::SeqCst);
            let _ = life.thread.join();
        }
    }

    /// Stops or goes on reading.
    pub fn freeze(&self, frozen: bool) {
        if let Some(life) = &self.life {
            life.frozen.store(frozen, Ordering::SeqCst);
        }
    }

    /// What it has so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line with a text.
    pub fn wait_for(&self, text: &str, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        while !self.lines().iter().any(|line| line.contains(text)) {
            if Instant::now() > deadline {
                bail!("the log server has no line with \"{text}\" after {} s", within.as_secs());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for LogServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn accept(listener: &TcpListener, lines: &Lines, over: &Arc<AtomicBool>, frozen: &Arc<AtomicBool>) {
    let mut readers = Vec::new();
    while !over.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => {
                let (lines, over, frozen) = (Arc::clone(lines), Arc::clone(over), Arc::clone(frozen));
                readers.push(thread::spawn(move || read(stream, &lines, &over, &frozen)));
            }
            Err(_) => thread::sleep(LOOK),
        }
    }
    for reader in readers {
        let _ = reader.join();
    }
}

fn read(mut stream: TcpStream, lines: &Lines, over: &AtomicBool, frozen: &AtomicBool) {
    if stream.set_nonblocking(false).and(stream.set_read_timeout(Some(LOOK))).is_err() {
        return;
    }
    let mut pending = Vec::new();
    let mut buffer = [0; 4096];
    while !over.load(Ordering::SeqCst) {
        if frozen.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
            continue;
        }
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => pending.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line[..end]).into_owned();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}
