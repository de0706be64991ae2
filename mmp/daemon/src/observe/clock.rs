//! Time of day and time zones, from the system's IANA database.

use std::path::Path;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use mmp_model::{account::UnixTime, duty::LocalTime, time::ZoneName};

/// Where the image keeps the database.
const DATABASE: &str = "/usr/share/zoneinfo";

/// Seconds since 1970 UTC.
pub fn now() -> UnixTime {
    Timestamp::now().as_second()
}

/// 2026-01-01: no clock that is right shows less.
const EARLIEST: UnixTime = 1_767_225_600;
/// 2046-01-01: nor does it show more, as long as this release is of use.
const LATEST: UnixTime = 2_398_377_600;

/// Whether a clock that shows this can be right: a flat battery gives 1970, a firmware's slip 2099.
pub fn is_believable(at: UnixTime) -> bool {
    (EARLIEST..LATEST).contains(&at)
}

/// Seconds since 1970 UTC for judging the age of passwords. By a clock that cannot be right nothing has expired: nobody
/// is to be kept out, or made to change a password, by a flat battery.
pub fn now_for_ages() -> UnixTime {
    let now = now();
    if is_believable(now) { now } else { EARLIEST }
}

/// Whether the database has the zone.
pub fn zone_exists(zone: &ZoneName) -> bool {
    Path::new(DATABASE).join(zone.as_str()).is_file()
}

/// Every zone, sorted.
pub fn zones() -> Vec<String> {
    let mut zones = Vec::new();
    collect(Path::new(DATABASE), "", &mut zones);
    zones.sort_unstable();
    zones
}

/// Walks the database; names of zones begin with a capital letter in every part, the other files do not.
fn collect(folder: &Path, prefix: &str, zones: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) || name.contains('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), zones);
        } else {
            zones.push(format!("{prefix}{name}"));
        }
    }
}

fn local(at: Timestamp, zone: &ZoneName) -> Zoned {
    at.to_zoned(TimeZone::get(zone.as_str()).unwrap_or(TimeZone::UTC))
}

/// `2026-10-05 13:04:11` and `2026-10-05 14:04:11 BST`.
pub fn utc_and_local(zone: &ZoneName) -> (String, String) {
    let now = Timestamp::now();
    let utc = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
    (utc, local(now, zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
}

/// `2026-10-05 13:04:11 UTC`.
pub fn utc(at: UnixTime) -> String {
    let at = Timestamp::from_second(at).unwrap_or(Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `20261005-130411`, in UTC, for names of files.
pub fn compact(at: UnixTime) -> String {
    let at = Timestamp::from_second(at).unwrap_or(Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string()
}

/// Day and minute of the local week.
pub fn local_time(at: UnixTime, zone: &ZoneName) -> LocalTime {
    let local = local(Timestamp::from_second(at).unwrap_or(Timestamp::MAX), zone);
    let day = local.weekday().to_monday_zero_offset().unsigned_abs();
    let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    LocalTime { day, minute }
}

/// `14:04:11`.
pub fn time_of_day(zone: &ZoneName) -> String {
    local(Timestamp::now(), zone).strftime("%H:%M:%S").to_string()
}

/// `2026-Oct-05`, in UTC. What is further than four digits of a year go is never, as the product writes it.
pub fn date(at: UnixTime) -> String {
    match Timestamp::from_second(at) {
        Ok(at) => at.to_zoned(TimeZone::UTC).strftime("%Y-%b-%d").to_string(),
        Err(_) => "10000-Dec-31".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_product_writes_them() {
        assert_eq!(date(1_791_158_400), "2026-Oct-05");
        assert_eq!(date(UnixTime::MAX), "10000-Dec-31");
        assert_eq!(date(1_791_158_400 + 9_999_999 * 86_400), "10000-Dec-31");
    }

    #[test]
    fn local_time_is_the_zones() {
        let summer = Timestamp::from_second(1_791_158_400).unwrap();
        let local = local(summer, &"Europe/London".parse().unwrap());
        assert_eq!(local.strftime("%Y-%m-%d %H:%M:%S %Z").to_string(), "2026-10-05 01:00:00 BST");
        // It is still Sunday evening there.
        let there = local_time(1_791_158_400, &"America/New_York".parse().unwrap());
        assert_eq!(there, LocalTime { day: 6, minute: 20 * 60 });
        assert_eq!(utc(1_791_205_440), "2026-10-05 13:04:00 UTC");
    }

    #[test]
    fn a_clock_after_a_flat_battery_is_not_believed() {
        for (year, believed) in [("1970", false), ("2025", false), ("2026", true), ("2045", true), ("2099", false)] {
            let at: Timestamp = format!("{year}-06-01T00:00:00Z").parse().unwrap();
            assert_eq!(is_believable(at.as_second()), believed, "{year}");
        }
    }

    #[test]
    fn the_database_lists_regions_and_no_other_file() {
        let zones = zones();
        assert!(zones.contains(&"Europe/London".to_owned()) && zones.contains(&"Etc/UTC".to_owned()));
        assert!(zones.iter().all(|zone| zone.parse::<ZoneName>().is_ok()), "{zones:?}");
        assert!(!zone_exists(&"Europe/Atlantis".parse().unwrap()));
    }
}
