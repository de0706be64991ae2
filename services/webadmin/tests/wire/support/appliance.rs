//! The service in front of the real mmpd, which keeps everything below one folder.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use mmp_control::{
    Answer as Told, Ask, Call, Hello, Program, Request, Secret, frame,
    request::{Access, Door},
};

use super::{LATEST, Service, wire::Answer};

/// The administrator's password after the first sign-in.
pub const PASSWORD: &str = "Rostrum-Wire-1";
/// `admin` with that password.
pub const ADMIN: &str = "Authorization: Basic YWRtaW46Um9zdHJ1bS1XaXJlLTE=\r\n";

/// Both.
pub struct Appliance {
    pub web: Service,
    mmpd: Child,
    folder: tempfile::TempDir,
}

impl Drop for Appliance {
    fn drop(&mut self) {
        let _ = self.mmpd.kill();
        let _ = self.mmpd.wait();
    }
}

/// Programs of the workspace, which cargo builds for this test only when they are older than their source.
fn programs() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "mmp-daemon", "--package", "mmp-shell", "--package", "webadmin"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.unwrap().success(), "mmpd is not built");
    Path::new(env!("CARGO_BIN_EXE_webadmin")).parent().unwrap().to_owned()
}

impl Appliance {
    /// Started for the first time, and signed in to once.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Its shell runs as somebody else.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(programs().join("mmpd"));
        command.arg("--native").arg(folder.path()).stdout(Stdio::null()).stderr(log);
        let mmpd = command.spawn().unwrap();
        let socket = folder.path().join("run/mmpd/control.sock");
        let until = Instant::now() + LATEST;
        while UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < until, "mmpd does not answer");
            thread::yield_now();
        }
        let appliance = Self { web: Service::before(&socket), mmpd, folder };
        let first = format!(r#"{{"user":"admin","password":"admin","new_password":"{PASSWORD}"}}"#);
        let signed = appliance.json("POST", "/api/mmp/v1/session", "", &first);
        assert_eq!(signed.status, 200, "{}", signed.text());
        appliance
    }

    /// Everything that mmpd has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// A request with JSON, with these headers more.
    pub fn json(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n");
        self.web.send(head + body)
    }

    /// A line of the shell, by the administrator; it must be carried out.
    pub fn line(&self, line: &str) -> serde_json::Value {
        let body = serde_json::json!({ "line": line, "confirmed": true }).to_string();
        let answer = self.json("POST", "/api/mmp/v1/line", ADMIN, &body);
        assert_eq!(answer.status, 200, "{line}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A typed request, by the administrator; it must be carried out.
    pub fn request(&self, request: &Request) {
        let answer = self.json("POST", "/api/mmp/v1/request", ADMIN, &serde_json::json!(request).to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// The API's answer to this `Authorization`, from an address of its own: who guesses is braked by address.
    pub fn api(&self, last: u8, authorization: &str) -> Answer {
        let mut wire = self.web.wire_from([127, 0, 0, last].into());
        let head = "GET /api/v1/system/status HTTP/1.1\r\nHost: localhost\r\n";
        wire.write(format!("{head}Authorization: {authorization}\r\n\r\n").as_bytes());
        wire.answer()
    }

    /// Whether sshd's PAM would be told that the password is right.
    pub fn ssh(&self, user: &str, password: &str, last: u8) -> bool {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        let mut say = |bytes: Vec<u8>| stream.write_all(&bytes).unwrap();
        say(frame::encode(&Hello { program: Program::Access, origin: "test".into() }).unwrap());
        let ask = Access::Authenticate {
            user: user.into(),
            password: Secret::new(password.into()),
            door: Door::Ssh,
            origin: format!("127.0.0.{last}:1"),
        };
        let call = Call { line: String::new(), request: Request::Access(ask) };
        say(frame::encode(&Ask::Call(Box::new(call))).unwrap());
        let mut answer = || {
            let mut header = [0; frame::HEADER];
            stream.read_exact(&mut header).unwrap();
            let mut body = vec![0; frame::body_length(header).unwrap()];
            stream.read_exact(&mut body).unwrap();
            frame::decode::<Told>(&body).unwrap()
        };
        assert_eq!(answer(), Told::Ready);
        matches!(answer(), Told::Done(_))
    }

    /// Where mmpd listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run/mmpd/control.sock")
    }

    /// `mmp -c LINE` as the administrator; `None` where this machine does not let a test be somebody else.
    pub fn shell(&self, line: &str) -> Option<String> {
        let is_root = nix::unistd::geteuid().is_root();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "10000", "--regid", "700", "--clear-groups"]);
        command.arg(Path::new(env!("CARGO_BIN_EXE_webadmin")).parent().unwrap().join("mmp"));
        command.args(["-c", line]).env("MMP_SOCKET", self.socket()).env("HOME", "/tmp");
        is_root.then(|| String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned())
    }
}
