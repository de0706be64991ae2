//! Files that services use: what is wrong with them, in bare `pki` and at login.

use mmp_control::reply::PkiUse;
use mmp_model::{
    FileName,
    certificates::{Purpose, uses},
};
use mmp_pki::{File, text::day};

use super::read;
use crate::{appliance::Appliance, observe::clock};

/// How long before its end a certificate is warned of, in seconds: 60 days.
const WARNED: i64 = 60 * 86_400;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Bare `pki`.
pub fn rows(appliance: &Appliance) -> Vec<PkiUse> {
    let settings = appliance.settings();
    let certificates = uses(&settings).filter(|used| used.purpose != Purpose::Secret);
    certificates
        .map(|used| PkiUse {
            service: used.service().to_owned(),
            purpose: used.purpose.to_string(),
            file: used.file.clone(),
            fault: fault(appliance, used.purpose, used.file, clock::now()),
        })
        .collect()
}

/// Lines for the login: files in use that end soon, have ended, or cannot be used.
pub fn notices(appliance: &Appliance) -> Vec<String> {
    let settings = appliance.settings();
    let mut lines: Vec<String> = Vec::new();
    for used in uses(&settings).filter(|used| used.purpose != Purpose::Secret) {
        if let Some(fault) = fault(appliance, used.purpose, used.file, clock::now()) {
            let line = format!("WARNING: {} of {}, {}: {fault}", used.purpose, used.service(), used.file);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

fn fault(appliance: &Appliance, purpose: Purpose, name: &FileName, now: i64) -> Option<String> {
    let Ok(bytes) = read::bytes(&appliance.system.paths.files(), name) else {
        return Some("the file is missing".into());
    };
    let file = match File::read(&bytes) {
        Ok(file) => file,
        Err(error) => return Some(error.to_string()),
    };
    if purpose == Purpose::Key {
        return match (file.key(), file.is_encrypted()) {
            (Some(_), _) => None,
            (None, true) => Some(format!("it is protected by a passphrase; type `pki unlock {name}`")),
            (None, false) => Some("it holds no private key".into()),
        };
    }
    let mut certificates = file.certificates();
    let ends = match purpose {
        // Of a list of trusted ones each counts by itself; the service's own is the first.
        Purpose::Certificate => certificates.next().map(mmp_pki::Certificate::not_after),
        _ => certificates.map(mmp_pki::Certificate::not_after).min(),
    };
    let Some(ends) = ends else { return Some("it holds no certificate".into()) };
    if ends < now {
        Some(format!("a certificate in it expired on {}", day(ends)))
    } else if ends - now < WARNED {
        Some(format!("a certificate in it expires on {}, in {} days", day(ends), (ends - now) / DAY))
    } else {
        None
    }
}
