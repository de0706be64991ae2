//! A certificate authority made with `openssl`, as a company has one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;
use harness::process::run;

const LONG: Duration = Duration::from_secs(60);

/// Valid long before now: an appliance that was put back to an earlier moment has that moment's clock.
const FROM: &str = "20260101000000Z";
const CONFIGURATION: &str = "[ca]
default_ca = example
[example]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copyall
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[root]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical, keyCertSign, cRLSign
";

/// A root in a folder of its own.
pub struct Authority<'a> {
    folder: &'a Path,
}

impl<'a> Authority<'a> {
    /// Makes the root.
    pub fn new(folder: &'a Path) -> Result<Self> {
        let made = Self { folder };
        fs::write(folder.join("ca.cnf"), CONFIGURATION)?;
        fs::write(folder.join("index.txt"), "")?;
        made.openssl(&[
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.csr",
            "-subj",
            "/O=Example/CN=Example Root",
        ])?;
        made.issue("ca", &["-selfsign", "-extensions", "root"])?;
        Ok(made)
    }

    /// The root's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("ca.cer")
    }

    /// Signs `<name>.csr` of the folder with the names that it asks for; the certificate is `<name>.cer`.
    pub fn sign(&self, name: &str) -> Result<PathBuf> {
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.cer"));
        self.openssl(&["req", "-verify", "-noout", "-in", &request])?;
        self.issue(name, &["-cert", "ca.cer"])?;
        // What people get has the line ends of the computer that it came from.
        let text = fs::read_to_string(self.folder.join(&certificate))?;
        fs::write(self.folder.join(&certificate), text.replace('\n', "\r\n"))?;
        Ok(self.folder.join(certificate))
    }

    fn issue(&self, name: &str, more: &[&str]) -> Result<String> {
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.cer"));
        let fixed = ["ca", "-batch", "-notext", "-config", "ca.cnf", "-keyfile", "ca.key", "-startdate", FROM];
        let files = ["-days", "1000", "-in", &request, "-out", &certificate];
        self.openssl(&[&fixed, more, &files[..]].concat())
    }

    fn openssl(&self, arguments: &[&str]) -> Result<String> {
        run(Command::new("openssl").args(arguments).current_dir(self.folder), b"", LONG)?.success("openssl")
    }
}
