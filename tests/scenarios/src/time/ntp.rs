//! A clock that is weeks wrong follows a real NTP server, and `ntp status` shows which.

use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use harness::{Appliance, appliance::ANSWER, peers::NTP_NAME, process::host};

use crate::{expect, stage::Stage};

/// A correct clock may differ by so much in this test: reading it over a serial console takes a moment.
const SECONDS: i64 = 5;

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    // Not so wrong that passwords expire.
    let wrong = host("date", ["-u", "-d", "40 days ago", "+%F %H:%M"])?;
    appliance.command(&format!("date set {}", wrong.trim()))?;
    expect::holds(&appliance.command("date")?, &format!("UTC:   {}", wrong.trim()))?;
    appliance.silent("dns add forwardzone example.com 10.0.2.3")?;
    appliance.silent(&format!("ntp server add {NTP_NAME}"))?;
    expect::same(&appliance.command("ntp server list")?, NTP_NAME)?;

    let deadline = Instant::now() + 2 * ANSWER;
    while wrong_by(appliance)?.abs() > SECONDS {
        ensure!(Instant::now() < deadline, "the clock is still wrong by {} s", wrong_by(appliance)?);
    }
    loop {
        let status = appliance.command("ntp status")?;
        if status.lines().any(|line| line.starts_with('*')) {
            expect::holds(&status, "     remote           refid      st t when poll reach   delay   offset  jitter")?;
            return expect::holds(&status, &format!("*{NTP_NAME}"));
        }
        ensure!(Instant::now() < deadline, "no server is followed: {status}");
    }
}

/// Seconds that the appliance's clock is ahead of the host's.
fn wrong_by(appliance: &mut Appliance) -> Result<i64> {
    let text = appliance.command("date")?;
    let utc = text.lines().find_map(|line| line.strip_prefix("UTC:")).context("`date` shows no UTC")?.trim();
    let ours = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs())?;
    Ok(seconds(utc).with_context(|| format!("not a time: {utc}"))? - ours)
}

/// Seconds since 1970 of `YYYY-MM-DD HH:MM:SS`.
fn seconds(text: &str) -> Option<i64> {
    let numbers: Vec<i64> = text.split(['-', ' ', ':']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [year, month, day, hour, minute, second] = numbers[..] else { return None };
    // Days since 1970 by counting years from March on.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}
