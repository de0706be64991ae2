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
            Some(((*fields.first()?).to_owned(), fields.get(7)?.parse::<f64>().ok()? * 1e3))
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
            let offset = fields.get(8)?.parse::<f64>().ok()? * 1e3;
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

/// Fills in reference and delay from `ntpdata`: field 10 is the reference (hexadecimal), 15 the peer delay in seconds.
fn detail(row: &mut NtpSource, line: &str) {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let Some(reference) = fields.get(11) else { return };
    if let Ok(bits) = u32::from_str_radix(reference, 16) {
        row.refid = if row.stratum <= 1 {
            let name: String =
                bits.to_be_bytes().iter().filter(|b| b.is_ascii_graphic()).map(|b| char::from(*b)).collect();
            format!(".{name}.")
        } else {
            std::net::Ipv4Addr::from(bits).to_string()
        };
    }
    if let Some(delay) = fields.get(16).and_then(|text| text.parse::<f64>().ok()) {
        row.delay = delay * 1e3;
    }
}
