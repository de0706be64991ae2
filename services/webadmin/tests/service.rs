//! The running service on this machine, with a management daemon that this test plays, and clients that behave and that do
//! not.
#![allow(clippy::unwrap_used, clippy::panic)] // a failed expectation is the end of the test

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use mmp_control::{
    Answer, Ask, Code, Hello, Kind, Refusal, Reply, Request, Secret, Welcome, frame,
    reply::{SignedIn, WebSession},
    request::{Surface, Web},
};
use mmp_model::Role;

const LATEST: Duration = Duration::from_secs(20);

struct Service {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Plays mmpd: `eva` with `right` is let in, and every other request is answered with a line about it.
fn daemon(socket: &Path) {
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || -> Option<std::convert::Infallible> {
                frame::decode::<Hello>(&received(&mut stream)?).ok()?;
                let mut sender = stream.try_clone().ok()?;
                let mut send = |answer: &Answer| sender.write_all(&frame::encode(answer).unwrap()).ok();
                send(&Answer::Ready)?;
                let token = "ab".repeat(32);
                loop {
                    let Ask::Call(call) = frame::decode(&received(&mut stream)?).ok()? else { continue };
                    let session = WebSession {
                        user: "eva".parse().unwrap(),
                        role: Role::Admin,
                        surface: Surface::Pages,
                        idle: 1800,
                        expires_in: 43200,
                    };
                    let over = Refusal::new(Kind::Denied, "The session has ended").code(Code::SessionOver);
                    send(&match call.request {
                        Request::Web(Web::SignIn { user, password, .. })
                            if user == "eva" && password.reveal() == "right" =>
                        {
                            Answer::Done(Reply::SignedIn(SignedIn {
                                token: Secret::new(token.clone()),
                                session,
                                failed_logins: 0,
                                last_login: None,
                                notices: vec!["look out".into()],
                            }))
                        }
                        Request::Web(Web::SignIn { .. }) => {
                            Answer::Refused(Refusal::new(Kind::Denied, "Login incorrect").code(Code::Wrong))
                        }
                        Request::Web(Web::Check { token: given, .. }) if given.reveal() == token => {
                            Answer::Done(Reply::WebSession(session))
                        }
                        Request::Web(Web::Act { token: given, .. }) if given.reveal() == token => {
                            Answer::Opened(Welcome {
                                user: session.user,
                                role: session.role,
                                hostname: "cms".parse().unwrap(),
                                must_change_password: false,
                                failed_logins: 0,
                                last_login: None,
                                notices: Vec::new(),
                                motd: None,
                            })
                        }
                        Request::Web(Web::SignOut { .. }) => Answer::Done(Reply::Nothing),
                        Request::Web(_) => Answer::Refused(over),
                        _ => Answer::Done(Reply::Notice(format!("did {}", call.line))),
                    })?;
                }
            });
        }
    });
}

fn received(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; frame::body_length(header).ok()?];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn pair(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
}

impl Service {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        daemon(&folder.path().join("control.sock"));
        // Free a moment ago; nothing else on this machine asks for ports by number.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        pair(folder.path());
        let child = Command::new(env!("CARGO_BIN_EXE_webadmin"));
        let service = Self { child: spawn(child, folder.path(), port), folder, port };
        service.told(1);
        service
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for the status of this writing of the folder.
    fn told(&self, generation: u64) -> serde_json::Value {
        let until = Instant::now() + LATEST;
        loop {
            let text = fs::read(self.path().join("status.json")).unwrap_or_default();
            let status: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
            if status["generation"] == generation {
                return status;
            }
            assert!(Instant::now() < until, "no status of writing {generation}: {status}");
            thread::yield_now();
        }
    }

    /// `curl`: what it prints, headers and all.
    fn curl(&self, path: &str, options: &[&str]) -> String {
        let url = format!("https://localhost:{}{path}", self.port);
        let mut command = Command::new("curl");
        command.args(["-s", "-i", "-m", "15", "--cacert"]).arg(self.path().join("chain.pem"));
        let output = command.args(options).arg(url).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn origin(&self) -> String {
        format!("origin: https://localhost:{}", self.port)
    }
}

fn describe(folder: &Path, generation: u64, port: u16) {
    let text = serde_json::json!({
        "generation": generation,
        "listen": [{ "address": "127.0.0.1", "port": port }],
        "redirect": [],
        "tls": { "minimum": "1.2", "ciphers": null },
        "control": folder.join("control.sock"),
    });
    fs::write(folder.join("service.json"), text.to_string()).unwrap();
}

fn spawn(mut command: Command, folder: &Path, port: u16) -> Child {
    describe(folder, 1, port);
    command.arg(folder).arg(folder.join("status.json")).spawn().unwrap()
}

fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or_default()
}

const SIGN_IN: &str = r#"{"user":"eva","password":"right"}"#;

