//! An mmpd that answers from a function and remembers what it was asked, and `mmp` on a pseudo-terminal or on pipes.

#![allow(dead_code)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::panic)] // a failed expectation is the end of the test

use std::{
    fs::File,
    io::{Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mmp_control::{Answer, Ask, Call, Hello, Refusal, Reply, Request, Welcome, frame};
use mmp_model::Role;
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::{Winsize, openpty},
};
use tempfile::TempDir;

/// What the function answers.
#[allow(clippy::large_enum_variant)] // one at a time
pub enum Say {
    /// Carried out.
    Done(Reply),
    /// Refused.
    Refused(Refusal),
    /// Some text, and that was all.
    Lines(&'static str),
    /// Some text, then nothing until the request is cancelled.
    UntilCancelled(&'static str),
    /// Nothing at all, and no end.
    Never,
    /// The connection breaks.
    HangUp,
}

/// The daemon of a test.
pub struct Mmpd {
    folder: TempDir,
    calls: Arc<Mutex<Vec<Call>>>,
    cancelled: Arc<AtomicBool>,
    news: Arc<Mutex<Vec<String>>>,
}

/// A session of role admin on a clean system.
pub fn welcome() -> Welcome {
    Welcome {
        user: "admin".parse().unwrap(),
        role: Role::Admin,
        hostname: "cms".parse().unwrap(),
        must_change_password: false,
        failed_logins: 0,
        last_login: None,
        notices: Vec::new(),
        motd: None,
    }
}

impl Mmpd {
    /// Listens and answers with the function.
    pub fn new(welcome: Welcome, say: impl Fn(&Request) -> Say + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let welcome = Arc::new(Mutex::new(welcome));
        let cancelled = Arc::<AtomicBool>::default();
        let (heard, greeting, say) = (Arc::clone(&calls), welcome, Arc::new(say));
        let cancel = Arc::clone(&cancelled);
        let news = Arc::<Mutex<Vec<String>>>::default();
        let fresh = Arc::clone(&news);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (heard, greeting, say) = (Arc::clone(&heard), Arc::clone(&greeting), Arc::clone(&say));
                let (cancel, fresh) = (Arc::clone(&cancel), Arc::clone(&fresh));
                thread::spawn(move || serve(stream.unwrap(), &heard, &greeting, &cancel, &fresh, &*say));
            }
        });
        Self { folder, calls, cancelled, news }
    }

    /// What was asked so far, without questions for completion.
    pub fn calls(&self) -> Vec<Call> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| !matches!(call.request, Request::Live(_))).cloned().collect()
    }

    /// Somebody else changes something.
    pub fn tell(&self, line: &str) {
        self.news.lock().unwrap().push(line.into());
    }

    /// The lines that were logged so far.
    pub fn lines(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.line).collect()
    }

    /// Whether a request that got no answer was cancelled.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// The home directory of the account.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// `mmp` with this daemon.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mmp"));
        command
            .args(arguments)
            .env_clear()
            .env("MMP_SOCKET", self.folder.path().join("control.sock"))
            .env("HOME", self.folder.path())
            .env("TERM", "vt220")
            .env("SSH_CONNECTION", "198.51.100.63 63290 192.0.2.10 22");
        command
    }

    /// Runs `mmp` without a terminal, with the text as its standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Starts `mmp` on a terminal of 24 rows and 80 columns.
    pub fn terminal(&self, arguments: &[&str]) -> Terminal {
        self.terminal_with(&mut self.command(arguments), 24, 80)
    }

    /// Starts a command on a terminal of this size.
    pub fn terminal_with(&self, command: &mut Command, ws_row: u16, ws_col: u16) -> Terminal {
        let size = Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).unwrap();
        let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        command.stdin(end(&pair.slave)).stdout(end(&pair.slave)).stderr(end(&pair.slave));
        let child = command.spawn().unwrap();
        Terminal { child, master: File::from(pair.master), seen: String::new() }
    }
}

