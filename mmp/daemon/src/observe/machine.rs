//! The machine itself: serial number, uptime, load, disks, sensors.

use std::{fs, path::Path};

use mmp_control::reply::{Filesystem, Sensor};
use nix::sys::statvfs::{Statvfs, statvfs};

/// The serial number that the firmware tells, or the fixed text of a VM.
pub fn serial() -> String {
    let told = fs::read_to_string("/sys/class/dmi/id/product_serial").unwrap_or_default();
    let told = told.trim();
    let empty = ["", "None", "Not Specified", "To be filled by O.E.M.", "0"];
    if empty.contains(&told) { "VM".into() } else { told.to_owned() }
}

/// Whole seconds since boot.
pub fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    text.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

/// Load averages over 1, 5 and 15 minutes.
pub fn load() -> [f64; 3] {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut words = text.split(' ').map(|word| word.parse().unwrap_or(0.0));
    std::array::from_fn(|_| words.next().unwrap_or(0.0))
}

/// The file systems that an administrator can fill, and the root.
pub fn filesystems(data: &Path) -> Vec<Filesystem> {
    [Path::new("/"), data, Path::new("/run")].into_iter().filter_map(filesystem).collect()
}

fn filesystem(mount: &Path) -> Option<Filesystem> {
    let stat = statvfs(mount).ok()?;
    let size = stat.blocks() * stat.fragment_size();
    let used = (stat.blocks() - stat.blocks_free()) * stat.fragment_size();
    // What root keeps for itself counts as used up, as in df(1).
    let usable = stat.blocks() - stat.blocks_free() + stat.blocks_available();
    Some(Filesystem {
        mount: mount.display().to_string(),
        size,
        used,
        use_percent: percent(stat.blocks() - stat.blocks_free(), usable),
        inode_percent: inodes(&stat),
    })
}

fn inodes(stat: &Statvfs) -> Option<u8> {
    (stat.files() > 0).then(|| percent(stat.files() - stat.files_free(), stat.files()))
}

fn percent(part: u64, whole: u64) -> u8 {
    if whole == 0 { 0 } else { u8::try_from((part * 100).div_ceil(whole).min(100)).unwrap_or(100) }
}

/// Temperatures, voltages and fans of the platform's sensors (kernel `hwmon` interface: millidegrees, millivolts, rpm).
pub fn sensors() -> Vec<Sensor> {
    let Ok(chips) = fs::read_dir("/sys/class/hwmon") else { return Vec::new() };
    let mut sensors: Vec<Sensor> = chips.flatten().flat_map(|chip| chip_sensors(&chip.path())).collect();
    sensors.sort_by(|a, b| a.name.cmp(&b.name));
    sensors
}

fn chip_sensors(chip: &Path) -> Vec<Sensor> {
    let read = |name: &str| fs::read_to_string(chip.join(name)).ok().map(|text| text.trim().to_owned());
    let chip_name = read("name").unwrap_or_default();
    let Ok(entries) = fs::read_dir(chip) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let input = file.strip_suffix("_input")?;
            let raw: f64 = read(&file)?.parse().ok()?;
            let label = read(&format!("{input}_label")).unwrap_or_else(|| input.to_owned());
            let limit = |name: &str| read(&format!("{input}_{name}")).and_then(|text| text.parse::<f64>().ok());
            let value = match input.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "temp" => format!("{:.1} C", raw / 1000.0),
                "in" => format!("{:.2} V", raw / 1000.0),
                "fan" => format!("{raw:.0} rpm"),
                "power" => format!("{:.0} W", raw / 1_000_000.0),
                _ => return None,
            };
            let above = limit("crit").or(limit("max")).is_some_and(|most| raw > most);
            let below = limit("min").is_some_and(|least| raw < least);
            Some(Sensor { name: format!("{chip_name} {label}"), value, ok: !above && !below })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_use_is_rounded_up_like_df() {
        assert_eq!((percent(1, 1000), percent(0, 10), percent(10, 10), percent(1, 0)), (1, 0, 100, 0));
        assert!(filesystem(Path::new("/")).unwrap().size > 0);
    }

    #[test]
    fn sensors_are_read_in_their_units_and_judged_by_their_limits() {
        let chip = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("name", "cpu"),
            ("temp1_input", "91000"),
            ("temp1_crit", "90000"),
            ("fan1_input", "1200"),
            ("fan1_min", "500"),
        ] {
            fs::write(chip.path().join(file), format!("{text}\n")).unwrap();
        }
        let mut sensors = chip_sensors(chip.path());
        sensors.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(sensors[0], Sensor { name: "cpu fan1".into(), value: "1200 rpm".into(), ok: true });
        assert_eq!(sensors[1], Sensor { name: "cpu temp1".into(), value: "91.0 C".into(), ok: false });
    }
}
