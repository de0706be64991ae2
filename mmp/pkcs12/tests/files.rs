//! Files as OpenSSL writes them, today's and old ones, through the program as mmpd runs it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `one.key`, `one.cer`, and `ca.cer` that says that it issued others.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9";
    openssl(folder.path(), &format!("{made} -subj /CN=one.example.com -keyout one.key -out one.cer"));
    openssl(folder.path(), &format!("{made} -subj /CN=root.example.com -keyout ca.key -out ca.cer"));
    folder
}

fn asked(file: &[u8], passphrase: &str) -> String {
    let mut input = u32::try_from(passphrase.len()).unwrap().to_be_bytes().to_vec();
    input.extend(passphrase.as_bytes());
    input.extend(file);
    raw(&input)
}

fn raw(input: &[u8]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mmp-pkcs12"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn files_of_today_and_of_old_open_with_their_passphrase_only() {
    let folder = folder();
    let export = "pkcs12 -export -inkey one.key -in one.cer -certfile ca.cer -out one.p12 -passout pass:open:Sésam";
    for form in ["", "-legacy", "-keypbe NONE -certpbe NONE", "-macalg sha512 -iter 100000", "-descert -legacy"] {
        openssl(folder.path(), &format!("{export} {form}"));
        let file = fs::read(folder.path().join("one.p12")).unwrap();
        let said = asked(&file, "open:Sésam");
        assert!(said.starts_with("opened\n-----BEGIN PRIVATE KEY-----\n"), "{form}: {said}");
        assert_eq!(said.matches("BEGIN CERTIFICATE").count(), 2, "{form}");
        assert_eq!(asked(&file, "open:Sesam"), "passphrase\n", "{form}");
        assert_eq!(asked(&file, "open:Sésam\0"), "passphrase\n", "{form}");
        for cut in [0, 1, 4, file.len() / 2, file.len() - 1] {
            assert_eq!(asked(&file[..cut], "open:Sésam"), "damaged\n", "{form}, cut at {cut}");
        }
    }
    openssl(folder.path(), "pkcs12 -export -nokeys -in one.cer -out certificates.p12 -passout pass:");
    assert_eq!(asked(&fs::read(folder.path().join("certificates.p12")).unwrap(), ""), "nokey\n");
}

#[test]
fn no_byte_of_the_input_brings_it_down() {
    for input in [&b""[..], b"\0", b"\xff\xff\xff\xff", b"\0\0\0\x01\xff\x30", b"\0\0\0\0\x30\x80\x30\x80"] {
        assert_eq!(raw(input), "damaged\n", "{input:?}");
    }
}
