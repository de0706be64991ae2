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

/// A root in a folder of its own.
pub struct Authority<'a> {
    folder: &'a Path,
}

impl<'a> Authority<'a> {
    /// Makes the root.
    pub fn new(folder: &'a Path) -> Result<Self> {
        let made = Self { folder };
        made.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.cer",
            "-days",
            "30",
            "-subj",
            "/O=Example/CN=Example Root",
        ])?;
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
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.cer",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "20",
            "-copy_extensions",
            "copyall",
            "-out",
            &certificate,
        ])?;
        // What people get has the line ends of the computer that it came from.
        let text = fs::read_to_string(self.folder.join(&certificate))?;
        fs::write(self.folder.join(&certificate), text.replace('\n', "\r\n"))?;
        Ok(self.folder.join(certificate))
    }

    fn openssl(&self, arguments: &[&str]) -> Result<String> {
        run(Command::new("openssl").args(arguments).current_dir(self.folder), b"", LONG)?.success("openssl")
    }
}
