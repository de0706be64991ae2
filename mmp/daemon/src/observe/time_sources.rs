//! What the clock follows: chronyc's machine-readable tables as rows in the layout of `ntpq -p` (`mmp.md` section 8.5).

use std::collections::HashMap;

use mmp_control::reply::NtpSource;

use crate::apply::process;

const CHRONYC: &str = "/usr/bin/chronyc";

/// One row a server; empty when the clock daemon does not run.
pub fn sources() -> Vec<NtpSource> {
    let ask = |what: &str| process::run(CHRONYC, &["-c", "-N", what]).unwrap_or_default();
    let (sources, statistics) = (ask("sources"), ask("sourcestats"));
    let jitters = jitters(&statistics);
    let mut rows = rows(&sources, &jitters);
    // The reference and the way there come from the details of one peer, where the daemon gives them.
    for row in &mut rows {
        let details = process::run(CHRONYC, &["-c", "ntpdata", &row.remote]).unwrap_or_default();
        detail(row, &details);
    }
    rows
}

/// Standard deviation in milliseconds by name, from `sourcestats`.
fn jitters(table: &str) -> HashMap<String, f64> {
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            Some(((*fields.first()?).to_owned(), milliseconds(fields.get(7)?)?))
        })
        .collect()
}

/// Rows from `sources`: mode, state, name, stratum, poll, reach, last, adjusted offset, measured offset, error.
fn rows(table: &str, jitters: &HashMap<String, f64>) -> Vec<NtpSource> {
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let remote = (*fields.get(2)?).to_owned();
            let reach: u32 = fields.get(5)?.parse().ok()?;
            let stratum: u8 = fields.get(3)?.parse().ok()?;
            let poll: u32 = fields.get(4)?.parse::<i32>().ok()?.clamp(0, 17).unsigned_abs();
            // A last answer that never was is written as the greatest number.
            let when = fields.get(6)?.parse::<u64>().ok().filter(|when| *when < u64::from(u32::MAX));
            // chrony counts from the server to this clock, ntpq the other way round.
            let offset = 0.0 - milliseconds(fields.get(7)?)?;
            Some(NtpSource {
                tally: if reach == 0 { '?' } else { fields.get(1)?.chars().next().unwrap_or(' ') },
                jitter: jitters.get(&remote).copied().unwrap_or(0.0),
                remote,
                refid: ".INIT.".into(),
                stratum: if stratum == 0 { 16 } else { stratum },
                kind: 'u',
                when,
                poll: 1 << poll,
                reach: reach.to_string(),
                delay: 0.0,
                offset,
            })
        })
        .collect()
}

/// Seconds to milliseconds, to the microsecond that the table shows.
fn milliseconds(seconds: &str) -> Option<f64> {
    seconds.parse::<f64>().ok().map(|seconds| (seconds * 1e6).round() / 1e3 + 0.0)
}

/// Column of the reference in `ntpdata`, hexadecimal.
const REFERENCE: usize = 15;
/// Column of the delay in `ntpdata`, seconds.
const DELAY: usize = 19;

/// Fills in reference and delay.
fn detail(row: &mut NtpSource, line: &str) {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let Some(reference) = fields.get(REFERENCE) else { return };
    if let Ok(bits) = u32::from_str_radix(reference, 16) {
        row.refid = if row.stratum <= 1 {
            // A primary server says its source's name instead (RFC 5905 section 7.3).
            let name = bits.to_be_bytes().into_iter().filter(u8::is_ascii_graphic).map(char::from);
            format!(".{}.", name.collect::<String>())
        } else {
            std::net::Ipv4Addr::from(bits).to_string()
        };
    }
    if let Some(delay) = fields.get(DELAY).and_then(|text| milliseconds(text)) {
        row.delay = delay;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chronyc_tables_become_a_row() {
        let jitters = jitters("192.0.2.1,7,4,8,0.001,0.967,0.000000000,0.000955000\n");
        let mut rows = rows("^,*,192.0.2.1,5,6,177,34,0.000113000,0.000015,0.0049\n", &jitters);
        let details = "192.0.2.1,C0000201,123,192.0.2.9,C0000209,Normal,4,Server,5,6,64,-26,0.000000015,0.0,0.0,C6336407,,\
                       1795378004.098275819,-0.000000015,0.000412000,0.000000035,0.000062708,0.00,111,111,1111";
        detail(&mut rows[0], details);
        let expected = NtpSource {
            tally: '*',
            remote: "192.0.2.1".into(),
            refid: "198.51.100.7".into(),
            stratum: 5,
            kind: 'u',
            when: Some(34),
            poll: 64,
            reach: "177".into(),
            delay: 0.412,
            offset: -0.113,
            jitter: 0.955,
        };
        assert_eq!(rows, [expected]);
    }

    #[test]
    fn a_server_that_never_answered_is_said_to_be_unreachable() {
        let rows = rows("^,?,ntp1.example.com,0,6,0,4294967295,0.0,0.0,0.0\n", &HashMap::new());
        assert_eq!((rows[0].tally, rows[0].stratum, rows[0].when), ('?', 16, None));
    }

    #[test]
    fn what_is_no_table_gives_no_row() {
        assert!(rows("506 Cannot talk to daemon\n,,,\n", &HashMap::new()).is_empty());
    }
}
