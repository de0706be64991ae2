//! The license in force: `cms.lic` of the SFTP folder, judged each time that it is asked for (`mmp.md` section 4).
//!
//! Invariant: a file that grants nothing never takes the place of one that is in force, by whatever name it comes.

use std::{fs, io::Read};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use mmp_control::{Kind, Refusal, Reply, reply, request::File as Ask};
use mmp_licence::{Effect, Feature, Keyring, LARGEST, State, Verdict, effect, judge};
use mmp_model::{FileName, Letter, file::FileAccess, file::FileKind};

use crate::{
    appliance::Appliance,
    files::Folder,
    observe::{clock, links},
};

/// The file.
const FILE: &str = "cms.lic";
/// Public keys of issuers, on the image.
const KEYS: &str = "/usr/lib/rostrum/licence-keys";
/// How long before its end a license is warned of, in days.
const WARNED: i64 = 30;

/// `license`.
pub fn show(appliance: &Appliance) -> Reply {
    Reply::License(match verdict(appliance) {
        Verdict::Fault(fault) => reply::License { fault: Some(fault.to_string()), features: Vec::new() },
        Verdict::Features(all) => {
            let features = all.iter().map(|one| reply::LicenseFeature {
                feature: one.feature.word().into(),
                api_name: one.feature.api_name().into(),
                status: match one.state {
                    State::Active | State::Trial => "activated",
                    State::Grace => "grace",
                    State::Expired | State::None => "expired",
                }
                .into(),
                trial: one.state == State::Trial,
                expiry: one.until.strftime("%Y-%b-%d").to_string(),
                days: one.days,
                limit: one.limit,
            });
            reply::License { fault: None, features: features.collect() }
        }
    })
}

/// What the installed file comes down to now.
pub fn verdict(appliance: &Appliance) -> Verdict {
    let path = appliance.system.paths.files().join(FILE);
    let plain = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let bytes = plain.then(|| fs::File::open(&path).ok().and_then(|file| read(file).ok())).flatten();
    judged(appliance, bytes.as_deref())
}

fn judged(appliance: &Appliance, bytes: Option<&[u8]>) -> Verdict {
    let keys = fs::read_to_string(appliance.system.paths.system(KEYS)).unwrap_or_default();
    judge(bytes, &Keyring::read(&keys), links::card(Letter::A).mac.as_deref(), today())
}

fn today() -> Date {
    let now = Timestamp::from_second(clock::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(TimeZone::UTC).date()
}

fn read(file: fs::File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a request to the folder may put a file in the place of the license.
///
/// # Errors
/// One is in force, and the new file would grant nothing.
pub fn examine(appliance: &Appliance, folder: &Folder<'_>, ask: &Ask) -> Result<(), Refusal> {
    let is_license = |name: &FileName| name.as_str() == FILE;
    let bytes = match ask {
        Ask::Commit { ticket } if folder.upload(*ticket).is_some_and(is_license) => {
            folder.peek(*ticket, LARGEST + 1).map(|(_, bytes)| bytes.to_vec())
        }
        Ask::Rename { from, to, .. } if is_license(to) && from.kind() != FileKind::License => {
            folder.permit(from, FileAccess::Remove)?;
            folder.permit(to, FileAccess::Write)?;
            read(folder.plain(from)?).ok()
        }
        _ => return Ok(()),
    };
    replaces(judged(appliance, bytes.as_deref()), &verdict(appliance))
}

/// Whether a file may take the place of another.
fn replaces(next: Verdict, present: &Verdict) -> Result<(), Refusal> {
    if next.is_in_force() || !present.is_in_force() {
        return Ok(());
    }
    let reason = match next {
        Verdict::Fault(fault) => fault.to_string(),
        Verdict::Features(_) => "All features of the license file have expired".into(),
    };
    Err(Refusal::new(Kind::BadValue, format!("The file was not taken: {reason}"))
        .state("The license that was installed is still in force"))
}

/// Lines for the login of an administrator: nothing while all is in force for long.
pub fn notices(appliance: &Appliance) -> Vec<String> {
    let verdict = verdict(appliance);
    let all = match &verdict {
        Verdict::Fault(fault) => {
            return vec![format!(
                "WARNING: {fault}; the call bridge takes {} call legs at most; upload cms.lic by SFTP",
                mmp_licence::effect::UNLICENSED_CALL_LEGS
            )];
        }
        Verdict::Features(all) => all,
    };
    let mut lines: Vec<String> = Vec::new();
    for one in all {
        let name = one.feature;
        let until = one.until;
        lines.extend(match one.state {
            State::Expired => Some(format!("WARNING: the license of {name} expired on {until}; {}", said(name))),
            State::Grace => Some(format!(
                "WARNING: the license of {name} expired on {until}; it stays in force for {} days after that",
                mmp_licence::verdict::GRACE_DAYS
            )),
            State::Trial => Some(format!("NOTE: {name} is licensed for a trial until {until}, {} days", one.days)),
            State::Active if one.days < WARNED => {
                Some(format!("WARNING: the license of {name} expires on {until}, in {} days", one.days))
            }
            State::Active | State::None => None,
        });
    }
    lines
}

fn said(feature: Feature) -> &'static str {
    match effect(feature, State::Expired) {
        Effect::Limited => "calls are limited",
        Effect::NotStarted => "the service is not started any more",
        Effect::Refused => "it is refused",
        Effect::Full | Effect::Warned | Effect::Reported => "upload a new cms.lic by SFTP",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const MAC: &str = "52:54:00:52:4F:00";

    /// The seed of the fuzz target, on a day.
    fn on(day: Date, mac: &str) -> Verdict {
        let keys = Keyring::read(include_str!("../../../image/manifest/development-licence.pub"));
        judge(Some(include_bytes!("../../../tests/fuzz/seeds/licence/cms.lic")), &keys, Some(mac), day)
    }

    #[test]
    fn a_bad_file_never_takes_the_place_of_a_good_one() {
        let good = || on(date(2026, 6, 2), MAC);
        let (expired, other) = (on(date(2028, 1, 1), MAC), on(date(2026, 6, 2), "02:00:00:00:00:01"));
        let nothing = || judge(None, &Keyring::default(), Some(MAC), date(2026, 6, 2));
        let refusal = replaces(other.clone(), &good()).unwrap_err();
        assert_eq!(
            refusal.message,
            "The file was not taken: The license file is for MAC address 52:54:00:52:4F:00; interface a of this appliance \
             has 02:00:00:00:00:01"
        );
        assert_eq!(refusal.state.unwrap(), "The license that was installed is still in force");
        assert!(replaces(expired.clone(), &good()).is_err() && replaces(nothing(), &good()).is_err());
        for present in [nothing(), expired, other.clone()] {
            assert!(replaces(other.clone(), &present).is_ok() && replaces(good(), &present).is_ok());
        }
        assert!(replaces(good(), &good()).is_ok());
    }
}
