//! Clients that hold on to what others need: thousands that say nothing, some that speak a byte a second, and bodies
//! without end. Beside them pages, API and shell are served.

use std::{
    io::Write,
    net::{IpAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::support::{
    EVA, Service,
    appliance::{ADMIN, Appliance},
    status,
    wire::connected,
};

/// Longest time for a page while others misbehave.
const SOON: Duration = Duration::from_secs(5);

fn served(service: &Service) {
    let begun = Instant::now();
    assert_eq!(status(&service.curl("/", &[])), "200");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// As many silent connections as were asked for, or as this process may have.
fn silent(port: u16, wanted: u64) -> Vec<TcpStream> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let count = wanted.min(hard.saturating_sub(500));
    let connections = (0..count).filter_map(|number| {
        // From so many sources that the bound of one is not what saves us.
        let source = IpAddr::from([127, 0, 1, (number % 200) as u8]);
        let mut connection = connected(port, source).ok()?;
        // Half of them begin a hello that never ends.
        if number % 2 == 0 {
            let _ = connection.write_all(&[0x16, 0x03, 0x01]);
        }
        Some(connection)
    });
    connections.collect()
}

#[test]
fn ten_thousand_silent_connections_keep_neither_page_nor_shell_waiting() {
    let appliance = Appliance::start();
    let mut held = appliance.web.wire();
    let begun = Instant::now();
    let silent = silent(appliance.web.port, 10_000);
    println!("{} connections were opened in {:?}", silent.len(), begun.elapsed());
    assert!(silent.len() > 700, "this machine lets a process have too few descriptors");
    // Whom it does not let in it does not keep either. Only root sees the descriptors of a process without core files.
    if let Ok(held) = std::fs::read_dir(format!("/proc/{}/fd", appliance.web.child.id())) {
        let held = held.count();
        assert!(held < 1200, "{held} descriptors are in use");
    }
    for _ in 0..3 {
        served(&appliance.web);
        let begun = Instant::now();
        match appliance.shell("version") {
            Some(told) => assert!(told.contains('.'), "the shell printed {told}"),
            None => println!("not root: the shell was not asked"),
        }
        assert!(begun.elapsed() < SOON);
    }
    // Who was there before them and said nothing had to go too; who comes now is served.
    let _ = held.press(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    drop(silent);
    served(&appliance.web);
}

#[test]
fn who_speaks_a_byte_at_a_time_holds_up_nobody() {
    let mut service = Service::start();
    let head = format!("POST /api/v1/coSpaces HTTP/1.1\r\nHost: x\r\n{EVA}Content-Length: 100000\r\n");
    // Heads that never end, bodies that never end, and answers that nobody reads.
    let mut slow: Vec<_> =
        (0..150).map(|number| (service.wire_from([127, 0, 2, number % 50].into()), number)).collect();
    for (wire, number) in &mut slow {
        let begun = match *number % 3 {
            0 => head.clone(),
            1 => format!("{head}\r\n"),
            _ => "GET /api/mmp/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20),
        };
        wire.write(begun.as_bytes());
    }
    let until = Instant::now() + Duration::from_secs(4);
    thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < until {
                for (wire, number) in &mut slow {
                    if *number % 3 < 2 {
                        let _ = wire.press(b"x");
                    }
                }
                thread::yield_now();
            }
        });
        while Instant::now() < until {
            served(&service);
            assert_eq!(service.get("/api/v1/system/status").status, 200);
        }
    });
    assert!(service.is_alive());
}

#[test]
fn a_body_of_a_hundred_megabytes_is_refused_and_takes_no_memory() {
    let mut service = Service::start();
    let before = memory(&service);
    for (path, wanted) in [("/api/v1/coSpaces", 413), ("/api/mmp/v1/line", 413), ("/", 405), ("/api/v1/x", 413)] {
        let mut wire = service.wire();
        let length = 100 << 20;
        wire.write(format!("POST {path} HTTP/1.1\r\nHost: x\r\n{EVA}Content-Length: {length}\r\n\r\n").as_bytes());
        let piece = vec![b'&'; 64 << 10];
        let mut sent = 0;
        while sent < length && wire.press(&piece).is_ok() {
            sent += piece.len();
        }
        println!("{path}: {} MB were taken", sent >> 20);
        // Who is refused in the middle of its sending may find the connection closed before it reads why.
        if let Ok(answer) = wire.next(false) {
            assert_eq!(answer.status, wanted, "{path}");
        }
        assert!(sent < 64 << 20, "{path}: {sent} bytes were taken");
        served(&service);
    }
    assert!(service.is_alive());
    let grown = memory(&service).saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} kB more than before");
}

#[test]
fn downloads_that_nobody_reads_keep_no_request_waiting() {
    const SIZE: usize = 24 << 20;
    let appliance = Appliance::start();
    let mut upload = appliance.web.wire();
    let head = format!("PUT /api/mmp/v1/files/big.bin HTTP/1.1\r\nHost: x\r\n{ADMIN}Content-Length: {SIZE}\r\n\r\n");
    upload.write(head.as_bytes());
    upload.write(&vec![7; SIZE]);
    let stored = upload.answer();
    assert_eq!(stored.status, 200, "{}", stored.text());
    // More than the service has threads.
    let held: Vec<_> = (0..80)
        .map(|_| {
            let mut wire = appliance.web.wire();
            wire.write(format!("GET /api/mmp/v1/files/big.bin HTTP/1.1\r\nHost: x\r\n{ADMIN}\r\n").as_bytes());
            wire
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        let begun = Instant::now();
        assert!(appliance.line("version").to_string().contains("version"));
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
    drop(held);
}

/// The service's resident memory in kB.
fn memory(service: &Service) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