fn serve(
    mut stream: UnixStream,
    heard: &Mutex<Vec<Call>>,
    greeting: &Mutex<Welcome>,
    cancelled: &AtomicBool,
    news: &Mutex<Vec<String>>,
    say: &dyn Fn(&Request) -> Say,
) {
    let Some(Hello { .. }) = receive(&mut stream) else { return };
    let opened = greeting.lock().unwrap().clone();
    send(&mut stream, &Answer::Opened(opened));
    while let Some(ask) = receive::<Ask>(&mut stream) {
        let Ask::Call(call) = ask else { continue };
        if call.request == Request::News {
            send(&mut stream, &Answer::Done(Reply::News(std::mem::take(&mut *news.lock().unwrap()))));
            continue;
        }
        heard.lock().unwrap().push((*call).clone());
        if matches!(call.request, Request::User(mmp_control::request::User::ChangeOwn { .. })) {
            greeting.lock().unwrap().must_change_password = false;
        }
        match say(&call.request) {
            Say::Done(reply) => send(&mut stream, &Answer::Done(reply)),
            Say::Refused(refusal) => {
                if matches!(call.request, Request::User(_)) {
                    greeting.lock().unwrap().must_change_password = true;
                }
                send(&mut stream, &Answer::Refused(refusal));
            }
            Say::Lines(text) => {
                send(&mut stream, &Answer::Text(text.into()));
                send(&mut stream, &Answer::Done(Reply::Nothing));
            }
            Say::UntilCancelled(text) => {
                send(&mut stream, &Answer::Text(text.into()));
                assert!(matches!(receive(&mut stream), Some(Ask::Cancel)));
                send(&mut stream, &Answer::Done(Reply::Nothing));
            }
            Say::Never => {
                let cancel = receive(&mut stream);
                cancelled.store(matches!(cancel, Some(Ask::Cancel)), Ordering::SeqCst);
                let _ = receive::<Ask>(&mut stream);
                return;
            }
            Say::HangUp => return,
        }
    }
}

fn receive<T: serde::de::DeserializeOwned>(stream: &mut UnixStream) -> Option<T> {
    let mut header = [0; frame::HEADER];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; frame::body_length(header).unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(frame::decode(&body).unwrap())
}

fn send(stream: &mut UnixStream, answer: &Answer) {
    let _ = stream.write_all(&frame::encode(answer).unwrap());
}

/// `mmp` on a pseudo-terminal.
pub struct Terminal {
    /// The process.
    pub child: Child,
    master: File,
    seen: String,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The shell holds the other end of its terminal too, so nothing else would end it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Terminal {
    /// Types.
    pub fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes());
    }

    /// Takes in what is printed until something has happened.
    pub fn wait_for(&mut self, happened: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !happened() {
            assert!(Instant::now() < deadline, "nothing happened; {:?}", self.seen);
            self.read(10).unwrap();
        }
    }

    /// Types as a person does: the time between two keys is what tells a person from a script.
    pub fn type_slowly(&mut self, text: &str) {
        let mut key = [0; 4];
        for c in text.chars() {
            self.send(c.encode_utf8(&mut key));
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Types bytes that may be no text; takes in what is printed meanwhile, so that neither side waits for the other.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let mut left = bytes;
        while !left.is_empty() {
            let mut wanted = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN | PollFlags::POLLOUT)];
            poll(&mut wanted, PollTimeout::from(20_000_u16)).unwrap();
            let ready = wanted[0].revents().unwrap();
            if ready.contains(PollFlags::POLLIN) {
                self.read(0).unwrap();
            } else if ready.contains(PollFlags::POLLOUT) {
                // Little enough for the terminal to take it at once.
                let count = self.master.write(&left[..left.len().min(64)]).unwrap();
                left = &left[count..];
            } else {
                panic!("the terminal takes nothing more; {:?}", self.seen);
            }
        }
    }

    fn readable(&self, patience_ms: u16) -> bool {
        let mut wanted = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        poll(&mut wanted, PollTimeout::from(patience_ms)).unwrap() > 0
    }

    /// Waits for the text, and returns what came before it since the last time.
    pub fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(at) = self.seen.find(text) {
                let before = self.seen[..at].to_owned();
                self.seen.drain(..at + text.len());
                return before;
            }
            assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.seen);
            if self.read(200).is_none() {
                panic!("no {text:?} before the end in {:?}", self.seen);
            }
        }
    }

    fn read(&mut self, patience_ms: u16) -> Option<()> {
        if !self.readable(patience_ms) {
            return Some(());
        }
        let mut bytes = [0; 4096];
        let count = self.master.read(&mut bytes).ok().filter(|count| *count > 0)?;
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        Some(())
    }

    /// Waits until the process has ended and returns its exit status.
    pub fn end(mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                panic!("still running after {:?}", self.seen);
            }
            let _ = self.read(50);
        }
    }
}
