//! Who comes to the appliance over HTTPS: `curl`, and `openssl s_client` for old versions of TLS.

use std::{path::Path, process::Command, time::Duration};

use anyhow::Result;
use harness::{
    lan,
    process::{Outcome, run},
};

const LONG: Duration = Duration::from_secs(30);

/// `curl` to the name of the appliance's certificate, trusting one authority; head and body are printed.
pub fn get(authority: &Path, name: &str, port: u16, path: &str, options: &[&str]) -> Result<Outcome> {
    let resolve = format!("{name}:{port}:{}", lan::APPLIANCE);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--include", "--http1.1", "--max-time", "25", "--resolve", &resolve]);
    curl.arg("--cacert").arg(authority).args(options).arg(format!("https://{name}:{port}{path}"));
    run(&mut curl, b"", LONG)
}

/// Whether a handshake of this version (`-tls1`, `-tls1_2`) comes about.
pub fn shakes_hands(version: &str, port: u16) -> Result<bool> {
    let mut openssl = Command::new("openssl");
    openssl.args([
        "s_client",
        version,
        "-cipher",
        "DEFAULT:@SECLEVEL=0",
        "-connect",
        &format!("{}:{port}", lan::APPLIANCE),
    ]);
    Ok(!run(&mut openssl, b"", LONG)?.stdout.contains("Cipher is (NONE)"))
}
