//! A server that goes and comes back, in every way that it may, has every line, in order, once.
#![allow(clippy::unwrap_used, clippy::panic)] // a failed expectation is the end of the test

mod support;

use std::{
    io::{BufRead, BufReader, ErrorKind, Read},
    net::{Shutdown, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use mmp_model::syslog::Transport;
use support::{Forwarder, Memory, is_there, text, wait};

/// A small generator with a seed, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// How a server ends a connection.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// It says farewell and still reads what comes.
    Farewell,
    /// It stops reading for a while, until all buffers are full, and then says farewell.
    Frozen,
    /// It reads what its kernel has and ends at once: what is still on its way meets nobody.
    Closed,
    /// It dies with whatever it has not read: the kernel resets the connection.
    Killed,
}

/// What the servers have read, line by line.
type Received = Arc<Mutex<Vec<String>>>;

/// Reads lines until about `bytes` bytes, then ends the connection. A line without its end is not taken.
fn serve(stream: TcpStream, bytes: u64, way: Way, received: &Received) {
    let mut left = bytes;
    let mut reader = BufReader::with_capacity(512, stream);
    let mut line = Vec::new();
    let mut take = |reader: &mut BufReader<TcpStream>, left: &mut u64| -> bool {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(count) if count > 0 && line.last() == Some(&b'\n') => {
                *left = left.saturating_sub(count as u64);
                let message = String::from_utf8(line.clone()).unwrap();
                received.lock().unwrap().push(text(message.trim_end()).to_owned());
                true
            }
            Ok(_) => false,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::WouldBlock), "{error}");
                false
            }
        }
    };
    while left > 0 {
        if !take(&mut reader, &mut left) {
            return;
        }
    }
    match way {
        // What the program has taken from its kernel it has written down; what is left dies with the connection.
        Way::Killed => while reader.buffer().contains(&b'\n') && take(&mut reader, &mut left) {},
        Way::Closed => {
            reader.get_ref().set_nonblocking(true).unwrap();
            while take(&mut reader, &mut left) {}
        }
        Way::Farewell | Way::Frozen => {
            if way == Way::Frozen {
                thread::sleep(Duration::from_millis(150));
            }
            reader.get_ref().shutdown(Shutdown::Write).unwrap();
            while take(&mut reader, &mut left) {}
        }
    }
}

/// A server that keeps going, and the lines that it had.
fn with_server(ways: &[Way], lines: u64, seed: u64) -> (Vec<String>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let cuts = Arc::new(AtomicU64::new(0));
    let log = Memory::default();
    let forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
    let over = Arc::new(AtomicBool::new(false));
    let server = {
        let (received, cuts, over, ways) = (Arc::clone(&received), Arc::clone(&cuts), Arc::clone(&over), ways.to_vec());
        thread::spawn(move || {
            let mut dice = Dice(seed);
            while let Ok((stream, _)) = listener.accept() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let way = ways[usize::try_from(dice.throw(ways.len() as u64)).unwrap()];
                let most = if dice.throw(3) == 0 { 200 } else { 5_000 };
                let bytes = 1 + dice.throw(most);
                serve(stream, bytes, way, &received);
                cuts.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    // A server gets what is written after it was added.
    wait("the start", || is_there(&folder.path().join("position")));
    let mut dice = Dice(seed ^ 0x5eed);
    for n in 1..=lines {
        log.write(format!("line {n} {}", "x".repeat(usize::try_from(dice.throw(300)).unwrap())));
        // Not far ahead of the server, so that there are many cuts and not one backlog.
        wait("the server", || received.lock().unwrap().len() as u64 + 100 >= n);
    }
    let last = format!("line {lines} ");
    wait("the last line", || received.lock().unwrap().iter().any(|line| line.starts_with(&last)));
    wait("the position", || forwarder.status().position == Some(lines.to_string()));
    over.store(true, Ordering::SeqCst);
    forwarder.stop();
    let _ = TcpStream::connect(("127.0.0.1", port));
    server.join().unwrap();
    let received = received.lock().unwrap().clone();
    (received, cuts.load(Ordering::SeqCst))
}

fn numbers(lines: &[String]) -> Vec<u64> {
    lines.iter().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn a_server_that_says_farewell_or_freezes_has_every_line_in_order_once() {
    let (lines, cuts) = with_server(&[Way::Farewell, Way::Farewell, Way::Farewell, Way::Frozen], 30_000, 1);
    assert!(cuts > 200, "{cuts} cuts prove little");
    assert_eq!(numbers(&lines), (1..=30_000).collect::<Vec<_>>());
}

#[test]
fn of_a_server_that_dies_with_unread_lines_none_is_lost_and_order_holds() {
    let (lines, cuts) = with_server(&[Way::Killed, Way::Closed, Way::Farewell], 20_000, 2);
    assert!(cuts > 100, "{cuts} cuts prove little");
    let mut newest = 0;
    for number in numbers(&lines) {
        assert!(number <= newest + 1, "line {} is missing before {number}", newest + 1);
        newest = newest.max(number);
    }
    assert_eq!(newest, 20_000);
}

#[test]
fn a_forwarder_that_restarts_goes_on_exactly_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let sink = Arc::clone(&received);
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            serve(stream, u64::MAX, Way::Farewell, &sink);
        }
    });
    let log = Memory::default();
    // What was there before the server was added is not for it.
    log.write("line 0 old".into());
    let mut forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
    wait("the connection", || forwarder.status().connected);
    for n in 1..=2000 {
        log.write(format!("line {n}"));
        if n % 100 == 0 {
            forwarder.stop();
            forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
        }
    }
    wait("the last line", || received.lock().unwrap().last().is_some_and(|line| line == "line 2000"));
    assert_eq!(numbers(&received.lock().unwrap()), (1..=2000).collect::<Vec<_>>());
}

