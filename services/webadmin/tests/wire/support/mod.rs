//! The service as a fixture: with a management daemon that the test plays, or with the real one.

pub mod appliance;
mod daemon;
pub mod wire;

use std::{
    fs,
    net::IpAddr,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use wire::{Answer, Wire};

/// Longest wait for anything that must happen.
pub const LATEST: Duration = Duration::from_secs(20);
/// How `eva` signs in, whom the played daemon knows.
pub const SIGN_IN: &str = r#"{"user":"eva","password":"right"}"#;
/// Her name and password with each request.
pub const EVA: &str = "Authorization: Basic ZXZhOnJpZ2h0\r\n";

/// The service.
pub struct Service {
    folder: tempfile::TempDir,
    pub child: Child,
    pub port: u16,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key and a certificate in the folder.
pub fn pair(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
}

/// What is to be served.
pub fn describe(folder: &Path, generation: u64, port: u16) {
    write(folder, generation, port, &folder.join("control.sock"), ("1.2", None));
}

fn write(folder: &Path, generation: u64, port: u16, control: &Path, (minimum, ciphers): (&str, Option<&str>)) {
    let text = serde_json::json!({
        "generation": generation,
        "listen": [{ "address": "127.0.0.1", "port": port }],
        "redirect": [],
        "tls": { "minimum": minimum, "ciphers": ciphers },
        "control": control,
    });
    fs::write(folder.join("service.json"), text.to_string()).unwrap();
}

/// The status of what `curl -i` printed.
pub fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or_default()
}

impl Service {
    /// With a daemon that knows `eva` with `right`.
    pub fn start() -> Self {
        Self::encrypted(("1.2", None), pair)
    }

    /// As [`Self::start`], with these rules of TLS and this key and certificate.
    pub fn encrypted(tls: (&str, Option<&str>), pair: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        daemon::play(&socket);
        pair(folder.path());
        Self::spawn(folder, &socket, tls)
    }

    /// In front of the daemon behind this socket.
    fn before(socket: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        pair(folder.path());
        Self::spawn(folder, socket, ("1.2", None))
    }

    fn spawn(folder: tempfile::TempDir, socket: &Path, tls: (&str, Option<&str>)) -> Self {
        // Free a moment ago; nothing else on this machine asks for ports by number.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        write(folder.path(), 1, port, socket, tls);
        let mut command = Command::new(env!("CARGO_BIN_EXE_webadmin"));
        let child = command.arg(folder.path()).arg(folder.path().join("status.json")).spawn().unwrap();
        let service = Self { child, folder, port };
        service.told(1);
        service
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for the status of this writing of the folder.
    pub fn told(&self, generation: u64) -> serde_json::Value {
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

    /// Whether the process is the one that was started.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `curl`: what it prints, headers and all.
    pub fn curl(&self, path: &str, options: &[&str]) -> String {
        let url = format!("https://localhost:{}{path}", self.port);
        let mut command = Command::new("curl");
        command.args(["-s", "-i", "-m", "15", "--cacert"]).arg(self.path().join("chain.pem"));
        let output = command.args(options).arg(url).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The header by which our own pages say where they come from.
    pub fn origin(&self) -> String {
        format!("origin: https://localhost:{}", self.port)
    }

    /// A connection of HTTP/1.1.
    pub fn wire(&self) -> Wire {
        self.wire_from(IpAddr::from([127, 0, 0, 1]))
    }

    /// As [`Self::wire`], from another address of this machine.
    pub fn wire_from(&self, source: IpAddr) -> Wire {
        Wire::open(self.port, source, &self.path().join("chain.pem")).unwrap()
    }

    /// The answer to these bytes on a connection of their own.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut wire = self.wire();
        wire.write(bytes.as_ref());
        wire.answer()
    }

    /// `GET` with the name and password of `eva`.
    pub fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{EVA}\r\n"))
    }

    /// A request with a form, as `eva`.
    pub fn form(&self, method: &str, path: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{EVA}Content-Length: {length}\r\n\r\n{body}"))
    }
}
