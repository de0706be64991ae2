//! The shell by SSH: single lines with an exit code, lines from standard input, JSON.

use anyhow::{Context as _, Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};
use serde_json::Value;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let json = client.run("ipv4 a --json", ANSWER)?;
    expect::code(&json, 0)?;
    let value: Value = serde_json::from_str(&json.stdout).context("`ipv4 a --json` does not print JSON")?;
    ensure!(value["address"] == "10.0.2.15" && value["dhcp"] == true, "not the address from DHCP: {value}");

    let unknown = client.run("dsn", ANSWER)?;
    expect::code(&unknown, 2)?;
    expect::holds(&format!("{}{}", unknown.stdout, unknown.stderr), "Unknown command: dsn")?;
    expect::code(&client.run("dns add forwardzone example.com 10.0.2.3", ANSWER)?, 0)?;
    expect::code(&client.run("dns add forwardzone example.com 10.0.2.3", ANSWER)?, 1)?;
    // Destructive commands without a terminal are refused unless they say --yes.
    ensure!(!client.run("reboot", ANSWER)?.status.success(), "reboot without a question");

    let lines = client.pipe("hostname\ndns | include example\n", ANSWER)?;
    expect::code(&lines, 0)?;
    expect::same(lines.stdout.trim_end(), "cms\n    example.com               10.0.2.3")
}