#[test]
fn a_session_is_opened_used_only_by_our_pages_and_closed() {
    let service = Service::start();
    let wrong = service.curl("/api/mmp/v1/session", &["-d", r#"{"user":"eva","password":"wrong"}"#]);
    assert!(status(&wrong) == "401" && wrong.contains(r#""code":"wrong""#), "{wrong}");
    let signed = service.curl("/api/mmp/v1/session", &["-d", SIGN_IN]);
    assert_eq!(status(&signed), "200", "{signed}");
    let cookie = signed.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    for wanted in ["__Host-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap());
    let proof = signed.split(r#""csrf":""#).nth(1).unwrap().split('"').next().unwrap();
    let proof = format!("x-csrf-token: {proof}");
    let line = |headers: &[&str]| {
        let mut options = vec!["-d", r#"{"line":"dns"}"#];
        options.extend(headers.iter().flat_map(|header| ["-H", header]));
        service.curl("/api/mmp/v1/line", &options)
    };
    assert!(line(&[&cookie, &proof, &service.origin()]).contains("did dns"));
    for headers in [
        &[cookie.as_str()][..],
        &[&cookie, &proof],
        &[&cookie, &service.origin()],
        &[&cookie, &proof, "origin: https://evil.test"],
        &[&cookie, "x-csrf-token: 00", &service.origin()],
    ] {
        let refused = line(headers);
        assert!(status(&refused) == "403" && refused.contains(r#""code":"csrf""#), "{headers:?}: {refused}");
    }
    assert_eq!(status(&line(&[&proof, &service.origin()])), "401");
    let elsewhere = service.curl("/api/mmp/v1/session", &["-d", SIGN_IN, "-H", "origin: https://evil.test"]);
    assert_eq!(status(&elsewhere), "403");
    let out =
        service.curl("/api/mmp/v1/session", &["-X", "DELETE", "-H", &cookie, "-H", &proof, "-H", &service.origin()]);
    assert!(status(&out) == "204" && out.contains("Max-Age=0"), "{out}");
}

#[test]
fn name_and_password_need_no_proof_and_a_page_carries_its_protection() {
    let service = Service::start();
    let asked = service.curl("/api/mmp/v1/line", &["-u", "eva:right", "-d", r#"{"line":"dns"}"#]);
    assert!(asked.contains("did dns"), "{asked}");
    let glued =
        service.curl("/api/mmp/v1/line", &["-H", "authorization: BasicZXZhOnJpZ2h0", "-d", r#"{"line":"dns"}"#]);
    assert!(glued.contains("did dns"), "{glued}");
    let page = service.curl("/", &[]);
    for wanted in
        ["strict-transport-security:", "default-src 'none'", "nosniff", "x-frame-options: DENY", "no-referrer"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("unsafe-"), "{page}");
}

#[test]
fn what_is_too_long_is_refused_and_the_next_is_served() {
    let service = Service::start();
    let long = service.path().join("long");
    fs::write(&long, vec![b'x'; 3 << 20]).unwrap();
    let data = format!("@{}", long.display());
    for version in ["--http1.1", "--http2"] {
        let refused = service.curl("/api/mmp/v1/session", &[version, "--data-binary", &data]);
        assert!(refused.contains(r#""code":"too_large""#), "{version}: {refused}");
        let head = format!("x-long: {}", "x".repeat(60_000));
        let refused = service.curl("/", &[version, "-H", &head]);
        assert_ne!(status(&refused), "200", "{version}: {refused}");
        assert_eq!(status(&service.curl("/", &[version])), "200");
    }
}

#[test]
fn silent_connections_keep_nobody_out() {
    let service = Service::start();
    // More than there are places; those of the test are as many as its own bound on descriptors allows.
    let mut silent = Vec::new();
    for _ in 0..800 {
        let mut connection = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
        // The beginning of a hello that never ends.
        let _ = connection.write_all(&[0x16, 0x03, 0x01]);
        silent.push(connection);
    }
    let begun = Instant::now();
    assert_eq!(status(&service.curl("/", &[])), "200");
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(silent);
}

#[test]
fn a_daemon_that_is_away_is_told_and_found_again() {
    let service = Service::start();
    let socket = service.path().join("control.sock");
    let away = service.path().join("away.sock");
    fs::rename(&socket, &away).unwrap();
    let told = service.curl("/api/mmp/v1/session", &["-d", SIGN_IN]);
    assert!(status(&told) == "503" && told.contains("retry-after"), "{told}");
    fs::rename(&away, &socket).unwrap();
    assert_eq!(status(&service.curl("/api/mmp/v1/session", &["-d", SIGN_IN])), "200");
}

#[test]
fn a_new_pair_is_taken_up_under_load_and_a_broken_one_is_not() {
    let service = Service::start();
    let hangup = || Command::new("kill").args(["-HUP", &service.child.id().to_string()]).status().unwrap();
    thread::scope(|scope| {
        let asking = scope.spawn(|| (0..40).filter(|_| status(&service.curl("/", &["-k"])) != "200").count());
        for generation in 2..6 {
            pair(service.path());
            describe(service.path(), generation, service.port);
            hangup();
            assert_eq!(service.told(generation)["fault"], serde_json::Value::Null);
        }
        assert_eq!(asking.join().unwrap(), 0, "requests were lost");
    });
    let good = fs::read(service.path().join("chain.pem")).unwrap();
    fs::write(service.path().join("key.pem"), "broken").unwrap();
    describe(service.path(), 6, service.port);
    hangup();
    let told = service.told(6);
    assert!(told["fault"].as_str().unwrap().contains("stay in use"), "{told}");
    fs::write(service.path().join("chain.pem"), good).unwrap();
    assert_eq!(status(&service.curl("/", &[])), "200", "the pair before serves");
}
