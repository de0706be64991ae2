//! Attributes and `ls -l` lines.
//!
//! Invariant: times are UTC, whatever the time zone, so that a listing reads the same on every client.

use jiff::{Timestamp, tz::TimeZone};
use mmp_control::reply::FileInfo;
use mmp_model::account::UnixTime;

use crate::wire::{Attributes, Entry};

const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;

/// Files older than this show their year instead of their hour, as in `ls`.
const HALF_A_YEAR: UnixTime = 182 * 86_400;

/// What a file is. Nobody but its account could read it: keys are among them, and clients copy these bits.
pub fn file_attributes(info: &FileInfo) -> Attributes {
    let permissions = REGULAR | if info.writable { 0o600 } else { 0o400 };
    let time = u32::try_from(info.modified.max(0)).unwrap_or(u32::MAX);
    Attributes { size: Some(info.size), owner: None, permissions: Some(permissions), times: Some((time, time)) }
}

/// What the folder is.
pub fn folder_attributes(now: UnixTime) -> Attributes {
    let time = u32::try_from(now.max(0)).unwrap_or(u32::MAX);
    Attributes { size: Some(0), owner: None, permissions: Some(DIRECTORY | 0o700), times: Some((time, time)) }
}

/// The whole listing, `.` and `..` first.
pub fn entries(files: &[FileInfo], owner: &str, now: UnixTime) -> Vec<Entry> {
    let folder = folder_attributes(now);
    let dots = [".", ".."].map(|name| entry(name, "drwx------", folder, owner, now, now));
    let files = files.iter().map(|info| {
        let mode = if info.writable { "-rw-------" } else { "-r--------" };
        entry(info.name.as_str(), mode, file_attributes(info), owner, info.modified, now)
    });
    dots.into_iter().chain(files).collect()
}

fn entry(name: &str, mode: &str, attributes: Attributes, owner: &str, modified: UnixTime, now: UnixTime) -> Entry {
    let size = attributes.size.unwrap_or_default();
    let long = format!("{mode}    1 {owner:<8} {:<8} {size:>8} {} {name}", "mmp", date(modified, now));
    Entry { name: name.to_owned(), long, attributes }
}

/// `Nov 22 19:36` or `Nov 22  2025`.
fn date(time: UnixTime, now: UnixTime) -> String {
    let recent = time <= now && now.saturating_sub(time) < HALF_A_YEAR;
    let form = if recent { "%b %e %H:%M" } else { "%b %e  %Y" };
    Timestamp::from_second(time)
        .map_or_else(|_| "Jan  1  1970".to_owned(), |t| t.to_zoned(TimeZone::UTC).strftime(form).to_string())
}

/// The one entry that answers where a path leads.
pub fn bare(path: String) -> Entry {
    Entry { long: path.clone(), name: path, attributes: Attributes::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = 1_795_376_160; // 2026-11-22 19:36 UTC

    fn info(name: &str, writable: bool, modified: UnixTime) -> FileInfo {
        FileInfo { name: name.parse().unwrap(), size: 1234, modified, writable }
    }

    #[test]
    fn lines_are_laid_out_as_ls_does() {
        let files = [info("cms.lic", true, NOW), info("log", false, NOW - HALF_A_YEAR)];
        let lines: Vec<_> = entries(&files, "admin", NOW).into_iter().map(|e| e.long).collect();
        let expected = [
            "drwx------    1 admin    mmp             0 Nov 22 19:36 .",
            "drwx------    1 admin    mmp             0 Nov 22 19:36 ..",
            "-rw-------    1 admin    mmp          1234 Nov 22 19:36 cms.lic",
            "-r--------    1 admin    mmp          1234 May 24  2026 log",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn times_that_the_wire_cannot_carry_are_cut() {
        assert_eq!(file_attributes(&info("x", true, -5)).times, Some((0, 0)));
        assert_eq!(file_attributes(&info("x", true, i64::MAX)).times, Some((u32::MAX, u32::MAX)));
        assert_eq!(date(i64::MAX, NOW), "Jan  1  1970");
    }
}
