//! From a request for a certificate to a page in the browser, word for word as administrators type it (`mmp.md`
//! sections 9, 10, 20 and 32), with a certificate authority beside it.

use std::{fs, path::Path, time::Duration};

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::until,
    ssh::Client,
};

use super::{
    authority::Authority,
    visitor::{get, shakes_hands},
};
use crate::{expect, stage::Stage};

const NAME: &str = "cms.example.com";
const PORT: u16 = 445;
/// From the login prompt to the page.
const WITHIN: Duration = Duration::from_secs(60);
const STATUS: &str = "/api/v1/system/status";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let authority = Authority::new(folder.path())?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    certificate(appliance, &authority, &client, folder.path())?;

    expect::holds(&appliance.command("webadmin enable")?, "FAILURE: TLS interface and port not configured")?;
    appliance.silent("webadmin cert onecert.key onecert.cer")?;
    appliance.silent("webadmin listen a 445")?;
    expect::holds(&appliance.command("webadmin restart")?, "webadmin not enabled")?;
    let enabled = appliance.command("webadmin enable")?;
    // Beside them stands what peers may stumble over: the authority's own certificate is not in the files yet.
    let success = "SUCCESS: TLS interface and port configured\nSUCCESS: Key and certificate pair match";
    ensure!(enabled.trim().starts_with(success), "webadmin enable printed: {enabled}");
    expect::holds(&appliance.command("webadmin")?, "STATUS                  : webadmin running")?;
    served(&authority)?;

    // A pair that does not work: what works goes on.
    let waits = "Type 'webadmin restart' for the change to take effect";
    expect::same(&appliance.command("webadmin certs onecert.key webadmin.crt")?, waits)?;
    expect::holds(&appliance.command("webadmin restart")?, "FAILURE: Key and certificate pair do not match")?;
    served(&authority)?;
    expect::same(&appliance.command("webadmin certs onecert.key onecert.cer ca-bundle.cer")?, waits)?;
    // SSH has that port.
    expect::same(&appliance.command("webadmin listen a 22")?, waits)?;
    expect::holds(&appliance.command("webadmin restart")?, "FAILURE: port 22 on interface a already in use by")?;
    appliance.command("webadmin listen a 445")?;
    served(&authority)?;

    old_tls(appliance)?;
    appliance.reboot()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?;
    expect::holds(&told, "1.0")?;
    until("Web Admin after the reboot", WITHIN, || Ok(served(&authority).is_ok()))?;
    expect::holds(&appliance.command("webadmin")?, "STATUS                  : webadmin running")
}

/// `pki selfsigned`, `pki csr`, and what the authority makes of the request.
fn certificate(appliance: &mut Appliance, authority: &Authority, client: &Client, folder: &Path) -> Result<()> {
    let made = appliance.command("pki selfsigned webadmin")?;
    expect::holds(&made, "Created key file webadmin.key and self-signed certificate webadmin.crt")?;
    let asked = appliance.command(&format!("pki csr onecert CN:{NAME} subjectAltName:{NAME},join.example.com"))?;
    expect::holds(&asked, "Created key file onecert.key and CSR onecert.csr")?;
    expect::holds(&asked, "CSR file onecert.csr ready for download via SFTP")?;
    let at = |name: &str| folder.join(name).display().to_string();
    expect::code(&client.sftp(&format!("get onecert.csr {}\n", at("onecert.csr")), ANSWER)?, 0)?;
    let signed = authority.sign("onecert")?;
    fs::copy(authority.certificate(), folder.join("ca-bundle.cer"))?;
    let batch = format!("put {} onecert.cer\nput {} ca-bundle.cer\n", signed.display(), at("ca-bundle.cer"));
    expect::code(&client.sftp(&batch, ANSWER)?, 0)?;
    expect::same(appliance.command("pki match onecert.key onecert.cer")?.trim(), "Key and certificate match")?;
    expect::same(appliance.command("pki verify onecert.cer ca-bundle.cer")?.trim(), "onecert.cer: OK")
}

/// The page for everybody, the API for who has a password.
fn served(authority: &Authority) -> Result<()> {
    let root = authority.certificate();
    let page = get(&root, NAME, PORT, "/", &[])?.success("the page")?;
    expect::holds(&page, "HTTP/1.1 200")?;
    expect::holds(&page.to_lowercase(), "<!doctype html>")?;
    let challenge = get(&root, NAME, PORT, STATUS, &[])?.success("the challenge")?;
    expect::holds(&challenge, "HTTP/1.1 401")?;
    expect::holds(&challenge.to_lowercase(), "www-authenticate: basic realm=\"acano\"")?;
    let login = format!("{FACTORY}:{PASSWORD}");
    let status = get(&root, NAME, PORT, STATUS, &["--user", &login])?.success("the status")?;
    expect::holds(&status, "HTTP/1.1 200")?;
    expect::holds(&status, "<?xml version=\"1.0\"?><status>")
}

/// What an old CUCM needs, and nobody gets without asking.
fn old_tls(appliance: &mut Appliance) -> Result<()> {
    ensure!(!shakes_hands("-tls1", PORT)?, "TLS 1.0 is accepted without having been asked for");
    ensure!(shakes_hands("-tls1_2", PORT)?, "TLS 1.2 is not accepted");
    expect::holds(&appliance.command("tls webadmin min-tls-version 1.0")?.to_lowercase(), "warning")?;
    expect::holds(&appliance.command("webadmin restart")?, "SUCCESS: Key and certificate pair match")?;
    ensure!(shakes_hands("-tls1", PORT)?, "TLS 1.0 is not accepted after it was asked for");
    ensure!(shakes_hands("-tls1_2", PORT)?, "TLS 1.2 is not accepted any more");
    Ok(())
}
