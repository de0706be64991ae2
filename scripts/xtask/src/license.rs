//! `cargo xtask license`: licences for whoever runs appliances of this build.
//!
//! `license key FILE`: a new issuer's key; its public half is printed, for `image/manifest/licence.toml`.
//! `license issue --key FILE --licensee NAME --mac MAC ... --feature "callbridge until 2027-04-28 [limit N]" ...
//! [--trial] [--issued DAY]`: prints a `cms.lic`.

use std::{collections::BTreeSet, fs, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context, Result, bail};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use mmp_licence::{
    Draft,
    file::{grant, mac},
    keys::Issuer,
};

/// How `issue` is called.
pub const USAGE: &str = "license key FILE | license issue --key FILE --licensee NAME --mac MAC --feature \"FEATURE until \
                         DAY [limit N]\" [--trial] [--issued DAY]";

/// Makes a key; nobody else can read the file.
pub fn key(path: &str) -> Result<()> {
    use std::io::Write;
    let issuer = Issuer::generate()?;
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).context(path.to_owned())?;
    writeln!(file, "{}", issuer.write()?)?;
    println!("{}", issuer.public());
    Ok(())
}

/// Prints a signed licence.
pub fn issue(arguments: &[&str]) -> Result<()> {
    let (mut key, mut licensee, mut issued) = (None, None, None);
    let (mut macs, mut grants, mut trial) = (BTreeSet::new(), Vec::new(), false);
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        if *name == "--trial" {
            trial = true;
            continue;
        }
        let value = *rest.next().with_context(|| format!("{name} needs a value\nusage: {USAGE}"))?;
        match *name {
            "--key" => key = Some(value),
            "--licensee" => licensee = Some(value.to_owned()),
            "--issued" => issued = Some(value.parse::<Date>()?),
            "--mac" => drop(macs.insert(mac(value).with_context(|| format!("{value} is no MAC address"))?)),
            "--feature" => grants.push(grant(value).with_context(|| format!("{value} is no feature"))?),
            _ => bail!("{name} is not known\nusage: {USAGE}"),
        }
    }
    let issued = issued.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let licensee = licensee.context("--licensee is missing")?;
    let key = Path::new(key.context("--key is missing")?);
    if macs.is_empty() || grants.is_empty() {
        bail!("a licence needs a --mac and a --feature");
    }
    let text = fs::read_to_string(key).with_context(|| key.display().to_string())?;
    let issuer = Issuer::read(&text)?;
    let file = issuer.sign(&Draft { licensee, issued, trial, macs, grants });
    // What an appliance would not read is not handed out.
    let keys = mmp_licence::Keyring::read(&issuer.public().to_string());
    mmp_licence::Licence::read(file.as_bytes(), &keys)?;
    print!("{file}");
    Ok(())
}
