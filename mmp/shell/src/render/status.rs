//! `uptime`, `df` and `health` (`mmp.md` section 25).

use std::fmt::Write;

use mmp_control::reply::{Filesystem, Sensor, Uptime};

use super::or_none;

/// In the style of uptime(1).
pub fn uptime(uptime: &Uptime) -> String {
    let minutes = uptime.seconds / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        _ => format!("{days} days, "),
    };
    let time = if hours == 0 { format!("{minutes} min") } else { format!("{hours:>2}:{minutes:02}") };
    let sessions = if uptime.sessions == 1 { "1 user".into() } else { format!("{} users", uptime.sessions) };
    let [one, five, fifteen] = uptime.load;
    format!(" {} up {days}{time},  {sessions},  load average: {one:.2}, {five:.2}, {fifteen:.2}", uptime.now)
}

/// Use in percent of bytes and inodes.
pub fn df(filesystems: &[Filesystem]) -> String {
    let longest = filesystems.iter().map(|filesystem| filesystem.mount.chars().count()).max().unwrap_or(0);
    let width = longest.max(10) + 2;
    let mut text = format!("{:<width$}{:>10}{:>10}{:>6}{:>9}", "Mounted on", "Size", "Used", "Use%", "Inodes%");
    for disk in filesystems {
        let (size, used) = (bytes(disk.size), bytes(disk.used));
        let percent = |value: u8| format!("{value}%");
        let inodes = or_none(disk.inode_percent.map(percent));
        let _ = write!(text, "\n{:<width$}{size:>10}{used:>10}{:>6}{inodes:>9}", disk.mount, percent(disk.use_percent));
    }
    text
}

/// Binary multiples with one decimal.
fn bytes(bytes: u64) -> String {
    let mut units = ["KiB", "MiB", "GiB", "TiB"].into_iter();
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes.saturating_mul(10) / 1024;
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// One line a sensor.
pub fn health(sensors: &[Sensor]) -> String {
    let width = sensors.iter().map(|sensor| sensor.name.chars().count()).max().unwrap_or(0);
    let line = |sensor: &Sensor| {
        let fault = if sensor.ok { "" } else { "  out of its limits" };
        format!("{:<width$} : {}{fault}", sensor.name, sensor.value)
    };
    sensors.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_in_the_usual_style() {
        let mut up = Uptime { now: "13:04:11".into(), seconds: 266_700, sessions: 1, load: [0.0, 0.014, 0.05] };
        assert_eq!(uptime(&up), " 13:04:11 up 3 days,  2:05,  1 user,  load average: 0.00, 0.01, 0.05");
        (up.seconds, up.sessions) = (300, 0);
        assert_eq!(uptime(&up), " 13:04:11 up 5 min,  0 users,  load average: 0.00, 0.01, 0.05");
    }

    #[test]
    fn disk_use_is_a_table() {
        let disk = |mount: &str, size, used, use_percent, inode_percent| Filesystem {
            mount: mount.into(),
            size,
            used,
            use_percent,
            inode_percent,
        };
        let disks = [
            disk("/", 54_525_952, 54_525_952, 100, None),
            disk("/data", 8_589_934_592, 104_857_600, 2, Some(1)),
            disk("/run", u64::MAX, 512, 0, Some(0)),
        ];
        insta::assert_snapshot!(df(&disks), @r"
        Mounted on        Size      Used  Use%  Inodes%
        /             52.0 MiB  52.0 MiB  100%     none
        /data          8.0 GiB 100.0 MiB    2%       1%
        /run        1677721.5 TiB     512 B    0%       0%
        ");
    }

    #[test]
    fn a_sensor_out_of_its_limits_is_marked() {
        let sensor = |name: &str, value: &str, ok| Sensor { name: name.into(), value: value.into(), ok };
        let text = health(&[sensor("CPU temperature", "41.0 C", true), sensor("Fan 1", "0 RPM", false)]);
        assert_eq!(text, "CPU temperature : 41.0 C\nFan 1           : 0 RPM  out of its limits");
    }
}
