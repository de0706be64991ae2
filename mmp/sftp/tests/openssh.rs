//! OpenSSH's own `sftp` against the server, over a directory: what an administrator types.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Cargo builds examples beside the binaries.
#[cfg(test)]
fn server() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_mmp-sftp")).parent().unwrap().join("examples/directory")
}

struct Bench {
    remote: tempfile::TempDir,
    local: tempfile::TempDir,
}

#[cfg(test)]
impl Bench {
    fn new() -> Self {
        assert!(server().exists(), "build the example first: cargo build -p mmp-sftp --examples");
        Self { remote: tempfile::tempdir().unwrap(), local: tempfile::tempdir().unwrap() }
    }

    /// Runs the lines as `sftp -b -` does, which ends at the first that fails.
    fn sftp(&self, options: &[&str], lines: &str) -> Output {
        let program = format!("{} {}", server().display(), self.remote.path().display());
        let mut child = Command::new("sftp")
            .args(options)
            .args(["-b", "-", "-D", &program])
            .current_dir(self.local.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn done(&self, options: &[&str], lines: &str) -> String {
        let output = self.sftp(options, lines);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{lines}\n{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn refused(&self, lines: &str) -> String {
        let output = self.sftp(&[], lines);
        assert!(!output.status.success(), "{lines}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn local(&self, name: &str) -> PathBuf {
        self.local.path().join(name)
    }

    fn remote(&self, name: &str) -> PathBuf {
        self.remote.path().join(name)
    }
}

#[cfg(test)]
fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

#[test]
fn put_get_list_rename_and_remove() {
    let bench = Bench::new();
    let data = noise(3_000_001);
    fs::write(bench.local("cms.lic"), &data).unwrap();
    let text =
        bench.done(&[], "put cms.lic\nls -l\npwd\nget cms.lic back\nrename cms.lic old.lic\nls\nrm old.lic\nls\n");
    assert_eq!(fs::read(bench.local("back")).unwrap(), data);
    assert!(text.contains("-rw-------") && text.contains("3000001") && text.contains("working directory: /"), "{text}");
    assert!(text.contains("old.lic"));
    assert_eq!(fs::read_dir(bench.remote.path()).unwrap().count(), 0);
}

#[test]
fn times_go_up_and_down_with_the_file() {
    let bench = Bench::new();
    fs::write(bench.local("x"), b"x").unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::open(bench.local("x")).unwrap().set_modified(time).unwrap();
    bench.done(&["-p"], "put x\nget x y\n");
    assert_eq!(fs::metadata(bench.remote("x")).unwrap().mtime(), 1_000_000_000);
    assert_eq!(fs::metadata(bench.local("y")).unwrap().mtime(), 1_000_000_000);
}

#[test]
fn a_transfer_goes_on_where_it_stopped() {
    let bench = Bench::new();
    let data = noise(400_000);
    fs::write(bench.local("x"), &data).unwrap();
    fs::write(bench.remote("x"), &data[..150_000]).unwrap();
    bench.done(&[], "reput x\n");
    assert_eq!(fs::read(bench.remote("x")).unwrap(), data);
    fs::write(bench.local("x"), &data[..90_000]).unwrap();
    bench.done(&[], "reget x\n");
    assert_eq!(fs::read(bench.local("x")).unwrap(), data);
}

#[test]
fn names_that_cannot_be_are_refused_and_nothing_changes() {
    let bench = Bench::new();
    fs::write(bench.local("x"), b"x").unwrap();
    for line in ["put x .hidden", "put x \"a b\"", "put x /etc/passwd", "put x sub/x", "get ../../etc/passwd"] {
        bench.refused(&format!("{line}\n"));
    }
    for line in ["mkdir d", "rmdir /", "ln -s x y", "get none", "rm none"] {
        bench.refused(&format!("{line}\n"));
    }
    assert_eq!(fs::read_dir(bench.remote.path()).unwrap().count(), 0);
}

#[test]
fn small_requests_and_few_of_them_work_too() {
    let bench = Bench::new();
    let data = noise(100_000);
    fs::write(bench.local("x"), &data).unwrap();
    bench.done(&["-B", "1000", "-R", "1"], "put x\nget x y\n");
    assert_eq!(fs::read(bench.remote("x")).unwrap(), data);
    assert_eq!(fs::read(bench.local("y")).unwrap(), data);
}

#[test]
fn an_empty_file_and_a_full_folder() {
    let bench = Bench::new();
    fs::write(bench.local("empty"), b"").unwrap();
    bench.done(&["-f"], "put empty\nget empty back\nchmod 600 empty\ndf\n");
    assert_eq!(fs::metadata(bench.remote("empty")).unwrap().len(), 0);
    for n in 0..300 {
        fs::write(bench.remote(&format!("f{n:03}")), b"").unwrap();
    }
    assert_eq!(bench.done(&[], "ls -1\n").lines().filter(|line| line.starts_with('f')).count(), 300);
}

#[test]
fn a_client_that_dies_in_an_upload_leaves_the_old_file() {
    let bench = Bench::new();
    fs::write(bench.remote("x"), b"old").unwrap();
    fs::write(bench.local("x"), noise(20_000_000)).unwrap();
    // The server behind a tap: what the client has sent can be waited for, and so can the end of the server.
    let script = bench.local("tapped-server");
    let program =
        format!("#!/bin/sh\nexec 3>ended\ntee sent | {} {}\n", server().display(), bench.remote.path().display());
    fs::write(&script, program).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    for pipe in ["sent", "ended"] {
        nix::unistd::mkfifo(&bench.local(pipe), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }
    let mut client = Command::new("sftp")
        .args(["-b", "-", "-D", script.to_str().unwrap()])
        .current_dir(bench.local.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    client.stdin.take().unwrap().write_all(b"put x\n").unwrap();
    let mut ended = fs::File::open(bench.local("ended")).unwrap();
    let mut sent = fs::File::open(bench.local("sent")).unwrap();
    sent.read_exact(&mut vec![0; 5_000_000]).unwrap();
    client.kill().unwrap();
    client.wait().unwrap();
    drop(sent);
    ended.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(fs::read(bench.remote("x")).unwrap(), b"old");
    assert_eq!(fs::read_dir(bench.remote.path()).unwrap().count(), 1);
}