#[test]
fn a_server_is_told_how_many_lines_were_not_kept_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let log = Memory::default();
    let forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
    wait("the connection", || forwarder.status().connected);
    forwarder.stop();
    for n in 1..=100 {
        log.write(format!("line {n}"));
    }
    log.keep_last(10);
    let received = Received::default();
    let sink = Arc::clone(&received);
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            serve(stream, u64::MAX, Way::Farewell, &sink);
        }
    });
    let forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
    wait("the last line", || received.lock().unwrap().last().is_some_and(|line| line == "line 100"));
    let lines = received.lock().unwrap().clone();
    // The log was empty when the server was added: its first line is not known to have been missed.
    assert_eq!(lines.len(), 10, "{lines:?}");
    log.write("line 101".into());
    wait("one more", || forwarder.status().position == Some("101".into()));
    forwarder.stop();
    for n in 102..=200 {
        log.write(format!("line {n}"));
    }
    log.keep_last(5);
    let forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
    wait("the last line", || received.lock().unwrap().last().is_some_and(|line| line == "line 200"));
    let lines = received.lock().unwrap().clone();
    assert_eq!(lines[11], "94 lines of the system log were not kept long enough and are missing here");
    assert_eq!(lines[12], "line 196");
    wait("the count", || forwarder.status().missing == 94);
}

#[test]
fn one_server_that_does_not_read_holds_up_no_other() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    let log = Memory::default();
    let ports = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port());
    let frozen = Forwarder::start(&log, ports[0], Transport::Tcp, None, folders[0].path());
    let quick = Forwarder::start(&log, ports[1], Transport::Tcp, None, folders[1].path());
    wait("both connections", || frozen.status().connected && quick.status().connected);
    let (mut stream, _) = listeners[1].accept().unwrap();
    thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
    for n in 0..40_000 {
        log.write(format!("line {n} {}", "x".repeat(300)));
    }
    wait("the quick one's last line", || quick.status().position == Some("40000".into()));
    wait("the word on the other", || frozen.status().error.is_some_and(|(_, text)| text == "the server does not read"));
    assert_ne!(frozen.status().position, Some("40000".into()));
    // When it reads again it gets everything.
    let (mut stream, _) = listeners[0].accept().unwrap();
    let counted = thread::spawn(move || {
        let mut lines = 0;
        let mut buffer = [0; 65_536];
        while lines < 40_000 {
            let count = stream.read(&mut buffer).unwrap();
            lines += buffer[..count].iter().filter(|byte| **byte == b'\n').count();
        }
        lines
    });
    assert_eq!(counted.join().unwrap(), 40_000);
}

#[test]
fn datagrams_go_out_one_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let log = Memory::default();
    let forwarder = Forwarder::start(&log, socket.local_addr().unwrap().port(), Transport::Udp, None, folder.path());
    wait("the start", || is_there(&folder.path().join("position")));
    for n in 1..=20 {
        log.write(format!("line {n}"));
    }
    let mut buffer = [0; 4096];
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for n in 1..=20 {
        let count = socket.recv(&mut buffer).unwrap();
        assert_eq!(text(std::str::from_utf8(&buffer[..count]).unwrap()), format!("line {n}"));
    }
    wait("the position", || forwarder.status().position == Some("20".into()));
}

#[test]
fn of_a_server_that_froze_with_full_buffers_and_died_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let log = Memory::default();
    let forwarder = Forwarder::start(&log, port, Transport::Tcp, None, folder.path());
    wait("the start", || is_there(&folder.path().join("position")));
    for n in 1..=5000 {
        log.write(format!("line {n} {}", "x".repeat(400)));
    }
    let received = Received::default();
    for _ in 0..3 {
        let (stream, _) = listener.accept().unwrap();
        // Some lines, then nothing, for longer than what was just acknowledged is taken back.
        thread::sleep(Duration::from_millis(1500));
        serve(stream, 5_000, Way::Killed, &received);
    }
    let sink = Arc::clone(&received);
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            serve(stream, u64::MAX, Way::Farewell, &sink);
        }
    });
    wait("the last line", || received.lock().unwrap().last().is_some_and(|line| line.starts_with("line 5000 ")));
    let mut newest = 0;
    for number in numbers(&received.lock().unwrap()) {
        assert!(number <= newest + 1, "line {} is missing before {number}", newest + 1);
        newest = newest.max(number);
    }
    drop(forwarder);
}
