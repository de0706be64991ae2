//! `ntp status` and `date` (`mmp.md` sections 8.5, 8.6).

use std::fmt::Write;

use mmp_control::reply::{Date, NtpSource};

/// UTC and local time.
pub fn date(date: &Date) -> String {
    format!("UTC:   {}\nLocal: {}", date.utc, date.local)
}

/// The table of `ntpq -p`.
pub fn ntp_status(sources: &[NtpSource]) -> String {
    let mut text = String::from("     remote           refid      st t when poll reach   delay   offset  jitter\n");
    text.push_str(&"=".repeat(78));
    for source in sources {
        let when = source.when.map_or_else(|| "-".into(), seconds);
        let _ = write!(
            text,
            "\n{}{:<16} {:<15} {:>2} {} {when:>4} {:>4} {:>4} {:>8.3} {:>8.3} {:>7.3}",
            source.tally,
            source.remote,
            source.refid,
            source.stratum,
            source.kind,
            seconds(source.poll),
            source.reach,
            source.delay,
            source.offset,
            source.jitter,
        );
    }
    text
}

/// Four columns at most: seconds, minutes, hours or days.
fn seconds(seconds: u64) -> String {
    match seconds {
        0..=2048 => seconds.to_string(),
        2049..=17_999 => format!("{}m", seconds / 60),
        18_000..=359_999 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_documented() {
        let source = |tally, remote: &str, refid: &str, when, (delay, offset, jitter)| NtpSource {
            tally,
            remote: remote.into(),
            refid: refid.into(),
            stratum: 2,
            kind: 'u',
            when: Some(when),
            poll: 64,
            reach: "377".into(),
            delay,
            offset,
            jitter,
        };
        let sources = [
            source('*', "ntp1.example.com", "198.51.100.7", 34, (0.412, -0.113, 0.048)),
            source('+', "192.0.2.123", "198.51.100.8", 40, (0.388, 0.201, 0.066)),
        ];
        insta::assert_snapshot!(ntp_status(&sources), @r"
             remote           refid      st t when poll reach   delay   offset  jitter
        ==============================================================================
        *ntp1.example.com 198.51.100.7     2 u   34   64  377    0.412   -0.113   0.048
        +192.0.2.123      198.51.100.8     2 u   40   64  377    0.388    0.201   0.066
        ");
    }

    #[test]
    fn long_ago_still_fits_its_column() {
        assert_eq!([34, 3000, 30_000, 900_000].map(seconds), ["34", "50m", "8h", "10d"]);
    }
}
